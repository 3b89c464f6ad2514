// The state of the connection to an adapter process: what happened, and what is to be done about it.

/// Connecting, greeting, serving, and waiting before the next try.
///
/// ```
/// idle ─▶ connecting ─▶ greeting ─▶ ready
///              ▲            │          │
///              └── waiting ◀┴──────────┘   any failure; twice as long each time, until a greeting succeeds
/// ```
struct LinkState: Equatable {
    enum Phase: Equatable {
        case idle
        case connecting
        /// Connected; the process is asked what it can do.
        case greeting
        case ready
        case waiting
        case stopped
    }

    enum Event: Equatable {
        case startRequested
        case connected
        case connectFailed(String)
        case greeted
        case greetingFailed(String)
        case connectionLost(String)
        /// A call had its time, and then a question to the process had it too.
        case probeUnanswered
        case retryDue
        case stopRequested
    }

    enum Action: Equatable {
        case connect
        case greet
        case serve
        /// Closes the connection, if there is one, and ends what is under way on it.
        case drop(String)
        case retry(afterMilliseconds: Int64)
    }

    /// Milliseconds before the second try; a Unix socket costs little to try, so it is short.
    static let firstDelay: Int64 = 100
    static let longestDelay: Int64 = 3_000

    private(set) var phase = Phase.idle
    /// Why there is no connection; empty while there is one.
    private(set) var reason = ""
    private(set) var delay = firstDelay

    /// Whether nothing has failed yet, so that who comes now may wait for the answer.
    var isFirstTry: Bool { reason.isEmpty && phase != .stopped && phase != .idle }

    mutating func handle(_ event: Event) -> [Action] {
        switch (phase, event) {
        case (.stopped, _): return []
        case (_, .stopRequested):
            phase = .stopped
            reason = "the gateway stops"
            return [.drop(reason)]
        case (.idle, .startRequested), (.waiting, .retryDue):
            phase = .connecting
            return [.connect]
        case (.connecting, .connected):
            phase = .greeting
            return [.greet]
        case (.greeting, .greeted):
            phase = .ready
            reason = ""
            delay = Self.firstDelay
            return [.serve]
        case (.connecting, .connectFailed(let why)): return wait(because: why)
        case (.greeting, .greetingFailed(let why)), (.greeting, .connectionLost(let why)): return wait(because: why)
        case (.ready, .connectionLost(let why)): return wait(because: why)
        case (.ready, .probeUnanswered):
            return wait(because: "the adapter process is connected, but silent; does it hang?")
        // What an earlier connection reports after its end.
        default: return []
        }
    }

    private mutating func wait(because why: String) -> [Action] {
        phase = .waiting
        reason = why
        let after = delay
        delay = min(delay * 2, Self.longestDelay)
        return [.drop(why), .retry(afterMilliseconds: after)]
    }
}
