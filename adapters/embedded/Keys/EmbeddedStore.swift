// The store that all workers share: one lock around the state, and the log behind it.

import Capabilities
import Synchronization

/// Keys, queues, locks and sequences in memory, with a log on disk.
final class EmbeddedStore: @unchecked Sendable {
    private let lock = Mutex(())
    /// Only under the lock.
    private let state: StoreState
    private let writer: LogWriter
    private let folder: LogFolder
    private let upkeep = Mutex(Upkeep())

    /// Sentences about what the start found.
    let notices: [String]

    private struct Upkeep {
        var generation: UInt64
        /// Bytes of the logs before the present one that no snapshot covers.
        var olderSize = 0
        /// No snapshot is tried before this time.
        var nextSnapshot: Int64 = 0

        init(generation: UInt64 = 1, olderSize: Int = 0) {
            self.generation = generation
            self.olderSize = olderSize
        }
    }

    /// Loads the folder, or starts empty when it is.
    init(_ path: String, policy: SynchronizePolicy, maximumMemory: Int) throws(AdapterError) {
        folder = try LogFolder(path)
        state = StoreState()
        let loaded = try LogLoader.load(folder, into: state)
        state.maximumMemory = maximumMemory
        notices = loaded.notices
        do throws(FileError) {
            let file = try LogFile(folder.log(loaded.generation))
            try file.truncate(to: loaded.size)
            var size = loaded.size
            if size < LogFile.heading.count {
                try file.write(LogFile.heading, at: 0)
                size = LogFile.heading.count
            }
            try folder.removeOutdated(before: try folder.contents().snapshot ?? 0)
            try folder.synchronize()
            writer = LogWriter(file, size: size, policy: policy)
        } catch {
            throw AdapterError(key: "options.folder", "the store's log cannot be opened: \(error)")
        }
        upkeep.withLock { $0 = Upkeep(generation: loaded.generation, olderSize: loaded.olderSize) }
        state.run += 1
        for database in state.databases { database.renumber() }
        state.journal.isRecording = true
        state.journal.run(state.run)
    }

    // MARK: Operations

    /// Performs an operation that does not wait; `count` becomes the number of the last record it may depend on.
    func perform(
        _ operation: Operation, _ context: CallContext, _ service: EmbeddedService
    ) throws(Failure) -> Answer {
        try locked(changes: !operation.isReading, service) { (state) throws(Failure) in
            try state.perform(operation, context)
        }
    }

    /// Performs several operations with nothing in between; nil when a watched key has changed.
    func perform(
        _ steps: [TransactionStep], ifUnchanged watched: [WatchedKey], _ context: CallContext,
        _ service: EmbeddedService
    ) throws(Failure) -> [Result<Answer, Failure>]? {
        try locked(changes: true, service) { (state) throws(Failure) in
            for watch in watched {
                guard try state.database(watch.database).mark(of: watch.key, context.now) == watch.mark else {
                    return nil
                }
            }
            defer { state.serveWaiters(context.now) }
            return steps.map { step in
                // Under the lock, so that messages of two transactions come in the order of what they changed.
                if let answer = service.onBus(step.operation) { return .success(answer) }
                let context = CallContext(database: step.database, now: context.now)
                do throws(Failure) {
                    return .success(try state.performAlone(step.operation, context))
                } catch {
                    return .failure(error)
                }
            }
        }
    }

    func marks(
        of keys: [[UInt8]], _ context: CallContext, _ service: EmbeddedService
    ) throws(Failure) -> [Version] {
        try locked(changes: false, service) { (state) throws(Failure) in
            let database = try state.database(context.database)
            return keys.map { database.mark(of: $0, context.now) }
        }
    }

    @inline(__always)
    private func locked<R: Sendable>(
        changes: Bool, _ service: EmbeddedService, _ body: (StoreState) throws(Failure) -> R
    ) throws(Failure) -> R {
        if changes, writer.isFailing { try recover(service) }
        var served: [Waiter] = []
        // What was served is woken even when the operation itself fails.
        defer { for waiter in served { waiter.wake() } }
        return try lock.withLock { (_) throws(Failure) in
            let before = state.journal.count
            defer {
                service.depends(on: state.journal.count, changed: state.journal.count != before)
                if !state.waiting.served.isEmpty { served = state.waiting.takeServed() }
            }
            return try body(state)
        }
    }

    /// Tries the failed write again: nothing is changed that could not be written.
    private func recover(_ service: EmbeddedService) throws(Failure) {
        do throws(Failure) {
            try writer.commit(lock.withLock { _ in state.journal.count }, of: self)
        } catch .indeterminate(let text) {
            throw .unavailable(text)
        }
        if writer.isFailing { throw .unavailable("the store cannot write its log") }
    }

