// Checks inside SQLite that run once for a value: the width of a whole number, a limit, one row of several.

import CSQLite
import Capabilities

extension SQLiteFunctions {
    /// Registers what is called so often that a list of values for each call would be felt.
    static func registerChecks(on connection: SQLiteConnection) throws(SQLFailure) {
        let flags = SQLITE_UTF8 | SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC
        func add(
            _ name: String,
            _ body:
                @escaping @convention(c) (
                    OpaquePointer?, Int32, UnsafeMutablePointer<OpaquePointer?>?
                ) -> Void
        ) throws(SQLFailure) {
            let code = sqlite3_create_function_v2(connection.handle, name, 1, flags, nil, body, nil, nil, nil)
            guard code == SQLITE_OK else { throw connection.failure() }
        }
        try add("fairlead_int2") { SQLiteFunctions.check($0, $2?[0], Int64(Int16.min)...Int64(Int16.max), "smallint") }
        try add("fairlead_int4") { SQLiteFunctions.check($0, $2?[0], Int64(Int32.min)...Int64(Int32.max), "integer") }
        try add("fairlead_int8") { SQLiteFunctions.check($0, $2?[0], Int64.min...Int64.max, "bigint") }
        let code = sqlite3_create_function_v2(
            connection.handle, "fairlead_single", 1, SQLITE_UTF8 | SQLITE_INNOCUOUS, nil, nil,
            { SQLiteFunctions.keepSingle($0, $2?[0]) }, { SQLiteFunctions.giveSingle($0) }, nil)
        guard code == SQLITE_OK else { throw connection.failure() }
    }

    static func fail(_ context: OpaquePointer?, _ state: String, _ message: String) {
        let text = "\(SQLiteFailure.mark)\(state)\(message)"
        sqlite3_result_error(context, text, -1)
    }

    /// Gives the value on; SQLite has made a float of a whole number that 64 bits do not hold.
    private static func check(
        _ context: OpaquePointer?, _ value: OpaquePointer?, _ range: ClosedRange<Int64>, _ type: String
    ) {
        switch sqlite3_value_type(value) {
        case SQLITE_INTEGER:
            let number = sqlite3_value_int64(value)
            guard range.contains(number) else { return fail(context, "22003", "\(type) out of range") }
            sqlite3_result_int64(context, number)
        case SQLITE_FLOAT where abs(sqlite3_value_double(value)) >= 0x1p63:
            fail(context, "22003", "\(type) out of range")
        default: sqlite3_result_value(context, value)
        }
    }

    // MARK: The one row of a query that stands for a value

    /// The value so far; none before the first row.
    private struct Single {
        var value: OpaquePointer?
    }

    private static func keepSingle(_ context: OpaquePointer?, _ value: OpaquePointer?) {
        let size = Int32(MemoryLayout<Single>.size)
        guard let place = sqlite3_aggregate_context(context, size) else {
            return sqlite3_result_error_nomem(context)
        }
        let single = place.assumingMemoryBound(to: Single.self)
        guard single.pointee.value == nil else {
            return fail(context, "21000", "more than one row returned by a subquery used as an expression")
        }
        single.pointee.value = sqlite3_value_dup(value)
        if single.pointee.value == nil { sqlite3_result_error_nomem(context) }
    }

    private static func giveSingle(_ context: OpaquePointer?) {
        // Without a row there is no place either.
        guard let place = sqlite3_aggregate_context(context, 0) else { return sqlite3_result_null(context) }
        let single = place.assumingMemoryBound(to: Single.self)
        defer {
            sqlite3_value_free(single.pointee.value)
            single.pointee.value = nil
        }
        sqlite3_result_value(context, single.pointee.value)
    }

    // MARK: Limits and days

    static let checks: [(String, Int32, Bool, Body)] = [
        ("fairlead_limit", 1, true, { _, v throws(SQLFailure) in try amount(v[0], "LIMIT", "2201W", none: -1) }),
        ("fairlead_offset", 1, true, { _, v throws(SQLFailure) in try amount(v[0], "OFFSET", "2201X", none: 0) }),
        ("fairlead_date_add", 2, true, { _, v throws(SQLFailure) in try shifted(v, by: 1) }),
        ("fairlead_date_subtract", 2, true, { _, v throws(SQLFailure) in try shifted(v, by: -1) }),
        (
            "fairlead_days", 2, true,
            { _, v in
                guard case .text(let one) = v[0], case .text(let other) = v[1], let end = SQLInstant.date(one),
                    let start = SQLInstant.date(other)
                else { return .null }
                return .integer(end - start)
            }
        ),
    ]

    /// How many rows; NULL stands for no bound at all.
    private static func amount(
        _ value: SQLValue, _ clause: String, _ state: String, none: Int64
    ) throws(SQLFailure) -> SQLValue {
        if value == .null { return .integer(none) }
        guard let number = value.integer else {
            throw SQLFailure("22P02", "invalid input syntax for type bigint: \"\(value.string ?? "")\"")
        }
        guard number >= 0 else { throw SQLFailure(state, "\(clause) must not be negative") }
        return .integer(number)
    }

    /// A date and a number of days, in either order.
    private static func shifted(_ v: [SQLValue], by sign: Int64) throws(SQLFailure) -> SQLValue {
        let (date, days) = if case .text = v[0] { (v[0], v[1]) } else { (v[1], v[0]) }
        guard case .text(let text) = date, case .integer(let number) = days, let start = SQLInstant.date(text) else {
            return .null
        }
        // Days come from 32 bits.
        guard let result = SQLInstant.dateText(start + sign * number) else {
            throw SQLFailure("22008", "date out of range")
        }
        return .text(result)
    }
}
