// A statement that runs, and the rows of a COPY.

import CSQLite
import Capabilities

/// A running statement; it begins with the first fetch.
final class EmbeddedSQLCursor: SQLCursor, @unchecked Sendable {
    /// Bytes of values after which a batch is handed over, so that no result has to fit into memory.
    private static let batchBytes = 256 * 1024
    private static let batchRows = 4096

    private let session: EmbeddedSQLSession
    private let statement: EmbeddedSQLStatement
    private let values: [SQLValue]
    /// The values as they were given.
    private let given: [SQLValue]
    private(set) var columns: [SQLColumn]?
    private var running: OpaquePointer?
    private var isDone = false
    /// What ended the statement behind rows that were still to be given.
    private var failure: SQLFailure?
    /// Whether SQLite's transaction is the statement's own, and whether it is to be committed at its end.
    private var ownsTransaction = false
    private var commitsTransaction = false
    /// How many rows it has given.
    private var rowCount: Int64 = 0
    /// Whether SKIP LOCKED skips nothing.
    private var rowsAreFree = true
    /// A row that was looked at for its types and not given yet.
    private var isRowWaiting = false

    init(
        _ session: EmbeddedSQLSession, _ statement: EmbeddedSQLStatement, _ values: [SQLValue]
    ) throws(SQLFailure) {
        self.session = session
        self.statement = statement
        self.values = try statement.bound(values)
        given = values
        columns = statement.columns
    }

    func describe() async throws(SQLFailure) {
        guard let columns, columns.contains(where: { $0.type == .unknown }), running == nil, !isDone else { return }
        // What changes data must not run before it is told to.
        if !statement.command.writes {
            try await session.run { [self] connection throws(SQLFailure) in
                try guarded(connection) { () throws(SQLFailure) in try start(connection) }
            }
        }
        settleTypes()
    }

    /// What no row has told is taken for text.
    private func settleTypes() {
        guard var columns else { return }
        for index in columns.indices where columns[index].type == .unknown { columns[index].type = .text }
        self.columns = columns
    }

    func fetch(_ limit: Int) async throws(SQLFailure) -> SQLBatch {
        guard !isDone else { return SQLBatch(isLast: true) }
        let batch = try await session.run { [self] connection throws(SQLFailure) in
            try guarded(connection) { () throws(SQLFailure) in try next(limit, connection) }
        }
        return batch
    }

    func close() async {
        guard running != nil else { return }
        try? await session.run { [self] connection in
            completeChanges(connection)
            finish(connection)
        }
    }

    deinit { if let running { session.connection.retire(running) } }

    // MARK: On a thread

    private func guarded<T>(
        _ connection: SQLiteConnection, _ work: () throws(SQLFailure) -> T
    ) throws(SQLFailure) -> T {
        do throws(SQLFailure) {
            return try work()
        } catch {
            isDone = true
            finish(connection)
            throw error
        }
    }

    /// What its WITH has changed stays, although nobody wants the rest of the rows (pquery.c, PORTAL_ONE_MOD_WITH).
    private func completeChanges(_ connection: SQLiteConnection) {
        guard commitsTransaction, let running, failure == nil else { return }
        var code = SQLITE_ROW
        while code == SQLITE_ROW { code = sqlite3_step(running) }
        guard code == SQLITE_DONE, (try? connection.execute("COMMIT")) != nil else { return }
        (ownsTransaction, commitsTransaction) = (false, false)
    }

    private func finish(_ connection: SQLiteConnection) {
        // Outside of a block a statement is a transaction of its own.
        let endsTransaction = !connection.transaction.isOpen
        defer {
            if ownsTransaction {
                ownsTransaction = false
                connection.rollBackQuietly()
            }
        }
        if endsTransaction { connection.locks.endTransaction(connection.advisoryLocks, connection.owner) }
        connection.endUpsert()
        guard let running else { return }
        self.running = nil
        statement.giveBack(running)
        if endsTransaction { try? connection.transaction.endTemporaryTables(on: connection) }
    }

