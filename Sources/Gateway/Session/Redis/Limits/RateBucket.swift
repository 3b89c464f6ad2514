// A token bucket that all workers draw from, and what one worker has drawn.

import Synchronization

/// The bucket of a limit, shared by all workers.
///
/// Together with what the workers have drawn it never holds more than the burst, so in any time no more commands pass than
/// the burst and what the rate brings in that time.
final class RateBucket: Sendable {
    private let schedule: RateSchedule
    /// Tokens that a worker draws at once, so that it touches the shared number once a millisecond at most.
    let batch: Int64
    private let booked = Atomic<Int64>(0)

    /// Batches are no larger than what the rate brings in this part of a second, nor than this part of the burst for all
    /// workers together: so much of it may lie idle at workers whose clients rest.
    private static let batchesPerSecond = 1000
    private static let idleShare = 8

    init(_ limit: RateLimit, workers: Int) {
        batch = Int64(
            max(1, min(limit.commands / Self.batchesPerSecond, limit.burst / (Self.idleShare * max(1, workers)))))
        // One token of a batch is used when it is drawn; what is left of it counts as a part of the burst.
        schedule = RateSchedule(commands: limit.commands, burst: limit.burst - max(1, workers) * (Int(batch) - 1))
    }

    /// Draws up to a batch; how many tokens that are.
    func draw(at now: UInt64) -> Int64 {
        let now = RateSchedule.time(now)
        var old = booked.load(ordering: .relaxed)
        while true {
            let count = min(batch, schedule.available(old, at: now))
            guard count > 0 else { return 0 }
            let new = schedule.booking(count, after: old, at: now)
            let (isExchanged, seen) = booked.weakCompareExchange(
                expected: old, desired: new, ordering: .relaxed)
            if isExchanged { return count }
            old = seen
        }
    }

    /// Takes one token that may not be there yet; the nanoseconds of the clock at which it is.
    ///
    /// - Parameter isBounded: whether nothing is taken while much is owed already.
    func book(at now: UInt64, isBounded: Bool) -> UInt64 {
        let now = RateSchedule.time(now)
        var old = booked.load(ordering: .relaxed)
        while true {
            if isBounded, schedule.isInDebt(old, at: now) { return schedule.due(old) }
            let new = schedule.booking(1, after: old, at: now)
            let (isExchanged, seen) = booked.weakCompareExchange(
                expected: old, desired: new, ordering: .relaxed)
            if isExchanged { return schedule.due(new) }
            old = seen
        }
    }

    /// One token that was booked is not used: those who come next wait for less.
    ///
    /// Its own time passes unused, or later than it could have been used, so no more commands pass than before.
    func giveBack() { booked.subtract(schedule.period, ordering: .relaxed) }
}

/// What one worker has drawn from a bucket; touched on its thread only.
final class RateLease {
    private let bucket: RateBucket
    @exclusivity(unchecked) private var drawn: Int64 = 0

    init(_ bucket: RateBucket) { self.bucket = bucket }

    /// Whether a command may pass now.
    func holds(at now: UInt64) -> Bool {
        if drawn == 0 { drawn = bucket.draw(at: now) }
        return drawn > 0
    }

    /// Counts a command that passes; one that was not asked for passes on credit.
    func spend(at now: UInt64) {
        if holds(at: now) { drawn -= 1 } else { _ = bucket.book(at: now, isBounded: true) }
    }

    /// Nobody wants a token any more that was reserved.
    func giveBack() { bucket.giveBack() }

    /// Takes the next token there will be; the nanoseconds of the clock at which it is there.
    func reserve(at now: UInt64) -> UInt64 { bucket.book(at: now, isBounded: false) }
}
