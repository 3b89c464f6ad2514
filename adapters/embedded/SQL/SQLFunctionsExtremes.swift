// min and max that give the last of equal values, and leave the rest of the row alone.

import CSQLite
import Capabilities

extension SQLiteFunctions {
    /// The value that has won so far.
    private final class Extreme {
        var value = SQLValue.null
    }

    static func registerExtremes(on connection: SQLiteConnection) throws(SQLFailure) {
        let flags = SQLITE_UTF8 | SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC
        func add(
            _ name: String,
            _ step: @convention(c) (OpaquePointer?, Int32, UnsafeMutablePointer<OpaquePointer?>?) -> Void
        ) -> Int32 {
            sqlite3_create_function_v2(
                connection.handle, name, 1, flags, nil, nil, step, { SQLiteFunctions.giveExtreme($0) }, nil)
        }
        let codes = [
            add("fairlead_max") { SQLiteFunctions.compete($0, $2?[0], asNumbers: false, sign: 1) },
            add("fairlead_min") { SQLiteFunctions.compete($0, $2?[0], asNumbers: false, sign: -1) },
            add("fairlead_decimal_max") { SQLiteFunctions.compete($0, $2?[0], asNumbers: true, sign: 1) },
            add("fairlead_decimal_min") { SQLiteFunctions.compete($0, $2?[0], asNumbers: true, sign: -1) },
        ]
        guard codes.allSatisfy({ $0 == SQLITE_OK }) else { throw connection.failure() }
    }

    private static func compete(_ context: OpaquePointer?, _ value: OpaquePointer?, asNumbers: Bool, sign: Int) {
        let value = Self.value(value)
        guard value != .null else { return }
        guard let best = held(context, makes: Extreme.init) else { return sqlite3_result_error_nomem(context) }
        guard best.value != .null else { return best.value = value }
        if order(value, best.value, asNumbers: asNumbers) * sign >= 0 { best.value = value }
    }

    private static func giveExtreme(_ context: OpaquePointer?) {
        give(taken(context, Extreme.self)?.value ?? .null, to: context)
    }

    /// Below zero where the first is the smaller one.
    private static func order(_ one: SQLValue, _ other: SQLValue, asNumbers: Bool) -> Int {
        if asNumbers {
            guard let one = try? SQLDecimal(one), let other = try? SQLDecimal(other),
                let difference = try? one.adding(other.negated)
            else { return 0 }
            return difference.magnitude == 0 ? 0 : difference.isNegative ? -1 : 1
        }
        guard let isLess = SQLGathering.isLess(one, other) else { return 0 }
        return isLess ? -1 : 1
    }
}
