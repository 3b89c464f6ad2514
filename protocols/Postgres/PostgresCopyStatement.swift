// What a COPY copies, by its words.

import Wire

/// A COPY between a table, or a query, and the client (manual, "COPY").
struct PostgresCopyStatement {
    /// Whether the client sends the rows; else it gets them.
    let isIn: Bool
    /// The query whose rows are copied; nil for a table's.
    let query: [PostgresToken]?
    /// The table's name, without its schema's; empty for a query.
    let table: String
    /// Whether the text says in which schema the table is.
    let isQualified: Bool
    /// Words that pick the rows that are taken in; empty for all.
    let condition: ArraySlice<PostgresToken>

    /// Options that have a list of columns behind them.
    static let listOptions: Set<String> = ["force_quote", "force_not_null", "force_null"]

    /// Nil where `tokens` are anything else, such as a COPY of a file.
    init?(_ tokens: [PostgresToken]) {
        guard tokens.first == .word("copy", isQuoted: false) else { return nil }
        var rest = tokens.dropFirst()
        if rest.first == .sign(UInt8(ascii: "(")) {
            query = Self.takeList(&rest).map { Array($0) }
            (table, isQualified) = ("", false)
            guard query != nil else { return nil }
        } else {
            guard let taken = PostgresToken.takeName(from: &rest) else { return nil }
            (query, table, isQualified) = (nil, taken.name, taken.isQualified)
            if rest.first == .sign(UInt8(ascii: "(")), Self.takeList(&rest) == nil { return nil }
        }
        switch rest.popFirst() {
        case .word("to", false): isIn = false
        case .word("from", false) where query == nil: isIn = true
        default: return nil
        }
        // The server takes either word either way.
        let ends: [PostgresToken] = [.word("stdin", isQuoted: false), .word("stdout", isQuoted: false)]
        guard let end = rest.popFirst(), ends.contains(end) else { return nil }
        condition = rest.firstIndex(of: .word("where", isQuoted: false)).map { rest[$0...] } ?? []
    }

    /// What stands in the parentheses with which `rest` begins, and `rest` behind them; nil where they have no end.
    private static func takeList(_ rest: inout ArraySlice<PostgresToken>) -> ArraySlice<PostgresToken>? {
        var depth = 0
        for (place, token) in zip(rest.indices, rest) {
            if token == .sign(UInt8(ascii: "(")) { depth += 1 }
            if token == .sign(UInt8(ascii: ")")) { depth -= 1 }
            guard depth == 0 else { continue }
            defer { rest = rest[(place + 1)...] }
            return rest[(rest.startIndex + 1)..<place]
        }
        return nil
    }
}
