// The two clocks of a relay: silence of both sides, and silence of a backend that owes an answer.

/// When a relay has waited too long, in nanoseconds of the worker's clock.
struct RelayWatch {
    private let idleTimeout: UInt64
    private let responseTimeout: UInt64
    private var idleEnd: UInt64
    private var responseEnd = UInt64.max

    init(idleTimeout: UInt64?, responseTimeout: UInt64?, now: UInt64) {
        self.idleTimeout = idleTimeout ?? .max
        self.responseTimeout = responseTimeout ?? .max
        idleEnd = Self.sum(now, self.idleTimeout)
    }

    /// When to look again; `.max` for never.
    var deadline: UInt64 { min(idleEnd, responseEnd) }

    /// Whether it is the backend that owes an answer and let the time pass.
    func isSilent(now: UInt64) -> Bool { responseEnd <= now }

    /// Takes in that bytes moved; only the backend's own bytes put off the time by which it has to answer.
    mutating func moved(replies: Bool, isAwaitingReply: Bool, now: UInt64) {
        idleEnd = Self.sum(now, idleTimeout)
        if !isAwaitingReply {
            responseEnd = .max
        } else if replies || responseEnd == .max {
            responseEnd = Self.sum(now, responseTimeout)
        }
    }

    private static func sum(_ now: UInt64, _ timeout: UInt64) -> UInt64 {
        let (sum, overflowed) = now.addingReportingOverflow(timeout)
        return overflowed ? .max : sum
    }
}
