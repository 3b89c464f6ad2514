// A whole reply taken apart, for those few that are looked into.

import Wire

/// A reply of RESP2 or RESP3 as a tree over the bytes that it lies in; attributes are left out.
package enum RedisReplyTree: Equatable, Sendable {
    /// A value without parts: its type byte, and where its text or its payload lies.
    case leaf(UInt8, Range<Int>)
    /// `$-1`, `*-1` or `_`, by the type byte.
    case null(UInt8)
    /// The elements of `* ~ % >` in their order; a map's keys and values take turns.
    case aggregate(UInt8, [RedisReplyTree])

    /// The reply that `bytes` hold, all of them; nil where they hold another number of replies, none, or one that no server
    /// sends today (strings in chunks, aggregates without a size).
    package init?(_ bytes: Bytes) {
        var offset = 0
        guard let tree = Self.next(bytes, &offset, depth: 0), offset == bytes.count else { return nil }
        self = tree
    }

    /// The type byte.
    package var kind: UInt8 {
        switch self {
        case .leaf(let kind, _), .null(let kind), .aggregate(let kind, _): kind
        }
    }

    package var isNull: Bool { if case .null = self { true } else { false } }
    package var isError: Bool { kind == 0x2D || kind == 0x21 }

    private static func next(_ bytes: Bytes, _ offset: inout Int, depth: Int) -> RedisReplyTree? {
        guard depth <= RedisLimits.replyDepth.maximum, offset < bytes.count,
            let end = bytes.firstIndex(of: .carriageReturn, from: offset),
            // A carriage return in the mark's own place marks nothing.
            end > offset, end &+ 1 < bytes.count, bytes[end &+ 1] == .lineFeed
        else { return nil }
        let mark = bytes[offset]
        let line = (offset &+ 1)..<end
        offset = end &+ 2
        switch mark {
        case 0x2B, 0x2D, 0x3A, 0x23, 0x2C, 0x28: return .leaf(mark, line)
        case 0x5F: return .null(mark)
        case 0x24, 0x3D, 0x21:
            guard let length = count(bytes, line) else { return nil }
            guard length >= 0 else { return mark == 0x24 ? .null(mark) : nil }
            guard length <= bytes.count &- offset &- 2, bytes[offset &+ length] == .carriageReturn,
                bytes[offset &+ length &+ 1] == .lineFeed
            else { return nil }
            defer { offset &+= length &+ 2 }
            return .leaf(mark, offset..<(offset &+ length))
        case 0x2A, 0x7E, 0x3E, 0x25, 0x7C:
            guard let length = count(bytes, line) else { return nil }
            guard length >= 0 else { return mark == 0x2A ? .null(mark) : nil }
            // Each element takes three bytes at least, so no more than that is made room for.
            guard length <= bytes.count else { return nil }
            var elements: [RedisReplyTree] = []
            for _ in 0..<(mark == 0x25 || mark == 0x7C ? length &* 2 : length) {
                guard let element = next(bytes, &offset, depth: depth &+ 1) else { return nil }
                elements.append(element)
            }
            // An attribute is followed by the reply that it describes.
            return mark == 0x7C ? next(bytes, &offset, depth: depth &+ 1) : .aggregate(mark, elements)
        default: return nil
        }
    }

    private static func count(_ bytes: Bytes, _ range: Range<Int>) -> Int? {
        guard let first = range.first else { return nil }
        if bytes[first] == 0x2D { return range.count == 2 && bytes[first &+ 1] == 0x31 ? -1 : nil }
        if bytes[first] == 0x30 { return range.count == 1 ? 0 : nil }
        var number = DecimalAccumulator()
        for index in range { guard number.append(bytes[index]) else { return nil } }
        return number.value
    }
}
