// One connection to the SQLite file: opened with our settings, used by one thread at a time, cancelled from any.

import CSQLite
import Capabilities
import Glibc
import Synchronization

/// A connection and what its callbacks look at.
///
/// Only the thread that runs the session's current statement touches it, but for ``cancel()``.
final class SQLiteConnection: @unchecked Sendable {
    /// How long a session waits for another one's write when the client has set no lock_timeout.
    static let patience: UInt64 = 10_000_000_000
    /// The largest value and the largest row, in bytes.
    static let largestValue: Int32 = 256 << 20

    let handle: OpaquePointer
    /// The handle as long as it is open, for other threads.
    private let open: Mutex<UInt?>
    private let isCancelled = Atomic(false)
    /// Whether a client's message is worked on, which may take several calls.
    private let isInRequest = Atomic(false)
    /// What the callbacks compare the clock with; `.max` for no bound.
    private var statementDeadline = UInt64.max
    private var lockDeadline = UInt64.max
    private(set) var hasTimedOut = false
    var limits = SQLSessionLimits()
    let settings: SQLSessionSettings
    /// What ``SQLSessionSettings/facts`` says now.
    var facts: [String: SQLValue]
    var transaction = SQLTransactionState()
    let shared: SQLSharedState
    var advisoryLocks: SQLAdvisoryLocks { shared.advisoryLocks }
    private(set) var searchPath = SQLSearchPath.standard
    private var pathVersion = 0
    private var made: (names: Set<String>, at: SQLResolution)?
    private var plain: (isPlain: Bool, at: SQLResolution)?
    /// Whether DISCARD was asked for, which is done once its statement is over.
    var hasDiscarded = false
    /// Whether the open block has made, changed or dropped relations.
    private var definesInBlock = false
    var locks = SQLHeldLocks()
    var cache = SQLStatementCache()
    /// SQLite's version of the tables that the catalogue was filled from.
    private var catalogVersion: Int64?
    /// When the block, or the statement outside of one, has begun.
    private(set) var transactionTime = ""
    private(set) var statementTime = ""
    /// The series that have a table here, and how many can have one.
    private var series: Set<SQLSeriesName> = []
    private static let mostSeries = 1_000
    /// Compiled statements that nobody holds any more.
    private let retired = Mutex<[UInt]>([])

