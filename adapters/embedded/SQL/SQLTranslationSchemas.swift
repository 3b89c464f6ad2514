// Names with a schema: where a statement names a relation, and what SQLite calls it.

import Capabilities

extension SQLTranslator {
    /// Clauses after which a comma no longer separates relations.
    private static let listEnds: Set<String> = [
        "select", "where", "group", "order", "having", "set", "values", "returning", "limit", "offset", "window",
        "union",
        "intersect", "except",
    ]
    private static let callsWithFrom: Set<String> = ["extract", "substring", "trim", "overlay", "position"]
    private static let beforeRelation: Set<String> = [
        "from", "join", "update", "into", "only", "table", "view", "index", "references", "truncate", "exists",
        "concurrently",
    ]
    private static let behindRelation: Set<String> = [
        "where", "group", "having", "order", "limit", "offset", "fetch", "for", "join", "left", "right", "full",
        "inner",
        "cross", "natural", "on", "using", "union", "intersect", "except", "set", "returning", "window", "tablesample",
        "values", "select", "default", "with", "overriding",
    ]

    /// The places at which a relation is named, and whether an alias may stand behind it.
    func relationPlaces() -> [Int: Bool] { Self.relationPlaces(tokens) }

    static func relationPlaces(_ tokens: [SQLToken]) -> [Int: Bool] {
        func isWord(_ index: Int, _ word: String) -> Bool {
            tokens.indices.contains(index) && tokens[index].isWord(word)
        }
        var places: [Int: Bool] = [:]
        let isList = isWord(0, "drop") || isWord(0, "truncate") || isWord(0, "lock")
        let isDefinition = isList || isWord(0, "alter")
        let makesIndex = isWord(0, "create") && (isWord(1, "index") || isWord(2, "index"))
        var lists = [(inList: isList, isCall: false)]
        for index in tokens.indices {
            let token = tokens[index]
            let before = index > 0 ? tokens[index - 1] : nil
            let top = lists[lists.count - 1]
            if token.isName, let before {
                let isPart = top.inList && (before.isMark(",") || before.isMark("("))
                let isAfterWord =
                    before.kind == .word
                    && (Self.beforeRelation.contains(before.text) && !(before.isWord("from") && !top.inList)
                        || makesIndex && before.isWord("on")
                        || before.isWord("sequence") && index <= 6
                            && ["create", "alter", "drop"].contains { isWord(0, $0) }
                        || index == 1 && before.isWord("lock") && !token.isWord("table"))
                if isPart || isAfterWord {
                    let takesAlias = ["from", "join", "update", "into", "only"].contains { before.isWord($0) }
                    places[index] = !isDefinition && (isPart || takesAlias)
                }
            }
            if token.isMark("(") {
                let isJoin = before?.isWord("from") == true || before?.isWord("join") == true
                let isCall = before.map { $0.kind == .word && Self.callsWithFrom.contains($0.text) } ?? false
                lists.append((top.inList && (isJoin || before?.isMark(",") == true), isCall))
            } else if token.isMark(")") {
                if lists.count > 1 { lists.removeLast() }
            } else if token.isWord("from") {
                // `IS DISTINCT FROM` and `extract(… FROM …)` name no relation.
                let isComparison =
                    before?.isWord("distinct") == true
                    && (isWord(index - 2, "is") || isWord(index - 2, "not"))
                if !top.isCall, !isComparison { lists[lists.count - 1].inList = true }
            } else if token.kind == .word, Self.listEnds.contains(token.text), before?.isMark(".") != true {
                lists[lists.count - 1].inList = false
            }
        }
        return places
    }

    /// Takes the name at `index` for a schema where it is one; whether it was.
    mutating func schemaName(_ index: Int) throws(SQLFailure) -> Bool {
        let schema = tokens[index].text
        guard index + 2 < tokens.count, tokens[index + 2].isName, !SQLSchemaName.builtIn.contains(schema),
            !rewrite.isEdited(index), try columnTypes.schemas.exists(schema)
        else { return false }
        if rewrite.isMark(index + 3, ".") {
            // A column's name with its table's and that one's schema.
            rewrite.remove(index..<(index + 2))
            return true
        }
        let known = knownRelations ?? relationPlaces()
        knownRelations = known
        guard let takesAlias = known[index] else { return false }
        let table = tokens[index + 2].text
        rewrite.replace(index, SQLText.quoted(SQLSchemaName.stored(schema, table)))
        rewrite.remove((index + 1)..<(index + 3))
        if takesAlias, !hasAlias(index + 3, isInsertion: rewrite.isWord(index - 1, "into")) {
            rewrite.suffix(index + 2, " AS \(SQLText.quoted(table))")
        }
        return true
    }

    func hasAlias(_ next: Int, isInsertion: Bool) -> Bool {
        guard next < tokens.count else { return false }
        if tokens[next].isWord("as") { return true }
        guard !isInsertion, tokens[next].isName else { return false }
        return tokens[next].kind != .word || !Self.behindRelation.contains(tokens[next].text)
    }

    /// Whether the name at `index` is that of the changed table, or its alias, in RETURNING: SQLite knows neither there.
    func isTarget(_ index: Int, _ known: inout (start: Int, names: Set<String>)?) -> Bool {
        guard !rewrite.isMark(index - 1, ".") else { return false }
        let returning = known ?? returningTarget()
        known = returning
        return index > returning.start && returning.names.contains(tokens[index].text)
    }

    /// Where RETURNING stands, and how it may call the table that is changed.
    private func returningTarget() -> (start: Int, names: Set<String>) {
        let none = (Int.max, Set<String>())
        var next: Int
        switch tokens.first?.text {
        case "update": next = 1
        case "insert", "delete": next = 2
        default: return none
        }
        if rewrite.isWord(next, "only") { next += 1 }
        while rewrite.isMark(next + 1, ".") { next += 2 }
        guard next < tokens.count, tokens[next].isName,
            let start = tokens.lastIndex(where: { $0.isWord("returning") })
        else { return none }
        let isInsertion = tokens[0].isWord("insert")
        guard hasAlias(next + 1, isInsertion: isInsertion) else { return (start, [tokens[next].text]) }
        let alias = rewrite.isWord(next + 1, "as") ? next + 2 : next + 1
        return (start, alias < tokens.count ? [tokens[alias].text] : [])
    }

    /// The schema of the relation whose first word is at `index`; nil where it is one that is always there, or none.
    func schema(of index: Int) throws(SQLFailure) -> String? {
        guard rewrite.isMark(index + 1, "."), !SQLSchemaName.builtIn.contains(tokens[index].text),
            try columnTypes.schemas.exists(tokens[index].text)
        else { return nil }
        return tokens[index].text
    }
}
