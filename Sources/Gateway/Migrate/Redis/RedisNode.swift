// A reply as a value, for a client that reads what it has asked for.

import Wire

/// A reply of RESP2 or RESP3; maps and sets are arrays of their elements in a row.
enum RedisNode: Sendable, Equatable {
    case bytes([UInt8])
    case integer(Int64)
    case null
    case error(String)
    case array([RedisNode])

    private static let depthLimit = 8

    /// The reply that `bytes` hold, which a framer has found to be whole; nil for one that is nested too deeply.
    init?(_ bytes: Span<UInt8>) {
        var offset = 0
        guard let node = Self.read(bytes, at: &offset, depth: 0), offset == bytes.count else { return nil }
        self = node
    }

    private static func read(_ bytes: Span<UInt8>, at offset: inout Int, depth: Int) -> RedisNode? {
        guard depth <= depthLimit, offset < bytes.count, let end = bytes.firstIndex(of: 0x0D, from: offset) else {
            return nil
        }
        let mark = bytes[offset]
        let line = (offset + 1)..<end
        offset = end + 2
        switch mark {
        case 0x2B, 0x2C, 0x28, 0x23: return .bytes(bytes.array(line))
        case 0x2D: return .error(bytes.text(line))
        case 0x5F: return .null
        case 0x3A: return number(bytes.array(line)).map { .integer($0) }
        case 0x24, 0x3D, 0x21:
            guard let count = number(bytes.array(line)), count <= Int64(bytes.count) else { return nil }
            guard count >= 0 else { return .null }
            let range = offset..<(offset + Int(count))
            guard range.upperBound + 2 <= bytes.count else { return nil }
            offset = range.upperBound + 2
            return mark == 0x21 ? .error(bytes.text(range)) : .bytes(bytes.array(range))
        case 0x2A, 0x7E, 0x25, 0x3E:
            guard let count = number(bytes.array(line)), count <= Int64(bytes.count) else { return nil }
            guard count >= 0 else { return .null }
            var elements: [RedisNode] = []
            for _ in 0..<(mark == 0x25 ? count * 2 : count) {
                guard let element = read(bytes, at: &offset, depth: depth + 1) else { return nil }
                elements.append(element)
            }
            return .array(elements)
        default: return nil
        }
    }

    private static func number(_ digits: [UInt8]) -> Int64? { Int64(String(decoding: digits, as: UTF8.self)) }

    var bytes: [UInt8]? {
        if case .bytes(let bytes) = self { bytes } else { nil }
    }
    var text: String { bytes.map { String(decoding: $0, as: UTF8.self) } ?? "" }
    var integer: Int64? {
        if case .integer(let number) = self { number } else { nil }
    }
    var elements: [RedisNode]? {
        if case .array(let elements) = self { elements } else { nil }
    }
    var error: String? {
        if case .error(let text) = self { text } else { nil }
    }
}
