// CREATE TABLE, and what SQLite needs said differently in it.

import Capabilities

extension SQLTranslator {
    mutating func createTable(_ index: Int) throws(SQLFailure) -> SQLCommand {
        var next = index + 1
        let isTolerant = rewrite.isWords(next, "if", "not", "exists")
        if isTolerant { next += 3 }
        let name = next
        try checkNewName(name)
        next += 1
        while rewrite.isMark(next, ".") { next += 2 }
        tableName = tokens[min(next, tokens.count) - 1].text
        tableStored = SQLSchemaName.stored(tokens, min(next, tokens.count) - 1)
        if isTolerant {
            skips.append(.relation(SQLSchemaName.stored(tokens, min(next, tokens.count) - 1), whenThere: true))
        }
        if (1..<index).contains(where: { tokens[$0].isWord("temp") || tokens[$0].isWord("temporary") }) {
            if try schema(of: name) != nil {
                throw SQLFailure(
                    "42P16", "cannot create temporary relation in non-temporary schema", offset: tokens[name].start)
            }
            temporary = SQLTemporaryTable(name: tableName)
        }
        try commitClause(next)
        if let body = rewrite.rest(next).first(where: { tokens[$0].isWord("as") && !isInside($0, from: next) }) {
            let query = body + 1..<(rewrite.isWords(tokens.count - 2, "with", "data") ? tokens.count - 2 : tokens.count)
            try type(query, isShown: false)
            tableQueries(rewrite.rest(body))
            try expressions(rewrite.rest(body))
            try names(name..<body)
            try orderings(rewrite.rest(body))
            try selectLists()
            applyTyping()
            try seriesInLists()
            items = []
            if rewrite.isWords(tokens.count - 3, "with", "no", "data") {
                throw refused("WITH NO DATA is not known here", tokens.count - 3)
            }
            if rewrite.isWords(tokens.count - 2, "with", "data") { rewrite.remove(rewrite.rest(tokens.count - 2)) }
            let table = rewrite.newText(name..<next)
            let names = try givenNames(next, body)
            if names.map({ $0.end }) ?? next == body, name == index + 1 { declareColumns(table, body, names?.names) }
            if let names, let results = typing?.results, names.names.count > results.count {
                throw SQLFailure("42601", "too many column names were specified")
            }
            if names != nil, first.isEmpty {
                throw refused("names of columns whose types are not told are not known here", next)
            }
            then.append("SELECT count(*) FROM \(table)")
            return SQLCommand("SELECT", countsRows: true)
        }
        guard rewrite.isMark(next, "(") else { throw rewrite.syntaxError(next) }
        let close = try rewrite.closing(next)
        try tableOptions(close + 1)
        try names(name..<(next + 1))
        let isThere = isTolerant && temporary == nil ? try columnTypes.schemas.isTaken(tableStored) : false
        if !isThere { try checkReferences(next..<close, isOwn: temporary != nil) }
        try tableBody(next, close)
        return SQLCommand("CREATE TABLE")
    }

    /// `ON COMMIT …` behind a table's columns.
    private mutating func commitClause(_ start: Int) throws(SQLFailure) {
        guard let on = rewrite.rest(start).first(where: { rewrite.isWords($0, "on", "commit") }),
            !isInside(on, from: start)
        else { return }
        guard temporary != nil else {
            throw SQLFailure("42P16", "ON COMMIT can only be used on temporary tables", offset: tokens[on].start)
        }
        var end = on + 4
        switch (rewrite.isWord(on + 3, "rows"), on + 2 < tokens.count ? tokens[on + 2].text : "") {
        case (true, "preserve"): break
        case (true, "delete"): temporary?.atCommit = .empty
        case (false, "drop"):
            temporary?.atCommit = .drop
            end = on + 3
        default: throw rewrite.syntaxError(on + 2)
        }
        rewrite.remove(on..<end)
    }

    /// The names that a table's columns are given before its query, and the word behind them; nil where none are given.
    private func givenNames(_ start: Int, _ body: Int) throws(SQLFailure) -> (names: [String], end: Int)? {
        guard start < body, rewrite.isMark(start, "(") else { return nil }
        let close = try rewrite.closing(start)
        var names: [String] = []
        for piece in rewrite.split((start + 1)..<close) {
            guard piece.count == 1, tokens[piece.lowerBound].isName else { throw rewrite.syntaxError(piece.lowerBound) }
            names.append(tokens[piece.lowerBound].text)
        }
        return (names, close + 1)
    }

    /// Gives a table that is made of a query's rows the types of its columns, of which SQLite would keep only the affinity.
    private mutating func declareColumns(_ table: String, _ body: Int, _ names: [String]?) {
        guard var columns = typing?.results, columns.allSatisfy({ $0.type.family != nil && $0.type.item == nil }) else {
            return
        }
        for (place, name) in (names ?? []).enumerated() where place < columns.count { columns[place].name = name }
        let declared = columns.map { column in
            let type = SQLDeclaredType(type: column.type, modifier: column.modifier)
            return SQLText.quoted(column.name) + " " + type.declaration
                + SQLColumnRule.constraints(for: type, column: column.name)
        }
        let head = temporary != nil ? "CREATE TEMP TABLE" : "CREATE TABLE"
        first.append("\(head) \(table) (\(declared.joined(separator: ", ")))")
        rewrite.remove(0..<(body + 1))
        rewrite.replace(0, "INSERT INTO \(table)")
    }

    private func isInside(_ index: Int, from start: Int) -> Bool {
        var depth = 0
        for place in start..<index {
            if tokens[place].isMark("(") { depth += 1 }
            if tokens[place].isMark(")") { depth -= 1 }
        }
        return depth > 0
    }

