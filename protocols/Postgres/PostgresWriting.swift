// Whether a statement that writes has the same effect on every server with the same data, as far as its words tell.

import Wire

/// A statement that writes rows of one table, and of nothing that differs from server to server.
package struct PostgresWriting: Sendable, Equatable {
    /// The table's name, without its schema's.
    package let table: String
    /// Whether the text says in which schema it is.
    package let isQualified: Bool

    /// Nil where the whole text of a Query or a Parse is anything else, or in doubt.
    package init?(_ text: Bytes) {
        guard var tokens = PostgresToken.all(in: text) else { return nil }
        while tokens.last == .sign(UInt8(ascii: ";")) { tokens.removeLast() }
        var rest = tokens[...]
        func take(_ word: String) -> Bool {
            guard rest.first == .word(word, isQuoted: false) else { return false }
            rest.removeFirst()
            return true
        }
        let isTruncation = take("truncate")
        guard isTruncation || take("update") || take("insert") && take("into") || take("delete") && take("from") else {
            return nil
        }
        if isTruncation { _ = take("table") }
        _ = take("only")
        guard case .word(var name, _) = rest.popFirst() else { return nil }
        isQualified = rest.first == .sign(UInt8(ascii: "."))
        while rest.first == .sign(UInt8(ascii: ".")) {
            rest.removeFirst()
            guard case .word(let next, _) = rest.popFirst() else { return nil }
            name = next
        }
        guard !name.hasPrefix("pg_"), Self.isPlain(rest), !isTruncation || rest.isEmpty else { return nil }
        table = name
    }

    /// Whether the rest of a statement reads no other table and calls nothing but what is known to be the same everywhere.
    private static func isPlain(_ tokens: ArraySlice<PostgresToken>) -> Bool {
        var before: PostgresToken?
        for token in tokens {
            defer { before = token }
            switch (before, token) {
            case (_, .sign(UInt8(ascii: ";"))): return false
            case (_, .word(let word, false)) where apart.contains(word) || word.hasPrefix("current_"): return false
            case (.word(let word, let isQuoted), .sign(UInt8(ascii: "("))):
                // A name before a list of columns is no call.
                guard !isQuoted, callable.contains(word) else { return false }
            default: break
            }
        }
        return true
    }

    /// Words of queries within, and of what is the server's, the session's or the moment's own.
    private static let apart: Set<String> = [
        "select", "with", "from", "using", "table", "localtime", "localtimestamp", "user", "session_user",
        "system_user",
        "nextval", "currval", "lastval", "setval",
    ]
    /// Words that may stand before a parenthesis: those of the language, and functions of their arguments alone.
    static let callable: Set<String> = [
        "values", "set", "where", "and", "or", "not", "in", "any", "all", "some", "on", "conflict", "do", "returning",
        "when", "then", "else", "case", "between", "like", "ilike", "is", "as", "row", "array", "default", "coalesce",
        "nullif", "greatest", "least", "upper", "lower", "length", "abs", "round", "floor", "ceil", "trunc", "mod",
        "substr", "replace", "concat", "repeat", "varchar", "char", "numeric", "decimal", "timestamp", "time", "bit",
        "jsonb_set", "jsonb_build_object", "jsonb_build_array", "array_append", "array_remove", "md5",
    ]
}
