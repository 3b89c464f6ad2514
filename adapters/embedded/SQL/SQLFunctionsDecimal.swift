// Functions of decimal numbers inside SQLite, which has only doubles: exact sums, quotients and roundings.

import CSQLite
import Capabilities
import Glibc

extension SQLiteFunctions {
    private static func decimal(_ v: [SQLValue], _ place: Int, scale: Int? = nil) throws(SQLFailure) -> SQLDecimal? {
        let least = scale.flatMap { v[$0].integer }.map { Int(clamping: max(-1, min(40, $0))) } ?? -1
        return try SQLDecimal(v[place], scale: least)
    }

    /// Two numbers, each followed by the digits that it shows.
    private static func binary(
        _ v: [SQLValue], _ work: (SQLDecimal, SQLDecimal) throws(SQLFailure) -> SQLDecimal
    ) throws(SQLFailure) -> SQLValue {
        guard let one = try decimal(v, 0, scale: 1), let two = try decimal(v, 2, scale: 3) else { return .null }
        return .text(try work(one, two).text)
    }

    private static func computed(_ decimal: SQLDecimal) throws(SQLFailure) -> SQLValue {
        guard let value = decimal.value else { throw SQLDecimal.tooLong }
        return value
    }

    /// Digits to which a number is rounded.
    private static func digits(_ value: SQLValue) -> Int? { value.integer.map { Int(clamping: max(-40, min(38, $0))) } }

    static let decimals: [(String, Int32, Bool, Body)] = [
        (
            "fairlead_decimal", 2, true,
            { _, v throws(SQLFailure) in
                guard let number = try decimal(v, 0, scale: 1) else { return .null }
                guard let scale = v[1].integer, scale >= 0, scale < number.scale else { return .text(number.text) }
                return .text(try number.rounded(to: Int(scale)).text)
            }
        ),
        // A number for a cast that keeps its digits.
        (
            "fairlead_exact", 1, true,
            { _, v throws(SQLFailure) in try decimal(v, 0).map { .bytes($0.text) } ?? .null }
        ),
        (
            "fairlead_decimal_abs", 1, true,
            { _, v throws(SQLFailure) in
                guard let number = try decimal(v, 0) else { return .null }
                return .text((number.isNegative ? number.negated : number).text)
            }
        ),
        (
            "fairlead_decimal_add", 4, true,
            { _, v throws(SQLFailure) in try binary(v) { one, two throws(SQLFailure) in try one.adding(two) } }
        ),
        (
            "fairlead_decimal_subtract", 4, true,
            { _, v throws(SQLFailure) in try binary(v) { one, two throws(SQLFailure) in try one.adding(two.negated) } }
        ),
        (
            "fairlead_decimal_multiply", 4, true,
            { _, v throws(SQLFailure) in try binary(v) { one, two throws(SQLFailure) in try one.multiplied(by: two) } }
        ),
        (
            "fairlead_decimal_divide", 4, true,
            { _, v throws(SQLFailure) in try binary(v) { one, two throws(SQLFailure) in try one.divided(by: two) } }
        ),
        (
            "fairlead_remainder", 2, true,
            { _, v throws(SQLFailure) in
                guard let one = try decimal(v, 0), let two = try decimal(v, 1) else { return .null }
                return try computed(try one.remainder(by: two))
            }
        ),
        (
            "fairlead_round", -1, true,
            { _, v throws(SQLFailure) in
                guard let number = try decimal(v, 0), let to = v.count > 1 ? digits(v[1]) : 0 else { return .null }
                return try computed(try number.rounded(to: to))
            }
        ),
        (
            "fairlead_trunc", -1, true,
            { _, v throws(SQLFailure) in
                guard let number = try decimal(v, 0), let to = v.count > 1 ? digits(v[1]) : 0 else { return .null }
                return try computed(try number.rounded(to: to, cuts: true))
            }
        ),
        // A float's halves are rounded to what is even.
        (
            "fairlead_round_float", 1, true,
            { _, v in v[0].number.map { .double($0.rounded(.toNearestOrEven)) } ?? .null }
        ),
        (
            "fairlead_inexact", 1, true,
            { _, v throws(SQLFailure) in
                if v[0] == .null { return .null }
                throw .refused(.sqlQuery, "this function of numeric is not known here; cast to double precision")
            }
        ),
    ]

    // MARK: Aggregates

    /// What a sum has come to.
    private final class Sum {
        var total = SQLDecimal(false, 0, 0)
        var count: Int64 = 0
        var failure: SQLFailure?

        func add(_ value: OpaquePointer?, sign: Int64) {
            do throws(SQLFailure) {
                guard let number = try SQLDecimal(SQLiteFunctions.value(value)) else { return }
                total = try total.adding(sign < 0 ? number.negated : number)
                count += sign
            } catch {
                failure = error
            }
        }
    }

