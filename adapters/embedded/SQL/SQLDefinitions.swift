// CREATE, DROP and TRUNCATE, and what SQLite needs said differently in them.

import Capabilities

extension SQLTranslator {
    // MARK: CREATE

    mutating func create() throws(SQLFailure) -> SQLCommand {
        var next = 1
        if rewrite.isWords(next, "or", "replace") { next += 2 }
        let isReplacing = next > 1
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
        if rewrite.isWord(next, "schema") {
            return try createSchema(next)
        }
        let what = next < tokens.count ? tokens[next].text.uppercased() : ""
        throw refused("CREATE \(what) is not known here", 0)
    }

    private mutating func createTable(_ index: Int) throws(SQLFailure) -> SQLCommand {
        var next = index + 1
        let isTolerant = rewrite.isWords(next, "if", "not", "exists")
        if isTolerant { next += 3 }
        let name = next
        guard name < tokens.count, tokens[name].isName else { throw rewrite.syntaxError(name) }
        next += 1
        while rewrite.isMark(next, ".") { next += 2 }
        tableName = tokens[min(next, tokens.count) - 1].text
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
            if next == body, name == index + 1 { declareColumns(table, body) }
            then.append("SELECT count(*) FROM \(table)")
            return SQLCommand("SELECT", countsRows: true)
        }
        guard rewrite.isMark(next, "(") else { throw rewrite.syntaxError(next) }
        let close = try rewrite.closing(next)
        try tableOptions(close + 1)
        try names(name..<(next + 1))
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

