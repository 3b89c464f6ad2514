// Mathematics: SQLite gives NULL or infinity where PostgreSQL fails (float.c).

import Capabilities
import Glibc

extension SQLiteFunctions {
    static let mathematics: [(String, Int32, Bool, Body)] = [
        (
            "sqrt", 1, true,
            unary { number throws(SQLFailure) in
                guard number >= 0 else { throw SQLFailure("2201F", "cannot take square root of a negative number") }
                return number.squareRoot()
            }
        ),
        ("ln", 1, true, unary { number throws(SQLFailure) in try logarithm(number, log) }),
        ("log10", 1, true, unary { number throws(SQLFailure) in try logarithm(number, log10) }),
        ("exp", 1, true, unary { number throws(SQLFailure) in try SQLFloat.bounded(exp(number), of: number) }),
        ("power", 2, true, { _, v throws(SQLFailure) in try power(v) }),
        ("pow", 2, true, { _, v throws(SQLFailure) in try power(v) }),
        ("acos", 1, true, unary { number throws(SQLFailure) in acos(try within(number, -1...1)) }),
        ("asin", 1, true, unary { number throws(SQLFailure) in asin(try within(number, -1...1)) }),
        ("atan", 1, true, unary { number throws(SQLFailure) in atan(number) }),
        (
            "atan2", 2, true,
            { _, v throws(SQLFailure) in
                guard let y = try real(v[0]), let x = try real(v[1]) else { return .null }
                return .double(atan2(y, x))
            }
        ),
        ("cos", 1, true, unary { number throws(SQLFailure) in cos(try finite(number)) }),
        ("sin", 1, true, unary { number throws(SQLFailure) in sin(try finite(number)) }),
        ("tan", 1, true, unary { number throws(SQLFailure) in tan(try finite(number)) }),
        // Beyond their range these are infinite there too.
        ("cosh", 1, true, unary { number throws(SQLFailure) in cosh(number) }),
        ("sinh", 1, true, unary { number throws(SQLFailure) in sinh(number) }),
        ("tanh", 1, true, unary { number throws(SQLFailure) in tanh(number) }),
        ("acosh", 1, true, unary { number throws(SQLFailure) in acosh(try within(number, 1...(.infinity))) }),
        ("asinh", 1, true, unary { number throws(SQLFailure) in asinh(number) }),
        ("atanh", 1, true, unary { number throws(SQLFailure) in atanh(try within(number, -1...1)) }),
        (
            "degrees", 1, true,
            unary { number throws(SQLFailure) in try SQLFloat.result(of: UInt8(ascii: "/"), number, .pi / 180) }
        ),
        (
            "radians", 1, true,
            unary { number throws(SQLFailure) in try SQLFloat.result(of: UInt8(ascii: "*"), number, .pi / 180) }
        ),
    ]

    /// A function of one number, which gives NULL for NULL.
    private static func unary(_ work: @escaping @Sendable (Double) throws(SQLFailure) -> Double) -> Body {
        { _, v throws(SQLFailure) in
            guard let number = try real(v[0]) else { return .null }
            return .double(try SQLFloat.number(try work(number)))
        }
    }

    private static func real(_ value: SQLValue) throws(SQLFailure) -> Double? {
        if value == .null { return nil }
        if let number = value.number { return number }
        throw SQLFailure("22P02", "invalid input syntax for type double precision: \"\(value.string ?? "")\"")
    }

    private static func within(_ number: Double, _ bounds: ClosedRange<Double>) throws(SQLFailure) -> Double {
        guard bounds.contains(number) else { throw SQLFailure("22003", "input is out of range") }
        return number
    }

    private static func finite(_ number: Double) throws(SQLFailure) -> Double {
        guard number.isFinite else { throw SQLFailure("22003", "input is out of range") }
        return number
    }

    private static func logarithm(_ number: Double, _ function: (Double) -> Double) throws(SQLFailure) -> Double {
        if number == 0 { throw SQLFailure("2201E", "cannot take logarithm of zero") }
        if number < 0 { throw SQLFailure("2201E", "cannot take logarithm of a negative number") }
        return function(number)
    }

    private static func power(_ v: [SQLValue]) throws(SQLFailure) -> SQLValue {
        guard let base = try real(v[0]), let exponent = try real(v[1]) else { return .null }
        if base == 0, exponent < 0 {
            throw SQLFailure("2201F", "zero raised to a negative power is undefined")
        }
        if base < 0, base.isFinite, exponent.isFinite, exponent != exponent.rounded() {
            throw SQLFailure("2201F", "a negative number raised to a non-integer power yields a complex result")
        }
        return .double(try SQLFloat.bounded(pow(base, exponent), of: base, exponent, isZero: base == 0))
    }
}
