// The cursor of a SCAN that goes through the masters of a cluster one after the other.

import Wire

/// Where such a scan is: at one of the masters, and there where that master's own cursor says.
///
/// A client sees one number of 64 bits, as from one server. Its lowest 10 bits are the place of the master, the next 16 a mark of the
/// map by which masters are counted, and the rest is the master's own cursor: a server's cursor has the bits of its largest
/// table, and in a cluster since Redis 8 the slot's 14 besides (redis src/kvstore.c addDictIndexToCursor), so 38 are enough
/// for 16 million keys of a slot.
package struct RedisClusterCursor: Equatable, Sendable {
    package var master: Int
    package var mark: UInt16
    package var own: UInt64

    /// Masters that can be told apart.
    package static let mostMasters = 1 << 10
    private static let ownBits = 38

    /// The place at `own` of a master; nil when that does not fit.
    package init?(master: Int, mark: UInt16, own: UInt64) {
        guard (0..<Self.mostMasters).contains(master), own < 1 << Self.ownBits else { return nil }
        self.master = master
        self.mark = mark
        self.own = own
    }

    /// The place that the digits in `range` of `bytes` stand for; nil when they are no number of 64 bits.
    package init?(_ bytes: Bytes, _ range: Range<Int>) {
        guard (1...20).contains(range.count), range.allSatisfy({ bytes[$0].isASCIIDigit }),
            let number = UInt64(bytes.text(range))
        else { return nil }
        master = Int(number & 1023)
        mark = UInt16(truncatingIfNeeded: number >> 10)
        own = number >> 26
    }

    /// What a client is given.
    package var number: UInt64 { own << 26 | UInt64(mark) << 10 | UInt64(master) }

    /// The page of a master's whole reply to SCAN as that of the whole cluster: the same elements with a cursor that goes on at the same
    /// master or, behind its last page, at the next of `masters`; nil when the reply is no page, or its cursor does not fit.
    package func page(_ reply: Bytes, of masters: Int) -> [UInt8]? {
        var reader = RedisReplyReader()
        guard case .aggregate(2)? = reader.next(reply), case .string(let digits)? = reader.next(reply),
            digits.count <= 20, digits.allSatisfy({ reply[$0].isASCIIDigit }), let own = UInt64(reply.text(digits))
        else { return nil }
        let next: UInt64
        if own != 0 {
            guard let cursor = RedisClusterCursor(master: master, mark: mark, own: own) else { return nil }
            next = cursor.number
        } else if master + 1 < masters {
            guard let cursor = RedisClusterCursor(master: master + 1, mark: mark, own: 0) else { return nil }
            next = cursor.number
        } else {
            next = 0
        }
        let spelled = "\(next)"
        return Array("*2\r\n$\(spelled.utf8.count)\r\n\(spelled)\r\n".utf8)
            + reply.array((digits.upperBound + 2)..<reply.count)
    }
}
