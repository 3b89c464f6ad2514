// Whole numbers in arguments and replies, read and spelled as the server does.

/// Signed 64-bit numbers as text.
package enum RedisInteger {
    /// The number that `text` is: no plus, no leading zero, no minus zero, no spaces; nil for anything else.
    ///
    /// Source: redis src/util.c string2ll.
    package static func parse(_ text: [UInt8]) -> Int64? {
        var number = RedisNumber()
        for byte in text where !number.append(byte) { return nil }
        return number.isNumber ? number.signed : nil
    }

    /// Appends the decimal digits of `value`.
    @inline(__always)
    package static func append(_ value: Int64, to bytes: inout [UInt8]) {
        var magnitude = value.magnitude
        if value < 0 { bytes.append(0x2D) }
        if magnitude < 10 {
            bytes.append(0x30 &+ UInt8(truncatingIfNeeded: magnitude))
            return
        }
        var digits = InlineArray<20, UInt8>(repeating: 0)
        var first = 20
        while magnitude > 0 {
            first &-= 1
            digits[first] = 0x30 &+ UInt8(truncatingIfNeeded: magnitude % 10)
            magnitude /= 10
        }
        while first < 20 {
            bytes.append(digits[first])
            first &+= 1
        }
    }
}
