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
    /// When to look next whether those who keep this session from writing wait for it.
    private var nextLook = UInt64.max
    /// Whether they do.
    private(set) var isDeadlocked = false
    private(set) var hasTimedOut = false
    var limits = SQLSessionLimits()
    let settings: SQLSessionSettings
    /// What ``SQLSessionSettings/facts`` says now.
    var facts: [String: SQLValue]
    var transaction = SQLTransactionState()
    let shared: SQLSharedState
    var advisoryLocks: SQLAdvisoryLocks { shared.advisoryLocks }
    var searchPath = SQLSearchPath.standard
    var pathVersion = 0
    var made: (names: Set<String>, at: SQLResolution)?
    var plain: (isPlain: Bool, at: SQLResolution)?
    /// How many temporary tables were made for rows of what a WITH changes.
    var changeTables = 0
    /// Whether SKIP LOCKED finds no row of the running statement locked.
    var rowsAreFree = true
    /// Whether DISCARD was asked for, which is done once its statement is over.
    var hasDiscarded = false
    /// Whether the open block has made, changed or dropped relations.
    var definesInBlock = false
    var locks = SQLHeldLocks()
    var upsert = SQLUpsertWatch()
    var sequences = SQLSequenceCache()
    var cache = SQLStatementCache()
    /// SQLite's version of the tables that the catalogue was filled from.
    var catalogVersion: Int64?
    /// When the block, or the statement outside of one, has begun.
    private(set) var transactionTime = ""
    private(set) var statementTime = ""
    /// The series that have a table here, and how many can have one.
    var series: Set<SQLSeriesName> = []
    static let mostSeries = 1_000
    /// The columns of tables that were looked up.
    var relations = SQLRelationCache()
    var versionQueries: [OpaquePointer] = []
    /// The widths of columns that are their row's number, by table and column.
    var widths: [SQLName: SQLType] = [:]
    /// The numbers of tables and their columns' places, by SQLite's names, and when that was so.
    var places: (tables: [String: (number: UInt32, columns: [String: Int16])], at: SQLResolution)?
    /// Compiled statements, and temporary tables, that nobody holds any more.
    private let retired = Mutex<(statements: [UInt], isOver: Bool)>(([], false))
    private let retiredTables = Mutex<[String]>([])

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
            // No statement attaches a file, or writes one with VACUUM INTO, which attaches it, whatever else goes wrong; VACUUM
            // itself attaches one without a name.
            sqlite3_set_authorizer(
                handle,
                { _, action, name, _, _, _ in
                    action != SQLITE_ATTACH || name?.pointee == 0 ? SQLITE_OK : SQLITE_DENY
                }, nil)
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
        // They hold this connection, and it them.
        cache.clear()
        advisoryLocks.releaseAll(owner)
        shared.rowSharing.end(owner)
        for query in versionQueries { sqlite3_finalize(query) }
        versionQueries = []
        // Statements that are still held keep the connection as a zombie until they are finalized; a zombie in a transaction
        // would keep the database's one write lock too.
        if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
        sqlite3_close_v2(handle)
        retired.withLock { retired in
            for number in take(&retired.statements) { sqlite3_finalize(OpaquePointer(bitPattern: number)) }
            retired.isOver = true
        }
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

    var isCancelRequested: Bool { isCancelled.load(ordering: .acquiring) }

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
        for number in retired.withLock({ take(&$0.statements) }) { sqlite3_finalize(OpaquePointer(bitPattern: number)) }
        // In a transaction its end might bring them back.
        if sqlite3_get_autocommit(handle) != 0 {
            for table in retiredTables.withLock({ take(&$0) })
            where (try? execute("DROP TABLE IF EXISTS temp.\(table)")) == nil {
                retire(table: table)
            }
        }
        statementTime = SQLiteFunctions.clock()
        if !transaction.isOpen || isFirstOfBlock { transactionTime = statementTime }
        isFirstOfBlock = !transaction.isOpen
        if !isInRequest.load(ordering: .acquiring) { forgetCancel() }
        hasTimedOut = false
        isDeadlocked = false
        statementDeadline =
            limits.statementMilliseconds > 0 ? Self.now + UInt64(limits.statementMilliseconds) * 1_000_000 : .max
        lockDeadline = .max
    }

    private var isFirstOfBlock = true

    private func take<Item>(_ list: inout [Item]) -> [Item] {
        let taken = list
        list = []
        return taken
    }

    /// Finalizes a compiled statement with the next call; from any thread.
    func retire(_ statement: OpaquePointer) {
        retired.withLock { retired in
            guard retired.isOver else { return retired.statements.append(UInt(bitPattern: statement)) }
            // There is no later call; the last one takes the zombie with it.
            sqlite3_finalize(statement)
        }
    }

    /// Drops a temporary table of ours with a later call; from any thread.
    func retire(table: String) { retiredTables.withLock { $0.append(table) } }

    private func progress() -> Int32 { mustStop ? 1 : 0 }

    /// Whether another session's write is waited for.
    private var waits = true

    /// Runs `work`, which fails at once where it had to wait for another session's write.
    func withoutWaiting<T>(_ work: () throws(SQLFailure) -> T) throws(SQLFailure) -> T {
        waits = false
        defer { waits = true }
        return try work()
    }

    /// Waits a little for another session; zero gives up.
    private func waitForLock(_ attempts: Int32) -> Int32 {
        guard waits else { return 0 }
        let now = Self.now
        if attempts == 0 {
            let bound = limits.lockMilliseconds > 0 ? UInt64(limits.lockMilliseconds) * 1_000_000 : Self.patience
            lockDeadline = now + bound
            nextLook = now + SQLAdvisoryLocks.deadlockDelay
        }
        guard !mustStop, now < lockDeadline else { return 0 }
        advisoryLocks.triesToWrite(owner, at: now)
        if now >= nextLook {
            isDeadlocked = advisoryLocks.isDeadlocked(owner, at: now)
            nextLook = now + SQLAdvisoryLocks.deadlockDelay
            if isDeadlocked { return 0 }
        }
        usleep(UInt32(min(20_000, 500 << min(6, attempts / 4))))
        return 1
    }

    /// Sleeps, and wakes early when the statement is to end.
    func sleep(seconds: Double) {
        let end = Self.now &+ UInt64(min(max(seconds, 0), 1e9) * 1e9)
        while !mustStop, Self.now < end { usleep(UInt32(min(5_000, (end &- Self.now) / 1_000 + 1))) }
    }
}
