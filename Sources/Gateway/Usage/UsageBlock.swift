// What one worker counts of one application: plain numbers in arrays that are made once.

import Usage

/// The names of what a protocol's recorder can see, by their places in every block.
struct UsageTable: Sendable {
    let features: [String]
    /// Features before this place are counted at every request; those behind it are estimated from samples.
    let exactCount: Int
    /// Of which each request shows one.
    let requests: Range<Int>
    let sizes: [String]
}

/// How often, when first and when last, in seconds since 1970.
struct UsageCounter: Sendable {
    var count: UInt64 = 0
    var first: UInt32 = 0
    var last: UInt32 = 0
}

/// Counters of one application at one listener; only the worker's own thread touches them.
///
/// A request adds one to one number. All that follows from the numbers is done once a second: when a feature was seen last is when its
/// number was found to have grown, and how many requests there were is a sum.
final class UsageBlock {
    let identity: UsageIdentity
    private let table: UsageTable
    @exclusivity(unchecked) private var counts: [UInt64]
    /// The low halves of the counts, as of the last tick.
    @exclusivity(unchecked) private var counted: [UInt32]
    /// Seconds since 1970, as of the last tick.
    @exclusivity(unchecked) private var times: [(first: UInt32, last: UInt32)]
    @exclusivity(unchecked) private var sizes: [UInt64]
    /// By request, which numbers of words have been looked at: a bit for each, the last for all from there on.
    @exclusivity(unchecked) private var lengths: [UInt64]
    /// By request, which of 128 outlines have been looked at for their own sake: two numbers of a bit for each.
    @exclusivity(unchecked) private var outlines: [UInt64]
    /// By request, the count at which one is looked at next.
    @exclusivity(unchecked) private var looks: [UInt64]
    /// By request, how far that is from the one that was looked at last.
    @exclusivity(unchecked) private var steps: [UInt8]
    @exclusivity(unchecked) private var known: (count: UInt64, look: UInt64, looked: UInt64)
    @exclusivity(unchecked) private var distances: UsageDistances
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

    /// `seed` decides which requests are looked at.
    init(
        _ identity: UsageIdentity, _ table: UsageTable, samples: Int = 0, clock: UsageClock, now: UInt64,
        seed: UInt64 = UInt64.random(in: 1...UInt64.max)
    ) {
        self.identity = identity
        self.table = table
        self.samples = samples > 0 ? UsageSamples(limit: samples) : nil
        self.clock = clock
        counts = Array(repeating: 0, count: table.features.count)
        counted = Array(repeating: 0, count: table.features.count)
        times = Array(repeating: (0, 0), count: table.features.count)
        sizes = Array(repeating: 0, count: table.sizes.count * SizeRanges.rangeCount)
        looks = Array(repeating: 0, count: table.exactCount)
        steps = Array(repeating: 0, count: table.exactCount)
        var distances = UsageDistances(seed: seed)
        known = (0, distances.next(), 0)
        self.distances = distances
        lengths = Array(repeating: 0, count: table.requests.upperBound)
        outlines = Array(repeating: 0, count: 2 * table.requests.upperBound)
        second = clock.seconds()
        lastTick = now
    }

    /// Counts a request that shows `feature`; how many requests a look at this one stands for, zero when it is not looked at.
    @inline(__always)
    func count(request feature: Int, now: UInt64) -> UInt64 {
        if now &- lastTick >= Self.tick { passTick(now) }
        let count = counts[feature] &+ 1
        counts[feature] = count
        return count < looks[feature] ? 0 : look(feature, count)
    }

    /// What a look at the request that is the `count`th to show `feature` stands for: those since the last look.
    ///
    /// The next is not at a fixed distance: of requests that take turns it would always be the same one's.
    private func look(_ feature: Int, _ count: UInt64) -> UInt64 {
        if count == 1 { times[feature].first = second }
        let weight = count > Sampling.first ? count &- looks[feature] &+ UInt64(steps[feature]) : 1
        let step = count < Sampling.first ? 1 : distances.next()
        steps[feature] = UInt8(truncatingIfNeeded: step)
        looks[feature] = count &+ step
        return weight
    }

    /// The same for a request of `words` words, or fields of a head: one whose number of them is new is looked at too, and stands for
    /// itself alone.
    ///
    /// An option is at least a word more, so that its first use is seen however often the request was seen without it.
    @inline(__always)
    func count(request feature: Int, words: Int, now: UInt64) -> UInt64 {
        let weight = count(request: feature, now: now)
        let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: words < Self.lastLength ? words : Self.lastLength)
        guard lengths[feature] & bit == 0 else { return weight }
        lengths[feature] |= bit
        return weight > 0 ? weight : 1
    }

    private static let lastLength = 63

    /// Whether no request that shows `feature` was said to have this outline, from 0 to 127, before: such a one is looked at too.
    func isNew(outline: Int, of feature: Int) -> Bool {
        let place = feature &* 2 &+ outline &>> 6
        let bit: UInt64 = 1 &<< UInt64(truncatingIfNeeded: outline & 63)
        guard outlines[place] & bit == 0 else { return false }
        outlines[place] |= bit
        return true
    }

    /// How many requests a look at something known already stands for, zero when it is not looked at.
    func sampled() -> UInt64 {
        known.count &+= 1
        guard known.count >= known.look else { return 0 }
        let weight = known.count &- known.looked
        known.looked = known.count
        known.look = known.count &+ distances.next()
        return weight
    }

    /// Notes `feature` of a request that is looked at.
    func note(_ feature: Int, weight: UInt64) {
        if counts[feature] == 0 { times[feature].first = second }
        counts[feature] &+= weight
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

    var hasSessions: Bool { sessions > 0 }

    @inline(never)
    private func passTick(_ now: UInt64) {
        settle()
        let total = total
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

    /// Notes of every feature that was seen since the last tick that it was.
    private func settle() {
        var place = 0
        while place < counts.count {
            let low = UInt32(truncatingIfNeeded: counts[place])
            if low != counted[place] {
                counted[place] = low
                times[place].last = second
            }
            place += 1
        }
    }

    /// Requests.
    private var total: UInt64 {
        var total: UInt64 = 0
        var place = table.requests.lowerBound
        while place < table.requests.upperBound {
            total &+= counts[place]
            place += 1
        }
        return total
    }

    /// Forgets what was counted; sessions that are open stay counted.
    func reset() {
        for place in counts.indices {
            counts[place] = 0
            counted[place] = 0
        }
        for place in looks.indices {
            looks[place] = 0
            steps[place] = 0
        }
        for place in sizes.indices { sizes[place] = 0 }
        for place in lengths.indices { lengths[place] = 0 }
        for place in outlines.indices { outlines[place] = 0 }
        unknown = [:]
        samples?.reset()
        totalAtTick = 0
        peakRate = 0
        peakSessions = sessions
        second = clock.seconds()
    }

    /// What was counted, without what was not.
    func snapshot(now: UInt64) -> UsageSnapshot {
        if now &- lastTick >= Self.tick { passTick(now) }
        settle()
        return UsageSnapshot(
            identity: identity,
            counters: counts.indices.filter { counts[$0] > 0 }.map {
                ($0, UsageCounter(count: counts[$0], first: times[$0].first, last: times[$0].last))
            },
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
