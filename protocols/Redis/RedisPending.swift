// The commands that wait for replies, in order, as runs of equal ones.

/// A run of commands that wait for replies.
struct RedisPendingRun: Equatable, Sendable {
    /// What completes the run, and what completing it changes.
    enum Kind: UInt8, Sendable {
        /// `count` commands, one reply each.
        case plain
        /// As plain, but which commands they were and when they came was not kept.
        case untracked
        /// One command, `count` confirmations.
        case subscribe
        /// One command, a confirmation for each name it gives or each subscription there is.
        case unsubscribe
        case hello, monitor, reset
        /// EXEC of a transaction in which subscriptions may have changed.
        case execSubscribing
        /// MONITOR from a client that was thought to be a RESP2 subscriber: it gets a reply in any case.
        case refusedMonitor
        /// EXEC of a transaction with a HELLO in it.
        case execHello
        /// SYNC or PSYNC.
        case replicate
    }

    var kind: Kind
    var command: RedisCommand
    var mayBlock = false
    /// Whether CLIENT REPLY silences the reply: then only the effect is waited for, or pushes that are not silenced.
    var isSilenced = false
    /// The version a silenced HELLO asked for.
    var helloVersion: UInt8 = 0
    /// Commands, or confirmations; zero for UNSUBSCRIBE without a name.
    var count: Int
    var startedAt: UInt64
}

/// A ring of runs that grows with need up to its limits and never beyond.
struct RedisPendingRuns: Sendable {
    private var ring: [RedisPendingRun] = []
    private var head = 0
    private(set) var runCount = 0

    init() {}

    var isEmpty: Bool { runCount == 0 }

    /// The oldest run.
    var first: RedisPendingRun? {
        @inline(__always) get { runCount == 0 ? nil : ring[head] }
    }

    /// Adds one command with one reply; false when no room is left.
    @inline(__always)
    mutating func appendPlain(_ command: RedisCommand, mayBlock: Bool, at now: UInt64) -> Bool {
        if runCount > 0 {
            let last = (head &+ runCount &- 1) & (ring.count &- 1)
            switch ring[last].kind {
            case .plain
            where ring[last].command == command && ring[last].startedAt == now && ring[last].mayBlock == mayBlock:
                ring[last].count &+= 1
                return true
            case .untracked where runCount >= RedisLimits.pendingRuns.maximum:
                ring[last].count &+= 1
                return true
            default: break
            }
        }
        if runCount < RedisLimits.pendingRuns.maximum {
            return append(RedisPendingRun(kind: .plain, command: command, mayBlock: mayBlock, count: 1, startedAt: now))
        }
        return append(RedisPendingRun(kind: .untracked, command: .unknown, count: 1, startedAt: 0))
    }

    /// Adds a run; false when no room is left.
    mutating func append(_ run: RedisPendingRun) -> Bool {
        if runCount == ring.count, !grow() { return false }
        ring[(head &+ runCount) & (ring.count &- 1)] = run
        runCount &+= 1
        return true
    }

    /// Takes one from the oldest run's count, and the run itself once none is left.
    @inline(__always)
    mutating func takeOne() {
        guard runCount > 0 else { return }
        if ring[head].count > 1 {
            ring[head].count &-= 1
        } else {
            removeFirst()
        }
    }

    /// Drops the oldest run.
    @inline(__always)
    mutating func removeFirst() {
        guard runCount > 0 else { return }
        head = (head &+ 1) & (ring.count &- 1)
        runCount &-= 1
    }

    /// Forgets every run.
    mutating func removeAll() {
        head = 0
        runCount = 0
    }

    private mutating func grow() -> Bool {
        let limit = RedisLimits.pendingRuns.maximum + RedisLimits.pendingReserve.maximum
        guard runCount < limit else { return false }
        var larger: [RedisPendingRun] = []
        larger.reserveCapacity(max(8, ring.count * 2))
        for index in 0..<runCount { larger.append(ring[(head + index) & (ring.count - 1)]) }
        let filler = RedisPendingRun(kind: .plain, command: .unknown, count: 0, startedAt: 0)
        while larger.count < max(8, ring.count * 2) { larger.append(filler) }
        ring = larger
        head = 0
        return true
    }
}
