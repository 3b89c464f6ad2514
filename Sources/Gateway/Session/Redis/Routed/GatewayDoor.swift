// Who may come in at a Redis listener whose gateway asks, in front of backends that know the gateway only.

import Digest
import RedisWire
import Wire

/// The users of a listener; backends are told the login that the gateway has for them.
final class GatewayDoor: Sendable {
    private let digests: [[UInt8]: [UInt8]]
    /// What the password of a user who does not exist is compared with.
    private let nobody: [UInt8]

    /// The door of a listener with these users; a password is plain, or `#` and the hex of its SHA-256.
    init(_ users: [String: String]) {
        digests = Dictionary(
            uniqueKeysWithValues: users.map { (Array($0.key.utf8), GatewayPassword.digest(ofStored: $0.value)) })
        nobody = GatewayPassword.digest(of: [])
    }

    /// Whether everybody may come in.
    var asksNobody: Bool { digests.isEmpty }

    /// Whether `password` is that of `user`; a user who does not exist takes as long as one who does.
    func admits(_ user: [UInt8], _ password: [UInt8]) -> Bool {
        let digest = digests[user]
        let isEqual = equalInConstantTime(GatewayPassword.digest(of: password), digest ?? nobody)
        return isEqual && digest != nil
    }

    /// What becomes of a command that is about who the client is; nil for all others of a client that is in.
    ///
    /// The texts are the server's: redis src/acl.c authCommand, src/networking.c helloCommand.
    func place(_ command: RedisWholeCommand, in bytes: Bytes, _ client: RoutedClient) -> RoutedPlacement? {
        switch command.command {
        case .auth:
            switch command.argumentCount {
            case 2 where asksNobody: return .answer(Self.noPassword, .none)
            case 2: return enter(RoutedState.defaultUser, command.value(1, in: bytes), client)
            case 3: return enter(command.value(1, in: bytes), command.value(2, in: bytes), client)
            default: return .answer(Self.line("-ERR wrong number of arguments for 'auth' command"), .none)
            }
        case .hello: return hello(command, in: bytes, client)
        default: break
        }
        guard !client.isLoggedIn else { return nil }
        switch (command.command, command.argumentCount) {
        case (.quit, _): return .answer(Self.line("+OK"), .leaves)
        case (.reset, 1): return nil
        default: return .answer(Self.line("-NOAUTH Authentication required."), .none)
        }
    }

    private func enter(
        _ user: [UInt8], _ password: [UInt8], _ client: RoutedClient, instead: [UInt8]? = nil
    ) -> RoutedPlacement {
        if let refusal = client.loginRefusal(isOther: !client.isLoggedIn || user != client.user) { return refusal }
        let isKnown = asksNobody ? user == RoutedState.defaultUser : admits(user, password)
        guard isKnown else {
            return .answer(Self.line("-WRONGPASS invalid username-password pair or user is disabled."), .none)
        }
        return .answer(Self.line("+OK"), .login(user, instead: instead))
    }

    /// HELLO goes on to the backend without the login, which is the gateway's.
    private func hello(_ command: RedisWholeCommand, in bytes: Bytes, _ client: RoutedClient) -> RoutedPlacement? {
        var words = [Array("HELLO".utf8)]
        var login: (user: [UInt8], password: [UInt8])?
        var index = 1
        while index < command.argumentCount, index < 8 {
            if index > 1, command.word(index, in: bytes) == RedisText("auth"), index + 2 < command.argumentCount {
                login = (command.value(index + 1, in: bytes), command.value(index + 2, in: bytes))
                index += 3
                continue
            }
            // The name, which may read like an option, follows SETNAME.
            words.append(command.value(index, in: bytes))
            if index > 1, command.word(index, in: bytes) == RedisText("setname"), index + 1 < command.argumentCount {
                words.append(command.value(index + 1, in: bytes))
                index += 1
            }
            index += 1
        }
        if let login {
            return enter(login.user, login.password, client, instead: RoutedClient.spell(words))
        }
        return client.isLoggedIn ? nil : .answer(Self.helloRefused, .none)
    }

    private static func line(_ text: String) -> [UInt8] { Array("\(text)\r\n".utf8) }

    private static let noPassword = line(
        "-ERR AUTH <password> called without any password configured for the default user. "
            + "Are you sure your configuration is correct?")
    private static let helloRefused = line(
        "-NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> "
            + "<pass> option can be used to authenticate the client and select the RESP protocol version at the same time"
    )
}

/// Passwords as the configuration has them: plain, or as Redis writes them, `#` and the hex of their SHA-256.
enum GatewayPassword {
    /// Whether `text` is a hash rather than a password.
    static func isHash(_ text: String) -> Bool {
        let digits = text.utf8.dropFirst()
        return text.utf8.first == 0x23 && digits.count == 64 && digits.allSatisfy { hexValue($0) != nil }
    }

    /// The SHA-256 that a password of the configuration stands for.
    static func digest(ofStored text: String) -> [UInt8] {
        guard isHash(text) else { return digest(of: Array(text.utf8)) }
        let digits = Array(text.utf8.dropFirst())
        return stride(from: 0, to: 64, by: 2).map { (hexValue(digits[$0]) ?? 0) << 4 | (hexValue(digits[$0 + 1]) ?? 0) }
    }

    static func digest(of password: [UInt8]) -> [UInt8] {
        var hash = HashFunction(.sha256)
        hash.update(password)
        return hash.finish()
    }

    private static func hexValue(_ digit: UInt8) -> UInt8? {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x57
        case 0x41...0x46: digit - 0x37
        default: nil
        }
    }
}