    private static func add(_ context: OpaquePointer?, _ value: OpaquePointer?, sign: Int64) {
        guard let sum = held(context, makes: Sum.init) else { return sqlite3_result_error_nomem(context) }
        sum.add(value, sign: sign)
    }

    /// What is asked of a sum.
    private enum SumKind { case number, text, mean }

    private static func giveSum(_ context: OpaquePointer?, _ kind: SumKind) {
        guard let sum = held(context, Sum.self), sum.count > 0 || sum.failure != nil else {
            return sqlite3_result_null(context)
        }
        do throws(SQLFailure) {
            if let failure = sum.failure { throw failure }
            if kind == .number { return give(try computed(sum.total), to: context) }
            if kind == .text { return give(.text(sum.total.text), to: context) }
            let count = SQLDecimal(false, UInt128(sum.count.magnitude), 0)
            give(.text(try sum.total.divided(by: count).text), to: context)
        } catch {
            fail(context, error.state, error.message)
        }
    }

    /// Exact sums and means of numbers, and the order of decimal numbers that are kept as text.
    static func registerDecimals(on connection: SQLiteConnection) throws(SQLFailure) {
        let flags = SQLITE_UTF8 | SQLITE_INNOCUOUS | SQLITE_DETERMINISTIC
        var codes = [
            sqlite3_create_window_function(
                connection.handle, "fairlead_sum", 1, flags, nil, { SQLiteFunctions.add($0, $2?[0], sign: 1) },
                {
                    SQLiteFunctions.giveSum($0, .number)
                    _ = SQLiteFunctions.taken($0, Sum.self)
                }, { SQLiteFunctions.giveSum($0, .number) }, { SQLiteFunctions.add($0, $2?[0], sign: -1) }, nil),
            sqlite3_create_window_function(
                connection.handle, "fairlead_avg", 1, flags, nil, { SQLiteFunctions.add($0, $2?[0], sign: 1) },
                {
                    SQLiteFunctions.giveSum($0, .mean)
                    _ = SQLiteFunctions.taken($0, Sum.self)
                }, { SQLiteFunctions.giveSum($0, .mean) }, { SQLiteFunctions.add($0, $2?[0], sign: -1) }, nil),
            sqlite3_create_window_function(
                connection.handle, "fairlead_decimal_sum", 1, flags, nil,
                { SQLiteFunctions.add($0, $2?[0], sign: 1) },
                {
                    SQLiteFunctions.giveSum($0, .text)
                    _ = SQLiteFunctions.taken($0, Sum.self)
                }, { SQLiteFunctions.giveSum($0, .text) }, { SQLiteFunctions.add($0, $2?[0], sign: -1) }, nil),
        ]
        codes.append(
            sqlite3_create_function_v2(
                connection.handle, "fairlead_numeric", 2, flags, nil, { SQLiteFunctions.round($0, $2?[0], $2?[1]) },
                nil,
                nil, nil))
        codes.append(
            sqlite3_create_collation_v2(
                connection.handle, "fairlead_decimal", SQLITE_UTF8, nil,
                { SQLiteFunctions.order($2, $1, $4, $3) }, nil))
        guard codes.allSatisfy({ $0 == SQLITE_OK }) else { throw connection.failure() }
    }

    private static func order(
        _ one: UnsafeRawPointer?, _ oneCount: Int32, _ other: UnsafeRawPointer?, _ otherCount: Int32
    ) -> Int32 {
        func number(_ text: UnsafeRawPointer?, _ count: Int32) -> SQLDecimal? {
            try? SQLDecimal(.text(Array(UnsafeRawBufferPointer(start: text, count: text == nil ? 0 : Int(count)))))
        }
        guard let one = number(one, oneCount), let other = number(other, otherCount),
            let difference = try? one.adding(other.negated)
        else { return 0 }
        return difference.magnitude == 0 ? 0 : difference.isNegative ? -1 : 1
    }

    /// What arithmetic gave, rounded to the digits that it has exactly; a negative number of them stands for 15 in all.
    private static func round(_ context: OpaquePointer?, _ value: OpaquePointer?, _ scale: OpaquePointer?) {
        guard sqlite3_value_type(value) == SQLITE_FLOAT else { return sqlite3_result_value(context, value) }
        let number = sqlite3_value_double(value)
        var scale = Int(sqlite3_value_int64(scale))
        let isLoose = scale < 0
        if isLoose { scale = number == 0 ? 0 : max(0, 14 - Int(log10(abs(number)).rounded(.down))) }
        guard scale <= 22 else { return sqlite3_result_value(context, value) }
        let factor = pow(10, Double(scale))
        let scaled = number * factor
        guard abs(scaled) < 1e15 else {
            if isLoose { return sqlite3_result_value(context, value) }
            return fail(context, SQLDecimal.tooLong.state, SQLDecimal.tooLong.message)
        }
        sqlite3_result_double(context, scaled.rounded() / factor)
    }
}
