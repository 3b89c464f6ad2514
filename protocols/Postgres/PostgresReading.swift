// What a statement does, as far as its words tell: whether somebody else may be asked the same.

import Wire

/// The kind of a statement, by its words alone; in doubt it is one that writes.
package struct PostgresReading: Sendable, Equatable {
    /// What a statement does.
    package enum Kind: Sendable, Equatable {
        /// It only reads what every server with the same data has.
        case read
        /// It reads what is the server's own, such as its catalog, or in no order of its own.
        case incomparable
        /// It may change data.
        case write
        /// SET or RESET, for the session.
        case setting
        /// DISCARD ALL.
        case reset
        /// It is about a transaction, a cursor, or the session, and leaves nothing behind that a read depends on.
        case session
        /// It changes the session in a way that cannot be repeated elsewhere, and may change data.
        case unclear
    }

    package internal(set) var kind: Kind
    /// Whether the rows have an order.
    package internal(set) var isOrdered = false
    /// Whether it may read what statements write.
    package internal(set) var readsData = false
    /// Whether it may make something that only its session sees.
    package internal(set) var isForSession = false
    /// Whether it reads rows and takes locks of them.
    package internal(set) var locksRows = false
    /// What it does with a cursor, where it does.
    package internal(set) var cursor: PostgresCursorStatement?
    /// What it does with a transaction, where the same can be done elsewhere.
    package internal(set) var control: PostgresTransactionControl?
    /// Whether it may allow its transaction to write.
    package internal(set) var allowsWrites = false
    /// Whether it may change what tables there are, and what they lead to.
    package internal(set) var changesTables = false

    init(_ kind: Kind) { self.kind = kind }

    /// Looks at the whole text of a Query or a Parse.
    package init(_ text: Bytes) {
        guard var tokens = PostgresToken.all(in: text) else {
            self.init(.unclear)
            return
        }
        while tokens.last == .sign(UInt8(ascii: ";")) { tokens.removeLast() }
        let first = tokens.first { $0 != .sign(UInt8(ascii: "(")) }
        guard !tokens.isEmpty else {
            self.init(.session)
            return
        }
        // Several statements are one transaction, of which each may be anything.
        guard !tokens.contains(.sign(UInt8(ascii: ";"))), case .word(let command, false) = first else {
            self.init(.unclear)
            return
        }
        switch command {
        case _ where Self.queries.contains(command): self.init(query: tokens)
        case "show": self.init(.read)
        case "copy": self = Self.copy(tokens)
        case "declare", "fetch", "move", "close": self = Self.cursor(tokens)
        case "explain":
            self.init(query: tokens)
            if kind == .read { kind = .incomparable }
        case "set", "reset": self = Self.setting(tokens)
        case "discard":
            let isAll = tokens.dropFirst().first == .word("all", isQuoted: false)
            self.init(isAll ? .reset : .session)
        case _ where Self.isPreparedTransaction(tokens):
            self.init(.write)
            changesTables = true
        case _ where Self.sessionCommands.contains(command): self = Self.session(tokens)
        default:
            self.init(.write)
            changesTables = !PostgresReach.commands.contains(command) && !PostgresReach.makesTemporary(tokens)
            isForSession = tokens.contains { token in
                if case .word(let word, _) = token { return word.hasPrefix("temp") || word.hasPrefix("pg_temp") }
                return false
            }
        }
    }

    private static let sessionCommands: Set<String> = [
        "begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "deallocate", "prepare",
        "listen", "unlisten", "notify", "checkpoint", "lock", "analyze", "vacuum",
    ]

    private static func words(_ tokens: [PostgresToken]) -> [String] {
        tokens.compactMap { token in
            if case .word(let word, _) = token { return word.lowercased() }
            return nil
        }
    }

    /// Whether it prepares a transaction for whoever ends it later, or ends such a one.
    private static func isPreparedTransaction(_ tokens: [PostgresToken]) -> Bool {
        let words = words(Array(tokens.prefix(2)))
        return words == ["prepare", "transaction"] || words == ["commit", "prepared"]
            || words == ["rollback", "prepared"]
    }

    private static func session(_ tokens: [PostgresToken]) -> PostgresReading {
        var reading = PostgresReading(.session)
        let words = words(tokens)
        reading.control = PostgresTransactionControl(words)
        reading.allowsWrites = words.contains("write")
        return reading
    }

    /// One that copies rows out reads them; any other may write, if only a file of the server's.
    private static func copy(_ tokens: [PostgresToken]) -> PostgresReading {
        guard let copy = PostgresCopyStatement(tokens), !copy.isIn else { return PostgresReading(.write) }
        guard let query = copy.query else {
            var reading = PostgresReading(query: tokens)
            reading.readsData = true
            return reading
        }
        guard let first = query.first(where: { $0 != .sign(UInt8(ascii: "(")) }), case .word(let word, false) = first,
            queries.contains(word)
        else { return PostgresReading(.write) }
        return PostgresReading(query: query)
    }

    /// What may write where rows are fetched is a write from the declaration on.
    private static func cursor(_ tokens: [PostgresToken]) -> PostgresReading {
        guard let (cursor, query) = PostgresCursorStatement.parse(tokens) else { return PostgresReading(.session) }
        var reading = PostgresReading(.session)
        reading.cursor = cursor
        guard case .declare(let name, let lasts, _) = cursor else { return reading }
        let inner = PostgresReading(query: query)
        reading.isOrdered = inner.isOrdered
        reading.readsData = inner.readsData
        reading.cursor = .declare(name, lasts: lasts, isRead: inner.kind == .read)
        if inner.kind == .write || inner.kind == .unclear { reading.kind = inner.kind }
        return reading
    }

    private static let queries: Set<String> = ["select", "with", "values", "table"]

    private static func setting(_ tokens: [PostgresToken]) -> PostgresReading {
        let words = words(tokens)
        guard words.count > 1 else { return PostgresReading(.unclear) }
        switch words[1] {
        case "local", "transaction", "constraints":
            var reading = session(tokens)
            reading.control = .within
            if words.contains(where: { $0.contains("read_only") }) { reading.allowsWrites = true }
            return reading
        default: break
        }
        // What transactions may do is the shadow's own business.
        let isAboutTransactions = words.contains { $0.contains("transaction") || $0.contains("characteristics") }
        return PostgresReading(isAboutTransactions ? .session : .setting)
    }
}
