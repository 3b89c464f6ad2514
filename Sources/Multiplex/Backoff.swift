// How long to wait before the next attempt to connect.

/// Waits that double with each failure in a row, shortened at random.
struct Backoff {
    private let first: UInt64
    private let longest: UInt64
    private let jitter: @Sendable () -> Double
    private var failures: UInt64 = 0
    private var hasLost = false
    /// When the next attempt may be made.
    private(set) var end: UInt64 = 0

    init(_ configuration: MultiplexConfiguration) {
        first = configuration.firstBackoff
        longest = configuration.longestBackoff
        jitter = configuration.jitter
    }

    func isOver(_ now: UInt64) -> Bool { end <= now }

    mutating func failed(now: UInt64) {
        // 2^20 times the first wait is beyond any longest one that makes sense.
        let (product, overflowed) = first.multipliedReportingOverflow(by: 1 << min(failures, 20))
        failures += 1
        let wait = overflowed ? longest : min(product, longest)
        let share = 1 - 0.5 * min(max(jitter(), 0), 1)
        end = now.later(by: UInt64(Double(min(wait, 1 << 62)) * share))
    }

    /// A connection was opened and lost without an answer; once may be chance, and costs no wait.
    ///
    /// From then on a server that accepts and hangs up is no better than one that refuses.
    mutating func lostUnanswered(now: UInt64) {
        if hasLost { failed(now: now) }
        hasLost = true
    }

    mutating func succeeded() {
        failures = 0
        hasLost = false
        end = 0
    }
}