    init(
        path: String, syncsEachCommit: Bool, _ settings: SQLSessionSettings,
        shared: SQLSharedState = SQLSharedState()
    ) throws(SQLFailure) {
        self.settings = settings
        self.shared = shared
        facts = settings.facts
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &handle, flags, nil)
        guard code == SQLITE_OK, let handle else {
            let message = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(handle)
            throw SQLFailure("58030", "could not open the database file: \(message)")
        }
        self.handle = handle
        open = Mutex(UInt(bitPattern: handle))
        fl_sqlite_strict(handle)
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_limit(handle, SQLITE_LIMIT_LENGTH, Self.largestValue)
        sqlite3_limit(handle, SQLITE_LIMIT_VARIABLE_NUMBER, 32_766)
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_busy_handler(handle, { SQLiteConnection.from($0).waitForLock($1) }, context)
        sqlite3_progress_handler(handle, 1_000, { SQLiteConnection.from($0).progress() }, context)
        do throws(SQLFailure) {
            startCall()
            try execute("PRAGMA journal_mode = WAL")
            // In WAL mode NORMAL survives the end of the process, FULL the end of the machine too.
            try execute("PRAGMA synchronous = \(syncsEachCommit ? "FULL" : "NORMAL")")
            try execute("PRAGMA temp_store = MEMORY")
            try SQLiteFunctions.register(on: self)
            try SQLCatalog.attach(to: self)
            settingChanged("search_path", settings.facts["setting.search_path"] ?? .null)
        } catch {
            close()
            throw error
        }
    }

    deinit { close() }

    private static func from(_ context: UnsafeMutableRawPointer?) -> SQLiteConnection {
        guard let context else { preconditionFailure("SQLite gives back the context that it was given") }
        return Unmanaged<SQLiteConnection>.fromOpaque(context).takeUnretainedValue()
    }

    func close() {
        guard
            open.withLock({ open in
                defer { open = nil }
                return open != nil
            })
        else { return }
        startCall()
        advisoryLocks.releaseAll(owner)
        for query in versionQueries { sqlite3_finalize(query) }
        versionQueries = []
        // Statements that are still held keep the connection as a zombie until they are finalized; a zombie in a transaction
        // would keep the database's one write lock too.
        if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
        sqlite3_close_v2(handle)
    }

    // MARK: Cancelling and time

    /// Ends what runs now; from any thread.
    func cancel() {
        isCancelled.store(true, ordering: .releasing)
        open.withLock { number in
            if let number { sqlite3_interrupt(OpaquePointer(bitPattern: number)) }
        }
    }

    /// A request to cancel holds for all calls from here to ``endRequest()``, from any thread.
    func beginRequest() {
        forgetCancel()
        isInRequest.store(true, ordering: .releasing)
    }

    func endRequest() {
        isInRequest.store(false, ordering: .releasing)
        forgetCancel()
    }

    /// What was to be cancelled is over.
    func forgetCancel() { isCancelled.store(false, ordering: .releasing) }

    /// Whether the running statement is to end.
    var mustStop: Bool {
        if isCancelled.load(ordering: .acquiring) { return true }
        if statementDeadline != .max, Self.now >= statementDeadline { hasTimedOut = true }
        return hasTimedOut
    }

    static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    /// Begins a call and its time; what was cancelled before does not concern it.
    func startCall() {
        for number in retired.withLock({ take(&$0) }) { sqlite3_finalize(OpaquePointer(bitPattern: number)) }
        statementTime = SQLiteFunctions.clock()
        if !transaction.isOpen || isFirstOfBlock { transactionTime = statementTime }
        isFirstOfBlock = !transaction.isOpen
        if !isInRequest.load(ordering: .acquiring) { forgetCancel() }
        hasTimedOut = false
        statementDeadline =
            limits.statementMilliseconds > 0 ? Self.now + UInt64(limits.statementMilliseconds) * 1_000_000 : .max
        lockDeadline = .max
    }

    private var isFirstOfBlock = true

    private func take(_ list: inout [UInt]) -> [UInt] {
        let taken = list
        list = []
        return taken
    }

    /// Finalizes a compiled statement with the next call; from any thread.
    func retire(_ statement: OpaquePointer) { retired.withLock { $0.append(UInt(bitPattern: statement)) } }

    private func progress() -> Int32 { mustStop ? 1 : 0 }

    /// Waits a little for another session; zero gives up.
    private func waitForLock(_ attempts: Int32) -> Int32 {
        if attempts == 0 {
            let bound = limits.lockMilliseconds > 0 ? UInt64(limits.lockMilliseconds) * 1_000_000 : Self.patience
            lockDeadline = Self.now + bound
        }
        guard !mustStop, Self.now < lockDeadline else { return 0 }
        usleep(UInt32(min(20_000, 500 << min(6, attempts / 4))))
        return 1
    }

    /// Sleeps, and wakes early when the statement is to end.
    func sleep(seconds: Double) {
        let end = Self.now &+ UInt64(min(max(seconds, 0), 1e9) * 1e9)
        while !mustStop, Self.now < end { usleep(UInt32(min(5_000, (end &- Self.now) / 1_000 + 1))) }
    }

    // MARK: The catalogue

    /// Brings what `names` name of the catalogue up to date.
    func refreshCatalog(_ names: Set<String>) throws(SQLFailure) {
        guard !names.isEmpty else { return }
        var others = names
        for relation in settings.liveRelations where others.remove(relation.name) != nil {
            try SQLCatalog.fill(relation, on: self)
        }
        others.remove("pg_catalog")
        guard !others.isEmpty else { return }
        catalogVersion = try SQLCatalogContents.refresh(on: self, since: catalogVersion)
    }

    /// What the catalogue holds may have been rolled back.
    func forgetCatalog() { catalogVersion = nil }

    func tablesChanged() {
        cache.clear()
        widths = [:]
        shared.noteDefinition()
        definesInBlock = transaction.isOpen
    }

    /// What a block has made is known to others from now on, or is no more.
    func transactionEnded() {
        guard definesInBlock else { return }
        definesInBlock = false
        shared.noteDefinition()
    }

    // MARK: The search path

    var resolution: SQLResolution { SQLResolution(path: pathVersion, definitions: shared.definitionCount) }

    /// Notes a setting that decides what statements mean.
    func settingChanged(_ name: String, _ value: SQLValue) {
        guard name == "search_path", let path = value.string.flatMap({ SQLSearchPath($0) }), path != searchPath else {
            return
        }
        searchPath = path
        pathVersion += 1
        cache.clear()
    }

    /// The schemas that were made.
    func madeSchemas() throws(SQLFailure) -> Set<String> {
        let now = resolution
        if let made, made.at == now { return made.names }
        let rows = try rows(
            "SELECT name FROM main.sqlite_master WHERE type = 'view' AND name LIKE '%' || char(31)")
        let names = Set(rows.compactMap { $0[0].string.map { SQLSchemaName.split($0).schema } })
        made = (names, now)
        return names
    }

    /// Whether names without a schema mean what SQLite takes them for.
    func hasPlainPath() throws(SQLFailure) -> Bool {
        let now = resolution
        if let plain, plain.at == now { return plain.isPlain }
        let isPlain = try SQLPathResolver(self).isPlain
        plain = (isPlain, now)
        return isPlain
    }

    /// The columns of tables that were looked up.
    private(set) var relations = SQLRelationCache()
    private var versionQueries: [OpaquePointer] = []

    func forgetWidths() { widths = [:] }

    /// Where a translation asks for the columns of relations, as they are now.
    func relationLookup() throws(SQLFailure) -> SQLRelationLookup {
        try relations.refresh(on: self)
        return SQLRelationLookup { [unowned(unsafe) self] schema, name throws(SQLFailure) in
            // The cache is not held while SQLite is asked, which may call functions of ours.
            var cache = relations
            defer { relations = cache }
            return try cache.find(schema, name, on: self)
        }
    }

    /// SQLite's counts of changes to the tables, those of the database and the session's own temporary ones.
    func schemaVersions() throws(SQLFailure) -> [Int64] {
        if versionQueries.isEmpty {
            versionQueries = [
                try compile("PRAGMA main.schema_version"), try compile("PRAGMA temp.schema_version"),
            ]
        }
        var versions: [Int64] = []
        for query in versionQueries {
            defer { sqlite3_reset(query) }
            guard sqlite3_step(query) == SQLITE_ROW else { throw failure() }
            versions.append(sqlite3_column_int64(query, 0))
        }
        return versions
    }

    /// The widths of columns that are their row's number, by table and column.
    private var widths: [SQLName: SQLType] = [:]

    /// The type of a result's column that is its row's number.
    func rowNumberType(_ statement: OpaquePointer, _ place: Int32) -> SQLType {
        guard let table = sqlite3_column_table_name(statement, place),
            let column = sqlite3_column_origin_name(statement, place)
        else { return .int64 }
        return width(of: String(cString: column), in: String(cString: table))
    }

    /// The numbers of tables and their columns' places, by SQLite's names, and when that was so.
    private var places: (tables: [String: (number: UInt32, columns: [String: Int16])], at: SQLResolution)?

    /// The number of the table that a result's column is of, and its place there; nil for an expression, and for a column of
    /// a view: SQLite looks through views, whose tables the statement does not name.
    func place(
        _ statement: OpaquePointer, _ column: Int32, named names: Set<String>
    ) throws(SQLFailure) -> (UInt32, Int16)? {
        guard let schema = sqlite3_column_database_name(statement, column), String(cString: schema) == "main",
            let table = sqlite3_column_table_name(statement, column).map({ String(cString: $0) }),
            let origin = sqlite3_column_origin_name(statement, column).map({ String(cString: $0) }),
            names.contains(SQLSchemaName.bare(table))
        else { return nil }
        let now = resolution
        if places?.at != now { places = ([:], now) }
        if let known = places?.tables[table] { return known.columns[origin].map { (known.number, $0) } }
        let number = try rows(
            "SELECT rowid + \(SQLCatalog.firstNumber) FROM main.sqlite_master WHERE type = 'table' AND name = ?1",
            [.text(table)]
        ).first?.first?.integer
        guard let number = number.flatMap({ UInt32(exactly: $0) }) else { return nil }
        var columns: [String: Int16] = [:]
        for row in try rows("SELECT name, cid + 1 FROM pragma_table_xinfo(?1)", [.text(table)]) {
            columns[row[0].string ?? ""] = row[1].integer.flatMap { Int16(exactly: $0) }
        }
        places?.tables[table] = (number, columns)
        return columns[origin].map { (number, $0) }
    }

    /// How wide a column is that fills itself, from its table's definition.
    func width(of column: String, in table: String) -> SQLType {
        let name = SQLName(column, schema: table)
        if let known = widths[name] { return known }
        let rows = try? rows(
            "SELECT sql FROM main.sqlite_master WHERE name = ?1 UNION ALL SELECT sql FROM temp.sqlite_master WHERE name = ?1",
            [.text(name.schema ?? "")])
        let type = SQLColumnRule.width(of: name.name, in: rows?.first?.first?.string ?? "")
        widths[name] = type
        return type
    }

    /// Drops all temporary tables and views, when DISCARD has asked for it; no statement may be running.
    func discardTemporary() throws(SQLFailure) {
        guard hasDiscarded else { return }
        hasDiscarded = false
        let found = try rows(
            "SELECT type, name FROM temp.sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type DESC"
        )
        for row in found {
            guard let kind = row[0].string, let name = row[1].string else { continue }
            try execute("DROP \(kind.uppercased()) IF EXISTS temp.\(SQLText.quoted(name))")
        }
        tablesChanged()
    }

    /// Whether the session has a temporary table of this name.
    func hasTemporary(_ table: String) throws(SQLFailure) -> Bool {
        !(try rows("SELECT 1 FROM temp.sqlite_master WHERE name = ?1", [.text(table)])).isEmpty
    }

    // MARK: Statements

    func rollBackQuietly() {
        forgetCatalog()
        if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }

    /// Runs several statements as one, whether or not a transaction is open.
    func atomically(_ work: () throws(SQLFailure) -> Void) throws(SQLFailure) {
        try execute("SAVEPOINT fairlead")
        do throws(SQLFailure) {
            try work()
        } catch {
            sqlite3_exec(handle, "ROLLBACK TO fairlead; RELEASE fairlead", nil, nil, nil)
            throw error
        }
        try execute("RELEASE fairlead")
    }

    /// Runs SQL of our own that gives no rows.
    func execute(_ sql: String) throws(SQLFailure) {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw failure() }
    }

    /// Compiles one statement.
    func compile(_ sql: [UInt8]) throws(SQLFailure) -> OpaquePointer {
        var statement: OpaquePointer?
        let code = sql.withUnsafeBytes { bytes in
            sqlite3_prepare_v3(
                handle, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(clamping: bytes.count),
                UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
        }
        guard code == SQLITE_OK else { throw failure() }
        guard let statement else { throw SQLFailure("42601", "syntax error at end of input") }
        return statement
    }

    func compile(_ sql: String) throws(SQLFailure) -> OpaquePointer { try compile(Array(sql.utf8)) }

    /// Compiles a statement and makes the tables of series that it, or a view in it, names.
    func compileWithSeries(_ sql: [UInt8]) throws(SQLFailure) -> OpaquePointer {
        while true {
            do throws(SQLFailure) {
                return try compile(sql)
            } catch {
                guard let name = missingSeries, !series.contains(name) else { throw error }
                // What a module takes is given back with the connection.
                guard series.count < Self.mostSeries else {
                    throw SQLFailure(
                        "54000", "a session has at most \(Self.mostSeries) names for columns of generate_series")
                }
                try SQLSeriesTable.register(name, on: self)
                series.insert(name)
            }
        }
    }

    /// The series whose table the last statement did not find.
    private var missingSeries: SQLSeriesName? {
        String(cString: sqlite3_errmsg(handle)).components(after: "no such table: ").flatMap {
            SQLSeriesName(module: $0.components(after: "main.") ?? $0)
        }
    }

    /// The rows of a query of our own.
    func rows(_ sql: String, _ values: [SQLValue] = []) throws(SQLFailure) -> [[SQLValue]] {
        let statement = try compile(sql)
        defer { sqlite3_finalize(statement) }
        bind(values, to: statement)
        var rows: [[SQLValue]] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW:
                rows.append((0..<sqlite3_column_count(statement)).map { Self.value(statement, $0) })
            case SQLITE_DONE: return rows
            default: throw failure()
            }
        }
    }

    func bind(_ values: [SQLValue], to statement: OpaquePointer) {
        for (index, value) in values.enumerated() {
            let place = Int32(index + 1)
            switch value {
            case .null: sqlite3_bind_null(statement, place)
            case .integer(let number): sqlite3_bind_int64(statement, place, number)
            case .double(let number): sqlite3_bind_double(statement, place, number)
            case .text(let bytes):
                // An array without elements may have no address, and none means NULL.
                _ = (bytes.isEmpty ? [0] : bytes).withUnsafeBytes {
                    fl_sqlite_bind_text(statement, place, $0.baseAddress, UInt64(bytes.count))
                }
            case .bytes(let bytes):
                if bytes.isEmpty {
                    sqlite3_bind_zeroblob(statement, place, 0)
                } else {
                    _ = bytes.withUnsafeBytes {
                        fl_sqlite_bind_blob(statement, place, $0.baseAddress, UInt64(bytes.count))
                    }
                }
            }
        }
    }

    static func value(_ statement: OpaquePointer, _ column: Int32) -> SQLValue {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, column))
        case SQLITE_FLOAT: return .double(sqlite3_column_double(statement, column))
        case SQLITE_TEXT:
            let text = sqlite3_column_text(statement, column)
            let count = Int(sqlite3_column_bytes(statement, column))
            return .text(Array(UnsafeBufferPointer(start: text, count: text == nil ? 0 : count)))
        case SQLITE_BLOB:
            let bytes = sqlite3_column_blob(statement, column)
            let count = Int(sqlite3_column_bytes(statement, column))
            return .bytes(Array(UnsafeRawBufferPointer(start: bytes, count: bytes == nil ? 0 : count)))
        default: return .null
        }
    }

    /// What went wrong last, in SQL's terms; the place counts in the text that SQLite was given.
    func failure() -> SQLFailure {
        let code = sqlite3_extended_errcode(handle)
        let message = String(cString: sqlite3_errmsg(handle))
        let offset = sqlite3_error_offset(handle)
        return SQLiteFailure.translate(
            code: code, message: message, offset: offset >= 0 ? Int(offset) : nil, on: self)
    }

    var isCancelRequested: Bool { isCancelled.load(ordering: .acquiring) }
}
