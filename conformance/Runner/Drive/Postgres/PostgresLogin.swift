// A login as a client makes it: in the clear, with MD5 or with SCRAM-SHA-256.

import Digest

/// What a login is made of.
struct PostgresLogin {
    var version: (Int64, Int64) = (3, 0)
    /// Parameters of the StartupMessage.
    var words: [(name: String, value: [UInt8])] = []
    var password: [UInt8]
    /// Whether the password is the target's, which no report may show.
    var isSecret = true
    /// What a hostile client does to its SCRAM messages, for cases that expect to be refused.
    var tamper: Tamper?
    /// How channel binding is spoken of: `n,,` cannot, `y,,` could and believes that the server cannot.
    var channel = "n,,"

    enum Tamper: String, CaseIterable {
        case proof
        case nonce
        case channel
    }

    var user: [UInt8] { words.first { $0.name == "user" }?.value ?? [] }

    /// The target's own user and database, where `words` do not name others.
    init(_ target: Target, _ words: [(name: String, value: [UInt8])]) {
        password = Array((target.password ?? "").utf8)
        for word in words {
            if word.name == "password" { setPassword(word.value) } else { self.words.append(word) }
        }
        complete(target)
    }

    /// A login of a step.
    init(_ target: Target, _ entries: [Tree.Entry]) throws(SuiteProblem) {
        password = Array((target.password ?? "").utf8)
        for entry in entries {
            switch entry.key {
            case "password": setPassword(try Payload.bytes(entry.value))
            case "version": version = try PostgresRequest.version(entry.value)
            case "channel": channel = entry.value.text ?? ""
            case "tamper":
                guard let stated = Tamper(rawValue: entry.value.text ?? "") else {
                    throw SuiteProblem(
                        entry.value, "tamper takes \(Tamper.allCases.map(\.rawValue).joined(separator: ", "))")
                }
                tamper = stated
            default: words.append((entry.key, try Payload.bytes(entry.value)))
            }
        }
        complete(target)
    }

    private mutating func setPassword(_ word: [UInt8]) {
        password = word
        isSecret = false
    }

    private mutating func complete(_ target: Target) {
        if !words.contains(where: { $0.name == "database" }), let database = target.database {
            words.insert(("database", Array(database.utf8)), at: 0)
        }
        if !words.contains(where: { $0.name == "user" }) {
            words.insert(("user", Array((target.user ?? PostgresRawConnection.defaultUser).utf8)), at: 0)
        }
    }
}

extension PostgresRawConnection {
    /// Logs in; the server's messages up to ReadyForQuery or an error.
    func login(
        _ login: PostgresLogin, _ deadline: Deadline, _ evidence: inout Evidence
    ) throws(DriverFailure) -> [PostgresMessage] {
        try send(PostgresRequest.startup(version: login.version, login.words), deadline, &evidence)
        var messages: [PostgresMessage] = []
        var scram = PostgresScram(login)
        while true {
            let message = try message(deadline, &evidence)
            messages.append(message)
            switch message.value {
            case .typed("ReadyForQuery", _), .typed("error", _): return messages
            case .typed("Authentication", let asked):
                if let answer = try Self.answer(asked, login, &scram) {
                    var unseen = Evidence()
                    let bytes = PostgresRequest.message(UInt8(ascii: "p"), answer)
                    if login.isSecret {
                        try send(bytes, deadline, &unseen)
                    } else {
                        try send(bytes, deadline, &evidence)
                    }
                }
            default: break
            }
        }
    }

    /// The body of the message that answers a request for authentication; nil where none is asked for.
    private static func answer(
        _ asked: Value, _ login: PostgresLogin, _ scram: inout PostgresScram
    ) throws(DriverFailure) -> [UInt8]? {
        var data: [UInt8] = []
        if case .bytes(let stated) = asked["data"] { data = stated }
        switch asked["kind"]?.asText {
        case "ok": return nil
        case "cleartext": return login.password + [0]
        case "md5":
            let inner = hexadecimal(HashAlgorithm.md5.hash(login.password + login.user))
            // The salt is shown in hexadecimal digits.
            let salt = bytesOfHexadecimal(data) ?? []
            return Array("md5".utf8) + hexadecimal(HashAlgorithm.md5.hash(inner + salt)) + [0]
        case "sasl":
            guard case .list(let offered) = asked["mechanisms"], offered.contains(.text("SCRAM-SHA-256")) else {
                throw DriverFailure(.unable, "the server offers no SCRAM-SHA-256")
            }
            var writer = PostgresWriter()
            writer.text(Array("SCRAM-SHA-256".utf8))
            writer.value(scram.first)
            return writer.bytes
        case "sasl-continue": return try scram.final(after: data)
        case "sasl-final":
            try scram.verify(data)
            return nil
        case let kind:
            throw DriverFailure(
                .unable, "the server asks for \(kind ?? "an authentication") that the runner does not do")
        }
    }
}

/// A client of SCRAM-SHA-256 (RFC 5802, RFC 7677).
struct PostgresScram {
    private let login: PostgresLogin
    private let nonce = base64(randomBytes(18))
    private var signature: [UInt8] = []

    /// Rounds that a server may ask for; a wrong one is on the other side.
    private static let roundsAtMost = 1 << 20

    init(_ login: PostgresLogin) { self.login = login }

    /// The first message without the part about channels; PostgreSQL takes the user from the StartupMessage.
    private var bare: [UInt8] { Array("n=,r=".utf8) + nonce }
    var first: [UInt8] { Array(login.channel.utf8) + bare }

    /// The message with the proof.
    mutating func final(after data: [UInt8]) throws(DriverFailure) -> [UInt8] {
        var parts: [Character: String] = [:]
        for part in String(decoding: data, as: UTF8.self).split(separator: ",") where part.count >= 2 {
            if let name = part.first { parts[name] = String(part.dropFirst(2)) }
        }
        guard let theirs = parts["r"], let salt = parts["s"].flatMap({ bytesOfBase64($0.utf8) }),
            let rounds = parts["i"].flatMap({ Int($0) }), (1...Self.roundsAtMost).contains(rounds)
        else { throw DriverFailure(.malformed, "the server's first SCRAM message is \(ValueText.quoted(data))") }
        guard Array(theirs.utf8).starts(with: nonce), theirs.utf8.count > nonce.count else {
            throw DriverFailure(.malformed, "the server's nonce does not continue the client's")
        }
        let channel = login.tamper == .channel ? Array("p=,,".utf8) : Array(login.channel.utf8)
        let together = login.tamper == .nonce ? Array(theirs.utf8.reversed()) : Array(theirs.utf8)
        let proofless = Array("c=".utf8) + base64(channel) + Array(",r=".utf8) + together
        let words = bare + Array(",".utf8) + data + Array(",".utf8) + proofless
        let salted = pbkdf2SHA256(password: login.password, salt: salt, iterations: rounds)
        let clientKey = hmacSHA256(key: salted, Array("Client Key".utf8))
        let clientSignature = hmacSHA256(key: HashAlgorithm.sha256.hash(clientKey), words)
        var proof = zip(clientKey, clientSignature).map { $0 ^ $1 }
        if login.tamper == .proof { proof[0] ^= 1 }
        signature = hmacSHA256(key: hmacSHA256(key: salted, Array("Server Key".utf8)), words)
        return proofless + Array(",p=".utf8) + base64(proof)
    }

    /// Holds when the server knows the password too.
    func verify(_ data: [UInt8]) throws(DriverFailure) {
        guard data == Array("v=".utf8) + base64(signature) else {
            throw DriverFailure(.malformed, "the server's signature is not of this password")
        }
    }
}
