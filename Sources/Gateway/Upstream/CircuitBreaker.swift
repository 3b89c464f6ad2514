// Whether a backend is asked at all: not for a while after it has failed several times in a row, and gently after that.

import Synchronization

/// When a circuit breaker opens, for how long, and how gently it closes.
package struct CircuitBreakerSettings: Sendable, Equatable {
    /// Attempts to connect, or to get an answer in time, that fail in a row before the backend is left alone.
    package var failures: Int
    /// How long it is left alone before one attempt is made; twice as long after each that fails.
    package var pause: Duration
    /// How long it takes after the first success until nothing is held back any more; nil: at once.
    package var slowStart: Duration?

    package init(failures: Int, pause: Duration, slowStart: Duration?) {
        self.failures = failures
        self.pause = pause
        self.slowStart = slowStart
    }
}

/// What a circuit breaker knows of its backend; time is passed in, in nanoseconds.
struct CircuitState: Equatable {
    enum Phase: Equatable {
        case closed(failures: Int)
        case open(until: UInt64, pause: UInt64)
        /// One attempt is under way; whoever made it has to tell what came of it by `until`, or another is made.
        case probing(until: UInt64, pause: UInt64)
        /// It has answered again; `next` is when the next connection may be made.
        case recovering(since: UInt64, next: UInt64, pause: UInt64)
    }

    enum Admission: Equatable {
        case go
        /// Its turn comes then.
        case wait(until: UInt64)
        case refused(until: UInt64)
    }

    /// The longest pause, unless the configured one is longer: an attempt in half a minute costs nobody anything.
    static let longestPause: UInt64 = 30_000_000_000
    /// Connections in the first second of a slow start, and commands under way on a worker: both double each tenth of it.
    static let firstConnections: UInt64 = 10
    static let firstCommands = 16

    private(set) var phase = Phase.closed(failures: 0)
    private(set) var openings: UInt64 = 0
    /// Answers that did not come in time since the last one that came.
    ///
    /// A server that hangs still takes connections, so that one that could be made says nothing about these.
    private(set) var silences = 0
    /// The last pause for silence; zero once something was answered.
    private var silencePause: UInt64 = 0
    private let failures: Int
    private let pause: UInt64
    private let slowStart: UInt64

    init(_ settings: CircuitBreakerSettings) {
        failures = settings.failures
        pause = max(1, settings.pause.nanoseconds)
        slowStart = settings.slowStart?.nanoseconds ?? 0
    }

    /// Whether a connection may be made at `now`; `patience` is how long it may take, its turn included.
    mutating func admit(at now: UInt64, patience: UInt64) -> Admission {
        switch phase {
        case .closed: return .go
        case .open(let until, let pause), .probing(let until, let pause):
            guard until <= now else { return .refused(until: until) }
            phase = .probing(until: now &+ patience, pause: pause)
            return .go
        case .recovering(let since, let next, let pause):
            guard let tenth = Self.tenth(since, now, slowStart) else {
                phase = .closed(failures: 0)
                return .go
            }
            let turn = max(next, now)
            guard turn &- now <= patience else { return .refused(until: turn) }
            let interval = 1_000_000_000 / (Self.firstConnections << tenth)
            phase = .recovering(since: since, next: turn &+ interval, pause: pause)
            return turn == now ? .go : .wait(until: turn)
        }
    }

    /// A connection was made.
    mutating func succeeded(at now: UInt64) {
        switch phase {
        case .closed(0): break
        case .closed: phase = .closed(failures: 0)
        case .open(_, let pause), .probing(_, let pause):
            phase =
                slowStart > 0 ? .recovering(since: now, next: now, pause: pause) : .closed(failures: 0)
        case .recovering: break
        }
    }

    /// Something was answered.
    mutating func answered() {
        silences = 0
        silencePause = 0
    }

