// Reading bytes that a peer sent: searches, comparisons and numbers that cannot trap.

package typealias Bytes = Span<UInt8>

extension Span where Element == UInt8 {
    /// The index of the first `byte` at or after `start`, or nil.
    @inlinable
    package func firstIndex(of byte: UInt8, from start: Int) -> Int? {
        var index = start
        while index < count {
            if self[index] == byte { return index }
            index += 1
        }
        return nil
    }

    /// Whether the bytes at `range` are exactly the ASCII `text`.
    @inlinable
    package func equals(_ text: StaticString, in range: Range<Int>) -> Bool {
        let length = text.utf8CodeUnitCount
        guard range.count == length, range.lowerBound >= 0, range.upperBound <= count else { return false }
        for index in 0..<length where self[range.lowerBound + index] != text.utf8Start[index] { return false }
        return true
    }

    /// Whether the bytes at `range` are the ASCII `text`, which is given in lower case, in any case.
    @inlinable
    package func equalsIgnoringCase(_ text: StaticString, in range: Range<Int>) -> Bool {
        let length = text.utf8CodeUnitCount
        guard range.count == length, range.lowerBound >= 0, range.upperBound <= count else { return false }
        for index in 0..<length where self[range.lowerBound + index].asciiLowercased != text.utf8Start[index] {
            return false
        }
        return true
    }

    /// A big-endian 32-bit number at `offset`, or nil when fewer than four bytes are left.
    @inlinable
    package func bigEndianUInt32(at offset: Int) -> UInt32? {
        guard offset >= 0, count - offset >= 4 else { return nil }
        return UInt32(self[offset]) << 24 | UInt32(self[offset + 1]) << 16
            | UInt32(self[offset + 2]) << 8 | UInt32(self[offset + 3])
    }

    /// The bytes at `range` as text, with whatever is not UTF-8 replaced.
    package func text(_ range: Range<Int>) -> String {
        String(decoding: array(range), as: UTF8.self)
    }

    /// A copy of the bytes at `range`.
    package func array(_ range: Range<Int>) -> [UInt8] {
        guard range.lowerBound >= 0, range.upperBound <= count else { return [] }
        var copy: [UInt8] = []
        copy.reserveCapacity(range.count)
        for index in range { copy.append(self[index]) }
        return copy
    }
}

extension UInt8 {
    @inlinable
    package var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }
    @inlinable
    package var asciiUppercased: UInt8 { self &- 0x61 < 26 ? self & 0xDF : self }
    @inlinable
    package var isASCIIDigit: Bool { self &- 0x30 < 10 }
    @inlinable
    package static var carriageReturn: UInt8 { 0x0D }
    @inlinable
    package static var lineFeed: UInt8 { 0x0A }
}

/// A decimal number that arrives digit by digit and stops being one instead of overflowing.
package struct DecimalAccumulator: Sendable, Equatable {
    @usableFromInline
    package internal(set) var value = 0
    @usableFromInline
    package internal(set) var digits = 0

    @inlinable
    package init() {}

    /// Takes one ASCII digit; false when it is none or the number leaves the range of `Int`.
    @inlinable
    package mutating func append(_ byte: UInt8) -> Bool {
        guard byte.isASCIIDigit else { return false }
        let (product, overflowed) = value.multipliedReportingOverflow(by: 10)
        let (sum, carried) = product.addingReportingOverflow(Int(byte &- 0x30))
        guard !overflowed, !carried else { return false }
        value = sum
        digits &+= 1
        return true
    }
}
