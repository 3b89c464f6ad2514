// Floating-point numbers: what PostgreSQL takes for an error where the machine has infinity, zero or NaN (float.h, float.c).

import Capabilities

enum SQLFloat {
    /// What one operator makes of two numbers.
    ///
    /// `+ - * /` compute with 64 bits; `a s m d` do the same with the 32 bits of `real`.
    static func result(of symbol: UInt8, _ left: Double, _ right: Double) throws(SQLFailure) -> Double {
        switch symbol {
        case UInt8(ascii: "+"): return try sum(left + right, left, right)
        case UInt8(ascii: "-"): return try sum(left - right, left, right)
        case UInt8(ascii: "*"): return try product(left * right, left, right)
        case UInt8(ascii: "/"): return try quotient(left, right, left / right)
        case UInt8(ascii: "a"): return try sum(Double(Float(left) + Float(right)), left, right)
        case UInt8(ascii: "s"): return try sum(Double(Float(left) - Float(right)), left, right)
        case UInt8(ascii: "m"): return try product(Double(Float(left) * Float(right)), left, right)
        default: return try quotient(left, right, Double(Float(left) / Float(right)))
        }
    }

    /// A sum, or a difference.
    private static func sum(_ result: Double, _ left: Double, _ right: Double) throws(SQLFailure) -> Double {
        if result.isInfinite, left.isFinite, right.isFinite { throw overflow }
        return try number(result)
    }

    private static func product(_ result: Double, _ left: Double, _ right: Double) throws(SQLFailure) -> Double {
        if result.isInfinite, left.isFinite, right.isFinite { throw overflow }
        if result == 0, left != 0, right != 0 { throw underflow }
        return try number(result)
    }

    private static func quotient(_ left: Double, _ right: Double, _ result: Double) throws(SQLFailure) -> Double {
        if right == 0 { throw SQLFailure("22012", "division by zero") }
        if result.isInfinite, left.isFinite { throw overflow }
        if result == 0, left != 0, right.isFinite { throw underflow }
        return try number(result)
    }

    /// The same number, unless it is NaN, which SQLite would take for NULL.
    static func number(_ result: Double) throws(SQLFailure) -> Double {
        guard !result.isNaN else { throw .refused(.sqlQuery, "NaN is not known here") }
        return result
    }

    /// A function's result, which is within its bounds unless its argument was infinite (float.c, check_float8_val).
    static func bounded(_ result: Double, of arguments: Double..., isZero: Bool = false) throws(SQLFailure) -> Double {
        if result.isInfinite, arguments.allSatisfy(\.isFinite) { throw overflow }
        if result == 0, !isZero, arguments.allSatisfy(\.isFinite) { throw underflow }
        return try number(result)
    }

    /// The nearest number of `real`.
    static func narrowed(_ number: Double) throws(SQLFailure) -> Double {
        let single = Float(number)
        if single.isInfinite, number.isFinite { throw overflow }
        if single == 0, number != 0 { throw underflow }
        return Double(single)
    }

    static let overflow = SQLFailure("22003", "value out of range: overflow")
    static let underflow = SQLFailure("22003", "value out of range: underflow")
}

/// The sum of numbers, and how far they are from their mean, by Youngs and Cramer (float.c, float8_accum).
struct SQLFloatSpread {
    private(set) var count = 0.0
    private(set) var sum = 0.0
    /// The squares of the differences from the mean.
    private(set) var squares = 0.0

    mutating func add(_ number: Double) throws(SQLFailure) {
        let before = sum
        count += 1
        sum += number
        guard count > 1 else { return squares = number.isFinite ? 0 : .nan }
        let difference = number * count - sum
        squares += difference * difference / (count * (count - 1))
        guard sum.isFinite, squares.isFinite else {
            if before.isFinite, number.isFinite { throw SQLFloat.overflow }
            squares = .nan
            return
        }
    }
}
