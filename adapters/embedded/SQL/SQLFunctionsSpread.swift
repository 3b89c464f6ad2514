// stddev and variance: how far values are spread (numeric.c, numeric_stddev_internal; float.c, float8_accum).

import CSQLite
import Capabilities

extension SQLiteFunctions {
    /// Sums of the values so far.
    private final class Spread {
        var count = 0.0
        var floats = SQLFloatSpread()
        var decimals = SQLDecimal(false, 0, 0)
        var decimalSquares = SQLDecimal(false, 0, 0)
        var failure: SQLFailure?

        func add(_ value: SQLValue, exactly: Bool) {
            do throws(SQLFailure) {
                guard exactly else {
                    if let number = value.number { try floats.add(number) }
                    return
                }
                guard let number = try SQLDecimal(value) else { return }
                count += 1
                decimals = try decimals.adding(number)
                decimalSquares = try decimalSquares.adding(try number.multiplied(by: number))
            } catch {
                failure = error
            }
        }

        /// nil for too few values.
        func result(_ kind: Kind) throws(SQLFailure) -> SQLValue? {
            if let failure { throw failure }
            let count = kind.isExact ? count : floats.count
            guard count > (kind.isSample ? 1 : 0) else { return nil }
            let others = kind.isSample ? count - 1 : count
            guard kind.isExact else {
                let variance = try SQLFloat.number(floats.squares / others)
                return .double(kind.isRoot ? variance.squareRoot() : variance)
            }
            let number = SQLDecimal(false, UInt128(count), 0)
            let spread = try number.multiplied(by: decimalSquares)
                .adding(try decimals.multiplied(by: decimals).negated)
            guard !spread.isNegative, spread.magnitude > 0 else { return .text("0") }
            let divisor = try number.multiplied(by: SQLDecimal(false, UInt128(others), 0))
            let variance = try spread.divided(by: divisor)
            return .text((kind.isRoot ? try variance.squareRoot() : variance).text)
        }
    }

    /// Which of the six functions it is, for one kind of numbers.
    private struct Kind {
        var isExact: Bool
        var isRoot: Bool
        var isSample: Bool
    }

    static func registerSpreads(on connection: SQLiteConnection) throws(SQLFailure) {
        typealias Step = @convention(c) (OpaquePointer?, Int32, UnsafeMutablePointer<OpaquePointer?>?) -> Void
        typealias Final = @convention(c) (OpaquePointer?) -> Void
        let decimal: Step = { SQLiteFunctions.spread($0, $2?[0], exactly: true) }
        let float: Step = { SQLiteFunctions.spread($0, $2?[0], exactly: false) }
        let functions: [(String, Step, Final)] = [
            (
                "decimal_stddev_samp", decimal,
                { SQLiteFunctions.give($0, Kind(isExact: true, isRoot: true, isSample: true)) }
            ),
            (
                "decimal_stddev_pop", decimal,
                { SQLiteFunctions.give($0, Kind(isExact: true, isRoot: true, isSample: false)) }
            ),
            (
                "decimal_var_samp", decimal,
                { SQLiteFunctions.give($0, Kind(isExact: true, isRoot: false, isSample: true)) }
            ),
            (
                "decimal_var_pop", decimal,
                { SQLiteFunctions.give($0, Kind(isExact: true, isRoot: false, isSample: false)) }
            ),
            (
                "float_stddev_samp", float,
                { SQLiteFunctions.give($0, Kind(isExact: false, isRoot: true, isSample: true)) }
            ),
            (
                "float_stddev_pop", float,
                { SQLiteFunctions.give($0, Kind(isExact: false, isRoot: true, isSample: false)) }
            ),
            (
                "float_var_samp", float,
                { SQLiteFunctions.give($0, Kind(isExact: false, isRoot: false, isSample: true)) }
            ),
            (
                "float_var_pop", float,
                { SQLiteFunctions.give($0, Kind(isExact: false, isRoot: false, isSample: false)) }
            ),
        ]
        let flags = SQLITE_UTF8 | SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC
        for (name, step, final) in functions {
            let code = sqlite3_create_function_v2(
                connection.handle, "fairlead_\(name)", 1, flags, nil, nil, step, final, nil)
            guard code == SQLITE_OK else { throw connection.failure() }
        }
    }

    private static func spread(_ context: OpaquePointer?, _ value: OpaquePointer?, exactly: Bool) {
        let value = Self.value(value)
        guard value != .null else { return }
        guard let spread = held(context, makes: Spread.init) else { return sqlite3_result_error_nomem(context) }
        spread.add(value, exactly: exactly)
    }

    private static func give(_ context: OpaquePointer?, _ kind: Kind) {
        guard let spread = taken(context, Spread.self) else { return sqlite3_result_null(context) }
        do throws(SQLFailure) {
            give(try spread.result(kind) ?? .null, to: context)
        } catch {
            fail(context, error.state, error.message)
        }
    }
}

extension SQLDecimal {
    /// The square root with as many digits behind the point as the number has, rounded (numeric.c, sqrt_var).
    func squareRoot() throws(SQLFailure) -> SQLDecimal {
        var ten: UInt128 = 1
        for _ in 0..<min(scale, 38) { ten *= 10 }
        // The root of a product whose digits are twice as many, which 256 bits hold.
        let square = magnitude.multipliedFullWidth(by: ten)
        func exceeds(_ root: UInt128) -> Bool {
            let own = root.multipliedFullWidth(by: root)
            return (own.high, own.low) > (square.high, square.low)
        }
        var (low, high) = (UInt128.zero, UInt128(1) << 127)
        while high - low > 1 {
            let middle = low + (high - low) / 2
            if exceeds(middle) { high = middle } else { low = middle }
        }
        // Half of a digit more is rounded up: (root + 1/2)² is root² + root + 1/4.
        let own = low.multipliedFullWidth(by: low)
        let (sum, carry) = own.low.addingReportingOverflow(low)
        let isBelow = (own.high + (carry ? 1 : 0), sum) < (square.high, square.low)
        return SQLDecimal(false, isBelow ? low + 1 : low, scale)
    }
}
