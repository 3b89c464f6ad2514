// What one worker counts of one application: plain numbers in arrays that are made once.

import Usage

/// The names of what a protocol's recorder can see, by their places in every block.
struct UsageTable: Sendable {
    let features: [String]
    /// Features before this place are counted at every request; those behind it are estimated from samples.
    let exactCount: Int
    let sizes: [String]
}

/// How often, when first and when last, in seconds since 1970.
struct UsageCounter: Sendable {
    var count: UInt64 = 0
    var first: UInt32 = 0
    var last: UInt32 = 0
}

/// Counters of one application at one listener; only the worker's own thread touches them.
final class UsageBlock {
    let identity: UsageIdentity
    @exclusivity(unchecked) private var counters: [UsageCounter]
    @exclusivity(unchecked) private var sizes: [UInt64]
    @exclusivity(unchecked) private var total: UInt64 = 0
    @exclusivity(unchecked) private var known: UInt64 = 0
    @exclusivity(unchecked) private var totalAtTick: UInt64 = 0
    @exclusivity(unchecked) private var peakRate: UInt64 = 0
    @exclusivity(unchecked) private var sessions = 0
    @exclusivity(unchecked) private var peakSessions = 0
    /// Seconds since 1970, as of the last tick.
    @exclusivity(unchecked) private(set) var second: UInt32
    /// Of the worker's clock, in nanoseconds.
    @exclusivity(unchecked) private var lastTick: UInt64
    /// Commands that are in no table, by name.
    private var unknown: [String: UsageCounter] = [:]
    /// Nil where the configuration asks for none.
    @exclusivity(unchecked) private var samples: UsageSamples?
    private let clock: UsageClock

    /// Names of commands that are in no table, and bytes of one.
    private static let nameLimit = 32
    static let nameLength = 32

    private static let tick: UInt64 = 1_000_000_000

    init(_ identity: UsageIdentity, _ table: UsageTable, samples: Int = 0, clock: UsageClock, now: UInt64) {
        self.identity = identity
        self.samples = samples > 0 ? UsageSamples(limit: samples) : nil
        self.clock = clock
        counters = Array(repeating: UsageCounter(), count: table.features.count)
        sizes = Array(repeating: 0, count: table.sizes.count * SizeRanges.rangeCount)
        second = clock.seconds()
        lastTick = now
    }

    /// Counts a request that shows `feature`; how many requests a look at this one stands for, zero when it is not looked at.
    @inline(__always)
    func count(request feature: Int, now: UInt64) -> UInt64 {
        if now &- lastTick >= Self.tick { passTick(now) }
        total &+= 1
        let count = counters[feature].count &+ 1
        counters[feature].count = count
        counters[feature].last = second
        if count <= Sampling.first {
            if count == 1 { counters[feature].first = second }
            return 1
        }
        return count & (Sampling.interval &- 1) == 0 ? Sampling.interval : 0
    }

    /// How many requests a look at something known already stands for, zero when it is not looked at.
    func sampled() -> UInt64 {
        known &+= 1
        return known & (Sampling.interval &- 1) == 0 ? Sampling.interval : 0
    }

    /// Notes `feature` of a request that is looked at.
    func note(_ feature: Int, weight: UInt64) {
        if counters[feature].count == 0 { counters[feature].first = second }
        counters[feature].count &+= weight
        counters[feature].last = second
        samples?.want(feature)
    }

    /// Notes a size of a request that is looked at.
    func note(size: Int, of kind: Int, weight: UInt64) {
        let range = SizeRanges.range(of: UInt64(max(0, size)))
        sizes[kind &* SizeRanges.rangeCount &+ range] &+= weight
    }

    /// Whether examples are kept.
    var takesSamples: Bool { samples != nil }

    /// A request that shows `feature` is looked at; its example is that of all features that are noted until ``endSample(_:)``.
    func beginSample(_ feature: Int) { samples?.open(feature) }

    /// The look is over; `text` composes the example, nil where there must be none.
    func endSample(_ text: () -> String?) { samples?.close(text) }

    /// Notes a command that is in no table.
    func note(unknown name: String, weight: UInt64) {
        guard unknown[name] != nil || unknown.count < Self.nameLimit else { return }
        var counter = unknown[name] ?? UsageCounter(first: second)
        counter.count &+= weight
        counter.last = second
        unknown[name] = counter
    }

    func enter() {
        sessions += 1
        peakSessions = max(peakSessions, sessions)
    }

    func leave() { sessions -= 1 }

    @inline(never)
    private func passTick(_ now: UInt64) {
        let elapsed = now &- lastTick
        let passed = total &- totalAtTick
        // Rounded up, so that an application that does something has a rate.
        let rate = passed.multipliedFullWidth(by: Self.tick)
        let (quotient, remainder) = elapsed.dividingFullWidth(rate)
        peakRate = max(peakRate, quotient + (remainder > 0 ? 1 : 0))
        lastTick = now
        totalAtTick = total
        second = clock.seconds()
    }

    /// Forgets what was counted; sessions that are open stay counted.
    func reset() {
        for place in counters.indices { counters[place] = UsageCounter() }
        for place in sizes.indices { sizes[place] = 0 }
        unknown = [:]
        samples?.reset()
        total = 0
        totalAtTick = 0
        peakRate = 0
        peakSessions = sessions
        second = clock.seconds()
    }

    /// What was counted, without what was not.
    func snapshot(now: UInt64) -> UsageSnapshot {
        if now &- lastTick >= Self.tick { passTick(now) }
        return UsageSnapshot(
            identity: identity,
            counters: counters.enumerated().filter { $0.element.count > 0 }.map { ($0.offset, $0.element) },
            unknown: unknown, samples: samples?.byFeature ?? [:], sizes: sizes, total: total, peakRate: peakRate,
            peakSessions: UInt64(peakSessions))
    }
}

/// What a worker has counted of one application, copied for whoever asks.
struct UsageSnapshot: Sendable {
    let identity: UsageIdentity
    let counters: [(Int, UsageCounter)]
    /// Commands that are in no table, by name.
    let unknown: [String: UsageCounter]
    /// Redacted examples by feature.
    let samples: [Int: [String]]
    let sizes: [UInt64]
    /// Requests.
    let total: UInt64
    let peakRate: UInt64
    let peakSessions: UInt64

    var isEmpty: Bool { counters.isEmpty }
}
