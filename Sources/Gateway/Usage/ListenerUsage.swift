// The applications that one worker has seen at one listener.

import Reactor

/// Blocks by application: one is made when an application is first seen, and their number is bounded.
final class ListenerUsage {
    /// Applications that are told apart by a worker at a listener; all others are `other`.
    ///
    /// A block of Redis, the largest, takes about 26 KiB, and where examples are kept up to 120 KiB more.
    static let applicationLimit = 64

    /// Statements of all applications that are remembered: a power of two.
    private static let seenCount = 2048

    let table: UsageTable
    let worker: Worker
    /// Examples of a feature.
    private let samples: Int
    private let clock: UsageClock
    /// Hashes of statements that were looked at; a later one takes the place of an earlier one.
    @exclusivity(unchecked) private var seen: [UInt64] = []
    private var blocks: [UsageIdentity: UsageBlock] = [:]

    init(_ table: UsageTable, samples: Int, worker: Worker, clock: UsageClock = UsageClock()) {
        self.table = table
        self.samples = samples
        self.worker = worker
        self.clock = clock
    }

    /// Seconds since 1970.
    var second: UInt32 { clock.seconds() }

    /// The counters of the application that is known by `identity`.
    func block(of identity: UsageIdentity) -> UsageBlock {
        if let block = blocks[identity] { return block }
        let isFull = blocks.count >= Self.applicationLimit
        if isFull, let other = blocks[.other] { return other }
        let block = UsageBlock(isFull ? .other : identity, table, samples: samples, clock: clock, now: worker.now)
        blocks[block.identity] = block
        return block
    }

    /// Whether what hashes to `hash` was not seen of `block` before, as far as is remembered; it is from here on.
    func isNew(_ hash: UInt64, to block: UsageBlock) -> Bool {
        if seen.isEmpty { seen = Array(repeating: 0, count: Self.seenCount) }
        let mixed = hash ^ UInt64(UInt(bitPattern: ObjectIdentifier(block).hashValue))
        let place = Int(truncatingIfNeeded: mixed >> 32) & (Self.seenCount - 1)
        guard seen[place] != mixed else { return false }
        seen[place] = mixed
        return true
    }

    /// Forgets what was counted, and the applications that have no session.
    func reset() {
        blocks = blocks.filter { $0.value.hasSessions }
        for block in blocks.values { block.reset() }
        seen = []
    }

    var snapshots: [UsageSnapshot] { blocks.values.map { $0.snapshot(now: worker.now) }.filter { !$0.isEmpty } }
}
