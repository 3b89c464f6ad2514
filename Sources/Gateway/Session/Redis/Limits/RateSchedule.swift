// When commands may pass: a token bucket as one number, the time up to which its tokens are booked.

/// The arithmetic of a token bucket; what it is kept in, and by whom, is others' concern.
///
/// A bucket is the time up to which its tokens are booked (the generic cell rate algorithm, ITU-T I.371): it fills by itself,
/// and taking a token is one addition. Times here are ``unit``s, so that no rate is rounded by more than a thousandth.
struct RateSchedule: Sendable, Equatable {
    /// Times in a nanosecond.
    static let unit: Int64 = 16
    /// Times between two tokens, rounded up: never more than the rate passes.
    let period: Int64
    /// Tokens of a full bucket.
    let capacity: Int64

    /// - Parameters:
    ///   - commands: tokens a second, 1 to `RateLimit.most`.
    ///   - burst: tokens of a full bucket, 1 to `RateLimit.most`.
    init(commands: Int, burst: Int) {
        let second = 1_000_000_000 * Self.unit
        period = (second + Int64(commands) - 1) / Int64(commands)
        capacity = Int64(burst)
    }

    /// The time of `nanoseconds` of a worker's clock.
    static func time(_ nanoseconds: UInt64) -> Int64 { Int64(min(nanoseconds, UInt64(Int64.max / 64))) * unit }

    private var depth: Int64 { period * capacity }

    /// Tokens that may be taken at `now` of a bucket booked up to `booked`.
    func available(_ booked: Int64, at now: Int64) -> Int64 {
        max(0, (depth - max(0, booked - now)) / period)
    }

    /// Up to when the bucket is booked once `count` tokens more are taken.
    func booking(_ count: Int64, after booked: Int64, at now: Int64) -> Int64 { max(booked, now) + count * period }

    /// Whether so much is booked ahead that no more may be taken on credit: twice a full bucket.
    func isInDebt(_ booked: Int64, at now: Int64) -> Bool { booked - now > 2 * depth }

    /// Nanoseconds of the clock at which the last token that is booked may be used.
    func due(_ booked: Int64) -> UInt64 {
        UInt64(max(0, booked - depth + Self.unit - 1) / Self.unit)
    }
}
