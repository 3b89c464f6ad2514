// How long a key is to live, as a command says it.

import Wire

/// The unit of an expiry, and whether it counts from now or is a time.
enum RedisUsageExpiry: Sendable {
    case seconds, milliseconds, atSecond, atMillisecond

    /// Digits of a number that always fits in 64 bits; a server refuses what is longer.
    private static let mostDigits = 18

    /// What the option called `name` says; nil for one that is about no expiry.
    init?(option name: some StringProtocol) {
        switch name {
        case "ex": self = .seconds
        case "px": self = .milliseconds
        case "exat": self = .atSecond
        case "pxat": self = .atMillisecond
        default: return nil
        }
    }

    /// The whole seconds that `text` leaves from `now`, which is in seconds since 1970, rounded up; nil where it is no number, or
    /// nothing is left, so that the key goes at once.
    func seconds(_ text: Range<Int>, in bytes: Bytes, now: UInt32) -> Int? {
        guard !text.isEmpty, text.count <= Self.mostDigits else { return nil }
        var number: UInt64 = 0
        for place in text {
            guard bytes[place].isASCIIDigit else { return nil }
            number = number * 10 + UInt64(bytes[place] - 0x30)
        }
        if self == .milliseconds || self == .atMillisecond { number = number / 1000 + (number % 1000 > 0 ? 1 : 0) }
        if self == .atSecond || self == .atMillisecond { number = number > UInt64(now) ? number - UInt64(now) : 0 }
        return number > 0 ? Int(number) : nil
    }
}
