// What a sentinel says of a master: where it is, and that it has changed; and what that server says of itself.

import Wire

/// The replies and messages that a client of sentinels needs.
package enum RedisSentinelReply {
    /// The address in a whole reply to SENTINEL GET-MASTER-ADDR-BY-NAME; nil when the sentinel knows no such master.
    package static func master(_ bytes: Bytes) -> RedisNodeAddress? {
        var reader = RedisReplyReader()
        guard case .aggregate(2)? = reader.next(bytes), case .string(let host)? = reader.next(bytes),
            case .string(let port)? = reader.next(bytes), let number = number(bytes, port)
        else { return nil }
        return address(bytes, host, number)
    }

    /// The new address of the master called `name` in a whole message of the channel `+switch-master`.
    ///
    /// Its text is `name old-ip old-port new-ip new-port` (redis src/sentinel.c sentinelFailoverSwitchToPromotedSlave).
    package static func switched(_ bytes: Bytes, name: String) -> RedisNodeAddress? {
        var reader = RedisReplyReader()
        guard case .aggregate(3)? = reader.next(bytes), case .string(let kind)? = reader.next(bytes),
            bytes.equals("message", in: kind), case .string(let channel)? = reader.next(bytes),
            bytes.equals("+switch-master", in: channel), case .string(let text)? = reader.next(bytes)
        else { return nil }
        var words: [Range<Int>] = []
        var start = text.lowerBound
        for index in text where bytes[index] == 0x20 {
            guard words.count < 5 else { return nil }
            words.append(start..<index)
            start = index &+ 1
        }
        words.append(start..<text.upperBound)
        guard words.count == 5, bytes.array(words[0]).elementsEqual(name.utf8), let port = number(bytes, words[4])
        else { return nil }
        return address(bytes, words[3], port)
    }

    /// Whether a whole reply to ROLE is a master's; nil for an error, and for what is no reply to ROLE.
    ///
    /// It begins with `master`, `slave` or `sentinel` (Redis documentation, ROLE).
    package static func isMaster(_ bytes: Bytes) -> Bool? {
        var reader = RedisReplyReader()
        guard case .aggregate(let count)? = reader.next(bytes), count > 0,
            case .string(let role)? = reader.next(bytes)
        else { return nil }
        if bytes.equals("master", in: role) { return true }
        return bytes.equals("slave", in: role) || bytes.equals("sentinel", in: role) ? false : nil
    }

    private static func address(_ bytes: Bytes, _ host: Range<Int>, _ port: Int) -> RedisNodeAddress? {
        host.isEmpty ? nil : RedisNodeAddress(bytes, host, port: port)
    }

    private static func number(_ bytes: Bytes, _ range: Range<Int>) -> Int? {
        var number = DecimalAccumulator()
        for index in range { guard number.append(bytes[index]) else { return nil } }
        return number.digits > 0 ? number.value : nil
    }
}
