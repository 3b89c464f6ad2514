// Tables: what an adapter implements so that SQL statements reach its database.

/// A SQL database.
///
/// Statements are written as PostgreSQL writes them, `$1` for parameters; an adapter whose database speaks a dialect
/// of its own translates, and refuses with `0A000` what it cannot say without changing the meaning.
public protocol SQLService: AnyObject, Sendable {
    /// Opens a session; fails with `3D000` when there is no such database, with `08006` when it cannot be reached.
    func open(_ settings: SQLSessionSettings) async throws(SQLFailure) -> any SQLSession

    /// Whether nobody else reaches the database but sessions of this process, which then hear of one another's NOTIFY.
    var isOnlyDoor: Bool { get }

    /// Whether sessions look names without a schema up along the fact `setting.search_path`.
    var honoursSearchPath: Bool { get }

    /// Whether statements can name ``SQLSessionSettings/relations`` and call what ``SQLSessionSettings/facts`` answers; otherwise
    /// the gateway answers plain questions about them itself.
    var namesRelations: Bool { get }
}

extension SQLService {
    public var isOnlyDoor: Bool { false }
    public var honoursSearchPath: Bool { false }
    public var namesRelations: Bool { false }
}

/// One client's session with the database: calls come one after another, but for ``cancel()``.
///
/// Transaction blocks are the caller's: it begins them and ends them, and after a failure inside one it asks for
/// nothing but `rollback` and `rollBack(to:)`. Without a block every cursor's statement is a transaction of its own,
/// which ends when the cursor is done or closed.
public protocol SQLSession: AnyObject, Sendable {
    func begin(_ mode: SQLTransactionMode) async throws(SQLFailure)
    /// Ends the block; when it fails, the block is rolled back.
    func commit() async throws(SQLFailure)
    func rollback() async throws(SQLFailure)
    func savepoint(_ name: String) async throws(SQLFailure)
    func release(_ name: String) async throws(SQLFailure)
    func rollBack(to name: String) async throws(SQLFailure)

    /// Prepares one statement that is no transaction control; `parameterTypes` are those that the client named, in the
    /// order of the parameters, `unknown` where it left one open.
    func prepare(_ text: [UInt8], parameterTypes: [SQLType]) async throws(SQLFailure) -> any SQLStatement

    /// Runs `statement`; nothing happens before the first fetch. There are as many values as parameters.
    func open(_ statement: any SQLStatement, _ values: [SQLValue]) throws(SQLFailure) -> any SQLCursor

    /// What rows for `table` have to look like, and where they go; without names all its columns.
    func copy(into table: SQLName, columns: [String]) async throws(SQLFailure) -> any SQLCopyTarget

    /// The columns that COPY gives of `table`, those that are named or all that COPY takes; none where all are given.
    func copied(_ table: SQLName, columns: [String]) async throws(SQLFailure) -> [String]

    /// Takes effect with the next call.
    func set(_ limits: SQLSessionLimits)

    /// Changes what one of ``SQLSessionSettings/facts`` is from the next call on.
    func setFact(_ name: String, _ value: SQLValue)

    /// Ends the statement that runs now with `57014`; from any thread, and nothing when none runs.
    ///
    /// Between ``beginRequest()`` and ``endRequest()`` a statement counts as running: a call that comes later fails.
    func cancel()

    /// A client's message is worked on: what is to be cancelled from here on is the calls up to ``endRequest()``.
    func beginRequest()
    func endRequest()

    /// Gives the session up; an open block is rolled back.
    func close() async
}

extension SQLSession {
    public func copied(_ table: SQLName, columns: [String]) async throws(SQLFailure) -> [String] { columns }
    public func beginRequest() {}
    public func endRequest() {}
}

/// A prepared statement; it lives until it is closed, or its session is.
public protocol SQLStatement: AnyObject, Sendable {
    /// The types of the parameters, found out where the client left them open.
    var parameterTypes: [SQLType] { get }
    /// The columns of the rows; nil when it gives none. A type is `unknown` where only a row can tell.
    var columns: [SQLColumn]? { get }
    /// The words of its CommandComplete: `SELECT`, `INSERT`, `CREATE TABLE`.
    var command: SQLCommand { get }
    func close()
}

