// A session's transaction block, and when SQLite hears of it.

import CSQLite
import Capabilities

/// What a statement is about to do, as far as transactions are concerned.
enum SQLWork: Equatable {
    case reads
    case writes
    /// Keeps others from writing; who shares rows changes nothing himself.
    case locks(sharesRows: Bool)
    /// Makes a temporary table.
    case makesTemporary(String)
    /// Changes rows of a temporary table.
    case writesTemporary(String)

    var isLock: Bool { if case .locks = self { true } else { false } }
}

/// A block is open for the client before SQLite has begun one.
///
/// With READ COMMITTED each statement sees what is committed when it starts. So until the block writes, its statements run
/// by themselves; the first one that writes takes the write lock, and from then on nobody else can commit. A block that
/// only reads holds nobody up, and none ever fails because it had read before it wrote. Stricter levels begin SQLite's
/// transaction, and with it one view of the data, at their first statement.
///
/// Temporary tables are nobody else's, and need no lock. One that a block makes is made at once, and a rollback drops it
/// again with all that was put into it; only where a savepoint divides its rows does SQLite have to keep account of them.
struct SQLTransactionState {
    private struct Made {
        let table: String
        /// How many savepoints there were.
        var savepoints: Int
    }

    private var mode: SQLTransactionMode?
    /// Whether SQLite's transaction is open.
    private(set) var hasBegun = false
    /// Whether it has the database's write lock for certain.
    private var hasLock = false
    /// The savepoints that are set; SQLite has them once its transaction is open.
    private var savepoints: [String] = []
    /// Temporary tables that the block has made without SQLite's transaction.
    private var made: [Made] = []
    /// Temporary tables that COMMIT drops, or empties.
    private var droppedAtCommit: [String] = []
    private var emptiedAtCommit: [String] = []

    mutating func begin(_ mode: SQLTransactionMode) { self.mode = mode }

    var isOpen: Bool { mode != nil }
    var isReadOnly: Bool { mode?.isReadOnly ?? false }

    /// Whether the end of the block is nothing to SQLite.
    var endsSilently: Bool { !hasBegun && made.isEmpty && droppedAtCommit.isEmpty && emptiedAtCommit.isEmpty }

    mutating func end() {
        mode = nil
        hasBegun = false
        hasLock = false
        savepoints = []
        made = []
    }

    /// Called before a statement runs.
    mutating func prepare(_ work: SQLWork, command: String, on connection: SQLiteConnection) throws(SQLFailure) {
        guard let mode else { return }
        var needsLock = false
        switch work {
        case .reads: break
        case .writes, .makesTemporary:
            guard !mode.isReadOnly else {
                throw SQLFailure("25006", "cannot execute \(command) in a read-only transaction")
            }
            needsLock = work == .writes
        case .locks: needsLock = true
        case .writesTemporary(let table):
            needsLock = !made.contains { $0.table == table && $0.savepoints == savepoints.count }
        }
        if needsLock, work != .locks(sharesRows: true) { connection.shared.rowSharing.end(connection.owner) }
        if hasBegun {
            guard work.isLock, !hasLock else { return }
            // Only writing takes the lock of a transaction that has begun; nobody reads this number.
            try connection.execute("PRAGMA main.user_version = 0")
            hasLock = true
            return
        }
        let seesOneView = mode.isolation == .repeatableRead || mode.isolation == .serializable
        guard needsLock || seesOneView else { return }
        // With one view for the whole block a temporary table's rows need no lock of the others'.
        hasLock = needsLock && !(seesOneView && work != .writes && !work.isLock)
        do throws(SQLFailure) {
            try connection.execute(hasLock ? "BEGIN IMMEDIATE" : "BEGIN")
        } catch {
            hasLock = false
            throw error
        }
        hasBegun = true
        if work == .locks(sharesRows: true) { connection.shared.rowSharing.begin(connection.owner) }
        for name in savepoints { try connection.execute("SAVEPOINT \(SQLText.quoted(name))") }
    }

    /// Notes that a temporary table was made, and what COMMIT does to it.
    mutating func noteTemporary(_ table: String, onCommit action: SQLTemporaryTable.AtCommit) {
        if isOpen, !hasBegun { made.append(Made(table: table, savepoints: savepoints.count)) }
        switch action {
        case .keep: break
        case .empty: emptiedAtCommit.append(table)
        case .drop: droppedAtCommit.append(table)
        }
    }

    mutating func commit(on connection: SQLiteConnection) throws(SQLFailure) {
        defer { end() }
        do throws(SQLFailure) {
            try endTemporaryTables(on: connection)
            if hasBegun { try connection.execute("COMMIT") }
        } catch {
            connection.rollBackQuietly()
            try? undo(made, on: connection)
            throw error
        }
    }

    /// Drops and empties what was made to be dropped and emptied.
    mutating func endTemporaryTables(on connection: SQLiteConnection) throws(SQLFailure) {
        for table in droppedAtCommit { try connection.execute("DROP TABLE IF EXISTS temp.\(SQLText.quoted(table))") }
        droppedAtCommit = []
        var left: [String] = []
        for table in emptiedAtCommit where try connection.hasTemporary(table) {
            try connection.execute("DELETE FROM temp.\(SQLText.quoted(table))")
            left.append(table)
        }
        emptiedAtCommit = left
    }

    mutating func rollback(on connection: SQLiteConnection) throws(SQLFailure) {
        defer { end() }
        connection.forgetCatalog()
        // SQLite may have rolled back by itself, when the disk was full.
        if sqlite3_get_autocommit(connection.handle) == 0 { try connection.execute("ROLLBACK") }
        try undo(made, on: connection)
        droppedAtCommit = []
    }

    private func undo(_ tables: [Made], on connection: SQLiteConnection) throws(SQLFailure) {
        for one in tables.reversed() {
            try connection.execute("DROP TABLE IF EXISTS temp.\(SQLText.quoted(one.table))")
        }
    }

    mutating func savepoint(_ name: String, on connection: SQLiteConnection) throws(SQLFailure) {
        if hasBegun { try connection.execute("SAVEPOINT \(SQLText.quoted(name))") }
        savepoints.append(name)
    }

    mutating func release(_ name: String, on connection: SQLiteConnection) throws(SQLFailure) {
        guard let place = savepoints.lastIndex(of: name) else { throw Self.missing(name) }
        if hasBegun { try connection.execute("RELEASE \(SQLText.quoted(name))") }
        savepoints.removeSubrange(place...)
        for index in made.indices { made[index].savepoints = min(made[index].savepoints, place) }
    }

    mutating func rollBack(to name: String, on connection: SQLiteConnection) throws(SQLFailure) {
        connection.forgetCatalog()
        guard let place = savepoints.lastIndex(of: name) else { throw Self.missing(name) }
        if hasBegun { try connection.execute("ROLLBACK TO \(SQLText.quoted(name))") }
        // They stay noted: should SQLite take the dropping back, the end of the block drops them again.
        try undo(made.filter { $0.savepoints > place }, on: connection)
        savepoints.removeSubrange((place + 1)...)
    }

    private static func missing(_ name: String) -> SQLFailure {
        SQLFailure("3B001", "savepoint \"\(name)\" does not exist")
    }
}

/// A temporary table that a statement makes.
struct SQLTemporaryTable: Equatable {
    enum AtCommit {
        case keep, empty, drop
    }

    var name: String
    var atCommit = AtCommit.keep
}
