// What a step of the raw PostgreSQL client may ask for, read from its tree.

import Capabilities

/// An action of the raw client.
struct PostgresRawAction {
    enum Kind {
        /// Messages that are sent in one piece.
        case send([UInt8])
        /// A StartupMessage and all that the server asks for behind it.
        case login([Tree.Entry])
        /// Nothing is sent.
        case read
        /// The TLS handshake behind a server's `S`.
        case startTLS
        /// What the connection has been told so far.
        case info(String)
        /// Nothing more will be sent.
        case finish
    }

    /// Up to where is read.
    enum Until {
        /// The next ReadyForQuery.
        case ready
        /// The server's close.
        case close
        /// One byte that is no message.
        case byte
        case nothing
        case count(Int)
        /// A message of this name.
        case message(String)
    }

    static let keys: Set<String> = ["send", "query", "login", "read", "tls", "info", "finish"]
    private static let options: Set<String> = ["until", "as"]
    private static let infos: Set<String> = ["key", "parameters", "status"]
    /// Messages of one step.
    private static let countAtMost: Int64 = 100_000

    var kind: Kind
    var until: Until
    /// Whether the answer is the messages' bytes.
    var asBytes: Bool

    /// Looks at an action whose variables are not filled in yet.
    static func check(_ tree: Tree) throws(SuiteProblem) {
        try PostgresKeys.check(tree, actions: keys, options: options)
        guard !Variables.appear(in: tree) else { return }
        _ = try PostgresRawAction(tree)
    }

    init(_ tree: Tree) throws(SuiteProblem) {
        asBytes = tree["as"]?.text == "bytes"
        if let stated = tree["as"], !asBytes { throw SuiteProblem(stated, "as: takes bytes") }
        until = try tree["until"].map { stated throws(SuiteProblem) in try Self.until(stated) } ?? .ready
        if let messages = tree["send"] {
            kind = .send(try PostgresRequest.all(messages))
        } else if let text = tree["query"] {
            kind = .send(PostgresRequest.message(UInt8(ascii: "Q"), try Payload.bytes(text) + [0]))
        } else if let words = tree["login"] {
            guard let entries = words.entries else {
                throw SuiteProblem(words, "login takes parameters: {user: NAME, password: WORD}")
            }
            kind = .login(entries)
        } else if let what = tree["read"] {
            kind = .read
            until = try Self.until(what)
        } else if let what = tree["tls"] {
            guard what.text == "start" else { throw SuiteProblem(what, "tls takes start") }
            kind = .startTLS
        } else if let what = tree["info"] {
            guard let name = what.text, Self.infos.contains(name) else {
                throw SuiteProblem(what, "info takes one of \(Self.infos.sorted().joined(separator: ", "))")
            }
            kind = .info(name)
        } else if tree["finish"] != nil {
            kind = .finish
        } else {
            throw SuiteProblem(tree, "there is no action here")
        }
    }

    private static func until(_ tree: Tree) throws(SuiteProblem) -> Until {
        switch tree.text {
        case "ready": return .ready
        case "close": return .close
        case "byte": return .byte
        case "nothing": return .nothing
        case let name?:
            if PostgresMessage.types.contains(name) { return .message(name) }
            if let count = tree.integer, (1...countAtMost).contains(count) { return .count(Int(count)) }
        case nil: break
        }
        throw SuiteProblem(tree, "until takes ready, close, byte, nothing, a message's name or how many messages come")
    }
}

/// Looks at the keys of a step.
enum PostgresKeys {
    static func check(_ tree: Tree, actions: Set<String>, options: Set<String>) throws(SuiteProblem) {
        for entry in tree.entries ?? [] where !actions.contains(entry.key) && !options.contains(entry.key) {
            let clause = NearestWord.clause(for: entry.key, among: actions.union(options))
            throw SuiteProblem(entry.value, "the key \"\(entry.key)\" is not known to this client\(clause)")
        }
        guard (tree.entries ?? []).filter({ actions.contains($0.key) }).count == 1 else {
            throw SuiteProblem(tree, "a step has one action")
        }
    }
}
