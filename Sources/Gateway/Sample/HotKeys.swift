// Which keys are asked for most, in a bounded table.

import Glibc

/// Counts of the most frequent keys, of which older ones weigh less.
///
/// Source: A. Metwally, D. Agrawal, A. El Abbadi, "Efficient Computation of Frequent and Top-k Elements in Data Streams" (2005),
/// Space-Saving: a key that finds no place takes the one with the least count, and its count as its error. A key that takes
/// more than one in `capacity` of the samples is in the table, and no count is more than its error too high.
struct HotKeys {
    static let capacity = 256
    /// Nanoseconds after which a sample counts half.
    static let halfLife = 60e9
    /// Nanoseconds between two times at which counts are made smaller.
    private static let step: UInt64 = 1_000_000_000

    private var keys = SampledKeys(capacity: HotKeys.capacity)
    private var counts = [Double](repeating: 0, count: HotKeys.capacity)
    private var errors = [Double](repeating: 0, count: HotKeys.capacity)
    private var total = 0.0
    private var aged: UInt64
    private let start: UInt64

    /// - Parameter now: nanoseconds of the clock that later calls go by.
    init(now: UInt64) {
        aged = now
        start = now
    }

    /// One sample of the key of `length` bytes that begins with `key`.
    mutating func note(_ key: Span<UInt8>, length: Int, now: UInt64) {
        age(now)
        total += 1
        let hash = SampledKey.hash(key)
        if let place = keys.place(of: key, length: length, hash: hash) {
            counts[place] += 1
            return
        }
        guard keys.isFull else {
            let place = keys.append(key, length: length, hash: hash)
            counts[place] = 1
            errors[place] = 0
            return
        }
        var least = 0
        for place in 1..<counts.count where counts[place] < counts[least] { least = place }
        keys.replace(least, by: key, length: length, hash: hash)
        errors[least] = counts[least]
        counts[least] += 1
    }

    private mutating func age(_ now: UInt64) {
        guard now &- aged >= Self.step, now > aged else { return }
        let factor = exp2(-Double(now - aged) / Self.halfLife)
        total *= factor
        for place in 0..<keys.count {
            counts[place] *= factor
            errors[place] *= factor
        }
        aged = now
    }

    /// What is known now.
    mutating func snapshot(now: UInt64) -> HotKeySnapshot {
        age(now)
        // What a constant rate of one sample a nanosecond would have left in the counts since the start.
        let age = Double(now &- start)
        let scale = age > 0 ? Self.halfLife / log(2) * (1 - exp2(-age / Self.halfLife)) : 0
        return HotKeySnapshot(
            keys: (0..<keys.count).map { (keys[$0], HotKeySnapshot.Count(most: counts[$0], error: errors[$0])) },
            total: total, seconds: scale / 1e9)
    }
}

/// The counts of one worker, copied for a report.
struct HotKeySnapshot: Sendable {
    struct Count: Sendable {
        var most: Double
        /// By how much `most` may be too high.
        var error: Double
    }

    let keys: [(SampledKey, Count)]
    /// Samples in all, older ones weighing less, as the counts do.
    let total: Double
    /// By which a count is divided for its rate.
    let seconds: Double
}