    /// Gives a table that is made of a query's rows the types of its columns, of which SQLite would keep only the affinity.
    private mutating func declareColumns(_ table: String, _ body: Int) {
        guard let columns = typing?.results, columns.allSatisfy({ $0.type.family != nil && $0.type.item == nil }) else {
            return
        }
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

    private mutating func tableBody(_ open: Int, _ close: Int) throws(SQLFailure) {
        let pieces = rewrite.split((open + 1)..<close)
        columnNames = Set(pieces.compactMap { $0.first.map { tokens[$0].text } })
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
            let isConstraint = ["constraint", "primary", "unique", "check", "foreign", "exclude", "like"].contains {
                rewrite.isWord(first, $0)
            }
            if isConstraint {
                if rewrite.isWord(first, "exclude") || rewrite.isWord(first, "like") {
                    throw refused("\(tokens[first].text.uppercased()) in a table is not known here", first)
                }
                for index in piece { try checkDeferrable(index, piece) }
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

    /// What a constraint of the table is called after.
    private var bareTableName: String { SQLSchemaName.bare(tableName) }

    private mutating func nameCheck(_ piece: Range<Int>) {
        let columns = Set(tokens[piece.dropFirst()].filter { $0.isName && columnNames.contains($0.text) }.map(\.text))
        let middle = columns.count == 1 ? "_\(columns.first ?? "")" : ""
        rewrite.prefix(piece.lowerBound, "CONSTRAINT \(SQLText.quoted("\(bareTableName)\(middle)_check")) ")
    }

    private mutating func removePiece(_ piece: Range<Int>, _ open: Int, _ close: Int) {
        let comma = rewrite.isMark(piece.lowerBound - 1, ",") ? piece.lowerBound - 1 : piece.upperBound
        rewrite.remove(piece)
        if rewrite.isMark(comma, ",") { rewrite.remove(comma..<(comma + 1)) }
    }

    /// Words at which a column's constraint begins.
    private static let constraintWords: Set<String> = [
        "constraint", "not", "null", "default", "check", "unique", "primary", "references", "generated", "collate",
        "deferrable", "initially",
    ]

    /// Translates one column's definition; whether it is the row's own number, which SQLite counts up by itself.
    ///
    /// SQLite gives a nameless CHECK the name of the named one before it, so each gets the name that PostgreSQL gives.
    @discardableResult
    mutating func column(_ piece: Range<Int>, isKey: Bool, isOnlyKey: Bool) throws(SQLFailure) -> Bool {
        let name = tokens[piece.lowerBound].text
        guard tokens[piece.lowerBound].isName else { throw rewrite.syntaxError(piece.lowerBound) }
        var next = piece.lowerBound + 1
        let typeStart = next
        guard next < piece.upperBound, var type = try SQLDeclaredType.read(tokens, at: &next) else {
            throw rewrite.syntaxError(next)
        }
        // SQLite would compare and join them as the texts that they are.
        if type.type.item != nil { throw refused("columns that hold arrays are not known here", typeStart) }
        let typeEnd = next
        var key: Int?
        var isNotNull = false
        while next < piece.upperBound {
            try checkDeferrable(next, piece)
            if rewrite.isWords(next, "primary", "key") { key = next + 1 }
            if rewrite.isWords(next, "not", "null") { isNotNull = true }
            if rewrite.isWord(next, "check"), !rewrite.isWord(next - 2, "constraint") {
                rewrite.prefix(next, "CONSTRAINT \(SQLText.quoted("\(bareTableName)_\(name)_check")) ")
            }
            if rewrite.isWord(next, "default") {
                next = try defaultClause(next + 1, to: piece.upperBound)
                continue
            }
            if rewrite.isWord(next, "generated"), let end = try identity(next, to: piece.upperBound) {
                type.isSerial = true
                rewrite.remove(next..<end)
                next = end
                continue
            }
            if rewrite.isMark(next, "(") { next = try rewrite.closing(next) }
            next += 1
        }
        if type.isSerial, key == nil, !isOnlyKey {
            throw refused("a column that counts up by itself has to be the primary key here", typeStart)
        }
        try names(piece.lowerBound..<typeStart)
        rewrite.remove(typeStart..<typeEnd)
        try expressions(typeEnd..<piece.upperBound)
        var declaration = type.declaration
        if type.isSerial, key == nil { declaration += " PRIMARY KEY AUTOINCREMENT" }
        // SQLite lets a primary key be NULL, for an old mistake's sake.
        if !type.isSerial, key != nil || isKey, !isNotNull { declaration += " NOT NULL" }
        rewrite.replace(typeStart, declaration + SQLColumnRule.constraints(for: type, column: name))
        if let key, type.isSerial { rewrite.suffix(key, " AUTOINCREMENT") }
        return type.isSerial
    }

    /// Only a foreign key can wait to be looked at until COMMIT.
    private func checkDeferrable(_ index: Int, _ piece: Range<Int>) throws(SQLFailure) {
        let isLate = rewrite.isWord(index, "deferrable") && !rewrite.isWord(index - 1, "not")
        guard isLate || rewrite.isWords(index, "initially", "deferred") else { return }
        let kinds: Set<String> = ["unique", "primary", "check", "references", "foreign"]
        let kind = (piece.lowerBound..<index).last { tokens[$0].kind == .word && kinds.contains(tokens[$0].text) }
        guard let kind, !rewrite.isWord(kind, "references"), !rewrite.isWord(kind, "foreign") else { return }
        throw refused("a constraint that is looked at with COMMIT only can be a foreign key only here", index)
    }

    /// Puts a default into parentheses, without which SQLite takes only literals.
    private mutating func defaultClause(_ start: Int, to limit: Int) throws(SQLFailure) -> Int {
        var end = start
        while end < limit {
            if rewrite.isMark(end, "(") { end = try rewrite.closing(end) }
            if end > start, tokens[end].kind == .word, Self.constraintWords.contains(tokens[end].text) { break }
            end += 1
        }
        guard end > start else { throw rewrite.syntaxError(start) }
        if (start..<end).contains(where: { rewrite.isWord($0, "nextval") }) {
            throw refused("sequences are not known here", start)
        }
        rewrite.wrap(start...(end - 1), "(", ")")
        return end
    }

    /// `GENERATED … AS IDENTITY (…)`: the place behind it; nil for a computed column.
    private func identity(_ start: Int, to limit: Int) throws(SQLFailure) -> Int? {
        var next = start + 1
        while next < limit, !rewrite.isWord(next, "as") { next += 1 }
        guard rewrite.isWord(next + 1, "identity") else { return nil }
        next += 2
        if next < limit, rewrite.isMark(next, "(") {
            throw refused("the options of an identity column are not known here", next)
        }
        return next
    }

    private mutating func createView(_ index: Int, isReplacing: Bool) throws(SQLFailure) -> SQLCommand {
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

    private mutating func createIndex(_ start: Int) throws(SQLFailure) -> SQLCommand {
        var next = rewrite.isWord(start, "unique") ? start + 2 : start + 1
        if rewrite.isWord(next, "concurrently") {
            rewrite.remove(next..<(next + 1))
            next += 1
        }
        let isTolerant = rewrite.isWords(next, "if", "not", "exists")
        if isTolerant { next += 3 }
        let isNameless = rewrite.isWord(next, "on")
        let on = isNameless ? next : next + 1
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
        var end = close + 1
        if rewrite.isWord(end, "with"), rewrite.isMark(end + 1, "(") {
            let behind = try rewrite.closing(end + 1) + 1
            rewrite.remove(end..<behind)
            end = behind
        }
        if rewrite.isWord(end, "include") { throw refused("INCLUDE of an index is not known here", end) }
        if isNameless {
            let columns = rewrite.split((open + 1)..<close).map { piece in
                piece.first.map { tokens[$0].isName && !rewrite.isMark($0 + 1, "(") ? tokens[$0].text : "expr" }
                    ?? "expr"
            }
            let name = SQLSchemaName.stored(tokens, table)
            rewrite.prefix(on, SQLText.quoted("\(name)_\(columns.joined(separator: "_"))_idx") + " ")
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

    // MARK: DROP and TRUNCATE

    /// `CASCADE` and `RESTRICT` at the end of `range`: nothing here hangs on a table but its own indexes.
    mutating func dropBehaviour(_ range: Range<Int>) {
        let last = range.upperBound - 1
        if rewrite.isWord(last, "restrict") || rewrite.isWord(last, "cascade") { rewrite.remove(last..<(last + 1)) }
    }

    mutating func drop() throws(SQLFailure) -> SQLCommand {
        if rewrite.isWord(1, "schema") { return try dropSchema() }
        guard let kind = ["table", "view", "index"].first(where: { rewrite.isWord(1, $0) }) else {
            throw refused("DROP \(tokens.count > 1 ? tokens[1].text.uppercased() : "") is not known here", 0)
        }
        var next = 2
        if rewrite.isWord(next, "concurrently") { next += 1 }
        let isTolerant = rewrite.isWords(next, "if", "exists")
        if isTolerant { next += 2 }
        try names()
        let cascades = rewrite.isWord(tokens.count - 1, "cascade")
        dropBehaviour(tokens.indices)
        let head = "DROP \(kind.uppercased()) \(isTolerant ? "IF EXISTS " : "")"
        let pieces = rewrite.split(rewrite.rest(next))
        if isTolerant {
            for piece in pieces {
                guard
                    let last = piece.last(where: {
                        tokens[$0].isName && !rewrite.isEdited($0) || rewrite.isMark($0 - 1, ".")
                    })
                else { continue }
                skips.append(.relation(SQLSchemaName.stored(tokens, last), whenThere: false, kind: kind))
            }
        }
        if kind != "index" { try dropDependents(pieces, kind, cascades: cascades) }
        let statements = pieces.map { head + rewrite.newText($0) }
        rewrite.replaceAll(statements.first ?? head)
        then = Array(statements.dropFirst())
        return SQLCommand("DROP \(kind.uppercased())")
    }

    /// Views that read what is dropped are dropped with it, or keep it from being dropped; SQLite would leave them broken.
    private mutating func dropDependents(
        _ pieces: [Range<Int>], _ kind: String, cascades: Bool
    ) throws(SQLFailure) {
        let dropped = pieces.compactMap { piece in
            piece.last { tokens[$0].isName && (!rewrite.isEdited($0) || rewrite.isMark($0 - 1, ".")) }
        }.map { SQLSchemaName.stored(tokens, $0) }
        func shown(_ stored: String) throws(SQLFailure) -> String {
            let (schema, name) = SQLSchemaName.split(stored)
            return try columnTypes.schemas.isVisible(schema, name) ? name : "\(schema).\(name)"
        }
        var all: [String] = []
        for name in dropped {
            let views = try columnTypes.schemas.dependents(name).filter { !dropped.contains($0) && !all.contains($0) }
            guard let last = views.last else { continue }
            guard cascades else {
                let subject = try shown(name)
                throw SQLFailure(
                    "2BP01", "cannot drop \(kind) \(subject) because other objects depend on it",
                    detail: "view \(try shown(last)) depends on \(kind) \(subject)",
                    hint: "Use DROP ... CASCADE to drop the dependent objects too.")
            }
            all += views
        }
        for view in all { first.append("DROP VIEW IF EXISTS main.\(SQLText.quoted(view))") }
        guard let one = all.last else { return }
        let message = all.count == 1 ? "view \(try shown(one))" : "\(all.count) other objects"
        skips.append(
            SQLSkip(subject: .nothing, whenThere: true, state: "00000", message: "drop cascades to \(message)"))
    }

    mutating func truncate() throws(SQLFailure) -> SQLCommand {
        var next = rewrite.isWord(1, "table") ? 2 : 1
        if rewrite.isWord(next, "only") { next += 1 }
        var end = tokens.count
        dropBehaviour(tokens.indices)
        if rewrite.isWord(end - 1, "cascade") { throw refused("TRUNCATE with CASCADE is not known here", end - 1) }
        if rewrite.isWord(end - 1, "restrict") { end -= 1 }
        var restarts = false
        if rewrite.isWord(end - 1, "identity") {
            restarts = rewrite.isWord(end - 2, "restart")
            end -= 2
        }
        guard end > next else { throw rewrite.syntaxError(end) }
        try names()
        let tables = rewrite.split(next..<end).map { rewrite.newText($0) }
        var statements = tables.map { "DELETE FROM \($0)" }
        if restarts {
            statements += rewrite.split(next..<end).compactMap { piece in
                piece.last.map {
                    "SELECT fairlead_restart(\(SQLText.literal(SQLSchemaName.stored(tokens, $0))))"
                }
            }
        }
        rewrite.replaceAll(statements.first ?? "")
        then = Array(statements.dropFirst())
        return SQLCommand("TRUNCATE TABLE")
    }
}
