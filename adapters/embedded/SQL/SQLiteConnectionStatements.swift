// How a connection compiles and runs SQL, and what goes in and comes out of it.

import CSQLite
import Capabilities

extension SQLiteConnection {
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
}
