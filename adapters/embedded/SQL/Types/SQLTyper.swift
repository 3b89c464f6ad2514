// The typed pass: reads a statement once, with the columns of its relations, and tells the type of each expression.

import Capabilities

/// Reads queries and the statements around them by PostgreSQL's grammar (gram.y), and types them by its rules (manual,
/// "Type Conversion"); what it does not know ends it, and nothing is told of the statement.
struct SQLTyper {
    /// Expressions and queries in one another, which bounds the stack.
    static let greatestDepth = 80
    /// Operands of one chain of operators; PostgreSQL's limit is its stack, SQLite's is this one (SQLITE_MAX_EXPR_DEPTH).
    static let longestChain = 1_000
    /// Entries of a list of columns (PostgreSQL's MaxTupleAttributeNumber); SQLite's limit is 2,000.
    static let longestList = 1_664
    /// Relations of one FROM, as in SQLite, which joins 64.
    static let mostRelations = 200

    let rewrite: SQLRewrite
    let relations: SQLRelationLookup
    var at: Int
    /// Behind the last word.
    var end: Int
    var scope: SQLScope
    var typing = SQLTyping()
    /// Parameters that stand where nothing is known of their type.
    var doubtful: Set<Int> = []
    var nextWrap = 0
    /// Where a change's RETURNING is read: only the first relation can be named there.
    var changed: SQLScope?
    /// Columns of queries further out that were used, in the order of their words.
    var outerReferences: [SQLColumnReference] = []
    var lastScope = 0
    var depth = 0
    /// The query of a WITH RECURSIVE whose first part is being read.
    var recursive: (scope: SQLScope, name: String, names: [String])?
    /// Arguments that are whole rows.
    var wholeRows: Set<ClosedRange<Int>> = []
    /// Whether grouping is not to be judged: an aggregate may belong to a query further out.
    var groupsAreUntold = false
    /// Whether it names the catalogue, some of whose columns are not of the types that PostgreSQL's are: nothing fails there.
    let readsCatalog: Bool
    var tokens: [SQLToken] { rewrite.tokens }

    private init(
        _ rewrite: SQLRewrite, _ range: Range<Int>, _ relations: SQLRelationLookup, _ given: [Int: SQLType],
        readsCatalog: Bool
    ) {
        self.rewrite = rewrite
        self.relations = relations
        self.readsCatalog = readsCatalog
        at = range.lowerBound
        end = range.upperBound
        scope = SQLScope(0, within: nil)
        typing.parameters = given
    }

    /// What can be told of the statement in `range`, or why nothing can: it has words that are not known here.
    ///
    /// Of what reads the catalogue nothing has to be told.
    static func type(
        _ rewrite: SQLRewrite, _ range: Range<Int>, _ relations: SQLRelationLookup, _ given: [Int: SQLType],
        readsCatalog: Bool, isShown: Bool
    ) throws(SQLFailure) -> (typing: SQLTyping?, doubt: SQLFailure?) {
        var typer = SQLTyper(rewrite, range, relations, given, readsCatalog: readsCatalog)
        typer.isShown = isShown
        do throws(SQLTypingEnd) {
            let results = try typer.statement()
            guard typer.at == typer.end else { throw .unread }
            typer.typing.results = results
            try typer.parametersAreTold()
            return (typer.typing, nil)
        } catch {
            try relations.goOn()
            guard !readsCatalog else { return (nil, nil) }
            switch error {
            case .unread: return (nil, typer.notRead)
            case .failed(let failure):
                guard isReadable(rewrite, range, given, relations.goOn) else { return (nil, failure) }
                try relations.goOn()
                throw failure
            }
        }
    }

    /// What is said of a statement that SQLite reads and this pass does not.
    private var notRead: SQLFailure {
        let word = max(0, min(at, end - 1))
        guard word < tokens.count else { return .refused(.sqlQuery, "this statement is not known here") }
        return .refused(
            .sqlQuery, "what is said with \"\(rewrite.text(word..<(word + 1)))\" is not known here",
            offset: tokens[word].start)
    }

    /// Whether all words of a statement that has failed are known here: an error of syntax further on comes first.
    private static func isReadable(
        _ rewrite: SQLRewrite, _ range: Range<Int>, _ given: [Int: SQLType],
        _ goOn: @escaping () throws(SQLFailure) -> Void
    ) -> Bool {
        // Without columns little else can fail.
        var typer = SQLTyper(rewrite, range, SQLRelationLookup(goOn: goOn), given, readsCatalog: true)
        do throws(SQLTypingEnd) {
            _ = try typer.statement()
            return typer.at == typer.end
        } catch {
            if case .failed = error { return true }
            return false
        }
    }

    /// Whether the client or a view shows the rows of the query; a table keeps numbers and not their texts.
    var isShown = true

