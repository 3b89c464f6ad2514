// What arithmetic makes of two numbers: its type, and for whole numbers between what it lies.

import Capabilities

extension SQLType {
    /// The function that fails for a whole number outside of the type; nil for any other type.
    var wholeCheck: String? {
        switch self {
        case .int16: "fairlead_int2"
        case .int32: "fairlead_int4"
        case .int64: "fairlead_int8"
        default: nil
        }
    }
}

enum SQLArithmetic {
    /// The type that arithmetic makes of two types of numbers.
    static func type(_ one: SQLType, _ other: SQLType) -> SQLType {
        if one == other { return one }
        if one == .float64 || other == .float64 || one == .float32 || other == .float32 { return .float64 }
        for type in [SQLType.numeric, .int64, .int32] where one == type || other == type { return type }
        return .int16
    }

    /// Between what the exact result lies; nil where 64 bits may not hold it.
    static func bounds(
        _ left: ClosedRange<Int64>?, _ symbol: String, _ right: ClosedRange<Int64>?
    ) -> ClosedRange<Int64>? {
        guard let left, let right else { return nil }
        func both(_ work: (Int64, Int64) -> (partialValue: Int64, overflow: Bool)) -> ClosedRange<Int64>? {
            var low = Int64.max
            var high = Int64.min
            for one in [left.lowerBound, left.upperBound] {
                for other in [right.lowerBound, right.upperBound] {
                    let (value, overflow) = work(one, other)
                    if overflow { return nil }
                    (low, high) = (min(low, value), max(high, value))
                }
            }
            return low...high
        }
        switch symbol {
        case "+": return both { $0.addingReportingOverflow($1) }
        case "-": return both { $0.subtractingReportingOverflow($1) }
        case "*": return both { $0.multipliedReportingOverflow(by: $1) }
        case "%": return min(left.lowerBound, 0)...max(left.upperBound, 0)
        default:
            // A quotient is nearer to zero than what is divided, or its opposite.
            let (low, overflow) = (0 as Int64).subtractingReportingOverflow(left.upperBound)
            let (high, isMinimum) = (0 as Int64).subtractingReportingOverflow(left.lowerBound)
            if right.lowerBound > 0 { return min(left.lowerBound, 0)...max(left.upperBound, 0) }
            return overflow || isMinimum ? nil : min(left.lowerBound, low)...max(left.upperBound, high)
        }
    }
}