    /// An answer did not come in time.
    mutating func fellSilent(at now: UInt64) {
        silences += 1
        guard silences >= failures else { return }
        // The next one is enough, unless something is answered before.
        silences = failures - 1
        if case .open = phase { return }
        silencePause = silencePause == 0 ? pause : min(silencePause &* 2, max(Self.longestPause, pause))
        open(for: silencePause, at: now)
    }

    /// A connection could not be made.
    mutating func failed(at now: UInt64) {
        switch phase {
        case .closed(let before):
            guard before + 1 >= failures else {
                phase = .closed(failures: before + 1)
                return
            }
            open(for: pause, at: now)
        case .probing(_, let last), .recovering(_, _, let last):
            open(for: min(last &* 2, max(Self.longestPause, pause)), at: now)
        // An attempt from before it opened.
        case .open: break
        }
    }

    private mutating func open(for pause: UInt64, at now: UInt64) {
        openings &+= 1
        phase = .open(until: now &+ pause, pause: pause)
    }

    /// Commands that may be under way on one worker at `now`, when it has recovered since `since`.
    static func commands(since: UInt64, at now: UInt64, slowStart: UInt64) -> Int {
        tenth(since, now, slowStart).map { firstCommands << Int($0) } ?? .max
    }

    /// How many tenths of the slow start have passed; nil when it is over.
    private static func tenth(_ since: UInt64, _ now: UInt64, _ slowStart: UInt64) -> UInt64? {
        let elapsed = now > since ? now &- since : 0
        return elapsed < slowStart ? elapsed / max(1, slowStart / 10) : nil
    }
}

/// The circuit breaker of one backend, which all workers share: they ask it when a connection is made, not for each command.
final class CircuitBreaker: Sendable {
    private let state: Mutex<CircuitState>
    /// When the slow start began that is still going on; zero when none does.
    private let recoveringSince = Atomic<UInt64>(0)
    /// Whether an answer would change anything.
    private let isSuspected = Atomic(false)
    private let slowStart: UInt64
    let failures: Int

    init(_ settings: CircuitBreakerSettings) {
        state = Mutex(CircuitState(settings))
        slowStart = settings.slowStart?.nanoseconds ?? 0
        failures = settings.failures
    }

    func admit(at now: UInt64, patience: UInt64) -> CircuitState.Admission {
        change { $0.admit(at: now, patience: patience) }
    }

    func succeeded(at now: UInt64) { change { $0.succeeded(at: now) } }
    func failed(at now: UInt64) { change { $0.failed(at: now) } }
    func fellSilent(at now: UInt64) { change { $0.fellSilent(at: now) } }

    /// Something has come from the backend; one relaxed load, unless it was silent before.
    @inline(__always)
    func answered() {
        if isSuspected.load(ordering: .relaxed) { change { $0.answered() } }
    }

    private func change<Result>(_ body: (inout CircuitState) -> Result) -> Result {
        state.withLock { state in
            let result = body(&state)
            isSuspected.store(state.silences > 0, ordering: .relaxed)
            if case .recovering(let since, _, _) = state.phase {
                recoveringSince.store(max(1, since), ordering: .relaxed)
            } else {
                recoveringSince.store(0, ordering: .relaxed)
            }
            return result
        }
    }

    /// Commands that may be under way on one worker's shared connections at `now`.
    @inline(__always)
    func commands(at now: UInt64) -> Int {
        let since = recoveringSince.load(ordering: .relaxed)
        return since == 0 ? .max : CircuitState.commands(since: since, at: now, slowStart: slowStart)
    }

    /// For the metrics: 0 closed, 1 recovering, 2 one attempt under way, 3 open; and how often it has opened.
    var report: (phase: UInt64, openings: UInt64) {
        state.withLock { state in
            switch state.phase {
            case .closed: (0, state.openings)
            case .recovering: (1, state.openings)
            case .probing: (2, state.openings)
            case .open: (3, state.openings)
            }
        }
    }
}