/// A running statement.
public protocol SQLCursor: AnyObject, Sendable {
    /// As the statement's, with the types that the first row tells; complete after ``describe()`` or a fetch.
    var columns: [SQLColumn]? { get }
    /// Finds out the types of all columns, which may take looking at the first row.
    func describe() async throws(SQLFailure)
    /// The next rows, at most `limit` (zero for no limit) and fewer when they are large; see ``SQLBatch/isLast``.
    func fetch(_ limit: Int) async throws(SQLFailure) -> SQLBatch
    func close() async
}

/// Takes the rows of a COPY.
public protocol SQLCopyTarget: AnyObject, Sendable {
    var columns: [SQLColumn] { get }
    /// Inserts rows, each with a value for every column; the failure's ``SQLFailure/row`` says which one is at fault.
    func insert(_ values: [SQLValue]) async throws(SQLFailure)
    func close() async
}

/// Who opens a session, and what the gateway adds to it.
public struct SQLSessionSettings: Sendable {
    public var database: String
    public var user: String
    /// Relations of the gateway's own that statements can name beside the database's.
    public var relations: [SQLRelation]
    /// What functions such as `version()` and `pg_backend_pid()` answer, by name.
    public var facts: [String: SQLValue]
    /// Relations of the catalogue whose rows are asked for each time; an adapter that cannot ask has none of them.
    public var liveRelations: [SQLLiveRelation] = []
    /// Functions that the gateway answers; an adapter that cannot ask has none of them.
    public var functions: [SQLSessionFunction] = []
    /// Tells the client something beside a statement's result, with a severity (`NOTICE`, `WARNING`) and a SQLSTATE; from
    /// any thread while the session's statement runs.
    public var notice: (@Sendable (_ severity: String, _ state: String, _ message: String) -> Void)?

    public init(
        database: String, user: String, relations: [SQLRelation] = [], facts: [String: SQLValue] = [:]
    ) {
        self.database = database
        self.user = user
        self.relations = relations
        self.facts = facts
    }
}

/// A relation of `pg_catalog` whose rows are told anew for each statement that names it.
public struct SQLLiveRelation: Sendable {
    public var name: String
    public var columns: [SQLColumn]
    /// As many values for each row as there are columns; called on any thread while the session's statement runs.
    public var values: @Sendable () -> [SQLValue]

    public init(_ name: String, columns: [SQLColumn], _ values: @escaping @Sendable () -> [SQLValue]) {
        self.name = name
        self.columns = columns
        self.values = values
    }
}

/// A function that a statement can call and the gateway answers.
public struct SQLSessionFunction: Sendable {
    public var name: String
    /// How many arguments it takes.
    public var arguments: ClosedRange<Int>
    /// Called on any thread while the session's statement runs; the second argument tells whether that is to end.
    public var call: @Sendable ([SQLValue], () -> Bool) throws(SQLFailure) -> SQLValue

    public init(
        _ name: String, _ arguments: ClosedRange<Int>,
        _ call: @escaping @Sendable ([SQLValue], () -> Bool) throws(SQLFailure) -> SQLValue
    ) {
        self.name = name
        self.arguments = arguments
        self.call = call
    }
}

/// A small relation with its rows.
public struct SQLRelation: Sendable, Equatable {
    public var name: SQLName
    public var columns: [SQLColumn]
    /// As many for each row as there are columns.
    public var values: [SQLValue]

    public init(_ name: SQLName, columns: [SQLColumn], values: [SQLValue]) {
        self.name = name
        self.columns = columns
        self.values = values
    }
}

/// Bounds that a client sets for its session.
public struct SQLSessionLimits: Sendable, Equatable {
    /// Longest run of a statement in milliseconds; zero for any.
    public var statementMilliseconds = 0
    /// Longest wait for other sessions in milliseconds; zero for what the backend finds sensible.
    public var lockMilliseconds = 0

    public init() {}
}

/// How a transaction block is to behave.
public struct SQLTransactionMode: Sendable, Equatable {
    public var isolation: SQLIsolation
    public var isReadOnly: Bool

    public init(_ isolation: SQLIsolation = .readCommitted, isReadOnly: Bool = false) {
        self.isolation = isolation
        self.isReadOnly = isReadOnly
    }
}

/// What a transaction may see of others.
public enum SQLIsolation: String, Sendable, CaseIterable {
    case readUncommitted = "read uncommitted"
    case readCommitted = "read committed"
    case repeatableRead = "repeatable read"
    case serializable
}
