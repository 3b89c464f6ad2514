// From a statement as PostgreSQL's clients write it to one that means the same to SQLite.

import Capabilities

/// What becomes of one statement.
struct SQLTranslation {
    /// What SQLite runs; the first of several gives the rows.
    var sql: [UInt8]
    /// Statements of our own before it and after it, in the same transaction.
    var first: [String] = []
    var then: [String] = []
    var places: [(new: Int, old: Int)] = []
    var command: SQLCommand
    var items: [SQLResultItem] = []
    /// Parameters with a type that the text itself tells, by number.
    var parameterTypes: [Int: SQLType] = [:]
    /// Whether it names the catalogue, which then has to be up to date.
    var readsCatalog = false
    /// Whether it has to hold the write lock although it only reads: `FOR UPDATE`.
    var locksRows = false
    /// Whether it cannot run in a transaction block.
    var standsAlone = false
    /// SQLSTATEs of failures that mean that there is nothing to do: `IF EXISTS`, where SQLite has no words for it.
    var tolerated: Set<String> = []
    /// The table that a definition makes or changes.
    var table = ""

    /// Becomes a statement that does nothing and answers as the client's does.
    mutating func doNothing() {
        sql = Array("SELECT 1 WHERE 0".utf8)
        (first, then, places) = ([], [], [])
    }

    /// Where in the client's text a place of the new text is.
    func original(_ offset: Int) -> Int? { places.last { $0.new <= offset }?.old }
}

/// Translates one statement; a pass for each difference between the dialects.
struct SQLTranslator {
    var rewrite: SQLRewrite
    var items: [SQLResultItem] = []
    var first: [String] = []
    var then: [String] = []
    var parameterTypes: [Int: SQLType] = [:]
    var locksRows = false
    var tolerated: Set<String> = []
    /// The table that a definition makes or changes, and its columns.
    var tableName = ""
    var columnNames: Set<String> = []
    private(set) var readsCatalog = false
    /// The types of the columns that are named, and of the parameters that the client has told.
    let columnTypes: SQLColumnTypes
    /// Whether a column's name can only be that of a table's column.
    let hasOneQuery: Bool
    var tokens: [SQLToken] { rewrite.tokens }

    /// Statements that PostgreSQL has and this store has not.
    private static let missing: Set<String> = [
        "alter", "comment", "grant", "revoke", "call", "do", "cluster", "refresh", "security", "import", "merge",
        "lock", "listen", "notify", "unlisten", "load", "checkpoint", "reassign", "create", "drop",
    ]

    /// Translates a statement; `types` are those that the client gives its parameters, `columns` those of the tables.
    static func translate(
        _ source: [UInt8], _ tokens: [SQLToken], types: [SQLType] = [],
        columns: SQLColumnTypes = SQLColumnTypes()
    ) throws(SQLFailure) -> SQLTranslation {
        var translator = SQLTranslator(rewrite: SQLRewrite(source, tokens), columns)
        for (index, type) in types.enumerated() where type != .unknown { translator.parameterTypes[index + 1] = type }
        return try translator.statement()
    }

    private init(rewrite: SQLRewrite, _ columns: SQLColumnTypes) {
        self.rewrite = rewrite
        columnTypes = columns
        let queries = rewrite.tokens.filter { $0.isWord("select") || $0.isWord("with") }.count
        let lists = rewrite.tokens.indices.filter { rewrite.isMark($0, "(") && rewrite.isWord($0 + 1, "values") }.count
        hasOneQuery = queries + lists <= 1
    }

    private mutating func statement() throws(SQLFailure) -> SQLTranslation {
        guard let head = tokens.first else { throw SQLFailure("42601", "syntax error at end of input") }
        let command: SQLCommand
        var standsAlone = false
        var selfMade: String?
        switch head.isMark("(") ? "select" : head.text {
        case "select", "values", "with", "insert", "update", "delete":
            command = try query()
        case "table":
            guard tokens.count >= 2 else { throw rewrite.syntaxError(1) }
            rewrite.replace(0, "SELECT * FROM")
            command = SQLCommand("SELECT", countsRows: true, writes: false)
            try names()
        case "explain": command = try explain()
        case "create": command = try create()
        case "alter": command = try alter()
        case "drop": command = try drop()
        case "truncate": command = try truncate()
        case "vacuum":
            standsAlone = !rewrite.isWord(1, "analyze") && tokens.count == 1
            selfMade = standsAlone ? "VACUUM" : "ANALYZE"
            command = SQLCommand("VACUUM")
        case "analyze", "analyse":
            selfMade = "ANALYZE"
            command = SQLCommand("ANALYZE")
        case "reindex":
            selfMade = "REINDEX"
            command = SQLCommand("REINDEX")
        case let word where Self.missing.contains(word): throw refused("\(word.uppercased()) is not known here", 0)
        default: throw rewrite.syntaxError(0)
        }
        var (sql, places) = rewrite.result()
        if let selfMade { (sql, places) = (Array(selfMade.utf8), []) }
        return SQLTranslation(
            sql: sql, first: first, then: then, places: places, command: command, items: items,
            parameterTypes: parameterTypes, readsCatalog: readsCatalog, locksRows: locksRows, standsAlone: standsAlone,
            tolerated: tolerated, table: tableName)
    }