    /// What follows the columns: storage settings have no meaning here, other clauses would.
    private mutating func tableOptions(_ start: Int) throws(SQLFailure) {
        var next = start
        while next < tokens.count {
            if rewrite.isEdited(next) {
                next += 1
            } else if rewrite.isWord(next, "with"), rewrite.isMark(next + 1, "(") {
                let close = try rewrite.closing(next + 1)
                rewrite.remove(next..<(close + 1))
                next = close + 1
            } else if rewrite.isWord(next, "tablespace") {
                rewrite.remove(next..<min(next + 2, tokens.count))
                next += 2
            } else if rewrite.isWords(next, "without", "oids") {
                rewrite.remove(next..<(next + 2))
                next += 2
            } else {
                throw refused("\(tokens[next].text.uppercased()) of a table is not known here", next)
            }
        }
    }

    /// Columns of a table (PostgreSQL's MaxHeapAttributeNumber); SQLite's limit is 2,000.
    private static let mostColumns = 1_600

    private mutating func tableBody(_ open: Int, _ close: Int) throws(SQLFailure) {
        let pieces = rewrite.split((open + 1)..<close)
        columnNames = Set(pieces.compactMap { $0.first.map { tokens[$0].text } })
        let constraintWords: Set<String> = ["constraint", "primary", "unique", "check", "foreign", "exclude", "like"]
        let columns = pieces.filter { piece in
            piece.first.map { tokens[$0].kind != .word || !constraintWords.contains(tokens[$0].text) } ?? true
        }
        guard columns.count <= Self.mostColumns else {
            throw SQLFailure(
                "54011", "tables can have at most \(Self.mostColumns) columns", offset: tokens[open].start)
        }
        try checkConstraintNames((open + 1)..<close)
        var primary: [String] = []
        var primaryPiece: Range<Int>?
        for piece in pieces {
            var start = piece.lowerBound
            if rewrite.isWord(start, "constraint") { start += 2 }
            guard rewrite.isWords(start, "primary", "key"), rewrite.isMark(start + 2, "(") else { continue }
            primaryPiece = piece
            primary = tokens[(start + 3)..<(try rewrite.closing(start + 2))].filter(\.isName).map(\.text)
        }
        for piece in pieces {
            guard let first = piece.first else { throw rewrite.syntaxError(close) }
            if tokens[first].kind == .word, constraintWords.contains(tokens[first].text) {
                if rewrite.isWord(first, "exclude") || rewrite.isWord(first, "like") {
                    throw refused("\(tokens[first].text.uppercased()) in a table is not known here", first)
                }
                let columns = piece.first { rewrite.isMark($0, "(") }.flatMap { try? rewrite.closing($0) - $0 } ?? 0
                for index in piece {
                    try checkDeferrable(index, piece)
                    try checkMatch(index, columns: columns / 2)
                }
                if rewrite.isWord(first, "check") { nameCheck(piece) }
                try expressions(piece)
            } else {
                let isOnlyKey = primary == [tokens[first].text]
                let isRowNumber = try column(piece, isKey: primary.contains(tokens[first].text), isOnlyKey: isOnlyKey)
                if isRowNumber, isOnlyKey, let primaryPiece {
                    // The column says it itself now.
                    removePiece(primaryPiece, open, close)
                }
            }
        }
    }

    /// No two constraints of a table have one name.
    private func checkConstraintNames(_ body: Range<Int>) throws(SQLFailure) {
        var names: Set<String> = []
        for index in body where rewrite.isWord(index, "constraint") && !rewrite.isMark(index - 1, ".") {
            guard index + 1 < body.upperBound, tokens[index + 1].isName else { throw rewrite.syntaxError(index + 1) }
            guard names.insert(tokens[index + 1].text).inserted else {
                throw SQLFailure(
                    "42710",
                    "constraint \"\(tokens[index + 1].text)\" for relation \"\(bareTableName)\" already exists")
            }
        }
    }

    /// What a constraint of the table is called after.
    var bareTableName: String { SQLSchemaName.bare(tableName) }

    private mutating func nameCheck(_ piece: Range<Int>) {
        let columns = Set(tokens[piece.dropFirst()].filter { $0.isName && columnNames.contains($0.text) }.map(\.text))
        let middle = columns.count == 1 ? "_\(columns.first ?? "")" : ""
        rewrite.prefix(
            piece.lowerBound, "CONSTRAINT \(SQLText.quoted(checkName("\(bareTableName)\(middle)_check"))) ")
    }

    /// A name for a nameless CHECK that no other constraint of the statement has (indexcmds.c, ChooseRelationName).
    mutating func checkName(_ wanted: String) -> String {
        let given =
            givenNames ?? Set(tokens.indices.filter { rewrite.isWord($0 - 1, "constraint") }.map { tokens[$0].text })
        givenNames = given
        var name = wanted
        // Many of one name would be tried one after the other.
        var number = madeNumbers[wanted] ?? 0
        while madeNames.contains(name) || given.contains(name) {
            number += 1
            name = "\(wanted)\(number)"
        }
        madeNumbers[wanted] = number
        madeNames.insert(name)
        return name
    }

    private mutating func removePiece(_ piece: Range<Int>, _ open: Int, _ close: Int) {
        let comma = rewrite.isMark(piece.lowerBound - 1, ",") ? piece.lowerBound - 1 : piece.upperBound
        rewrite.remove(piece)
        if rewrite.isMark(comma, ",") { rewrite.remove(comma..<(comma + 1)) }
    }
}
