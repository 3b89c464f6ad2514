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

    package private(set) var kind: Kind
    /// Whether the rows have an order.
    package private(set) var isOrdered = false
    /// Whether it may read what statements write.
    package private(set) var readsData = false
    /// Whether it may make something that only its session sees.
    package private(set) var isForSession = false
    /// Whether it reads rows and takes locks of them.
    package private(set) var locksRows = false
    /// What it does with a transaction, where the same can be done elsewhere.
    package private(set) var control: PostgresTransactionControl?
    /// Whether it may allow its transaction to write.
    package private(set) var allowsWrites = false
    /// Whether it may change what tables there are, and what they lead to.
    package private(set) var changesTables = false

    private init(_ kind: Kind) { self.kind = kind }

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
        case "select", "with", "values", "table": self.init(query: tokens)
        case "show": self.init(.read)
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
        "begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "deallocate", "close", "fetch",
        "move",
        "declare", "prepare", "listen", "unlisten", "notify", "checkpoint", "lock", "analyze", "vacuum",
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

    // MARK: Queries

    private init(query tokens: [PostgresToken]) {
        self.init(.read)
        var depth = 0
        var isLimited = false
        var isGathering = false
        var hasAnyOrder = false
        var isOwn = false
        for (index, token) in tokens.enumerated() {
            switch token {
            case .sign(UInt8(ascii: "(")): depth += 1
            case .sign(UInt8(ascii: ")")): depth -= 1
            case .literal, .sign: break
            case .word(let spelled, let isQuoted):
                let word = isQuoted ? spelled.lowercased() : spelled
                let next = index + 1 < tokens.count ? tokens[index + 1] : .literal
                let isCall = next == .sign(UInt8(ascii: "("))
                if isCall, let effect = Self.effect(ofCalling: word) {
                    kind = effect
                    return
                }
                if word.hasPrefix("pg_") || Self.ownColumns.contains(word) { isOwn = true }
                if isCall, Self.gatherers.contains(word) { isGathering = true }
                if isCall, !Self.harmless.contains(word) { readsData = true }
                guard !isQuoted else { continue }
                switch word {
                case "insert", "update", "delete", "merge", "truncate", "into":
                    // Also behind FOR, where it takes locks, which a candidate is not asked for either.
                    let isLock =
                        index > 0
                        && [.word("for", isQuoted: false), .word("key", isQuoted: false)].contains(tokens[index - 1])
                    if isLock, word == "update" {
                        locksRows = true
                        continue
                    }
                    kind = .write
                    isForSession = true
                    return
                case "share" where index > 0 && tokens[index - 1] != .sign(UInt8(ascii: ".")):
                    if [.word("for", isQuoted: false), .word("key", isQuoted: false)].contains(tokens[index - 1]) {
                        locksRows = true
                    }
                case "from", "table": readsData = true
                case "order" where next == .word("by", isQuoted: false):
                    hasAnyOrder = true
                    if depth <= 0 { isOrdered = true }
                case "limit", "offset", "fetch", "tablesample": isLimited = true
                case "distinct" where next == .word("on", isQuoted: false): isLimited = true
                default: break
                }
            }
        }
        if isOwn || (isLimited || isGathering) && !hasAnyOrder {
            kind = .incomparable
            locksRows = false
        }
        if locksRows { kind = .session }
    }

    /// What calling a function does that is more than reading; nil for nothing known.
    private static func effect(ofCalling name: String) -> Kind? {
        switch name {
        case "set_config", "setseed": .unclear
        case "currval", "lastval": .session
        case "nextval", "setval": .write
        case "query_to_xml", "cursor_to_xml", "table_to_xml": .incomparable
        case _ where name.hasPrefix("dblink") || name.hasPrefix("lo_") || name == "lowrite" || name == "lo": .write
        case "pg_notify", "pg_sleep", "pg_sleep_for", "pg_sleep_until": .session
        case _ where name.hasPrefix("pg_advisory") || name.hasPrefix("pg_try_advisory"): .session
        case _ where name.hasPrefix("txid_") || name.hasPrefix("inet_"): .incomparable
        default: nil
        }
    }

    /// Columns of every table that say where a row lies.
    private static let ownColumns: Set<String> = ["ctid", "xmin", "xmax", "cmin", "cmax", "tableoid", "oid"]
    /// Aggregates that keep the order in which rows come.
    private static let gatherers: Set<String> = [
        "array_agg", "string_agg", "json_agg", "jsonb_agg", "json_object_agg", "jsonb_object_agg", "xmlagg",
        "first_value",
        "last_value", "nth_value", "row_number", "lag", "lead",
    ]
    /// Words before a parenthesis that read no table.
    static let harmless: Set<String> = [
        "select", "in", "values", "and", "or", "not", "exists", "any", "all", "some", "over", "as", "from", "on",
        "using",
        "where", "by", "union", "except", "intersect", "filter", "within", "then", "else", "when", "case", "having",
        "between",
        "like", "ilike", "is", "array", "row", "cast", "extract", "interval", "varchar", "char", "numeric", "decimal",
        "with",
        "coalesce", "nullif", "greatest", "least", "count", "sum", "min", "max", "avg", "upper", "lower", "length",
        "abs",
        "round", "floor", "ceil", "trunc", "mod", "substring", "substr", "trim", "replace", "concat", "repeat",
        "to_char",
        "now", "random", "version", "current_setting", "generate_series", "date_trunc", "gen_random_uuid",
    ]
}