    private mutating func statement() throws(SQLTypingEnd) -> [SQLTypedColumn]? {
        guard at < end else { throw .unread }
        let head = try withClause()
        switch tokens[min(at, end - 1)].text {
        case "insert": return try insertion(head)
        case "update": return try update(head)
        case "delete": return try deletion(head)
        default:
            let columns = try query(within: head, isShown: isShown)
            if !isShown { keepDigits(columns) }
            return settled(columns)
        }
    }

    /// Every parameter needs a type in the end.
    private mutating func parametersAreTold() throws(SQLTypingEnd) {
        var places: [Int: Int] = [:]
        var last = 0
        for token in tokens where token.kind == .parameter {
            last = max(last, token.number)
            places[token.number] = places[token.number] ?? token.start
        }
        guard last > 0, last <= 32_767 else { return }
        for number in 1...last where typing.parameters[number] == nil && !doubtful.contains(number) {
            throw .failed(
                SQLFailure("42P18", "could not determine data type of parameter $\(number)", offset: places[number]))
        }
    }

    // MARK: Words

    func isWord(_ word: String) -> Bool { at < end && tokens[at].isWord(word) }
    func isMark(_ mark: String) -> Bool { at < end && tokens[at].isMark(mark) }
    func isWord(_ ahead: Int, _ word: String) -> Bool { at + ahead < end && tokens[at + ahead].isWord(word) }
    func isMark(_ ahead: Int, _ mark: String) -> Bool { at + ahead < end && tokens[at + ahead].isMark(mark) }

    mutating func take(_ word: String) -> Bool {
        guard isWord(word) else { return false }
        at += 1
        return true
    }

    mutating func takeMark(_ mark: String) -> Bool {
        guard isMark(mark) else { return false }
        at += 1
        return true
    }

    mutating func expect(_ word: String) throws(SQLTypingEnd) { guard take(word) else { throw .unread } }
    mutating func expectMark(_ mark: String) throws(SQLTypingEnd) { guard takeMark(mark) else { throw .unread } }

    /// A name that is no key word.
    mutating func name() throws(SQLTypingEnd) -> String {
        guard at < end, tokens[at].isName, !isReserved(at) else { throw .unread }
        at += 1
        return tokens[at - 1].text
    }

    func isReserved(_ index: Int) -> Bool {
        tokens[index].kind == .word && Self.reserved.contains(tokens[index].text)
    }

    /// Names in parentheses, if there are some.
    mutating func names() throws(SQLTypingEnd) -> [String] {
        guard takeMark("(") else { return [] }
        var names = [try name()]
        while takeMark(",") { names.append(try name()) }
        try expectMark(")")
        return names
    }

    /// Words that cannot be the name of a column (manual, appendix C).
    static let reserved: Set<String> = [
        "all", "and", "any", "array", "as", "asc", "both", "case", "cast", "check", "collate", "column", "constraint",
        "create", "cross", "default", "deferrable", "desc", "distinct", "do", "else", "end", "except", "fetch", "for",
        "foreign", "from", "full", "grant", "group", "having", "ilike", "in", "initially", "inner", "intersect", "into",
        "is", "isnull", "join", "lateral", "leading", "left", "like", "limit", "natural", "not", "notnull", "null",
        "offset", "on", "only", "or", "order", "outer", "placing", "primary", "references", "returning", "right",
        "select", "similar", "some", "table", "then", "to", "trailing", "union", "unique", "using", "variadic", "when",
        "where", "window", "with", "true", "false",
    ]

    // MARK: Failures

    /// Ends where the statement has to.
    func goOn() throws(SQLTypingEnd) {
        do throws(SQLFailure) { try relations.goOn() } catch { throw .failed(error) }
    }

    func failure(_ state: String, _ message: String, _ word: Int, hint: String? = nil) -> SQLTypingEnd {
        .failed(SQLFailure(state, message, hint: hint, offset: word < tokens.count ? tokens[word].start : nil))
    }

    func refused(_ reason: String, _ word: Int) -> SQLTypingEnd {
        .failed(.refused(.sqlQuery, reason, offset: word < tokens.count ? tokens[word].start : nil))
    }

    /// One level deeper; ends where it is too deep.
    mutating func deeper<T>(
        _ work: (inout SQLTyper) throws(SQLTypingEnd) -> T
    ) throws(SQLTypingEnd) -> T {
        guard depth < Self.greatestDepth else { throw .unread }
        depth += 1
        let result = try work(&self)
        depth -= 1
        return result
    }

    /// Runs `work` in a scope of its own.
    mutating func within<T>(
        _ scope: SQLScope, _ work: (inout SQLTyper) throws(SQLTypingEnd) -> T
    ) throws(SQLTypingEnd) -> T {
        let outer = self.scope
        self.scope = scope
        let result = try work(&self)
        self.scope = outer
        return result
    }

    mutating func newScope(within outer: SQLScope?) -> SQLScope {
        lastScope += 1
        return SQLScope(lastScope, within: outer)
    }
}
