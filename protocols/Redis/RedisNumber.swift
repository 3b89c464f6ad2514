// The strict decimal numbers of Redis headers, digit by digit.

import Wire

/// A signed 64-bit number spelled as the server's own reader demands: no plus, no leading zero, no minus zero.
///
/// Source: redis src/util.c string2ll.
struct RedisNumber: Sendable {
    private var magnitude: UInt64 = 0
    private var digits: UInt8 = 0
    private(set) var isNegative = false

    /// Whether nothing came yet.
    var isEmpty: Bool { digits == 0 && !isNegative }
    /// Whether at least one digit came.
    var isNumber: Bool { digits > 0 }
    /// The magnitude of a number that is not negative, at most `Int.max`.
    var value: Int { isNegative ? 0 : Int(truncatingIfNeeded: magnitude) }
    /// The number, with its sign.
    var signed: Int64 { isNegative ? 0 &- Int64(truncatingIfNeeded: magnitude) : Int64(truncatingIfNeeded: magnitude) }

    /// Takes one character; false when the text can no longer become a number.
    @inline(__always)
    mutating func append(_ byte: UInt8) -> Bool {
        let digit = UInt64(byte &- 0x30)
        guard byte &- 0x30 < 10 else {
            guard byte == 0x2D, digits == 0, !isNegative else { return false }
            isNegative = true
            return true
        }
        if digits > 0 ? magnitude == 0 : (digit == 0 && isNegative) { return false }
        // Nineteen digits always fit in 64 bits without a sign, a twentieth is never within 63.
        guard digits < 19 else { return false }
        magnitude = magnitude &* 10 &+ digit
        digits &+= 1
        return magnitude <= (isNegative ? 1 << 63 : (1 << 63) - 1)
    }

    /// Reads a number of up to three figures and the carriage return behind it; nil for whatever else stands there.
    ///
    /// Nearly every header is such a number, and reading it in one go is half of the cost. A zero in front is no number to
    /// the server, and a zero alone is left to ``append(_:)``.
    @inline(__always)
    static func short(_ bytes: Bytes, at index: inout Int) -> Int? {
        var number = 0
        for place in 0..<4 {
            guard index < bytes.count else { return nil }
            let byte = bytes[index]
            index &+= 1
            if byte == .carriageReturn { return place > 0 ? number : nil }
            let digit = Int(byte) &- 0x30
            guard digit >= 0, digit < 10, number > 0 || digit > 0 else { return nil }
            number = number &* 10 &+ digit
        }
        return nil
    }
}