    /// Begins the run up to the first row.
    private func start(_ connection: SQLiteConnection) throws(SQLFailure) {
        try statement.refresh()
        let translation = statement.translation
        if translation.standsAlone, connection.transaction.isOpen {
            throw SQLFailure("25001", "\(statement.command.tag) cannot run inside a transaction block")
        }
        if translation.tableLock != nil, !connection.transaction.isOpen {
            throw SQLFailure("25P01", "LOCK TABLE can only be used in transaction blocks")
        }
        if translation.tableLock == nil {
            try connection.awaitRelations(statement.qualifiedText, waits: translation.rowLock?.patience != .fails)
        }
        let temporary = try newTemporary(connection)
        try takeLock(try work(temporary, connection), connection)
        if let lock = translation.tableLock { try connection.lock(lock) }
        for skip in translation.skips { try skip.tell(on: connection) }
        try connection.refreshCatalog(translation.catalogNames)
        if let changes = statement.changes {
            try changes.run(given, on: connection)
            try begin(connection)
        } else if translation.rowLock?.patience == .fails, statement.command.writes {
            // What changes rows takes the lock as it begins.
            try connection.withoutWaiting { () throws(SQLFailure) in try begin(connection) }
        } else if translation.first.isEmpty, translation.then.isEmpty {
            try begin(connection)
        } else {
            try connection.atomically { () throws(SQLFailure) in
                for sql in translation.first { try connection.execute(sql) }
                try begin(connection)
            }
        }
        guard let temporary else { return }
        connection.transaction.noteTemporary(temporary.name, onCommit: temporary.atCommit)
        if !connection.transaction.isOpen { try connection.transaction.endTemporaryTables(on: connection) }
    }

    /// Takes the database's write lock where the statement needs it before it begins.
    private func takeLock(_ work: SQLWork, _ connection: SQLiteConnection) throws(SQLFailure) {
        let translation = statement.translation
        let rows = translation.rowLock
        if statement.changes != nil, !connection.transaction.isOpen {
            try connection.execute("BEGIN IMMEDIATE")
            (ownsTransaction, commitsTransaction) = (true, true)
            return
        }
        // What changes rows needs the lock in any case, and finds none of them locked then.
        let skips = rows?.patience == .skips && !statement.command.writes
        func take() throws(SQLFailure) {
            if let rows, !statement.command.writes, !connection.transaction.isOpen {
                // Who only shares rows too has changed none of them.
                guard !rows.isShared || !connection.shared.rowSharing.isShared else { return }
                try connection.execute("BEGIN IMMEDIATE")
                ownsTransaction = true
                return
            }
            let command = rows != nil ? "SELECT FOR UPDATE" : statement.command.tag
            try connection.transaction.prepare(work, command: command, on: connection)
        }
        guard skips || rows?.patience == .fails || translation.tableLock?.waits == false else { return try take() }
        do throws(SQLFailure) {
            try connection.withoutWaiting(take)
        } catch {
            guard error.state == "55P03" else { throw error }
            rowsAreFree = !skips
            guard !skips else {
                return try connection.transaction.prepare(.reads, command: statement.command.tag, on: connection)
            }
            if let table = translation.tableLock?.tables.first { throw SQLiteConnection.notObtained(table) }
            throw SQLFailure("55P03", "could not obtain lock on a row")
        }
    }

    /// The temporary table that this run makes; nil where there is one of its name already.
    private func newTemporary(_ connection: SQLiteConnection) throws(SQLFailure) -> SQLTemporaryTable? {
        guard let temporary = statement.translation.temporary, try !connection.hasTemporary(temporary.name) else {
            return nil
        }
        return temporary
    }

    private func work(_ temporary: SQLTemporaryTable?, _ connection: SQLiteConnection) throws(SQLFailure) -> SQLWork {
        let translation = statement.translation
        if let temporary { return .makesTemporary(temporary.name) }
        guard connection.transaction.isOpen, !translation.standsAlone else { return .reads }
        if let lock = translation.tableLock {
            for table in lock.tables where try !connection.hasTemporary(table) { return .locks(sharesRows: false) }
            return .reads
        }
        if let rows = translation.rowLock {
            guard !connection.transaction.isReadOnly, !statement.command.writes else { return .writes }
            return .locks(sharesRows: rows.isShared)
        }
        guard statement.command.writes else { return .reads }
        if let table = translation.changed, try connection.hasTemporary(table) {
            return .writesTemporary(table)
        }
        return .writes
    }

    private func begin(_ connection: SQLiteConnection) throws(SQLFailure) {
        if let table = statement.translation.upserted { connection.beginUpsert(table) }
        let running = try statement.take()
        self.running = running
        connection.bind(values, to: running)
        try step(running, connection)
        guard !isRowWaiting, let rest = Optional(statement.translation.then), !rest.isEmpty else { return }
        if statement.command.tag == "SELECT", let count = rest.first {
            copied = try connection.rows(count).first?.first?.integer
        } else {
            for sql in rest { try connection.execute(sql) }
        }
    }

