// Operators and functions of whole numbers whose result depends on how wide their type is (int.c, int8.c).

import Capabilities

extension SQLiteFunctions {
    static let whole: [(String, Int32, Bool, Body)] = [
        // A number, a count, and the bits of the number's type: below zero for a shift to the right.
        (
            "fairlead_shift", 3, true,
            { _, v in
                guard case .integer(let number) = v[0], case .integer(let count) = v[1],
                    case .integer(let bits) = v[2]
                else { return .null }
                return .integer(shifted(number, by: count, bits))
            }
        ),
        (
            "fairlead_xor", 2, true,
            { _, v in
                guard case .integer(let one) = v[0], case .integer(let other) = v[1] else { return .null }
                return .integer(one ^ other)
            }
        ),
        // Only 32 bits of it; all 64 without `fairlead_`.
        (
            "fairlead_to_hex", 1, true,
            { _, v in
                v[0].integer.map { .text(String(UInt32(truncatingIfNeeded: $0), radix: 16)) } ?? .null
            }
        ),
        ("to_hex", 1, true, { _, v in v[0].integer.map { .text(String(UInt64(bitPattern: $0), radix: 16)) } ?? .null }),
    ]

    /// As the processors do it that PostgreSQL leaves it to: only the count's low bits say how far.
    private static func shifted(_ number: Int64, by count: Int64, _ bits: Int64) -> Int64 {
        let narrow = Int32(truncatingIfNeeded: number)
        let places = Int32(truncatingIfNeeded: count)
        switch bits {
        case 16: return Int64(Int16(truncatingIfNeeded: narrow &<< places))
        case 32: return Int64(narrow &<< places)
        case -16, -32: return Int64(narrow &>> places)
        case 64: return number &<< count
        default: return number &>> count
        }
    }
}
