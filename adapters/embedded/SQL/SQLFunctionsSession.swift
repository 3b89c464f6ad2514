// Functions that say something about the session, and those that lock what only the application knows.

import CSQLite
import Capabilities
import Glibc

extension SQLiteFunctions {
    static let sessions: [(String, Int32, Bool, Body)] = [
        ("version", 0, true, fact("version")),
        ("current_database", 0, true, { connection, _ in .text(connection.settings.database) }),
        ("current_user", 0, true, { connection, _ in .text(connection.settings.user) }),
        (
            "current_schema", 0, false,
            { connection, _ throws(SQLFailure) in
                try SQLPathResolver(connection).schemas.first.map { .text($0) } ?? .null
            }
        ),
        (
            "current_schemas", 1, false,
            { connection, v throws(SQLFailure) in
                let resolver = try SQLPathResolver(connection)
                var names = resolver.schemas
                if v[0].integer == 1, !names.contains("pg_catalog") { names.insert("pg_catalog", at: 0) }
                return .text(SQLArrayText.text(names.map { Array($0.utf8) }))
            }
        ),
        ("pg_backend_pid", 0, true, fact("pg_backend_pid")),
        ("pg_is_in_recovery", 0, true, { _, _ in .integer(0) }),
        (
            "pg_advisory_unlock_all", 0, false,
            { connection, _ in
                connection.locks.releaseSession(connection.advisoryLocks, connection.owner)
                return .text("")
            }
        ),
        (
            "current_setting", -1, false,
            { connection, v throws(SQLFailure) in
                guard let name = v.first?.string else { return .null }
                if let value = connection.facts["setting." + name.lowercased()] { return value }
                if v.count > 1, v[1].integer == 1 { return .null }
                throw SQLFailure("42704", "unrecognized configuration parameter \"\(name)\"")
            }
        ),
        ("fairlead_first", 2, true, { _, v in v[0] }),
        // How many rows SKIP LOCKED leaves of as many.
        ("fairlead_free", 1, false, { connection, v in connection.rowsAreFree ? v[0] : .integer(0) }),
        // What PostgreSQL makes of a text to find its place in a hashed index.
        (
            "hashtext", 1, true,
            { _, v in
                guard let text = v[0].string else { return .null }
                return .integer(Int64(SQLHash.number(Array(text.utf8))))
            }
        ),
    ]

    private static func fact(_ name: String) -> Body {
        { connection, _ in connection.facts[name] ?? .null }
    }

    // MARK: Advisory locks

    static let locks: [(String, Int32, Bool, Body)] = {
        var functions: [(String, Int32, Bool, Body)] = []
        for isShared in [false, true] {
            let suffix = isShared ? "_shared" : ""
            for count in [1, 2] as [Int32] {
                for ofTransaction in [false, true] {
                    let name = "advisory_\(ofTransaction ? "xact_" : "")lock\(suffix)"
                    functions.append(
                        (
                            "pg_\(name)", count, false,
                            { connection, v throws(SQLFailure) in
                                guard let key = key(v) else { return .null }
                                try connection.lock(key, isShared: isShared, ofTransaction: ofTransaction)
                                return .text("")
                            }
                        ))
                    functions.append(
                        (
                            "pg_try_\(name)", count, false,
                            { connection, v throws(SQLFailure) in
                                guard let key = key(v) else { return .null }
                                return .integer(
                                    try connection.tryLock(key, isShared: isShared, ofTransaction: ofTransaction)
                                        ? 1 : 0)
                            }
                        ))
                }
                functions.append(
                    (
                        "pg_advisory_unlock\(suffix)", count, false,
                        { connection, v in
                            guard let key = key(v) else { return .null }
                            let wasHeld = connection.locks.release(
                                key, isShared: isShared, connection.advisoryLocks, connection.owner)
                            if !wasHeld {
                                let mode = isShared ? "ShareLock" : "ExclusiveLock"
                                connection.settings.notice?(
                                    "WARNING", "01000", "you don't own a lock of type \(mode)")
                            }
                            return .integer(wasHeld ? 1 : 0)
                        }
                    ))
            }
        }
        return functions
    }()

    private static func key(_ values: [SQLValue]) -> SQLAdvisoryKey? {
        let numbers = values.compactMap(\.integer)
        guard numbers.count == values.count else { return nil }
        return numbers.count == 1
            ? .one(numbers[0])
            : .two(Int32(truncatingIfNeeded: numbers[0]), Int32(truncatingIfNeeded: numbers[1]))
    }
}

extension SQLiteConnection {
    var owner: SQLAdvisoryLocks.Owner { ObjectIdentifier(self) }

    func tryLock(_ key: SQLAdvisoryKey, isShared: Bool, ofTransaction: Bool) throws(SQLFailure) -> Bool {
        guard try advisoryLocks.take(key, isShared: isShared, owner) else { return false }
        locks.add(key, isShared: isShared, toTransaction: ofTransaction)
        return true
    }

    /// Waits until it has the lock; fails with `40P01` when those that keep it wait for this session.
    func lock(_ key: SQLAdvisoryKey, isShared: Bool, ofTransaction: Bool) throws(SQLFailure) {
        if try tryLock(key, isShared: isShared, ofTransaction: ofTransaction) { return }
        let holdsWriteLock = sqlite3_txn_state(handle, "main") == SQLITE_TXN_WRITE
        advisoryLocks.wait(owner, for: key, isShared: isShared, holdsWriteLock: holdsWriteLock)
        defer { advisoryLocks.wait(owner, for: nil) }
        let start = Self.now
        let bound = limits.lockMilliseconds > 0 ? start + UInt64(limits.lockMilliseconds) * 1_000_000 : .max
        var nextLook = start + SQLAdvisoryLocks.deadlockDelay
        while true {
            usleep(1_000)
            if mustStop { throw stopFailure }
            if try tryLock(key, isShared: isShared, ofTransaction: ofTransaction) { return }
            let now = Self.now
            if now >= bound { throw SQLFailure("55P03", "canceling statement due to lock timeout") }
            if now >= nextLook {
                if advisoryLocks.isDeadlocked(owner, at: now) { throw SQLFailure("40P01", "deadlock detected") }
                nextLook = now + SQLAdvisoryLocks.deadlockDelay
            }
        }
    }

    /// Why the running statement is to end.
    var stopFailure: SQLFailure {
        hasTimedOut ? SQLFailure("57014", "canceling statement due to statement timeout") : .cancelled
    }
}
