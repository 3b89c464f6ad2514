// A query that stands for one value: SQLite takes its first row, PostgreSQL fails when there is a second one.

import Capabilities

extension SQLTranslator {
    private static let clauses: Set<String> = [
        "select", "from", "where", "group", "order", "having", "values", "set", "returning", "limit", "with", "using",
    ]
    /// Behind these words a query is no value.
    private static let tables: Set<String> = [
        "in", "exists", "any", "all", "some", "from", "join", "as", "materialized", "union", "intersect", "except",
        "lateral", "array", "using", "into",
    ]
    private static let aggregates: Set<String> = [
        "count", "sum", "min", "max", "avg", "array_agg", "string_agg", "bool_and", "bool_or", "every", "json_agg",
        "jsonb_agg",
    ]

    /// Has each query that is a value checked for a second row, unless its words show that there is none.
    mutating func scalarQueries() throws(SQLFailure) {
        var clause = [""]
        for index in tokens.indices {
            let token = tokens[index]
            if token.isMark("(") {
                let isList = clause.last == "from" || clause.last == "using" || clause.last == "with"
                if rewrite.isWord(index + 1, "select"), isValue(index, inTableList: isList) {
                    try checkSingle(index)
                } else if rewrite.isWord(index + 1, "table"), isValue(index, inTableList: isList) {
                    wrap(index, try rewrite.closing(index))
                } else if rewrite.isWord(index + 1, "values"), isValue(index, inTableList: isList) {
                    let close = try rewrite.closing(index)
                    if rewrite.split((index + 2)..<close).count > 1 { wrap(index, close) }
                }
                clause.append("")
            } else if token.isMark(")") {
                if clause.count > 1 { clause.removeLast() }
            } else if token.kind == .word, Self.clauses.contains(token.text) {
                clause[clause.count - 1] = token.text
            }
        }
    }

    private func isValue(_ open: Int, inTableList: Bool) -> Bool {
        guard open > 0 else { return false }
        let before = tokens[open - 1]
        if before.isMark(",") { return !inTableList }
        if before.isMark("(") {
            // The first argument of a call, or the first value of a row.
            return open > 1 && tokens[open - 2].isName && !Self.tables.contains(tokens[open - 2].text)
        }
        if before.kind == .operator { return true }
        return before.kind == .word && rewrite.isKeyWord(open - 1) && !Self.tables.contains(before.text)
    }

    private mutating func checkSingle(_ open: Int) throws(SQLFailure) {
        let close = try rewrite.closing(open)
        var listEnd: Int?
        var depth = 0
        var mayHaveMore = false
        var isCombined = false
        for index in (open + 2)..<close {
            let token = tokens[index]
            if token.isMark("(") { depth += 1 }
            if token.isMark(")") { depth -= 1 }
            guard depth == 0, token.kind == .word else { continue }
            switch token.text {
            case "from" where !rewrite.isWord(index - 1, "distinct"):
                if listEnd == nil { listEnd = index }
                mayHaveMore = true
            case "generate_series" where listEnd == nil:
                (mayHaveMore, isCombined) = (true, true)
            case "group": isCombined = true
            case "union", "intersect", "except":
                if listEnd == nil { listEnd = index }
                (mayHaveMore, isCombined) = (true, true)
            case "limit" where tokens[index + 1].kind == .integer && tokens[index + 1].number <= 1: return
            default: break
            }
        }
        if mayHaveMore, listEnd == nil { listEnd = close }
        guard mayHaveMore, let listEnd, listEnd > open + 2 else { return }
        let items = rewrite.split((open + 2)..<listEnd)
        // A row of several is compared with a row, and a star may be one.
        guard items.count == 1, !tokens[listEnd - 1].isOperator("*") else { return }
        let isAggregate = Self.aggregates.contains(tokens[open + 2].text) && rewrite.isMark(open + 3, "(")
        if isAggregate, !isCombined, (open + 2..<listEnd).allSatisfy({ !tokens[$0].isWord("over") }) { return }
        wrap(open, close)
    }

    private mutating func wrap(_ open: Int, _ close: Int) {
        rewrite.suffix(open, "WITH fairlead_rows(value) AS (")
        rewrite.suffix(close - 1, ") SELECT fairlead_single(value) FROM fairlead_rows")
    }
}
