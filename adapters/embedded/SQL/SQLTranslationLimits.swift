// LIMIT, OFFSET, FETCH and the locks of rows.

import Capabilities

extension SQLTranslator {
    /// `LIMIT` and `OFFSET` in SQLite's order, `FETCH FIRST`, and the clauses that lock rows.
    mutating func limits() throws(SQLFailure) {
        for index in tokens.indices where tokens[index].kind == .word {
            switch tokens[index].text {
            case "for" where ["update", "share", "no", "key"].contains(where: { rewrite.isWord(index + 1, $0) }):
                try lockClause(index)
            case "limit": checkAmount(index + 1, clauseEnd(index + 1), "fairlead_limit")
            case "offset": try offsetClause(index)
            case "fetch" where rewrite.isWord(index + 1, "first") || rewrite.isWord(index + 1, "next"):
                try fetchClause(index)
            default: break
            }
        }
    }

    private mutating func lockClause(_ index: Int) throws(SQLFailure) {
        var end = index + 1
        if rewrite.isWord(end, "update") || rewrite.isWord(end, "no") { sharesRows = false }
        while end < tokens.count, !tokens[end].isMark(")"), !tokens[end].isWord("for") {
            // Who has the one write lock finds no row that is locked, so SKIP LOCKED waits for it and skips none.
            if rewrite.isWord(end, "nowait") { waitsForRows = false }
            end += 1
        }
        if hasOneQuery, tokens.indices.contains(where: isAggregate) {
            throw SQLFailure(
                "0A000", "FOR UPDATE is not allowed with aggregate functions", offset: tokens[index].start)
        }
        if hasOneQuery,
            let clause = ["group", "distinct", "having"].first(where: { word in
                tokens.indices.contains { rewrite.isWord($0, word) && !rewrite.isWord($0 + 1, "from") }
            })
        {
            let words = ["group": "GROUP BY clause", "distinct": "DISTINCT clause", "having": "HAVING clause"]
            throw SQLFailure(
                "0A000", "FOR UPDATE is not allowed with \(words[clause] ?? clause)", offset: tokens[index].start)
        }
        // One lock for the whole database keeps more than was asked for.
        locksRows = true
        rewrite.remove(index..<end)
    }

    private func clauseEnd(_ start: Int) -> Int {
        var depth = 0
        var end = start
        while end < tokens.count {
            if tokens[end].isMark("(") { depth += 1 }
            if tokens[end].isMark(")") {
                depth -= 1
                if depth < 0 { return end }
            }
            if depth == 0,
                ["limit", "offset", "fetch", "for", "union", "returning", "on"].contains(where: {
                    rewrite.isWord(end, $0)
                })
            {
                return end
            }
            end += 1
        }
        return end
    }

    /// Has an amount checked that is not plainly one.
    private mutating func checkAmount(_ start: Int, _ end: Int, _ function: String) {
        guard start < end, !rewrite.isEdited(start) || end > start + 1 || tokens[start].kind == .parameter,
            end > start + 1 || tokens[start].kind != .integer
        else { return }
        rewrite.wrap(start...(end - 1), "\(function)(", ")")
    }

    private mutating func offsetClause(_ index: Int) throws(SQLFailure) {
        var end = clauseEnd(index + 1)
        let hasRows = rewrite.isWord(end - 1, "rows") || rewrite.isWord(end - 1, "row")
        if hasRows {
            rewrite.remove((end - 1)..<end)
            end -= 1
        }
        checkAmount(index + 1, end, "fairlead_offset")
        let before = hasLimit(before: index)
        if before { return }
        let behind = hasRows ? end + 1 : end
        if rewrite.isWord(behind, "limit") {
            let limitEnd = clauseEnd(behind + 1)
            let amount = rewrite.cut((index + 1)..<end)
            rewrite.remove(index..<end)
            rewrite.suffix(limitEnd - 1, " OFFSET \(amount)")
        } else if rewrite.isWord(behind, "fetch") {
            let amount = rewrite.cut((index + 1)..<end)
            rewrite.remove(index..<end)
            rewrite.suffix(clauseEnd(behind + 1) - 1, " OFFSET \(amount)")
        } else {
            rewrite.prefix(index, "LIMIT -1 ")
        }
    }

    private func hasLimit(before index: Int) -> Bool {
        var depth = 0
        var place = index - 1
        while place >= 0 {
            if tokens[place].isMark(")") { depth += 1 }
            if tokens[place].isMark("(") {
                depth -= 1
                if depth < 0 { return false }
            }
            if depth == 0 {
                if tokens[place].isWord("limit") { return true }
                if tokens[place].isWord("select") || tokens[place].isWord("from") { return false }
            }
            place -= 1
        }
        return false
    }

    private mutating func fetchClause(_ index: Int) throws(SQLFailure) {
        let end = clauseEnd(index + 2)
        guard let only = (index + 2..<end).last(where: { rewrite.isWord($0, "only") }),
            rewrite.isWord(only - 1, "rows") || rewrite.isWord(only - 1, "row")
        else { throw refused("FETCH FIRST without ROWS ONLY is not known here", index) }
        rewrite.replace(index, "LIMIT")
        rewrite.remove((index + 1)..<(index + 2))
        rewrite.remove((only - 1)..<(only + 1))
        checkAmount(index + 2, only - 1, "fairlead_limit")
        if only - 1 == index + 2 { rewrite.replace(index, "LIMIT 1") }
    }
}
