// LIMIT, OFFSET and FETCH.

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

    func clauseEnd(_ start: Int) -> Int {
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
