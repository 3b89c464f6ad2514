// One SELECT: its clauses in the order in which PostgreSQL reads them (analyze.c, transformSelectStmt).

import Capabilities

/// Where the clauses of a SELECT, or of a change, begin.
struct SQLClauses {
    var places: [String: Int] = [:]
    /// Behind the last one.
    var end: Int

    /// Where the clause of `word` ends: at the next one.
    func end(of word: String) -> Int {
        let start = places[word] ?? -1
        return places.values.filter { $0 > start }.min() ?? end
    }
}

extension SQLTyper {
    private static let clauseWords: Set<String> = ["from", "where", "group", "having", "window", "returning"]
    private static let endWords: Set<String> = [
        "union", "intersect", "except", "order", "limit", "offset", "fetch", "for",
    ]

    /// The clauses from the present word on.
    func clauses() -> SQLClauses {
        var found = SQLClauses(end: end)
        var index = at
        while index < end {
            let token = tokens[index]
            if token.isMark("(") || token.isMark("[") {
                index = ((try? rewrite.closing(index)) ?? end) + 1
                continue
            }
            if token.isMark(")") || token.isMark("]") { break }
            let isName = rewrite.isMark(index - 1, ".") || rewrite.isWord(index - 1, "as")
            if token.kind == .word, !isName {
                let isComparison = token.text == "from" && rewrite.isWord(index - 1, "distinct")
                if Self.endWords.contains(token.text) || token.text == "on" && rewrite.isWord(index + 1, "conflict") {
                    break
                }
                if Self.clauseWords.contains(token.text), !isComparison, found.places[token.text] == nil {
                    found.places[token.text] = index
                }
            }
            index += 1
        }
        found.end = min(index, end)
        return found
    }

    mutating func select(within outer: SQLScope) throws(SQLTypingEnd) -> SQLSelection {
        try expect("select")
        var clauses = clauses()
        if let returning = clauses.places.removeValue(forKey: "returning") { clauses.end = min(clauses.end, returning) }
        let own = newScope(within: outer)
        var selection = SQLSelection(scope: own)
        let before = scope
        scope = own
        if !take("all"), take("distinct") { selection.isDistinct = true }
        let list = at
        let listEnd = clauses.places.values.min() ?? clauses.end
        if let from = clauses.places["from"] {
            at = from + 1
            try fromClause()
            guard at == clauses.end(of: "from") else { throw .unread }
        }
        let hasGroups = try prepareGroups(clauses, list..<listEnd)
        at = list
        selection.columns = try selectList(&selection)
        guard at == listEnd else { throw .unread }
        if selection.isDistinct { try collate(selection.columns) }
        try whereClause(clauses)
        if let having = clauses.places["having"] {
            at = having + 1
            let condition = try condition("HAVING")
            selection.references += condition.references
            selection.isGrouped = true
            guard at == clauses.end(of: "having") else { throw .unread }
        }
        if hasGroups {
            selection.isGrouped = true
            try groupClause(clauses, selection.columns)
        }
        if let place = clauses.places["window"] {
            at = place + 1
            repeat {
                _ = try name()
                try expect("as")
                selection.references += try window().references
            } while takeMark(",")
            guard at == clauses.end(of: "window") else { throw .unread }
        }
        at = clauses.end
        scope = before
        return selection
    }

    mutating func whereClause(_ clauses: SQLClauses) throws(SQLTypingEnd) {
        guard let place = clauses.places["where"] else { return }
        at = place + 1
        if isWord("current"), isWord(1, "of") { throw .unread }
        let condition = try condition("WHERE")
        try forbid(condition, "WHERE")
        guard at == clauses.end(of: "where") else { throw .unread }
    }

    /// An expression that has to be true or false.
    mutating func condition(_ clause: String) throws(SQLTypingEnd) -> SQLTyped {
        var condition = try expression()
        try requireBoolean(&condition, clause)
        return condition
    }

    /// Neither aggregates nor window functions can stand there.
    func forbid(_ expression: SQLTyped, _ clause: String) throws(SQLTypingEnd) {
        if let place = expression.aggregate {
            throw failure("42803", "aggregate functions are not allowed in \(clause)", place)
        }
        if let place = expression.window {
            throw failure("42P20", "window functions are not allowed in \(clause)", place)
        }
    }

    // MARK: The list

