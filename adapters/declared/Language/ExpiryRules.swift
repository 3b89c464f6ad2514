// How a time to live is written: units, beginnings and what cannot be said.

import Capabilities

/// The file's key `expiry`.
struct ExpiryRules: Sendable, Equatable {
    enum Beyond: Sendable { case refuse, since1970 }

    var isSeconds = false
    var isFromNow = true
    /// In milliseconds.
    var longest: Int64?
    var beyond = Beyond.refuse
    var roundsUp = false
    var never: Int64 = 0
    /// Whether the file says how a value without expiry is written.
    var saysNever = false
    var past: Int64?
    var none: Int64 = -1
    /// The largest number that the server understands.
    var latest = Int64.max

    private var unit: Int64 { isSeconds ? 1000 : 1 }

    /// Seconds that a key may live at the most as `now` is, in seconds since 1970; nil where that is as long as one likes.
    ///
    /// Where the server counts up to a time of day, it is whole years of 365 days, so that it is no other each second.
    func longestLife(now: Int64) -> Int? {
        let isBounded = isFromNow && beyond == .refuse
        let duration = isBounded ? longest.map { $0 / 1000 } : nil
        guard latest < .max else { return duration.flatMap { Int(exactly: $0) } }
        let end = isSeconds ? latest : latest / 1000
        let left = isBounded ? end : max(0, end - now) / Self.year * Self.year
        return Int(exactly: min(duration ?? .max, left))
    }

    private static let year: Int64 = 365 * 86_400

    /// The number for a key that goes at `time`, in milliseconds since 1970, as `now` is.
    func number(at time: Int64, now: Int64) throws(Failure) -> Int64 {
        let number = try unbounded(at: time, now: now)
        guard number <= latest else {
            throw .refused(.keyValueTTL, reason: "the time is later than the backend can count")
        }
        return number
    }

    private func unbounded(at time: Int64, now: Int64) throws(Failure) -> Int64 {
        let (left, overflowed) = time.subtractingReportingOverflow(now)
        guard left > 0, !overflowed else {
            guard let past, left <= 0 else { throw .refused(.keyValueTTL, reason: "the time has passed already") }
            return past
        }
        if isFromNow {
            if let longest, left > longest {
                guard beyond == .since1970 else {
                    throw .refused(.keyValueTTL, reason: "the longest time to live is \(longest / 1000) seconds")
                }
                return try whole(time)
            }
            // A time of day that is a whole second can be said exactly only as such.
            if isSeconds, left % 1000 != 0, time % 1000 == 0, beyond == .since1970, let longest, time > longest {
                return time / 1000
            }
            return try whole(left)
        }
        return try whole(time)
    }

    /// The number for a time of `milliseconds` from now; for locks and queues.
    func number(for milliseconds: Int64, now: Int64) throws(Failure) -> Int64 {
        let (time, overflowed) = now.addingReportingOverflow(milliseconds)
        guard !overflowed else { throw .invalid("the time to live is too long") }
        return try number(at: time, now: now)
    }

    private func whole(_ milliseconds: Int64) throws(Failure) -> Int64 {
        let remainder = milliseconds % unit
        guard remainder == 0 || roundsUp else {
            throw .refused(.keyValueTTL, reason: "it counts whole seconds, and this time to live has a part of one")
        }
        return milliseconds / unit + (remainder == 0 ? 0 : 1)
    }

    /// The number for a value whose time that is left the server told as `left`.
    func number(left: Int64?, now: Int64) -> Int64 {
        guard let left, left != none else { return never }
        guard left >= 0 else { return past ?? 1 }
        let (milliseconds, overflowed) = left.multipliedReportingOverflow(by: unit)
        if !isFromNow || overflowed || longest.map({ milliseconds > $0 }) ?? false {
            let (sum, tooFar) = (now / unit).addingReportingOverflow(left)
            return tooFar ? never : sum
        }
        // A zero often means "for ever": what is about to go goes after the smallest time there is.
        return max(left, 1)
    }

    /// When a key goes of which the server told the time that is left; nil when it has none.
    func time(left: Int64?, now: Int64) -> Int64? {
        guard let left, left != none else { return nil }
        let (milliseconds, overflowed) = left.multipliedReportingOverflow(by: unit)
        let (sum, tooFar) = now.addingReportingOverflow(milliseconds)
        return overflowed || tooFar ? .max : sum
    }
}