    func refused(_ reason: String, _ index: Int) -> SQLFailure {
        .refused(.sqlQuery, reason, offset: index < tokens.count ? tokens[index].start : nil)
    }

    // MARK: Queries

    private mutating func query() throws(SQLFailure) -> SQLCommand {
        let command = try mainCommand()
        if try answerEmpty() { return command }
        try expressions(0..<tokens.count)
        try grouping()
        try valuesLists()
        try orderings(0..<tokens.count)
        try limits()
        try selectLists()
        try scalarQueries()
        return command
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

    private mutating func explain() throws(SQLFailure) -> SQLCommand {
        var next = 1
        if rewrite.isMark(next, "(") { next = try rewrite.closing(next) + 1 }
        while rewrite.isWord(next, "analyze") || rewrite.isWord(next, "verbose") {
            if rewrite.isWord(next, "analyze") { throw refused("EXPLAIN ANALYZE is not known here", next) }
            next += 1
        }
        rewrite.remove(1..<next)
        rewrite.replace(0, "EXPLAIN QUERY PLAN")
        try expressions(rewrite.rest(next))
        try limits()
        try selectLists()
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

    // MARK: What holds everywhere

    /// Translates everything of `range` that is the same in queries and in definitions.
    mutating func expressions(_ range: Range<Int>) throws(SQLFailure) {
        try names(range)
        try literals(range)
        try calls(range)
        try arrayCasts(range)
        try casts(range)
        try operators(range)
        try divisions(range)
        try typedOperators(range)
    }

    /// Schemas, and names that SQLite would take for key words.
    mutating func names(_ range: Range<Int>? = nil) throws(SQLFailure) {
        var places: [Int: Bool]?
        var returning: (start: Int, names: Set<String>)?
        for index in range ?? 0..<tokens.count where tokens[index].isName {
            let name = tokens[index].text
            try checkName(index)
            // It went into the name of its schema.
            if rewrite.isEdited(index), rewrite.isMark(index - 1, ".") { continue }
            if rewrite.isMark(index + 1, ".") {
                if !rewrite.isMark(index - 1, "."), try schemaName(index, &places) { continue }
                if isTarget(index, &returning) {
                    rewrite.remove(index..<(index + 2))
                    continue
                }
                if name == "public" || name == "pg_temp", !rewrite.isMark(index - 1, ".") {
                    if name == "public" { rewrite.remove(index..<(index + 2)) } else { rewrite.replace(index, "temp") }
                    continue
                }
                if name == "pg_catalog" {
                    readsCatalog = true
                    // SQLite's functions have no schema.
                    if rewrite.isMark(index + 3, "(") { rewrite.remove(index..<(index + 2)) }
                    continue
                }
                if name == "information_schema" { readsCatalog = true }
                if name == "sqlite" || name.hasPrefix("sqlite_") {
                    throw SQLFailure("3F000", "schema \"\(name)\" does not exist", offset: tokens[index].start)
                }
            }
            if name.hasPrefix("pg_") { readsCatalog = true }
            if tokens[index].kind == .word {
                if name.hasPrefix("sqlite_") || name.hasPrefix("pragma_") {
                    throw SQLFailure("42P01", "relation \"\(name)\" does not exist", offset: tokens[index].start)
                }
                // PostgreSQL folds names to small letters, and SQLite shows them as they were written.
                let mustQuote = rewrite.isMark(index - 1, ".") && Self.sqliteReserved.contains(name)
                if mustQuote {
                    rewrite.replace(index, SQLText.quoted(name))
                } else if hasCapitals(tokens[index]) {
                    rewrite.fold(index, name)
                }
            }
        }
    }

    /// NULL is larger than everything in PostgreSQL and smaller in SQLite; each ORDER BY says which is meant.
    mutating func orderings(_ range: Range<Int>) throws(SQLFailure) {
        for start in range where rewrite.isWords(start, "order", "by") {
            var end = start + 2
            var depth = 0
            while end < tokens.count {
                if tokens[end].isMark("(") { depth += 1 }
                if tokens[end].isMark(")") { depth -= 1 }
                if depth < 0 || depth == 0 && tokens[end].kind == .word && Self.orderingEnds.contains(tokens[end].text)
                {
                    break
                }
                end += 1
            }
            for piece in rewrite.split((start + 2)..<end) {
                guard let last = piece.last, !rewrite.isWord(last - 1, "nulls") else { continue }
                rewrite.suffix(last, tokens[last].isWord("desc") ? " NULLS FIRST" : " NULLS LAST")
            }
        }
    }

    private static let orderingEnds: Set<String> = [
        "limit", "offset", "fetch", "for", "rows", "range", "groups", "returning", "union", "intersect", "except",
    ]

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

    private func hasCapitals(_ token: SQLToken) -> Bool {
        rewrite.source[token.start..<token.end].contains { $0 &- 0x41 < 26 }
    }

    private static let sqliteReserved: Set<String> = [
        "add", "alter", "autoincrement", "commit", "delete", "drop", "escape", "exists", "index", "indexed", "insert",
        "isnull", "nothing", "notnull", "set", "transaction", "update", "values", "between", "default", "if",
    ]

    /// Strings, numbers and parameters.
    private mutating func literals(_ range: Range<Int>) throws(SQLFailure) {
        for index in range {
            let token = tokens[index]
            switch token.kind {
            case .escapeString, .dollarString:
                let value = try token.stringValue(in: rewrite.source) ?? []
                rewrite.replace(index, SQLText.literal(String(decoding: value, as: UTF8.self)))
            case .bitString: throw refused("bit strings are not known here", index)
            case .integer:
                let digits = rewrite.text(index..<(index + 1))
                if digits.utf8.count > 18, Int64(digits) == nil, digits != "9223372036854775808" {
                    throw refused("numbers beyond 64 bits are not known here", index)
                }
            case .decimal:
                let digits = rewrite.text(index..<(index + 1)).utf8.prefix { $0 | 0x20 != UInt8(ascii: "e") }
                let significant = digits.drop { $0 == 0x30 || $0 == 0x2E }.filter { $0 != 0x2E }
                if significant.count > 17 { throw refused("numbers of more than 17 digits are not known here", index) }
            case .parameter: rewrite.replace(index, "?\(token.number)")
            case .word:
                if token.text == "limit", rewrite.isWord(index + 1, "all") { rewrite.replace(index + 1, "-1") }
                if token.text == "unknown", rewrite.isWord(index - 1, "is") || rewrite.isWords(index - 2, "is", "not") {
                    rewrite.replace(index, "null")
                }
            default: break
            }
        }
    }

    // MARK: Limits and locks

    /// `LIMIT` and `OFFSET` in SQLite's order, `FETCH FIRST`, and the clauses that lock rows.
    private mutating func limits() throws(SQLFailure) {
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
        while end < tokens.count, !tokens[end].isMark(")"), !tokens[end].isWord("for") {
            if rewrite.isWord(end, "skip") || rewrite.isWord(end, "nowait") {
                throw refused(
                    "\(tokens[end].text.uppercased()) cannot be held here: the write lock is the database's", end)
            }
            end += 1
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
            if depth == 0, ["limit", "offset", "fetch", "for", "union"].contains(where: { rewrite.isWord(end, $0) }) {
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
        rewrite.prefix(start, "\(function)(")
        rewrite.suffix(end - 1, ")")
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
            let amount = rewrite.newText((index + 1)..<end)
            rewrite.remove(index..<end)
            rewrite.suffix(limitEnd - 1, " OFFSET \(amount)")
        } else if rewrite.isWord(behind, "fetch") {
            let amount = rewrite.newText((index + 1)..<end)
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

    // MARK: Divisions

    /// SQLite divides by zero without a word and gives NULL; PostgreSQL fails.
    private mutating func divisions(_ range: Range<Int>) throws(SQLFailure) {
        for index in range where tokens[index].isOperator("/") || tokens[index].isOperator("%") {
            let start = index + 1
            let end = try rewrite.operandEnd(from: start)
            if start == end, tokens[end].kind == .integer || tokens[end].kind == .decimal,
                Double(rewrite.text(start..<(end + 1))) != 0
            {
                continue
            }
            rewrite.prefix(start, "fairlead_divisor(")
            rewrite.suffix(end, ")")
        }
    }
}