    mutating func selectList(_ selection: inout SQLSelection) throws(SQLTypingEnd) -> [SQLTypedColumn]? {
        var columns: [SQLTypedColumn] = []
        var isTold = true
        repeat {
            if let star = try star() {
                guard let found = star.columns else {
                    isTold = false
                    continue
                }
                columns += found
                selection.references += star.references
                try checkLength(columns.count)
                continue
            }
            let found = try expression()
            selection.references += found.references
            if found.aggregate != nil { selection.isGrouped = true }
            guard found.row.isEmpty else { throw .unread }
            columns.append(try item(found))
            try checkLength(columns.count)
        } while takeMark(",")
        return isTold ? columns : nil
    }

    /// Fails where a list has become too long (parse_node.h, transformTargetList's limit); what orders and groups is a part of it.
    func checkLength(_ count: Int) throws(SQLTypingEnd) {
        guard count > Self.longestList else { return }
        throw failure("54011", "target lists can have at most \(Self.longestList) entries", max(0, at - 1))
    }

    /// An expression of a list with the name that it has or is given.
    mutating func item(_ found: SQLTyped) throws(SQLTypingEnd) -> SQLTypedColumn {
        var name = found.name ?? "?column?"
        let last = at
        if take("as") {
            guard at < end, tokens[at].isName else { throw .unread }
            name = tokens[at].text
            at += 1
        } else if at < end, tokens[at].isName, !isReserved(at), !isClause(at) {
            name = tokens[at].text
            at += 1
        }
        return SQLTypedColumn(
            name: name, type: found.type, modifier: found.modifier, open: found.open, leaves: [found.words],
            isAliased: at > last, number: found.number)
    }

    private func isClause(_ index: Int) -> Bool {
        tokens[index].kind == .word
            && (tokens[index].text == "returning" || Self.clauseWords.contains(tokens[index].text))
    }

    /// `*` or `t.*`; nil where none stands.
    private mutating func star() throws(SQLTypingEnd) -> (
        columns: [SQLTypedColumn]?, references: [SQLColumnReference]
    )? {
        guard at < end else { throw .unread }
        if tokens[at].isOperator("*") {
            at += 1
            return try allColumns(of: nil, at - 1)
        }
        var next = at
        while next + 2 < end, tokens[next].isName, tokens[next + 1].isMark(".") {
            next += 2
            if tokens[next].isOperator("*") {
                let name = tokens[next - 2].text
                at = next + 1
                return try allColumns(of: name, next)
            }
        }
        return nil
    }

    private mutating func allColumns(
        of name: String?, _ word: Int
    ) throws(SQLTypingEnd) -> (columns: [SQLTypedColumn]?, references: [SQLColumnReference]) {
        var columns: [SQLTypedColumn] = []
        var references: [SQLColumnReference] = []
        var shown: [String] = []
        func add(_ column: SQLTypedColumn, _ relation: Int, _ number: Int, isMerged: Bool = false) {
            var column = column
            column.leaves = []
            columns.append(column)
            let qualifier = isMerged ? "" : "\(SQLText.quoted(scope.relations[relation].name))."
            shown.append(qualifier + SQLText.quoted(column.name))
            if !scope.groupedColumns.contains([relation, number]) {
                references.append(
                    SQLColumnReference(scope: scope.number, relation: relation, column: number, word: word))
            }
        }
        if let name {
            guard let relation = scope.relations.firstIndex(where: { $0.name == name }) else { throw .unread }
            guard let own = scope.relations[relation].columns else { return (nil, []) }
            for (number, column) in own.enumerated() { add(column, relation, number) }
            return (columns, references)
        }
        guard !scope.relations.isEmpty else {
            throw failure("42601", "SELECT * with no tables specified is not valid", word)
        }
        // What USING has merged comes first.
        for merged in scope.merged {
            for (place, relation) in scope.relations.enumerated() where !relation.hidden.contains(merged) {
                guard let number = relation.columns?.firstIndex(where: { $0.name == merged }) else { continue }
                add(relation.columns?[number] ?? SQLTypedColumn(name: merged), place, number, isMerged: true)
                break
            }
        }
        for (place, relation) in scope.relations.enumerated() {
            guard let own = relation.columns else { return (nil, []) }
            for (number, column) in own.enumerated()
            where !relation.hidden.contains(column.name) && !scope.merged.contains(column.name) {
                add(column, place, number)
            }
        }
        // SQLite leaves it where it stands in the first relation.
        let first = scope.relations[0].columns?.prefix(scope.merged.count).map(\.name)
        if !scope.merged.isEmpty, first != scope.merged { typing.replacements[word] = shown.joined(separator: ", ") }
        return (columns, references)
    }
}
