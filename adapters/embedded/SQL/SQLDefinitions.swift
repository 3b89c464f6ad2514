// CREATE: which of the definitions it is.

import Capabilities

extension SQLTranslator {
    mutating func create() throws(SQLFailure) -> SQLCommand {
        var next = 1
        if rewrite.isWords(next, "or", "replace") { next += 2 }
        let isReplacing = next > 1
        for index in next..<min(next + 2, tokens.count) where rewrite.isWords(index, "recursive", "view") {
            throw refused("CREATE RECURSIVE VIEW is not known here", index)
        }
        while ["temp", "temporary", "local", "global", "unlogged", "recursive"].contains(where: {
            rewrite.isWord(next, $0)
        }) {
            if rewrite.isWord(next, "unlogged") || rewrite.isWord(next, "local") || rewrite.isWord(next, "global") {
                rewrite.remove(next..<(next + 1))
            }
            next += 1
        }
        if rewrite.isWord(next, "table") { return try createTable(next) }
        if rewrite.isWord(next, "view") { return try createView(next, isReplacing: isReplacing) }
        if rewrite.isWord(next, "index") || rewrite.isWords(next, "unique", "index") { return try createIndex(next) }
        if rewrite.isWord(next, "sequence") { return try createSequence(next) }
        if rewrite.isWord(next, "schema") {
            return try createSchema(next)
        }
        let what = next < tokens.count ? tokens[next].text.uppercased() : ""
        throw refused("CREATE \(what) is not known here", 0)
    }

    mutating func createView(_ index: Int, isReplacing: Bool) throws(SQLFailure) -> SQLCommand {
        try checkNewName(index + 1)
        guard let body = rewrite.rest(index).first(where: { tokens[$0].isWord("as") }) else {
            throw rewrite.syntaxError(tokens.count)
        }
        try names((index + 1)..<body)
        try type(rewrite.rest(body + 1))
        let columns = typing?.results
        tableQueries(rewrite.rest(body))
        try expressions(rewrite.rest(body))
        try orderings(rewrite.rest(body))
        try selectLists()
        applyTyping()
        try seriesInLists()
        items = []
        if let columns { rewrite.prefix(body, SQLViewTypes.comment(columns) + " ") }
        if isReplacing {
            rewrite.remove(1..<3)
            first.append("DROP VIEW IF EXISTS \(rewrite.newText((index + 1)..<(index + 2)))")
        }
        return SQLCommand("CREATE VIEW")
    }

    mutating func createIndex(_ start: Int) throws(SQLFailure) -> SQLCommand {
        var next = rewrite.isWord(start, "unique") ? start + 2 : start + 1
        if rewrite.isWord(next, "concurrently") {
            rewrite.remove(next..<(next + 1))
            next += 1
        }
        let isTolerant = rewrite.isWords(next, "if", "not", "exists")
        if isTolerant { next += 3 }
        let isNameless = rewrite.isWord(next, "on")
        let on = isNameless ? next : next + 1
        if !isNameless { try checkNewName(next) }
        guard rewrite.isWord(on, "on") else { throw rewrite.syntaxError(on) }
        var table = on + 1
        if rewrite.isWord(table, "only") {
            rewrite.remove(table..<(table + 1))
            table += 1
        }
        while rewrite.isMark(table + 1, ".") { table += 2 }
        var open = table + 1
        if rewrite.isWord(open, "using") {
            guard rewrite.isWord(open + 1, "btree") || rewrite.isWord(open + 1, "hash") else {
                throw refused("indexes of this kind are not known here", open + 1)
            }
            rewrite.remove(open..<(open + 2))
            open += 2
        }
        guard rewrite.isMark(open, "(") else { throw rewrite.syntaxError(open) }
        let close = try rewrite.closing(open)
        // SQLite's own operators give other values, and compare them otherwise.
        if rewrite.isWord(start, "unique"),
            let part = (open..<close).first(where: {
                tokens[$0].kind == .operator && ["->", "->>", "#>", "#>>"].contains(tokens[$0].text)
            })
        {
            throw refused("a UNIQUE index on a part of json is not known here", part)
        }
        var end = close + 1
        if rewrite.isWord(end, "with"), rewrite.isMark(end + 1, "(") {
            let behind = try rewrite.closing(end + 1) + 1
            rewrite.remove(end..<behind)
            end = behind
        }
        if rewrite.isWord(end, "include") { throw refused("INCLUDE of an index is not known here", end) }
        if rewrite.isWord(end, "tablespace") {
            rewrite.remove(end..<min(end + 2, tokens.count))
            end += 2
        }
        var nulls: [Int: Bool] = [:]
        for (place, piece) in rewrite.split((open + 1)..<close).enumerated() { nulls[place] = indexColumn(piece) }
        if !nulls.isEmpty { rewrite.prefix(open + 1, SQLIndexNulls.comment(nulls)) }
        if isNameless {
            // An expression is called as a column of a query would be (parse_target.c, FigureIndexColname).
            let columns = rewrite.split((open + 1)..<close).map(indexedName)
            let name = SQLSchemaName.stored(tokens, table)
            let wanted = "\(name)_\(columns.joined(separator: "_"))_idx"
            // indexcmds.c, ChooseRelationName.
            var (chosen, number) = (wanted, 0)
            while try columnTypes.schemas.isTaken(chosen) {
                number += 1
                chosen = "\(wanted)\(number)"
            }
            rewrite.prefix(on, SQLText.quoted(chosen) + " ")
        }
        try expressions(rewrite.rest(next))
        var name = tokens[next].text
        // An index stands where its table does.
        if !isNameless, table >= 2, let schema = try schema(of: table - 2) {
            name = SQLSchemaName.stored(schema, name)
            rewrite.replace(next, SQLText.quoted(name))
        }
        if isTolerant, !isNameless { skips.append(.relation(name, whenThere: true)) }
        return SQLCommand("CREATE INDEX")
    }

