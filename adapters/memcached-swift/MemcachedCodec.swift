// Where memcached's answers begin and end.

import Multiplex

/// Cuts the text protocol into frames: a line, or a `VALUE` or `VA` line with the block of bytes that it announces.
///
/// The answer to a `get` is several frames: each value is one, and `END` is the last. The answer to an `mg` is one.
final class MemcachedCodec: FrameCodec {
    /// No line of the protocol is longer: a key of 250 bytes, numbers and words.
    private static let longestLine = 2048
    /// The most bytes of a value that are held.
    private let valueBytes: Int

    init(valueBytes: Int) { self.valueBytes = valueBytes }

    func cut(_ bytes: Span<UInt8>, from start: Int, for exchange: Exchange?) -> FrameCut {
        guard let end = MemcachedText.lineEnd(bytes, from: start) else {
            guard bytes.count - start <= Self.longestLine else {
                return .broken("expected a line, and got \(Self.longestLine) bytes without an end")
            }
            return .partial(needs: 0)
        }
        guard MemcachedText.isValue(bytes, at: start) else { return .frame(end: end, .oldest) }
        guard let head = MemcachedText.valueHead(bytes, from: start, lineEnd: end), head.block.count <= valueBytes
        else {
            return .broken("expected VALUE or VA with a length up to \(valueBytes)")
        }
        // The block, and the line end behind it.
        let whole = head.block.upperBound + 2
        guard whole <= bytes.count else { return .partial(needs: whole - start) }
        guard bytes[whole - 2] == 0x0D, bytes[whole - 1] == 0x0A else {
            return .broken("expected the end of a value after \(head.block.count) bytes")
        }
        return .frame(end: whole, .oldest)
    }
}

/// The words and numbers of the text protocol, read from bytes.
enum MemcachedText {
    /// What the line before a value says: `VALUE <key> <flags> <bytes>` (protocol.txt, "Retrieval command") or
    /// `VA <bytes> c<cas unique> k<key>` (protocol.txt, "Meta Get"), whose flags come as they were asked for.
    struct ValueHead {
        /// Whether it is a `VA` line.
        var isMeta: Bool
        /// Where the key begins and ends.
        var key: Range<Int>
        /// Where the block of bytes begins and ends; it may not have come yet.
        var block: Range<Int>
        /// The version; nil when the line has none.
        var cas: UInt64?
    }

    /// The index behind the line feed of the line that begins at `start`; nil when it has not come.
    @inline(__always)
    static func lineEnd(_ bytes: Span<UInt8>, from start: Int) -> Int? {
        var index = start
        while index < bytes.count {
            if bytes[index] == 0x0A { return index + 1 }
            index += 1
        }
        return nil
    }

    /// Whether the line at `start` begins with `VALUE ` or `VA `.
    @inline(__always)
    static func isValue(_ bytes: Span<UInt8>, at start: Int) -> Bool {
        // `VERSION` is the only other answer with a V, and it has no A.
        bytes.count - start > 3 && bytes[start] == UInt8(ascii: "V") && bytes[start + 1] == UInt8(ascii: "A")
    }

    /// Reads the line that a frame with a value begins with.
    @inline(__always)
    static func valueHead(_ frame: Span<UInt8>) -> ValueHead? {
        lineEnd(frame, from: 0).flatMap { valueHead(frame, from: 0, lineEnd: $0) }
    }

    /// Reads the line from `start` to `lineEnd`; nil when it is none.
    static func valueHead(_ bytes: Span<UInt8>, from start: Int, lineEnd: Int) -> ValueHead? {
        guard lineEnd - start > 5, bytes[lineEnd - 2] == 0x0D else { return nil }
        if starts(bytes, at: start, with: "VA ") { return metaHead(bytes, from: start + 3, lineEnd: lineEnd) }
        guard starts(bytes, at: start, with: "VALUE ") else { return nil }
        let end = lineEnd - 2
        let key = word(bytes, from: start + 6, end)
        var index = key.upperBound + 1
        guard number(bytes, &index, end) != nil, index < end, bytes[index] == 0x20 else { return nil }
        index += 1
        guard let count = number(bytes, &index, end), count <= 1 << 30, index == end else { return nil }
        return ValueHead(isMeta: false, key: key, block: lineEnd..<lineEnd + Int(count), cas: nil)
    }

    /// Reads what follows `VA `: the length, and of the flags the version and the key.
    private static func metaHead(_ bytes: Span<UInt8>, from start: Int, lineEnd: Int) -> ValueHead? {
        let end = lineEnd - 2
        var index = start
        guard let count = number(bytes, &index, end), count <= 1 << 30 else { return nil }
        var head = ValueHead(isMeta: true, key: index..<index, block: lineEnd..<lineEnd + Int(count), cas: nil)
        while index < end {
            guard bytes[index] == 0x20, index + 1 < end else { return nil }
            let flag = bytes[index + 1]
            let value = word(bytes, from: index + 2, end)
            index = value.upperBound
            switch flag {
            case UInt8(ascii: "k"): head.key = value
            case UInt8(ascii: "c"):
                var place = value.lowerBound
                guard let unique = number(bytes, &place, end), place == index else { return nil }
                head.cas = unique
            default: return nil
            }
        }
        return head
    }

    /// The bytes from `start` to the next space or `end`.
    @inline(__always)
    static func word(_ bytes: Span<UInt8>, from start: Int, _ end: Int) -> Range<Int> {
        var index = start
        while index < end, bytes[index] != 0x20 { index += 1 }
        return start..<index
    }

    /// Reads the figures at `index`, of which there is at least one, and moves it behind them.
    @inline(__always)
    static func number(_ bytes: Span<UInt8>, _ index: inout Int, _ end: Int) -> UInt64? {
        let first = index
        var number: UInt64 = 0
        while index < end, bytes[index] &- 0x30 <= 9 {
            let (product, isTooLarge) = number.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = product.addingReportingOverflow(UInt64(bytes[index] &- 0x30))
            guard !isTooLarge, !overflows else { return nil }
            number = sum
            index += 1
        }
        return index > first ? number : nil
    }

    /// Whether `word` stands at `start`.
    @inline(__always)
    static func starts(_ bytes: Span<UInt8>, at start: Int, with word: StaticString) -> Bool {
        guard bytes.count - start >= word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { word in
            for index in word.indices where bytes[start + index] != word[index] { return false }
            return true
        }
    }

    /// Whether the bytes of `range` are `key`.
    @inline(__always)
    static func isEqual(_ bytes: Span<UInt8>, _ range: Range<Int>, _ key: [UInt8]) -> Bool {
        guard range.count == key.count else { return false }
        for index in key.indices where bytes[range.lowerBound + index] != key[index] { return false }
        return true
    }

    /// The bytes of `range`.
    @inline(__always)
    static func array(_ bytes: Span<UInt8>, _ range: Range<Int>) -> [UInt8] {
        bytes.withUnsafeBufferPointer { Array($0[range]) }
    }
}
