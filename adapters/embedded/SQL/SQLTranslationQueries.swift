// Queries: their command, the passes over them, and EXPLAIN.

import Capabilities

extension SQLTranslator {
    mutating func query() throws(SQLFailure) -> SQLCommand {
        let command = try mainCommand()
        if try answerEmpty() { return command }
        try type(0..<tokens.count)
        tableQueries(0..<tokens.count)
        try subscripts()
        try vectorRelations()
        try expressions(0..<tokens.count)
        try vectors()
        try grouping()
        try valuesLists()
        try orderings(0..<tokens.count)
        try limits()
        try selectLists()
        applyTyping()
        try seriesInLists()
        try scalarQueries()
        return command
    }

    /// `TABLE t` where a query stands.
    mutating func tableQueries(_ range: Range<Int>) {
        for index in range where tokens[index].isWord("table") && index > 0 && !rewrite.isEdited(index) {
            let isQuery =
                rewrite.isMark(index - 1, "(")
                || ["as", "union", "all", "except", "intersect"].contains { rewrite.isWord(index - 1, $0) }
                || tokens[0].isWord("insert") && tokens[index - 1].isName || rewrite.isMark(index - 1, ")")
            if isQuery, index + 1 < tokens.count, tokens[index + 1].isName { rewrite.replace(index, "SELECT * FROM") }
        }
    }

    private var outermostFrom: Int? {
        var depth = 0
        for index in tokens.indices {
            if tokens[index].isMark("(") { depth += 1 }
            if tokens[index].isMark(")") { depth -= 1 }
            if depth == 0, tokens[index].isWord("from") { return index }
        }
        return nil
    }

    /// Answers questions about what cannot exist here, in words that SQLite does not know; whether it was one.
    private mutating func answerEmpty() throws(SQLFailure) -> Bool {
        guard tokens[0].isWord("select"), let from = outermostFrom,
            rewrite.isWord(from + 1, "pg_catalog"), from + 3 < tokens.count,
            SQLCatalogTables.empty.contains(tokens[from + 3].text)
        else { return false }
        var columns: [String] = []
        for (number, piece) in rewrite.split(1..<from).enumerated() {
            let isNamed = piece.count > 1 && rewrite.isWord(piece.upperBound - 2, "as")
            let isPlain = piece.last.map { tokens[$0].isName } ?? false
            let name = isNamed || isPlain ? piece.last.map { tokens[$0].text } ?? "" : "column\(number + 1)"
            columns.append("NULL AS \(SQLText.quoted(name))")
            items.append(SQLResultItem(name: name, type: .text))
        }
        rewrite.replaceAll("SELECT \(columns.joined(separator: ", ")) WHERE 0")
        return true
    }

    mutating func explain() throws(SQLFailure) -> SQLCommand {
        var next = 1
        if rewrite.isMark(next, "(") { next = try rewrite.closing(next) + 1 }
        while rewrite.isWord(next, "analyze") || rewrite.isWord(next, "verbose") {
            if rewrite.isWord(next, "analyze") { throw refused("EXPLAIN ANALYZE is not known here", next) }
            next += 1
        }
        rewrite.remove(1..<next)
        rewrite.replace(0, "EXPLAIN QUERY PLAN")
        try type(rewrite.rest(next))
        try expressions(rewrite.rest(next))
        try limits()
        try selectLists()
        applyTyping()
        try seriesInLists()
        try scalarQueries()
        items = []
        return SQLCommand("EXPLAIN", writes: false)
    }

    /// The command of a query, which a WITH hides.
    private func mainCommand() throws(SQLFailure) -> SQLCommand {
        var depth = 0
        for index in tokens.indices {
            if tokens[index].kind == .mark {
                if tokens[index].text == "(" {
                    depth += 1
                    if index > 0, rewrite.isWord(index - 1, "as") || rewrite.isWord(index - 1, "materialized"),
                        ["insert", "update", "delete"].contains(where: { rewrite.isWord(index + 1, $0) })
                    {
                        throw refused("a WITH that changes data is not known here", index + 1)
                    }
                } else if tokens[index].text == ")" {
                    depth -= 1
                }
            }
            guard depth == 0, tokens[index].kind == .word else { continue }
            switch tokens[index].text {
            case "select", "values": return SQLCommand("SELECT", countsRows: true, writes: false)
            case "insert", "update", "delete": return SQLCommand(tokens[index].text.uppercased(), countsRows: true)
            default: break
            }
        }
        return SQLCommand("SELECT", countsRows: true, writes: false)
    }

    /// `(VALUES …) s(a, b)`: SQLite calls the columns column1 and column2 and knows no other names for them.
    private mutating func valuesLists() throws(SQLFailure) {
        for open in tokens.indices where rewrite.isMark(open, "(") && rewrite.isWord(open + 1, "values") {
            let close = try rewrite.closing(open)
            let name = rewrite.isWord(close + 1, "as") ? close + 2 : close + 1
            guard name + 1 < tokens.count, tokens[name].isName, rewrite.isMark(name + 1, "(") else { continue }
            let end = try rewrite.closing(name + 1)
            let names = tokens[(name + 2)..<end].filter(\.isName).map(\.text)
            let columns = names.enumerated().map { "column\($0.offset + 1) AS \(SQLText.quoted($0.element))" }
            rewrite.prefix(open, "(SELECT \(columns.joined(separator: ", ")) FROM ")
            rewrite.suffix(close, ")")
            rewrite.remove((name + 1)..<(end + 1))
        }
    }
}