    /// Fails where no name stands, or a word that cannot be one.
    func checkNewName(_ index: Int) throws(SQLFailure) {
        guard index < tokens.count, tokens[index].isName else { throw rewrite.syntaxError(index) }
        if tokens[index].kind == .word, SQLTyper.reserved.contains(tokens[index].text) {
            throw rewrite.syntaxError(index)
        }
    }

    /// What a column of an index is called: a function's name for a call of it, `expr` for most other expressions.
    private func indexedName(_ piece: Range<Int>) -> String {
        var words = piece
        while let first = words.first, rewrite.isMark(first, "("), (try? rewrite.closing(first)) == words.upperBound - 1
        {
            words = (first + 1)..<(words.upperBound - 1)
        }
        guard let first = words.first, tokens[first].isName else { return "expr" }
        let isCall = rewrite.isMark(first + 1, "(") && (try? rewrite.closing(first + 1)) == words.upperBound - 1
        return words == piece || words.count == 1 || isCall ? tokens[first].text : "expr"
    }

    /// The operators that a column is sorted by anyway, texts by their bytes.
    private static let operatorClasses: Set<String> = [
        "text_pattern_ops", "varchar_pattern_ops", "bpchar_pattern_ops", "text_ops", "varchar_ops", "bpchar_ops",
        "int2_ops", "int4_ops", "int8_ops", "numeric_ops", "float4_ops", "float8_ops", "bool_ops", "date_ops",
        "timestamp_ops", "timestamptz_ops", "uuid_ops",
    ]

    /// Takes out of an index's column what SQLite does not read and does not have to; whether NULL is to stand first where
    /// it would not by itself, which is only shown.
    private mutating func indexColumn(_ piece: Range<Int>) -> Bool? {
        var nullsFirst: Bool?
        var end = piece.upperBound
        if end - 2 > piece.lowerBound, rewrite.isWord(end - 2, "nulls") {
            let isFirst = rewrite.isWord(end - 1, "first")
            if isFirst != rewrite.isWord(end - 3, "desc") { nullsFirst = isFirst }
            rewrite.remove((end - 2)..<end)
            end -= 2
        }
        if rewrite.isWord(end - 1, "desc") || rewrite.isWord(end - 1, "asc") { end -= 1 }
        if end - 1 > piece.lowerBound, Self.operatorClasses.contains(tokens[end - 1].text) {
            rewrite.remove((end - 1)..<end)
        }
        return nullsFirst
    }
}

/// Where NULL stands in an index's columns: a comment in its definition, since no order of SQLite's depends on it.
enum SQLIndexNulls {
    private static let start = "/*fairlead nulls "

    static func comment(_ nulls: [Int: Bool]) -> String {
        let parts = nulls.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value ? 1 : 0)" }
        return "\(start)\(parts.joined(separator: ","))*/ "
    }

    /// By the places of the columns for which it is said.
    static func read(_ definition: String) -> [Int: Bool] {
        guard let list = definition.components(after: start)?.components(before: "*/") else { return [:] }
        var nulls: [Int: Bool] = [:]
        for part in list.split(separator: ",") {
            let numbers = part.split(separator: ":").compactMap { Int($0) }
            if numbers.count == 2 { nulls[numbers[0]] = numbers[1] == 1 }
        }
        return nulls
    }
}
