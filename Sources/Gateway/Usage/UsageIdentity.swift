// By what an application is known, as far as it may be kept.

import Glibc

/// What an application says of itself; empty texts where it says nothing.
struct UsageIdentity: Hashable, Sendable {
    /// CLIENT SETNAME, `application_name`, or a User-Agent's product.
    var name = ""
    /// The login's user, the role, or the access key.
    var user = ""
    /// The database, or the client library.
    var more = ""

    /// All that are more than a listener tells apart.
    static let other = UsageIdentity(name: "other", user: "", more: "")

    /// Bytes of one text: what is longer is cut.
    private static let length = 64

    /// The text that `bytes` spell if it is fit to be a name: letters, digits and `._-:/@+`; other bytes become `_`.
    static func text(_ bytes: some Sequence<UInt8>) -> String {
        let kept = bytes.prefix(length).map { byte -> UInt8 in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2E, 0x5F, 0x2D, 0x3A, 0x2F, 0x40, 0x2B: byte
            default: UInt8(ascii: "_")
            }
        }
        return String(decoding: kept, as: UTF8.self)
    }
}

/// Where seconds since 1970 come from.
struct UsageClock: Sendable {
    var seconds: @Sendable () -> UInt32 = {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return UInt32(truncatingIfNeeded: time.tv_sec)
    }
}