    // MARK: Waiting

    /// Performs the operation, or lets it stand in line when there is nothing for it yet; nil then.
    func performOrEnter(
        _ waiter: Waiter, now: Int64, _ service: EmbeddedService
    ) throws(Failure) -> Answer? {
        try locked(changes: true, service) { (state) throws(Failure) in
            let answer = try state.perform(waiter.operation, CallContext(database: waiter.context.database, now: now))
            guard answer == .missing else { return answer }
            state.waiting.enter(waiter)
            return nil
        }
    }

    /// What has come of a waiter; nil while it has to go on waiting.
    func outcome(of waiter: Waiter, _ service: EmbeddedService) -> Result<Answer, Failure>? {
        lock.withLock { _ in
            if waiter.outcome != nil { service.depends(on: waiter.served, changed: true) }
            return waiter.outcome
        }
    }

    /// Ends the waiting; what came at the last moment is the answer, unless `givesBack`, when it is put back.
    func leave(
        _ waiter: Waiter, givesBack: Bool, now: Int64, _ service: EmbeddedService
    ) -> Result<Answer, Failure>? {
        var served: [Waiter] = []
        defer { for waiter in served { waiter.wake() } }
        return lock.withLock { _ in
            state.waiting.leave(waiter)
            if givesBack, case .success(let answer) = waiter.outcome { state.giveBack(answer, of: waiter, now) }
            service.depends(on: state.journal.count, changed: waiter.outcome != nil)
            served = state.waiting.takeServed()
            return waiter.outcome
        }
    }

    // MARK: The log

    func commit(_ count: UInt64) throws(Failure) { try writer.commit(count, of: self) }

    @inline(__always)
    func hasWritten(_ count: UInt64) -> Bool { writer.hasWritten(count) }

    /// The records that wait to be written, as a frame, and how many there were since the start.
    func takeJournal(reusing memory: [UInt8]) -> ([UInt8]?, UInt64) {
        lock.withLock { _ in
            (state.journal.isEmpty ? nil : state.journal.take(reusing: memory), state.journal.count)
        }
    }

    func takeJournal<R: Sendable>(_ capture: (StoreState) -> R) -> ([UInt8]?, UInt64, R) {
        lock.withLock { _ in
            (state.journal.isEmpty ? nil : state.journal.take(reusing: []), state.journal.count, capture(state))
        }
    }

    /// Writes what nobody has asked for yet.
    func flush() { try? commit(lock.withLock { _ in state.journal.count }) }

    func synchronize() { writer.synchronize() }

    // MARK: Upkeep

    /// Deletes some of what has expired, and serves those who wait for a queue; whether there may be more to do.
    func keep(_ now: Int64) -> Bool {
        var served: [Waiter] = []
        let mayHaveMore = lock.withLock { _ in
            let mayHaveMore = state.keep(now)
            served = state.waiting.takeServed()
            return mayHaveMore
        }
        for waiter in served { waiter.wake() }
        return mayHaveMore
    }

    /// Whether the log has grown enough for a snapshot to be worth its while.
    func wantsSnapshot(_ now: Int64, minimum: Int) -> Bool {
        let live = lock.withLock { _ in state.memory }
        let size = writer.size
        return upkeep.withLock { upkeep in
            let total = size + upkeep.olderSize
            return now >= upkeep.nextSnapshot && total > minimum && total / 2 > live
        }
    }

    /// Writes a snapshot and deletes the logs that it replaces; a failure leaves everything as it was.
    ///
    /// Called by one thread at a time. The store goes on meanwhile, but for the moment in which the log changes files.
    func takeSnapshot(_ now: Int64) throws(FileError) {
        do throws(FileError) {
            try writeSnapshot()
        } catch {
            // What failed is not tried again at once.
            upkeep.withLock { $0.nextSnapshot = now + 60_000 }
            throw error
        }
    }

    private func writeSnapshot() throws(FileError) {
        let next = upkeep.withLock { $0.generation + 1 }
        let old = writer.size
        let snapshot = try writer.rotate(to: try LogFile(folder.log(next)), of: self) { Snapshot(of: $0) }
        upkeep.withLock { upkeep in
            upkeep.generation = next
            upkeep.olderSize += old
        }
        try folder.synchronize()
        _ = try snapshot.write(to: try LogFile(folder.unfinished(next)))
        try folder.publish(next)
        try folder.removeOutdated(before: next)
        upkeep.withLock { $0.olderSize = 0 }
    }

    /// Everything the store holds, in an order that does not depend on its tables; for tests.
    func withState<R: Sendable>(_ body: (StoreState) -> R) -> R { lock.withLock { _ in body(state) } }
}
