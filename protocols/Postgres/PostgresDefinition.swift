// Whether a statement that changes what tables there are can be repeated on another server, by its words.

import Wire

/// A statement that makes, changes or drops tables, indexes, views, sequences or types, and does nothing that differs from server
/// to server (manual, "SQL Commands").
package struct PostgresDefinition: Sendable, Equatable {
    /// What it is about: of an index that is made, its table.
    package let subject: String
    /// What may have new rows, or rows under a new name, from then on; nil where nothing has.
    package let made: String?
    /// Whether what has that name had another before.
    package let isRenaming: Bool

    private static let kinds: Set<String> = ["table", "index", "view", "sequence", "type", "domain"]

    /// Nil where the whole text of a Query or a Parse is anything else, or in doubt.
    package init?(_ text: Bytes) {
        guard var tokens = PostgresToken.all(in: text) else { return nil }
        while tokens.last == .sign(UInt8(ascii: ";")) { tokens.removeLast() }
        guard !tokens.contains(.sign(UInt8(ascii: ";"))), case .word(let command, false) = tokens.first else {
            return nil
        }
        var rest = tokens.dropFirst()
        func take(_ words: String...) -> Bool {
            guard rest.starts(with: words.map { .word($0, isQuoted: false) }) else { return false }
            rest.removeFirst(words.count)
            return true
        }
        switch command {
        case "create":
            _ = take("or", "replace") || take("unlogged") || take("unique")
        case "alter", "drop": break
        default: return nil
        }
        guard case .word(let kind, false) = rest.popFirst(), Self.kinds.contains(kind) else { return nil }
        // It waits for others' transactions, each server for its own.
        if take("concurrently") { return nil }
        _ = take("if", "not", "exists") || take("if", "exists")
        _ = take("only")
        var name: String?
        // An index need not have one.
        if kind == "index", rest.first == .word("on", isQuoted: false) { name = "" }
        while name == nil, case .word(let word, _) = rest.first {
            rest.removeFirst()
            guard rest.first == .sign(UInt8(ascii: ".")) else {
                name = word
                break
            }
            rest.removeFirst()
        }
        guard let name, !name.hasPrefix("pg_") else { return nil }
        let makesRows = command == "create" && ["table", "view"].contains(kind)
        let target = Self.newName(rest)
        // A query that fills it may find its rows in another order; a column that is filled, another time.
        if kind == "table", command == "create", rest.contains(.word("as", isQuoted: false)) { return nil }
        if command == "alter", !rest.allSatisfy(Self.isSteady) { return nil }
        let table = rest.starts(with: ["on", "only"].map { .word($0, isQuoted: false) }) ? 2 : 1
        if command == "create", kind == "index", case .word(let owner, _) = rest.dropFirst(table).first {
            subject = owner
        } else {
            subject = name
        }
        made = makesRows ? name : target
        isRenaming = target != nil
    }

    /// What stands behind RENAME TO.
    private static func newName(_ tokens: ArraySlice<PostgresToken>) -> String? {
        guard tokens.count == 3, tokens.starts(with: ["rename", "to"].map { .word($0, isQuoted: false) }),
            case .word(let name, _) = tokens.last
        else { return nil }
        return name
    }

    /// Whether a word is none of the moment's, or the server's own.
    private static func isSteady(_ token: PostgresToken) -> Bool {
        guard case .word(let word, false) = token else { return true }
        return !moving.contains(word) && !word.hasPrefix("current_") && !word.hasPrefix("uuid_")
    }

    /// Functions that give something else each time, and ways to bring in what is elsewhere.
    private static let moving: Set<String> = [
        "now", "random", "clock_timestamp", "statement_timestamp", "transaction_timestamp", "timeofday", "localtime",
        "localtimestamp", "gen_random_uuid", "gen_random_bytes", "txid_current", "user", "session_user", "attach",
        "detach",
        "schema", "tablespace", "owner",
    ]
}
