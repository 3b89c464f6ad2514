// A session's transaction block, and when SQLite hears of it.

import CSQLite
import Capabilities

/// A block is open for the client before SQLite has begun one.
///
/// With READ COMMITTED each statement sees what is committed when it starts. So until the block writes, its statements run
/// by themselves; the first one that writes takes the write lock, and from then on nobody else can commit. A block that
/// only reads holds nobody up, and none ever fails because it had read before it wrote. Stricter levels begin SQLite's
/// transaction, and with it one view of the data, at their first statement.
struct SQLTransactionState {
    private var mode: SQLTransactionMode?
    /// Whether SQLite's transaction is open.
    private(set) var hasBegun = false
    /// Savepoints that were set before it was.
    private var waiting: [String] = []

    mutating func begin(_ mode: SQLTransactionMode) { self.mode = mode }

    var isOpen: Bool { mode != nil }

    mutating func end() {
        mode = nil
        hasBegun = false
        waiting = []
    }

    /// Called before a statement runs.
    mutating func prepare(writes: Bool, command: String, on connection: SQLiteConnection) throws(SQLFailure) {
        guard let mode else { return }
        if writes, mode.isReadOnly {
            throw SQLFailure("25006", "cannot execute \(command) in a read-only transaction")
        }
        guard !hasBegun else { return }
        let seesOneView = mode.isolation == .repeatableRead || mode.isolation == .serializable
        guard writes || seesOneView else { return }
        try connection.execute(writes ? "BEGIN IMMEDIATE" : "BEGIN")
        hasBegun = true
        for name in waiting { try connection.execute("SAVEPOINT \(SQLText.quoted(name))") }
        waiting = []
    }

    mutating func commit(on connection: SQLiteConnection) throws(SQLFailure) {
        defer { end() }
        do throws(SQLFailure) {
            try connection.execute("COMMIT")
        } catch {
            connection.rollBackQuietly()
            throw error
        }
    }

    mutating func rollback(on connection: SQLiteConnection) throws(SQLFailure) {
        defer { end() }
        connection.forgetCatalog()
        // SQLite may have rolled back by itself, when the disk was full.
        guard sqlite3_get_autocommit(connection.handle) == 0 else { return }
        try connection.execute("ROLLBACK")
    }

    mutating func savepoint(_ name: String, on connection: SQLiteConnection) throws(SQLFailure) {
        if hasBegun { try connection.execute("SAVEPOINT \(SQLText.quoted(name))") } else { waiting.append(name) }
    }

    mutating func release(_ name: String, on connection: SQLiteConnection) throws(SQLFailure) {
        if hasBegun { return try connection.execute("RELEASE \(SQLText.quoted(name))") }
        guard let place = waiting.lastIndex(of: name) else { throw Self.missing(name) }
        waiting.removeSubrange(place...)
    }

    mutating func rollBack(to name: String, on connection: SQLiteConnection) throws(SQLFailure) {
        connection.forgetCatalog()
        if hasBegun { return try connection.execute("ROLLBACK TO \(SQLText.quoted(name))") }
        guard let place = waiting.lastIndex(of: name) else { throw Self.missing(name) }
        waiting.removeSubrange((place + 1)...)
    }

    private static func missing(_ name: String) -> SQLFailure {
        SQLFailure("3B001", "savepoint \"\(name)\" does not exist")
    }
}
