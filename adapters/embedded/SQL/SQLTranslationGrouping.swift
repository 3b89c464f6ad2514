// Columns beside aggregates: SQLite takes a value of any row of the group, PostgreSQL wants it to be grouped by.

import Capabilities

extension SQLTranslator {
    private static let aggregates: Set<String> = [
        "count", "sum", "min", "max", "avg", "array_agg", "string_agg", "bool_and", "bool_or", "every", "json_agg",
        "jsonb_agg", "json_object_agg", "stddev", "variance",
    ]
    private static let clauseEnds: Set<String> = [
        "where", "group", "having", "window", "order", "limit", "offset", "fetch", "for",
    ]

    /// Refuses what is not grouped in the select list of a query on one table.
    ///
    /// Queries on several tables or with queries in them are left alone: there a name alone does not tell the column.
    func grouping() throws(SQLFailure) {
        guard typing == nil, tokens[0].isWord("select"), hasOneQuery, !readsCatalog,
            let from = clause("from", after: 0),
            from + 1 < tokens.count, tokens[from + 1].isName
        else { return }
        var table = from + 1
        while rewrite.isMark(table + 1, "."), table + 2 < tokens.count { table += 2 }
        var alias = rewrite.isWord(table + 1, "as") ? table + 2 : table + 1
        if alias >= tokens.count || !tokens[alias].isName || Self.clauseEnds.contains(tokens[alias].text) {
            alias = table
        }
        let behind = alias + 1
        guard behind >= tokens.count || tokens[behind].isMark(";") || Self.clauseEnds.contains(tokens[behind].text)
        else { return }
        guard rewrite.isWord(1, "distinct") == false else { return }
        let pieces = rewrite.split(1..<from).filter { !$0.isEmpty }
        let items = pieces.map(withoutAlias)
        let isWindowed = (0..<from).contains { tokens[$0].isWord("over") }
        var groups: [Range<Int>] = []
        if let group = clause("group", after: from), rewrite.isWord(group + 1, "by") {
            var end = group + 2
            while end < tokens.count, !(depthIsOuter(end, since: group) && Self.clauseEnds.contains(tokens[end].text)),
                !tokens[end].isMark(";")
            { end += 1 }
            groups = rewrite.split((group + 2)..<end)
        }
        if let condition = clause("where", after: from) {
            let end = clause("group", after: condition) ?? clause("order", after: condition) ?? tokens.count
            if let place = (condition..<end).first(where: isAggregate) {
                throw SQLFailure(
                    "42803", "aggregate functions are not allowed in WHERE", offset: tokens[place].start)
            }
        }
        let hasAggregate = (1..<tokens.count).contains { isAggregate($0) }
        guard hasAggregate || !groups.isEmpty, !isWindowed else { return }
        var names = Set<String>()
        var texts = Set<String>()
        var hasExpressions = false
        for group in groups {
            guard let first = group.first else { return }
            if ["rollup", "cube", "grouping"].contains(tokens[first].text) || tokens[first].isMark("(") { return }
            var words = group
            if group.count == 1, tokens[first].kind == .integer, items.indices.contains(tokens[first].number - 1) {
                words = items[tokens[first].number - 1]
            }
            if words.count == 1, try columnTypes.type(of: tokens[words.lowerBound].text) == .unknown {
                // No column, so it is the name of an item.
                guard
                    let item = pieces.indices.first(where: {
                        pieces[$0].last.map { tokens[$0].text } == tokens[words.lowerBound].text
                    }),
                    items[item] != pieces[item]
                else { return }
                words = items[item]
            }
            texts.insert(rewrite.text(words))
            if isNameChain(words) { names.insert(tokens[words.upperBound - 1].text) } else { hasExpressions = true }
        }
        let key = try columnTypes.primaryKey(of: SQLSchemaName.stored(tokens, table))
        if !key.isEmpty, names.isSuperset(of: key) { return }
        for item in items where !texts.contains(rewrite.text(item)) {
            // A part of an expression may be what is grouped by.
            if hasExpressions, !isNameChain(item) { continue }
            try check(item, names, relation: tokens[alias].text)
        }
    }

    private func clause(_ word: String, after start: Int) -> Int? {
        var depth = 0
        for index in (start + 1)..<max(start + 1, tokens.count) {
            if tokens[index].isMark("(") { depth += 1 }
            if tokens[index].isMark(")") { depth -= 1 }
            if depth == 0, tokens[index].isWord(word), !rewrite.isWord(index - 1, "distinct") { return index }
        }
        return nil
    }

    private func depthIsOuter(_ index: Int, since start: Int) -> Bool {
        var depth = 0
        for place in start..<index {
            if tokens[place].isMark("(") { depth += 1 }
            if tokens[place].isMark(")") { depth -= 1 }
        }
        return depth == 0
    }

    private func withoutAlias(_ piece: Range<Int>) -> Range<Int> {
        let last = piece.upperBound - 1
        guard piece.count > 1, tokens[last].isName else { return piece }
        if rewrite.isWord(last - 1, "as") { return piece.lowerBound..<(last - 1) }
        return isAlias(last, from: piece.lowerBound) ? piece.lowerBound..<last : piece
    }

    func isAggregate(_ index: Int) -> Bool {
        tokens[index].kind == .word && rewrite.isMark(index + 1, "(") && Self.aggregates.contains(tokens[index].text)
    }

    private func check(_ item: Range<Int>, _ names: Set<String>, relation: String) throws(SQLFailure) {
        var index = item.lowerBound
        while index < item.upperBound {
            if isAggregate(index) {
                index = try rewrite.closing(index + 1) + 1
                if rewrite.isWord(index, "filter") { index = try rewrite.closing(index + 1) + 1 }
                continue
            }
            let token = tokens[index]
            let isColumn =
                token.isName && !rewrite.isKeyWord(index) && !rewrite.isEdited(index) && !rewrite.isMark(index + 1, "(")
                && !rewrite.isMark(index + 1, ".")
            if isColumn, !names.contains(token.text), try columnTypes.type(of: token.text) != .unknown {
                let start = rewrite.isMark(index - 1, ".") ? index - 2 : index
                throw SQLFailure(
                    "42803",
                    "column \"\(relation).\(token.text)\" must appear in the GROUP BY clause or be used in an aggregate function",
                    offset: tokens[max(0, start)].start)
            }
            index += 1
        }
    }
}
