// When a worker lets others run before it waits for descriptors.

/// Decides whether a worker calls `sched_yield` before it waits, and stops it where that costs more than it brings.
///
/// A worker that sleeps after each few events is woken, and wakes its peers, once for each few events. Where peers share its
/// core, letting them run first means that their bytes are there when it looks: more events a turn, fewer wake-ups on both
/// sides. Where something else is busy on the core the call returns only after that one's slice of some milliseconds, so a long
/// one is followed by a pause, which doubles while they go on: at most a hundredth of the time is lost to them.
struct GivingWay: Sendable {
    /// Turns that may still give way without another that had several events.
    private var turnsLeft = 0
    /// Monotonic nanoseconds before which nothing is tried.
    private var pausedUntil: UInt64 = 0
    /// How many times its own length the pause after the next long one takes.
    private var pauseFactor: UInt64 = 1
    private var shortInARow = 0

    /// Turns with one event or none, after one with several, that still give way: the next ones may bring several again.
    static let turnsAfterSeveral = 8
    /// Nanoseconds above which giving way took long: less than a slice of the scheduler, more than peers take for their work.
    static let long: UInt64 = 1_000_000
    static let largestPauseFactor: UInt64 = 128
    /// Short ones that let the next long one be taken for the first again.
    static let shortToForget = 8

    /// Notes how many events a turn had.
    mutating func noteTurn(events: Int) {
        // One alone, as from a single client, is nothing that could be gathered.
        if events > 1 {
            turnsLeft = Self.turnsAfterSeveral
        } else if turnsLeft > 0 {
            turnsLeft -= 1
        }
    }

    /// Whether the turns before give a reason to; ``isDue(at:)`` has the clock's word as well.
    var isWorthwhile: Bool { turnsLeft > 0 }

    /// Whether the worker is to give way now.
    func isDue(at now: UInt64) -> Bool { turnsLeft > 0 && now >= pausedUntil }

    /// Notes that the others ran from `start` to `end`, in monotonic nanoseconds.
    mutating func noteWait(from start: UInt64, to end: UInt64) {
        let length = end &- start
        if length > Self.long {
            pausedUntil = end &+ length &* pauseFactor
            pauseFactor = min(pauseFactor &* 2, Self.largestPauseFactor)
            shortInARow = 0
        } else {
            guard pauseFactor > 1 else { return }
            shortInARow += 1
            if shortInARow >= Self.shortToForget { pauseFactor = 1 }
        }
    }
}
