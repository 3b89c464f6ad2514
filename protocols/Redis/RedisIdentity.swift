// Who a client is to the server: what a connection has to be told before it stands for the client's own.

import Wire

/// User, database and protocol version: connections that agree in them are the same to a stateless command.
///
/// It holds a password, so it is never described or logged.
package struct RedisIdentity: Hashable, Sendable {
    /// What AUTH was given and the server has accepted; nil before any login.
    package struct Login: Hashable, Sendable {
        /// Nil for AUTH with a password only.
        package var user: [UInt8]?
        package var password: [UInt8]

        package init(user: [UInt8]?, password: [UInt8]) {
            self.user = user
            self.password = password
        }
    }

    package var login: Login?
    package var database: [UInt8] = RedisIdentity.firstDatabase
    package var version: UInt8 = 2

    private static let firstDatabase = Array("0".utf8)

    package init() {}

    /// Whether a fresh connection has it already.
    package var isInitial: Bool { self == RedisIdentity() }

    /// The commands that give a fresh connection this identity, and how many replies they get.
    package var opening: (commands: [UInt8], replies: Int) { opening(isReadOnly: false) }

    /// The same, with READONLY at the end where a replica of a cluster is to answer.
    package func opening(isReadOnly: Bool) -> (commands: [UInt8], replies: Int) {
        var commands: [UInt8] = []
        var replies = 0
        func add(_ words: [[UInt8]]) {
            commands += Array("*\(words.count)\r\n".utf8)
            for word in words { commands += Array("$\(word.count)\r\n".utf8) + word + [13, 10] }
            replies += 1
        }
        if let login {
            add([Array("AUTH".utf8)] + (login.user.map { [$0] } ?? []) + [login.password])
        }
        if version == 3 { add([Array("HELLO".utf8), Array("3".utf8)]) }
        if database != Self.firstDatabase { add([Array("SELECT".utf8), database]) }
        if isReadOnly { add([Array("READONLY".utf8)]) }
        return (commands, replies)
    }
}

/// What a command makes of an identity, once the server has accepted it.
package enum RedisIdentityChange: Equatable, Sendable {
    case none
    case login(RedisIdentity.Login)
    case select([UInt8])
    case hello(version: UInt8, RedisIdentity.Login?)
    case reset

    package func applied(to identity: RedisIdentity) -> RedisIdentity {
        var result = identity
        switch self {
        case .none: break
        case .login(let login): result.login = login
        case .select(let database): result.database = database
        case .hello(let version, let login):
            if version != 0 { result.version = version }
            if let login { result.login = login }
        case .reset: result = RedisIdentity()
        }
        return result
    }

    /// What `command` asks for; nil when it cannot be told, or leaves more behind than an identity.
    package static func of(_ command: RedisWholeCommand?, in bytes: Bytes) -> RedisIdentityChange? {
        guard let command else { return nil }
        // Beyond it a login is somebody's test of a limit, and is not kept.
        guard command.range.count <= RedisLimits.keptLogin.maximum else { return nil }
        switch (command.command, command.argumentCount) {
        case (.reset, 1): return .reset
        case (.auth, 2): return .login(.init(user: nil, password: command.value(1, in: bytes)))
        case (.auth, 3): return .login(.init(user: command.value(1, in: bytes), password: command.value(2, in: bytes)))
        case (.select, 2):
            // Only the plain spelling of a number is one database for certain.
            let database = command.value(1, in: bytes)
            let isPlain = database.allSatisfy(\.isASCIIDigit) && (database.first != 0x30 || database.count == 1)
            return isPlain && !database.isEmpty ? .select(database) : nil
        case (.hello, 1): return RedisIdentityChange.none
        case (.hello, 2), (.hello, 5):
            let word = command.value(1, in: bytes)
            guard word == [0x32] || word == [0x33] else { return nil }
            if command.argumentCount == 2 { return .hello(version: word[0] &- 0x30, nil) }
            guard command.word(2, in: bytes) == RedisText("auth") else { return nil }
            let login = RedisIdentity.Login(
                user: command.value(3, in: bytes), password: command.value(4, in: bytes))
            return .hello(version: word[0] &- 0x30, login)
        default: return nil
        }
    }
}
