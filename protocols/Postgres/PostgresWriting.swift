// Whether a statement that writes has the same effect on every server with the same data, as far as its words tell.

import Wire

/// A statement that writes rows of one table, of nothing that differs from server to server.
package struct PostgresWriting: Sendable, Equatable {
    /// The table's name, without its schema's.
    package let table: String
    /// Whether the text says in which schema it is.
    package let isQualified: Bool
    /// Whether its rows come from the client, behind it.
    package let takesData: Bool
    /// Whether what it reads decides what it writes.
    package let readsTables: Bool
    /// Whether the new rows come in no order.
    package let isUnordered: Bool

    /// Nil where the whole text of a Query or a Parse is anything else, or in doubt.
    package init?(_ text: Bytes) {
        guard var tokens = PostgresToken.all(in: text) else { return nil }
        while tokens.last == .sign(UInt8(ascii: ";")) { tokens.removeLast() }
        if let copy = PostgresCopyStatement(tokens) {
            guard copy.isIn, !copy.table.hasPrefix("pg_"), Self.isPlain(copy.condition) else { return nil }
            (table, isQualified, takesData) = (copy.table, copy.isQualified, true)
            (readsTables, isUnordered) = (false, false)
            return
        }
        var rest = tokens[...]
        func take(_ word: String) -> Bool {
            guard rest.first == .word(word, isQuoted: false) else { return false }
            rest.removeFirst()
            return true
        }
        let isTruncation = take("truncate")
        let isInsertion = !isTruncation && take("insert")
        guard isTruncation || isInsertion && take("into") || take("update") || take("delete") && take("from") else {
            return nil
        }
        if isTruncation { _ = take("table") }
        _ = take("only")
        guard let (name, isQualified) = PostgresToken.takeName(from: &rest) else { return nil }
        guard !name.hasPrefix("pg_"), !isTruncation || rest.isEmpty else { return nil }
        let query = Self.isPlain(rest) ? nil : PostgresQueryWithin(rest, isInsertion: isInsertion)
        guard query != nil || Self.isPlain(rest) else { return nil }
        (readsTables, isUnordered) = (query != nil, query?.isUnordered ?? false)
        (table, self.isQualified) = (name, isQualified)
        takesData = false
    }

    /// Whether the rest of a statement reads no other table and calls nothing but what is known to be the same everywhere.
    private static func isPlain(_ tokens: ArraySlice<PostgresToken>) -> Bool {
        var before: PostgresToken?
        for token in tokens {
            defer { before = token }
            switch (before, token) {
            case (_, .sign(UInt8(ascii: ";"))): return false
            // Where a cursor stands.
            case (.word("current", false), .word("of", false)): return false
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
