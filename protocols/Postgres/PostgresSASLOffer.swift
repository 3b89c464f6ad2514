// The server's offer of SASL mechanisms, for a client that cannot bind its login to the channel.

import Wire

/// The one thing a gateway has to change when it adds TLS to a connection whose client has none.
///
/// A server with TLS offers SCRAM-SHA-256-PLUS, whose proof is bound to its certificate. A client in the clear was
/// shown no certificate, and libpq takes such an offer for an attack (fe-auth.c, pg_SASL_init). A server that had been
/// asked in the clear would not have made it, so it is withdrawn: the client then says that it does not support
/// binding (`n`), which every server accepts (RFC 5802, 6).
package enum PostgresSASLOffer {
    /// A server's first bytes without mechanisms that bind to the channel; nil while more bytes are needed to tell.
    ///
    /// All but the one AuthenticationSASL message stays as it came, and so does an offer of nothing else.
    package static func withoutChannelBinding(_ bytes: Bytes) -> [UInt8]? {
        var offset = 0
        while true {
            guard let length = bytes.bigEndianUInt32(at: offset + 1) else { return nil }
            let type = bytes[offset]
            // NegotiateProtocolVersion comes before any authentication; whatever else comes first makes no offer.
            guard type == UInt8(ascii: "v") || type == UInt8(ascii: "R"), length >= 4,
                PostgresLimits.authenticationMessage.allows(Int(length))
            else { return bytes.array(0..<bytes.count) }
            let end = offset + 1 + Int(length)
            guard bytes.count >= end else { return nil }
            if type == UInt8(ascii: "R") { return withdrawn(bytes, message: offset..<end) }
            offset = end
        }
    }

    private static func withdrawn(_ bytes: Bytes, message: Range<Int>) -> [UInt8] {
        let all = bytes.array(0..<bytes.count)
        let names = message.lowerBound + 9
        guard bytes.bigEndianUInt32(at: message.lowerBound + 5) == 10, names < message.upperBound else { return all }
        var kept: [UInt8] = []
        var start = names
        while start < message.upperBound, bytes[start] != 0 {
            guard let end = bytes.firstIndex(of: 0, from: start), end < message.upperBound else { return all }
            if !(end - start > 5 && bytes.equals("-PLUS", in: end - 5..<end)) { kept += all[start...end] }
            start = end + 1
        }
        // A list that does not end where the message does is not ours to mend, nor is one without anything to withdraw.
        guard start == message.upperBound - 1, !kept.isEmpty, kept.count < start - names else { return all }
        let length = UInt32(4 + 4 + kept.count + 1)
        var changed = Array(all[..<(message.lowerBound + 1)])
        changed += [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: length >> $0) }
        changed += [0, 0, 0, 10] + kept + [0]
        return changed + all[message.upperBound...]
    }
}
