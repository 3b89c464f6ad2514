// The shadow of a listener, or of a route, as all workers share it: the queue for the candidate and what is known of keys.

import Reactor
import Synchronization

/// What leads from the sessions of all workers to the one runner that asks the candidate.
///
/// There is one queue, because the order of writes is the primary's only if it is kept over all workers. Its lock is taken
/// for commands that go to the candidate, and for writes; a listener without a shadow has none of this.
package final class Shadow: Sendable {
    /// Commands that wait for the candidate, or for their replies; bytes of them and of their replies, also where there is a
    /// scratch bucket for objects.
    static let jobLimit = 4096
    static let byteLimit = 8 << 20
    static let objectByteLimit = 48 << 20
    /// Writes to the primary alone that are followed at one time.
    static let trackedLimit = 1 << 16
    /// Bytes of one command, and of one reply.
    static let commandLimit = 64 * 1024
    static let replyLimit = 64 * 1024
    /// Bytes of a list of a bucket with a copy: 1000 keys, most of them short.
    static let listLimit = 1 << 20
    /// Bytes of an object, or a part of one, that is written: what clients send as a part by default.
    static let objectLimit = 8 << 20

    let settings: ShadowConfiguration
    /// The route whose commands it is about; nil for those of all routes without a shadow of their own.
    let route: RouteConfiguration?
    /// The first bytes of keys under which writes go to the candidate; nil: under any.
    let prefixes: [[UInt8]]?
    /// What the candidate's keys begin with in place of so many of their first bytes; nil where they are the client's own.
    let renaming: (dropped: Int, prefix: [UInt8])?
    let byteLimit: Int
    private let seed: UInt64
    let state: Mutex<State>

    struct State {
        var keys: ShadowKeys
        var jobs: [ShadowJob] = []
        /// Jobs that have room: those in the queue, those whose reply is still to come, and those that the runner has.
        var admitted = 0
        var bytes = 0
        /// Writes that are followed to their ends and go nowhere.
        var tracked = 0
        /// When a write last failed to get to the candidate: what began before may have come behind it.
        var lostAt: UInt64 = 0
        var runner: Waker?
        var isClosed = false
        /// What is known of the tables of PostgreSQL databases, and who asked for something there last.
        var tables: [[UInt8]: PostgresShadowTables] = [:]
        var databases: [[UInt8]: PostgresShadowIdentity] = [:]
        /// Databases whose tables were changed at both sides since they were asked for.
        var outdated: Set<[UInt8]> = []

        /// What tells later whether what `job` is about was written meanwhile; nil while it is being written.
        func version(of job: ShadowJob) -> UInt64? {
            if job.isAboutAll { return keys.isWriting ? nil : keys.clock }
            return keys.isWritten(job.keys) ? nil : keys.version(job.keys)
        }
    }

    init(_ settings: ShadowConfiguration, of route: RouteConfiguration? = nil) {
        self.settings = settings
        self.route = route
        prefixes =
            settings.writes.map { $0.map { Array($0.utf8) } } ?? (settings.scratch == nil ? [] : nil)
        byteLimit = if case .bucket = settings.scratch { Self.objectByteLimit } else { Self.byteLimit }
        let rewrite = route?.rewrite
        if case .prefix(let prefix) = settings.scratch {
            renaming = (
                rewrite == nil ? 0 : route?.match.prefix?.utf8.count ?? 0, Array((prefix + (rewrite ?? "")).utf8)
            )
        } else {
            renaming = rewrite.map { (route?.match.prefix?.utf8.count ?? 0, Array($0.utf8)) }
        }
        seed = UInt64.random(in: 1 ... .max)
        let beginsEmpty =
            switch settings.scratch {
            case .prefix, .database, .bucket: true
            case .copy, .schema, nil: false
            }
        state = Mutex(State(keys: ShadowKeys(isStaleByDefault: beginsEmpty)))
    }

    // MARK: What sessions do

    /// The hash of a key in a database, which begins with `opening`; not to be foretold by who picks the key.
    func hash(_ key: Span<UInt8>, _ database: [UInt8], opening: [UInt8] = []) -> UInt64 {
        var hash = seed
        func take(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        for byte in opening { take(byte) }
        for index in 0..<key.count { take(key[index]) }
        for byte in database { take(byte) }
        hash = (hash ^ (hash &>> 33)) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ (hash &>> 33)) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ (hash &>> 33)
    }

    /// Whether what has this hash is in the share.
    func isSampled(_ hash: UInt64) -> Bool {
        settings.share == ShadowConfiguration.whole
            || Int((hash &>> 32) % UInt64(ShadowConfiguration.whole)) < settings.share
    }

    /// Whether writes under `key` go to the candidate.
    func isOpted(_ key: Span<UInt8>) -> Bool {
        guard let prefixes else { return true }
        return prefixes.contains { prefix in
            guard prefix.count <= key.count else { return false }
            for index in prefix.indices where prefix[index] != key[index] { return false }
            return true
        }
    }

    /// What became of a command that was to go to the candidate.
    enum Admission {
        case admitted
        /// There is no room.
        case full
        /// Its keys are known to differ.
        case stale
    }

    /// Takes a command in whose reply is still to come.
    func admit(_ job: ShadowJob) -> Admission {
        state.withLock { state in
            guard !state.isClosed, state.admitted < Self.jobLimit, state.bytes + job.size <= byteLimit
            else {
                return .full
            }
            if job.isPartial {
                job.start = state.keys.clock
            } else if !job.isWrite, job.isAboutAll ? state.keys.hasStale : state.keys.isStale(job.keys) {
                return .stale
            }
            if !job.needs.isEmpty {
                if state.keys.isStale(job.needs) || state.keys.isWritten(job.needs) { return .stale }
                job.needsVersion = state.keys.version(job.needs)
            }
            state.admitted += 1
            state.bytes += job.size
            if job.isWrite { job.start = state.keys.begin(job.keys) }
            return .admitted
        }
    }

    /// Follows a write that goes to the primary alone, until it is answered; false where that is not possible any more.
    func track(_ job: ShadowJob) -> Bool {
        guard !settings.follows else { return false }
        return state.withLock { state in
            guard !state.isClosed, state.tracked < Self.trackedLimit else {
                state.keys.markAllStale()
                return false
            }
            state.tracked += 1
            job.start = state.keys.begin(job.keys)
            return true
        }
    }

    /// The reply of an admitted command has passed: it goes to the candidate; else the reason is given why not.
    func enqueue(_ job: ShadowJob) -> ShadowDrop? {
        let (drop, runner): (ShadowDrop?, Waker?) = state.withLock { state in
            let hasRoom = !state.isClosed && state.bytes + job.replySize <= byteLimit
            let isSound = job.needs.isEmpty || state.keys.version(job.needs) == job.needsVersion
            let isTaken = hasRoom && isSound
            if job.isWrite {
                job.isReliable = state.keys.end(
                    job.keys, began: job.start, isTaken ? .shadowed(isWhole: job.isWhole) : .lost)
            }
            guard isTaken else {
                state.admitted -= 1
                state.bytes -= job.size
                return (hasRoom ? .stale : .queueFull, nil)
            }
            state.bytes += job.replySize
            state.jobs.append(job)
            return (nil, state.jobs.count == 1 ? state.runner : nil)
        }
        runner?.wakeFromHere()
        return drop
    }

    /// A command does not go to the candidate after all: its client has no whole reply, or it did not fit.
    func abandon(_ job: ShadowJob) {
        state.withLock { state in
            if job.isSent {
                state.admitted -= 1
                state.bytes -= job.size
            } else {
                state.tracked -= 1
            }
            if job.isWrite { state.keys.end(job.keys, began: job.start, .lost) }
        }
    }

    /// A write goes to the primary alone.
    func markStale(_ keys: [UInt64]) {
        if !settings.follows { state.withLock { $0.keys.markStale(keys) } }
    }

    /// A write whose keys are not known goes to the primary alone.
    func markAllStale() {
        if !settings.follows { state.withLock { $0.keys.markAllStale() } }
    }

    func addBlindSession() { if !settings.follows { state.withLock { $0.keys.addBlindSession() } } }
    func removeBlindSession() { if !settings.follows { state.withLock { $0.keys.removeBlindSession() } } }

    // MARK: What the runner does

    /// Has `waker` woken when there is something for the candidate.
    func attach(_ waker: Waker) { state.withLock { $0.runner = waker } }

    /// Gives up: nothing is admitted any more, and nothing waits.
    func close() {
        state.withLock { state in
            state.isClosed = true
            state.runner = nil
            state.jobs = []
        }
    }

    /// What waits, at most `limit` of it, in order.
    func take(_ limit: Int) -> [ShadowJob] {
        state.withLock { state in
            guard limit < state.jobs.count else {
                defer { state.jobs.removeAll(keepingCapacity: true) }
                return state.jobs
            }
            defer { state.jobs.removeFirst(limit) }
            return Array(state.jobs[..<limit])
        }
    }

    /// Puts something of the runner's own behind all that waits.
    func ask(_ job: ShadowJob) {
        state.withLock { $0.jobs.append(job) }
    }

    /// The runner is through with a client's command.
    func release(_ job: ShadowJob, isLost: Bool) {
        state.withLock { state in
            state.admitted -= 1
            state.bytes -= job.size + job.replySize
            guard isLost, job.isWrite else { return }
            state.keys.markStale(job.keys)
            state.lostAt = state.keys.clock
        }
    }

    /// Whether what `job` reads on its way to a write may be something else at the candidate: a write that was to come before it
    /// has not got there, whatever was written since.
    func isMisled(_ job: ShadowJob) -> Bool {
        !job.needs.isEmpty && state.withLock { job.start <= $0.lostAt }
    }

    /// Whether the replies to `job` may differ for a reason that is known.
    func isStale(_ job: ShadowJob) -> Bool {
        state.withLock { state in
            if job.isPartial { return false }
            if job.isWrite { return !job.isIndependent && (!job.isReliable || job.start <= state.lostAt) }
            return job.isAboutAll ? state.keys.hasStale : state.keys.isStale(job.keys)
        }
    }

    /// Which of `keys` hold the same at both, and were not written since `job` began.
    func isKnown(_ keys: [UInt64], since job: ShadowJob) -> [Bool] {
        state.withLock { state in
            keys.map { key in
                !state.keys.isStale([key]) && !state.keys.isWritten([key])
                    && !state.keys.isTouched([key], since: job.start)
            }
        }
    }

    /// What tells later whether the keys were written meanwhile; nil while they are being written.
    func version(_ job: ShadowJob) -> UInt64? {
        state.withLock { state in
            state.version(of: job)
        }
    }

    /// The same, and nil while writes of them wait for the candidate, for a runner that does not ask behind all that waits.
    func quietVersion(_ job: ShadowJob) -> UInt64? {
        state.withLock { state in
            let isAwaited = state.jobs.contains { other in
                other.isWrite && (job.isAboutAll || other.keys.contains { job.keys.contains($0) })
            }
            return isAwaited ? nil : state.version(of: job)
        }
    }

    /// Commands and bytes that have room now.
    var load: (jobs: Int, bytes: Int) { state.withLock { ($0.admitted, $0.bytes) } }
}

extension Waker {
    /// Wakes from the worker's own thread or from another.
    func wakeFromHere() { if worker.isCurrent { wake() } else { wakeFromAnywhere() } }
}
