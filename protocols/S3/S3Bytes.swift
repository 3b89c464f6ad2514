// Byte classes of HTTP and searches that look at eight bytes at a time.

import Wire

/// The byte classes of RFC 9110 section 5.6 that decide whether a head is well formed.
enum S3Byte {
    // Computed, so that they are constants to the compiler.
    @inline(__always) static var carriageReturn: UInt8 { 0x0D }
    @inline(__always) static var lineFeed: UInt8 { 0x0A }
    @inline(__always) static var tab: UInt8 { 0x09 }
    @inline(__always) static var space: UInt8 { 0x20 }
    @inline(__always) static var colon: UInt8 { 0x3A }
    @inline(__always) static var slash: UInt8 { 0x2F }
    @inline(__always) static var question: UInt8 { 0x3F }
    @inline(__always) static var semicolon: UInt8 { 0x3B }
    @inline(__always) static var comma: UInt8 { 0x2C }

    /// Whether `byte` may stand in a method or a field name (`tchar`).
    @inline(__always)
    static func isToken(_ byte: UInt8) -> Bool {
        // Letters are most of all names; the rest is in two bit sets, one for each half of ASCII.
        if (byte | 0x20) &- 0x61 < 26 { return true }
        let low: UInt64 = 0x03FF_6CFA_0000_0000
        let high: UInt64 = 0x57FF_FFFF_C7FF_FFFE
        guard byte < 0x80 else { return false }
        return ((byte < 64 ? low : high) >> UInt64(byte & 63)) & 1 == 1
    }

    /// Whether `byte` is a space or a tab (`OWS`).
    @inline(__always)
    static func isBlank(_ byte: UInt8) -> Bool { byte == space || byte == tab }

    /// Whether `byte` may stand in a field value, a reason or a chunk extension: all but NUL, CR and LF.
    ///
    /// RFC 9110 section 5.5 lets a recipient keep the other control characters; a passthrough does.
    @inline(__always)
    static func isValue(_ byte: UInt8) -> Bool {
        byte != 0 && byte != S3Byte.carriageReturn && byte != S3Byte.lineFeed
    }

    /// Whether `byte` may stand in a request target: no control and no space.
    ///
    /// Bytes above ASCII are no URI, but they delimit nothing, so they pass as they came.
    @inline(__always)
    static func isTarget(_ byte: UInt8) -> Bool { byte > space && byte != 0x7F }

    /// Whether `byte` may stand in a `Host` value, RFC 3986 section 3.2 without user information.
    static func isHost(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        case 0x21, 0x24, 0x25, 0x26...0x2E, 0x3A, 0x3B, 0x3D, 0x5B, 0x5D, 0x5F, 0x7E: true
        default: false
        }
    }
}

extension Span where Element == UInt8 {
    /// The eight bytes at `index`, the first one lowest; there must be as many.
    @inline(__always)
    func word(at index: Int) -> UInt64 {
        UInt64(littleEndian: bytes.unsafeLoadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    /// The index of the first line feed at or after `start`, or nil.
    @inline(__always)
    func firstLineFeed(from start: Int) -> Int? {
        var index = start
        while index &+ 8 <= count {
            let differences = word(at: index) ^ 0x0A0A_0A0A_0A0A_0A0A
            // The lowest flag is exact: a borrow only runs upwards, out of a byte that is flagged itself.
            let flags = (differences &- 0x0101_0101_0101_0101) & ~differences & 0x8080_8080_8080_8080
            if flags != 0 { return index &+ flags.trailingZeroBitCount >> 3 }
            index &+= 8
        }
        while index < count {
            if self[index] == S3Byte.lineFeed { return index }
            index &+= 1
        }
        return nil
    }

    /// The index of the first NUL, CR or LF at or after `start`, or `count`.
    @inline(__always)
    func firstValueEnd(from start: Int) -> Int {
        var index = start
        while index &+ 8 <= count {
            let next = word(at: index)
            // Flags every byte below 16; the rare other control is stepped over one at a time.
            let flags = (next &- 0x1010_1010_1010_1010) & ~next & 0x8080_8080_8080_8080
            if flags == 0 {
                index &+= 8
                continue
            }
            index &+= flags.trailingZeroBitCount >> 3
            if !S3Byte.isValue(self[index]) { return index }
            index &+= 1
        }
        while index < count, S3Byte.isValue(self[index]) { index &+= 1 }
        return index
    }

    /// `range` without the spaces and tabs at its two ends.
    @inline(__always)
    func trimmingBlanks(_ range: Range<Int>) -> Range<Int> {
        var lower = range.lowerBound
        var upper = range.upperBound
        while lower < upper, S3Byte.isBlank(self[lower]) { lower &+= 1 }
        while upper > lower, S3Byte.isBlank(self[upper &- 1]) { upper &-= 1 }
        return lower..<upper
    }

    /// The number that the bytes at `range` spell in digits and nothing else, or nil; it never overflows.
    func decimal(in range: Range<Int>) -> Int? {
        var number = 0
        for index in range {
            let digit = self[index] &- 0x30
            guard digit < 10 else { return nil }
            let (product, overflowed) = number.multipliedReportingOverflow(by: 10)
            let (sum, carried) = product.addingReportingOverflow(Int(digit))
            guard !overflowed, !carried else { return nil }
            number = sum
        }
        return range.isEmpty ? nil : number
    }
}
