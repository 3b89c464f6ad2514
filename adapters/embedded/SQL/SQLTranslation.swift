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
    /// The columns of the result as the typed pass tells them; nil where it does not.
    var results: [SQLTypedColumn]?
    /// Whether the typed pass has told the types of parameters.
    var isTyped = false
    /// Parameters with a type that the text itself tells, by number.
    var parameterTypes: [Int: SQLType] = [:]
    /// Whether it names the catalogue.
    var readsCatalog = false
    /// The relations and functions of the catalogue that it names: the catalogue then has to be up to date.
    var catalogNames: Set<String> = []
    /// What locks the rows that it reads: `FOR UPDATE` and its kin.
    var rowLock: SQLRowLock?
    /// What LOCK TABLE asks for.
    var tableLock: SQLTableLock?
    /// Whether it cannot run in a transaction block.
    var standsAlone = false
    /// SQLSTATEs of failures that mean that there is nothing to do: `IF EXISTS`, where SQLite has no words for it.
    var tolerated: Set<String> = []
    /// The table that a definition makes or changes.
    var table = ""
    /// Parameters whose digits are kept as they come.
    var exactParameters: Set<Int> = []
    /// What is refused although SQLite reads it: the typed pass does not.
    var doubt: SQLFailure?
    /// What it may leave out.
    var skips: [SQLSkip] = []
    /// The temporary table that it makes.
    var temporary: SQLTemporaryTable?
    /// The table whose rows it changes, when that can be a temporary one.
    var changed: String?
    /// The table whose rows it must not change twice, by SQLite's name.
    var upserted: String?

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
    var rowLock: SQLRowLock?
    var tableLock: SQLTableLock?
    var tolerated: Set<String> = []
    /// The table that a definition makes or changes, and its columns.
    var tableName = ""
    var skips: [SQLSkip] = []
    var temporary: SQLTemporaryTable?
    var columnNames: Set<String> = []
    /// The names that the client gives its constraints, those that were made, and the last number behind each of these.
    var givenNames: Set<String>?
    var madeNames: Set<String> = []
    var madeNumbers: [String: Int] = [:]
    /// SQLite's name for that table, and for the sequences that are made with it.
    var tableStored = ""
    var ownSequences: Set<String> = []
    var readsCatalog = false
    /// Relations and functions of the catalogue that are named.
    var catalogNames: Set<String> = []
    /// Calls of generate_series outside of lists of tables, and their types.
    var listSeries: [(index: Int, type: SQLType)] = []
    /// Where relations are named, once it was asked for.
    var knownRelations: [Int: Bool]?
    /// The types of the columns that are named, and of the parameters that the client has told.
    let columnTypes: SQLColumnTypes
    /// What the typed pass found; nil where it does not know the statement's words.
    var typing: SQLTyping?
    /// Why it found nothing: what has to be said unless SQLite finds an error of syntax.
    var doubt: SQLFailure?
    /// Whether a column's name can only be that of a table's column.
    let hasOneQuery: Bool
    var tokens: [SQLToken] { rewrite.tokens }

    /// Statements that PostgreSQL has and this store has not.
    private static let missing: Set<String> = [
        "alter", "comment", "grant", "revoke", "call", "do", "cluster", "refresh", "security", "import", "merge",
        "listen", "notify", "unlisten", "load", "checkpoint", "reassign", "create", "drop",
    ]

    /// Translates a statement; `types` are those that the client gives its parameters, `columns` those of the tables.
    static func translate(
        _ source: [UInt8], _ tokens: [SQLToken], types: [SQLType] = [],
        columns: SQLColumnTypes = SQLColumnTypes()
    ) throws(SQLFailure) -> SQLTranslation {
        try checkDepth(tokens)
        try checkNamedQueries(tokens)
        try SQLExpansion.check(tokens, columns.relations)
        var translator = SQLTranslator(rewrite: SQLRewrite(source, tokens), columns)
        for (index, type) in types.enumerated() where type != .unknown { translator.parameterTypes[index + 1] = type }
        return try translator.statement()
    }

    /// Groups in groups; PostgreSQL's limit is its stack, SQLite's a depth of a thousand.
    private static let greatestDepth = 400

    /// Passes call themselves for groups within groups, which must not reach the end of a thread's stack.
    private static func checkDepth(_ tokens: [SQLToken]) throws(SQLFailure) {
        var depth = 0
        for token in tokens where token.kind == .mark {
            if token.text == "(" || token.text == "[" { depth += 1 }
            if token.text == ")" || token.text == "]" { depth -= 1 }
            if depth > greatestDepth { throw SQLFailure("54001", "stack depth limit exceeded", offset: token.start) }
        }
    }

    /// Queries that a statement gives names; SQLite looks for each name in all of them, and for each name whether it is there twice.
    private static let mostNamedQueries = 1_000

    private static func checkNamedQueries(_ tokens: [SQLToken]) throws(SQLFailure) {
        guard tokens.count > mostNamedQueries else { return }
        let heads: Set<String> = ["select", "values", "with", "insert", "update", "delete", "table"]
        var count = 0
        for index in tokens.indices.dropFirst(2) where tokens[index - 1].isMark("(") {
            let before = tokens[index - 2]
            guard before.isWord("as") || before.isWord("materialized"),
                tokens[index].isMark("(") || tokens[index].kind == .word && heads.contains(tokens[index].text)
            else { continue }
            count += 1
            if count > mostNamedQueries {
                throw .refused(
                    .sqlQuery, "more than \(mostNamedQueries) queries with names in a statement are not known here",
                    offset: tokens[index].start)
            }
        }
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
        try checkQuotes(head)
        let command: SQLCommand
        var standsAlone = false
        var selfMade: String?
        switch head.isMark("(") ? "select" : head.text {
        case "select", "values", "with", "insert", "update", "delete":
            command = try query()
        case "table":
            guard tokens.count >= 2 else { throw rewrite.syntaxError(1) }
            rewrite.replace(0, "SELECT * FROM")
            command = try query()
        case "explain": command = try explain()
        case "create": command = try create()
        case "alter": command = try alter()
        case "drop": command = try drop()
        case "truncate": command = try truncate()
        case "vacuum":
            standsAlone = true
            selfMade = tokens.count == 1 ? "VACUUM" : "ANALYZE"
            command = SQLCommand("VACUUM")
        case "analyze", "analyse":
            selfMade = "ANALYZE"
            command = SQLCommand("ANALYZE")
        case "discard":
            guard tokens.count == 2, ["all", "temp", "temporary"].contains(tokens[1].text) else {
                throw rewrite.syntaxError(1)
            }
            selfMade = "SELECT fairlead_discard(\(rewrite.isWord(1, "all") ? 1 : 0))"
            command = SQLCommand("DISCARD", writes: false)
        case "lock":
            command = try lockTables()
            selfMade = "SELECT 1 WHERE 0"
        case "reindex":
            selfMade = "REINDEX"
            command = SQLCommand("REINDEX")
        case let word where Self.missing.contains(word): throw refused("\(word.uppercased()) is not known here", 0)
        default: throw rewrite.syntaxError(0)
        }
        // What is compiled only when it runs has to be refused at once.
        if let doubt, !first.isEmpty { throw doubt }
        var (sql, places) = rewrite.result()
        if let selfMade { (sql, places) = (Array(selfMade.utf8), []) }
        return SQLTranslation(
            sql: sql, first: first, then: then, places: places, command: command, items: items,
            results: typing?.results, isTyped: typing != nil,
            parameterTypes: parameterTypes, readsCatalog: readsCatalog, catalogNames: catalogNames,
            rowLock: rowLock, tableLock: tableLock, standsAlone: standsAlone, tolerated: tolerated, table: tableName,
            exactParameters: exactParameters,
            doubt: doubt, skips: skips, temporary: temporary, changed: changedTable,
            upserted: typing?.upserted)
    }

    /// SQLite takes names in brackets and in backquotes too, which are none to PostgreSQL.
    private func checkQuotes(_ head: SQLToken) throws(SQLFailure) {
        let hasNames = head.isWord("drop") || head.isWord("truncate")
        for index in tokens.indices {
            let isBackquote = tokens[index].kind == .operator && tokens[index].text.utf8.contains(UInt8(ascii: "`"))
            if isBackquote || hasNames && tokens[index].isMark("[") { throw rewrite.syntaxError(index) }
        }
    }

    /// The table of an INSERT, UPDATE or DELETE, unless its schema is none of temporary tables.
    private var changedTable: String? {
        var next: Int
        switch tokens.first?.text {
        case "update": next = 1
        case "insert", "delete": next = 2
        default: return nil
        }
        if rewrite.isMark(next + 1, ".") {
            guard rewrite.isWord(next, "pg_temp") else { return nil }
            next += 2
        }
        return next < tokens.count && tokens[next].isName ? tokens[next].text : nil
    }

    /// Those that stand nowhere but where their digits count.
    private var exactParameters: Set<Int> {
        guard let shown = typing?.shownParameters, !shown.isEmpty else { return [] }
        var uses: [Int: Int] = [:]
        for token in tokens where token.kind == .parameter { uses[token.number, default: 0] += 1 }
        return Set(shown.filter { uses[$0.key] == $0.value }.keys)
    }

    func refused(_ reason: String, _ index: Int) -> SQLFailure {
        .refused(.sqlQuery, reason, offset: index < tokens.count ? tokens[index].start : nil)
    }
}
