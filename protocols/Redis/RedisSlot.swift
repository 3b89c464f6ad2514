// The slot of a key: CRC16 of it, or of its hash tag, in a cluster of 16384 slots.

import Wire

/// A slot of a Redis cluster, in `0..<RedisSlot.count`.
package struct RedisSlot: Equatable, Hashable, Sendable {
    package let number: Int

    /// Slots of a cluster (redis src/cluster.h CLUSTER_SLOTS).
    package static let count = 16384

    /// The slot with this number; nil when there is none.
    package init?(_ number: Int) {
        guard number >= 0, number < Self.count else { return nil }
        self.number = number
    }

    /// The slot of the key at `range`: of what stands between the first `{` and the next `}`, when that is not empty.
    ///
    /// As redis src/cluster.c keyHashSlot: CRC16/XMODEM modulo 16384.
    @inline(__always)
    package init(of bytes: Bytes, _ range: Range<Int>) {
        var hashed = range
        if let open = Self.first(0x7B, of: bytes, range),
            let close = Self.first(0x7D, of: bytes, (open &+ 1)..<range.upperBound), close > open &+ 1
        {
            hashed = (open &+ 1)..<close
        }
        var value: UInt16 = 0
        for index in hashed {
            value = (value &<< 8) ^ Self.table[Int((value &>> 8) ^ UInt16(bytes[index]))]
        }
        number = Int(value & 0x3FFF)
    }

    /// The slot of the key `key`.
    package init(of key: [UInt8]) { self.init(of: key.span, 0..<key.count) }

    @inline(__always)
    private static func first(_ byte: UInt8, of bytes: Bytes, _ range: Range<Int>) -> Int? {
        for index in range where bytes[index] == byte { return index }
        return nil
    }

    private static let table: [UInt16] = (0..<256).map { (byte: UInt16) in
        var value = byte &<< 8
        for _ in 0..<8 { value = value & 0x8000 == 0 ? value &<< 1 : (value &<< 1) ^ 0x1021 }
        return value
    }
}

/// Where the keys of a command lie in a cluster.
package enum RedisSlots: Equatable, Sendable {
    /// It has no keys: any node can take it.
    case none
    case one(RedisSlot)
    /// Keys of several slots, which a server answers with CROSSSLOT.
    case several

    /// The slots of `keys`, which are those of `command`, found in `bytes`.
    package static func of(_ keys: RedisKeys, _ command: RedisWholeCommand, in bytes: Bytes) -> RedisSlots {
        var cursor = RedisKeyCursor(keys, of: command, in: bytes)
        guard let first = cursor.next(in: bytes) else { return .none }
        let slot = RedisSlot(of: bytes, first)
        while let key = cursor.next(in: bytes) { if RedisSlot(of: bytes, key) != slot { return .several } }
        return .one(slot)
    }
}
