// The numbers of sequences, in a file of their own: neither a rollback nor the one write lock concerns them.

import CSQLite
import Capabilities
import Synchronization

/// The numbers that all sessions' sequences have come to.
///
/// As in the server, numbers are written ahead: what is in the file was not given out yet, or is the last that was. After a
/// sudden end up to ``ahead`` numbers are left out, and none is given twice.
final class SQLSequenceStore: Sendable {
    /// Numbers for one write (sequence.c, SEQ_LOG_VALS).
    private static let ahead: Int64 = 32

    struct Value: Equatable {
        var last: Int64
        var isCalled: Bool
        /// What the file says; nil for nothing.
        var written: Int64?
    }

    private struct State {
        /// The connection's address; nil before the first use, and without a file.
        var handle: UInt?
        var isOpen = false
        var values: [String: Value] = [:]
    }

    private let path: String?
    private let syncs: Bool
    private let state = Mutex(State())

    /// Without a path the numbers are kept in memory only.
    init(path: String? = nil, syncs: Bool = false) {
        self.path = path
        self.syncs = syncs
    }

    /// The next number; `known` tells the keys of the sequences that there are, for the first call to clean up by.
    func next(
        _ sequence: SQLSequence, _ name: String, known: () throws(SQLFailure) -> Set<String>
    ) throws(SQLFailure) -> Int64 {
        try state.withLock { state throws(SQLFailure) in
            try open(&state, known)
            var value = state.values[sequence.key] ?? Value(last: sequence.first, isCalled: false)
            if value.isCalled { value.last = try Self.successor(of: value.last, sequence, name) }
            let isWithin = value.written.map { written in
                value.isCalled && (sequence.increment > 0 ? value.last <= written : value.last >= written)
            }
            value.isCalled = true
            if isWithin != true {
                let (step, overflow) = sequence.increment.multipliedReportingOverflow(by: Self.ahead)
                let (far, isBeyond) = value.last.addingReportingOverflow(step)
                let end = sequence.increment > 0 ? sequence.greatest : sequence.least
                let bound = overflow || isBeyond ? end : far
                value.written = sequence.increment > 0 ? min(bound, end) : max(bound, end)
                try write(state, sequence.key, value.written ?? value.last, isCalled: true)
            }
            state.values[sequence.key] = value
            return value.last
        }
    }

    private static func successor(
        of last: Int64, _ sequence: SQLSequence, _ name: String
    ) throws(SQLFailure) -> Int64 {
        let (next, overflow) = last.addingReportingOverflow(sequence.increment)
        if !overflow, next >= sequence.least, next <= sequence.greatest { return next }
        let isUp = sequence.increment > 0
        guard sequence.cycles else {
            throw SQLFailure(
                "2200H",
                "nextval: reached \(isUp ? "maximum" : "minimum") value of sequence \"\(name)\" (\(isUp ? sequence.greatest : sequence.least))"
            )
        }
        return isUp ? sequence.least : sequence.greatest
    }

    /// The last number, and whether it was given out.
    func current(
        _ sequence: SQLSequence, known: () throws(SQLFailure) -> Set<String>
    ) throws(SQLFailure) -> (last: Int64, isCalled: Bool) {
        try state.withLock { state throws(SQLFailure) in
            try open(&state, known)
            let value = state.values[sequence.key]
            return (value?.last ?? sequence.first, value?.isCalled ?? false)
        }
    }

    func set(
        _ sequence: SQLSequence, _ last: Int64, isCalled: Bool, known: () throws(SQLFailure) -> Set<String>
    ) throws(SQLFailure) {
        try state.withLock { state throws(SQLFailure) in
            try open(&state, known)
            try write(state, sequence.key, last, isCalled: isCalled)
            state.values[sequence.key] = Value(last: last, isCalled: isCalled, written: isCalled ? last : nil)
        }
    }

    /// Writes what was really given out, so that an orderly end leaves no gaps.
    func close() {
        state.withLock { state in
            guard let number = state.handle, let handle = OpaquePointer(bitPattern: number) else { return }
            for (key, value) in state.values where value.written != value.last {
                try? write(state, key, value.last, isCalled: value.isCalled)
            }
            sqlite3_close_v2(handle)
            state = State()
        }
    }

    deinit { close() }

    // MARK: The file

    private func open(_ state: inout State, _ known: () throws(SQLFailure) -> Set<String>) throws(SQLFailure) {
        guard let path, !state.isOpen else { return }
        var handle: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        guard sqlite3_open_v2(path, &handle, flags, nil) == SQLITE_OK, let handle else {
            sqlite3_close_v2(handle)
            throw SQLFailure("58030", "could not open the file of sequences")
        }
        do throws(SQLFailure) {
            try Self.run("PRAGMA journal_mode = WAL", handle)
            try Self.run("PRAGMA synchronous = \(syncs ? "FULL" : "NORMAL")", handle)
            try Self.run(
                "CREATE TABLE IF NOT EXISTS numbers (key TEXT PRIMARY KEY, last INTEGER, called INTEGER) WITHOUT ROWID",
                handle)
            let known = try known()
            for (key, value) in try Self.read(handle) {
                if known.contains(key) {
                    state.values[key] = value
                } else {
                    try Self.run("DELETE FROM numbers WHERE key = \(SQLText.literal(key))", handle)
                }
            }
        } catch {
            sqlite3_close_v2(handle)
            throw error
        }
        state.handle = UInt(bitPattern: handle)
        state.isOpen = true
    }

    private static func read(_ handle: OpaquePointer) throws(SQLFailure) -> [(String, Value)] {
        var query: OpaquePointer?
        guard sqlite3_prepare_v2(handle, "SELECT key, last, called FROM numbers", -1, &query, nil) == SQLITE_OK,
            let query
        else { throw failed }
        defer { sqlite3_finalize(query) }
        var found: [(String, Value)] = []
        while sqlite3_step(query) == SQLITE_ROW {
            let key = SQLiteConnection.value(query, 0).string ?? ""
            let last = sqlite3_column_int64(query, 1)
            let isCalled = sqlite3_column_int64(query, 2) == 1
            found.append((key, Value(last: last, isCalled: isCalled, written: isCalled ? last : nil)))
        }
        return found
    }

    private static let failed = SQLFailure("58030", "the file of sequences cannot be written")

    private static func run(_ sql: String, _ handle: OpaquePointer) throws(SQLFailure) {
        guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failed }
    }

    private func write(_ state: State, _ key: String, _ last: Int64, isCalled: Bool) throws(SQLFailure) {
        guard let number = state.handle, let handle = OpaquePointer(bitPattern: number) else { return }
        try Self.run(
            "INSERT OR REPLACE INTO numbers VALUES (\(SQLText.literal(key)), \(last), \(isCalled ? 1 : 0))", handle)
    }
}