    /// The rows that CREATE TABLE AS has written.
    private var copied: Int64?

    private func step(_ running: OpaquePointer, _ connection: SQLiteConnection) throws(SQLFailure) {
        connection.rowsAreFree = rowsAreFree
        let code = sqlite3_step(running)
        // SQLite compiles anew when tables have changed, and a star may stand for other columns then.
        if code == SQLITE_ROW || code == SQLITE_DONE {
            guard
                columns == nil || statement.command.tag == "EXPLAIN"
                    || columns?.count == Int(sqlite3_column_count(running))
            else { throw SQLFailure("0A000", "cached plan must not change result type") }
        }
        switch code {
        case SQLITE_ROW:
            isRowWaiting = true
            learnTypes(running)
        case SQLITE_DONE:
            isRowWaiting = false
            isDone = true
        default: throw connection.failure()
        }
    }

    private func learnTypes(_ running: OpaquePointer) {
        guard var columns, columns.contains(where: { $0.type == .unknown }) else { return }
        for index in columns.indices where columns[index].type == .unknown {
            switch sqlite3_column_type(running, Int32(index)) {
            case SQLITE_INTEGER: columns[index].type = .int64
            case SQLITE_FLOAT: columns[index].type = .float64
            case SQLITE_BLOB: columns[index].type = .bytes
            default: columns[index].type = .text
            }
        }
        self.columns = columns
    }

    private func next(_ limit: Int, _ connection: SQLiteConnection) throws(SQLFailure) -> SQLBatch {
        if let failure { throw failure }
        if running == nil { try start(connection) }
        guard let running else { return SQLBatch(isLast: true) }
        var batch = SQLBatch(isLast: false)
        var bytes = 0
        let rows = limit > 0 ? min(limit, Self.batchRows) : Self.batchRows
        let isExplained = statement.command.tag == "EXPLAIN"
        while isRowWaiting, batch.rowCount < rows, bytes < Self.batchBytes {
            // SQLite's plan has its words in the last of four columns.
            for column in (isExplained ? 3 : 0)..<sqlite3_column_count(running) {
                let value = SQLiteConnection.value(running, column)
                switch value {
                case .text(let text): bytes += text.count
                case .bytes(let data): bytes += data.count
                default: bytes += 8
                }
                batch.values.append(value)
            }
            batch.rowCount += 1
            rowCount += 1
            do throws(SQLFailure) {
                try step(running, connection)
            } catch {
                failure = error
                return batch
            }
        }
        if isDone {
            if commitsTransaction {
                try connection.execute("COMMIT")
                (ownsTransaction, commitsTransaction) = (false, false)
            }
            batch.isLast = true
            batch.affected =
                copied ?? (statement.changes != nil && statement.command.tag == "SELECT" ? rowCount : nil)
                ?? (statement.command.writes && statement.command.countsRows ? sqlite3_changes64(connection.handle) : 0)
            finish(connection)
            try connection.discardTemporary()
            let defines =
                !statement.command.countsRows && statement.translation.tableLock == nil
                || statement.command.writes && statement.command.tag == "SELECT" && statement.changes == nil
            if defines { connection.tablesChanged() }
        }
        return batch
    }
}

/// The rows of a COPY on their way into a table.
final class EmbeddedSQLCopy: SQLCopyTarget {
    private let session: EmbeddedSQLSession
    private let statement: EmbeddedSQLStatement
    let columns: [SQLColumn]

    init(_ session: EmbeddedSQLSession, _ statement: EmbeddedSQLStatement, _ columns: [SQLColumn]) {
        self.session = session
        self.statement = statement
        self.columns = columns
    }

    func insert(_ values: [SQLValue]) async throws(SQLFailure) {
        let width = columns.count
        guard width > 0 else { return }
        let statement = statement
        let values = try statement.bound(values)
        try await session.run { connection throws(SQLFailure) in
            let table = statement.translation.changed
            let isTemporary = try table.map { name throws(SQLFailure) in try connection.hasTemporary(name) } ?? false
            try connection.transaction.prepare(
                isTemporary ? .writesTemporary(table ?? "") : .writes, command: "COPY FROM", on: connection)
            let running = try statement.take()
            defer { statement.giveBack(running) }
            for start in stride(from: 0, to: values.count, by: width) {
                connection.bind(Array(values[start..<(start + width)]), to: running)
                guard sqlite3_step(running) == SQLITE_DONE else {
                    var failure = connection.failure()
                    failure.row = start / width
                    throw failure
                }
                sqlite3_reset(running)
            }
        }
    }

    func close() async {}
}
