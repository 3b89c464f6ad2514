// The samples of one listener's keys on one worker.

import Reactor

/// Which commands are looked at, and what was found; touched on the worker's thread only.
final class KeySamples {
    let worker: Worker
    private let settings: KeySampling
    /// Commands until the next one that is looked at.
    @exclusivity(unchecked) private var left: Int
    @exclusivity(unchecked) private var random: UInt64
    @exclusivity(unchecked) private var hot: HotKeys
    @exclusivity(unchecked) private var big = BigValues()
    @exclusivity(unchecked) private var commands: UInt64 = 0
    @exclusivity(unchecked) private var blindClients: UInt64 = 0

    init(_ settings: KeySampling, worker: Worker) {
        self.settings = settings
        self.worker = worker
        random = UInt64.random(in: 1 ... .max)
        left = 1
        hot = HotKeys(now: worker.now)
    }

    /// Counts a command; whether its keys are to be noted.
    ///
    /// The distance to the next one is drawn, so that clients that repeat themselves are not always met at the same place.
    @inline(__always)
    func isDue() -> Bool {
        commands &+= 1
        left &-= 1
        if left > 0 { return false }
        // xorshift64 (G. Marsaglia, 2003).
        random ^= random << 13
        random ^= random >> 7
        random ^= random << 17
        left = 1 &+ Int(random % UInt64(2 &* settings.every &- 1))
        return true
    }

    func note(_ key: Span<UInt8>, length: Int) { hot.note(key, length: length, now: worker.now) }

    func note(_ key: Span<UInt8>, length: Int, moved value: BigValues.Value) {
        big.note(key, length: length, moved: value)
    }

    /// A client whose conversation can no longer be followed.
    func addBlindClient() { blindClients &+= 1 }

    var snapshot: KeySampleSnapshot {
        KeySampleSnapshot(
            commands: commands, blindClients: blindClients, hot: hot.snapshot(now: worker.now),
            big: big.snapshot(now: worker.now), now: worker.now)
    }
}

/// What a worker has sampled at one listener, copied for a report.
package struct KeySampleSnapshot: Sendable {
    let commands: UInt64
    let blindClients: UInt64
    let hot: HotKeySnapshot
    let big: [(SampledKey, BigValues.Value)]
    /// Nanoseconds of the worker's clock.
    let now: UInt64
}
