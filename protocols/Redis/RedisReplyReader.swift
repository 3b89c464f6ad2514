// Reads a whole reply of RESP2 or RESP3 as a row of tokens, for the few replies that the gateway itself asks for.

import Wire

/// What stands next in a reply.
enum RedisReplyToken: Equatable {
    /// So many elements follow; the pairs of a map count two.
    case aggregate(Int)
    /// Where the bytes of a string lie.
    case string(Range<Int>)
    case number(Int)
    case null
    /// An error, or a type that no reply we ask for has.
    case other
}

/// A place in a reply that lies whole in a buffer; it never leaves the buffer, whatever the reply says.
struct RedisReplyReader {
    private var offset = 0

    init(at offset: Int = 0) { self.offset = offset }

    /// The next token; nil where the bytes are no reply.
    mutating func next(_ bytes: Bytes) -> RedisReplyToken? {
        guard offset < bytes.count, let end = bytes.firstIndex(of: .carriageReturn, from: offset),
            // A carriage return in the mark's own place marks nothing.
            end > offset, end &+ 1 < bytes.count, bytes[end &+ 1] == .lineFeed
        else { return nil }
        let mark = bytes[offset]
        let line = (offset &+ 1)..<end
        offset = end &+ 2
        switch mark {
        case 0x2B: return .string(line)
        case 0x3A: return Self.number(bytes, line).map { .number($0) }
        case 0x5F: return .null
        case 0x24, 0x3D:
            guard let length = Self.number(bytes, line) else { return nil }
            guard length >= 0 else { return .null }
            guard length <= bytes.count &- offset &- 2 else { return nil }
            defer { offset &+= length &+ 2 }
            return .string(offset..<(offset &+ length))
        case 0x2A, 0x7E, 0x3E, 0x25:
            guard let count = Self.number(bytes, line) else { return nil }
            guard count >= 0 else { return .null }
            // Each element takes three bytes at least.
            guard count <= bytes.count else { return nil }
            return .aggregate(mark == 0x25 ? count &* 2 : count)
        default: return .other
        }
    }

    /// Passes over `count` elements with all that is in them; false where the bytes are no reply.
    mutating func skip(_ count: Int, _ bytes: Bytes) -> Bool {
        var left = count
        while left > 0 {
            guard let token = next(bytes) else { return false }
            left &-= 1
            // Bounded by the bytes: each token takes some.
            if case .aggregate(let inner) = token { left &+= inner }
        }
        return true
    }

    private static func number(_ bytes: Bytes, _ range: Range<Int>) -> Int? {
        guard let first = range.first else { return nil }
        let isNegative = bytes[first] == 0x2D
        var number = DecimalAccumulator()
        for index in range.dropFirst(isNegative ? 1 : 0) { guard number.append(bytes[index]) else { return nil } }
        guard number.digits > 0 else { return nil }
        return isNegative ? -number.value : number.value
    }
}
