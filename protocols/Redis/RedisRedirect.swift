// What an error of a cluster node asks its client to do.

import Wire

/// An error reply of a cluster node that says where a command belongs, or that it cannot be served now.
package enum RedisRedirect: Equatable, Sendable {
    /// The slot lives there from now on.
    case moved(RedisSlot, RedisNodeAddress)
    /// This one command goes there, behind an ASKING.
    case ask(RedisSlot, RedisNodeAddress)
    /// Keys of one command are on both sides of a move.
    case tryAgain
    /// The cluster, or the part of it that the command needs, is down.
    case clusterDown

    /// The redirection that the reply at the start of `bytes` is; nil when it is another reply or not whole.
    ///
    /// As redis src/cluster.c clusterRedirectClient spells it: `-MOVED 3999 127.0.0.1:6381`. An empty host is that of the
    /// node that answered.
    package static func find(in bytes: Bytes) -> RedisRedirect? {
        guard bytes.count > 8, bytes[0] == 0x2D else { return nil }
        switch bytes[1] {
        case 0x4D: return bytes.equals("MOVED ", in: 1..<7) ? place(in: bytes, from: 7).map { .moved($0.0, $0.1) } : nil
        case 0x41: return bytes.equals("ASK ", in: 1..<5) ? place(in: bytes, from: 5).map { .ask($0.0, $0.1) } : nil
        case 0x54: return begins("TRYAGAIN", bytes) ? .tryAgain : nil
        case 0x43: return begins("CLUSTERDOWN", bytes) ? .clusterDown : nil
        default: return nil
        }
    }

    private static func begins(_ code: StaticString, _ bytes: Bytes) -> Bool {
        let end = 1 &+ code.utf8CodeUnitCount
        guard bytes.count > end, bytes.equals(code, in: 1..<end) else { return false }
        return bytes[end] == 0x20 || bytes[end] == .carriageReturn
    }

    private static func place(in bytes: Bytes, from start: Int) -> (RedisSlot, RedisNodeAddress)? {
        let bound = min(bytes.count, start &+ RedisLimits.redirect.maximum)
        var offset = start
        var number = DecimalAccumulator()
        while offset < bound, bytes[offset] != 0x20 {
            guard number.append(bytes[offset]) else { return nil }
            offset &+= 1
        }
        guard offset < bound, let slot = RedisSlot(number.value), number.digits > 0 else { return nil }
        let begin = offset &+ 1
        offset = begin
        while offset < bound, bytes[offset] != .carriageReturn { offset &+= 1 }
        guard offset < bound, let address = RedisNodeAddress(bytes, begin..<offset) else { return nil }
        return (slot, address)
    }
}

/// Where a node listens, as nodes name it.
package struct RedisNodeAddress: Equatable, Hashable, Sendable, CustomStringConvertible {
    /// A name or an address without brackets; empty for that of the node that was asked.
    package let host: String
    package let port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`; an IPv6 address stands there without brackets, so the last colon counts.
    init?(_ bytes: Bytes, _ range: Range<Int>) {
        guard RedisLimits.redirect.allows(range.count) else { return nil }
        var colon = range.upperBound &- 1
        while colon >= range.lowerBound, bytes[colon] != 0x3A { colon &-= 1 }
        guard colon >= range.lowerBound else { return nil }
        var number = DecimalAccumulator()
        for index in (colon &+ 1)..<range.upperBound { guard number.append(bytes[index]) else { return nil } }
        self.init(bytes, range.lowerBound..<colon, port: number.value)
    }

    /// A host that stands at `range`, and a port; nil when one of them cannot be.
    init?(_ bytes: Bytes, _ range: Range<Int>, port: Int) {
        guard let port = UInt16(exactly: port), port > 0, range.count <= 255 else { return nil }
        // What a resolver is asked must not hold anything else; `?` is how a node says that it does not know.
        for index in range {
            let byte = bytes[index]
            guard byte > 0x20, byte < 0x7F, byte != 0x2F else { return nil }
        }
        let host = bytes.text(range)
        guard host != "?" else { return nil }
        self.init(host: host, port: port)
    }

    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
