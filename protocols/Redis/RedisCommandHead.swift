// The first argument of a command of which only the beginning may be at hand.

import Wire

/// The first argument of a command, as far as it is there.
package struct RedisCommandHead: Equatable, Sendable {
    /// Where its bytes lie; fewer than `length` when the rest is still to come.
    package let range: Range<Int>
    /// Bytes that the whole argument has.
    package let length: Int

    /// The first argument of the command that begins at `start`; nil when it has none, is inline, or does not reach so far.
    package static func find(in bytes: Bytes, at start: Int) -> RedisCommandHead? {
        var offset = start
        guard case .value(let count) = RedisWholeCommand.header(0x2A, in: bytes, at: &offset), count > 1,
            case .value(let name) = RedisWholeCommand.header(0x24, in: bytes, at: &offset),
            name <= bytes.count &- offset &- 2
        else { return nil }
        offset &+= name &+ 2
        guard case .value(let length) = RedisWholeCommand.header(0x24, in: bytes, at: &offset) else { return nil }
        return RedisCommandHead(range: offset..<(offset &+ min(length, bytes.count &- offset)), length: length)
    }
}
