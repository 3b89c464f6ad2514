// The embedded store as one worker uses it.

import Capabilities
import Reactor

/// One worker's service: it notes which records its answers depend on, and has them written before they leave.
package final class EmbeddedService: Service, KeyValueService, HashService, ListService, SetService, SortedSetService,
    BusService, QueueService, LockService, SequenceService, TransactionService, @unchecked Sendable
{
    package let manifest: Manifest
    package let object: (any ObjectService)?
    package let sql: (any SQLService)?

    private let store: EmbeddedStore
    private let sharedBus: EmbeddedBus
    private let local: LocalBus
    private let worker: Worker?
    /// The last record that an answer since the last commit may depend on; written under the store's lock.
    @exclusivity(unchecked) private var dependsOn: UInt64 = 0
    /// Whether any of those records is this service's own.
    @exclusivity(unchecked) private var hasChanged = false

    init(
        _ store: EmbeddedStore, _ bus: EmbeddedBus, manifest: Manifest, object: (any ObjectService)?,
        sql: (any SQLService)?
    ) {
        self.store = store
        sharedBus = bus
        self.manifest = manifest
        self.object = object
        self.sql = sql
        worker = Worker.current
        local = LocalBus(bus, worker: worker)
    }

    package var keyValue: (any KeyValueService)? { self }
    package var hash: (any HashService)? { self }
    package var list: (any ListService)? { self }
    package var set: (any SetService)? { self }
    package var sortedSet: (any SortedSetService)? { self }
    package var bus: (any BusService)? { self }
    package var queue: (any QueueService)? { self }
    package var lock: (any LockService)? { self }
    package var sequence: (any SequenceService)? { self }
    package var transactions: (any TransactionService)? { self }

    // MARK: Operations

    package func answersAtOnce(_ operation: Operation) -> Bool { operation.wait == nil }

    package func performAtOnce(_ operation: Operation, _ context: CallContext) throws(Failure) -> Answer? {
        operation.wait == nil ? try answer(operation, context) : nil
    }

    package func perform(_ operation: Operation, _ context: CallContext) async throws(Failure) -> Answer {
        if let wait = operation.wait { return try await perform(operation, context, waiting: wait) }
        return try answer(operation, context)
    }

    /// Performs an operation that does not wait.
    private func answer(_ operation: Operation, _ context: CallContext) throws(Failure) -> Answer {
        if let answer = onBus(operation) { return answer }
        return try store.perform(operation, context, self)
    }

    /// What the bus answers; nil when `operation` is the store's.
    @inline(__always)
    func onBus(_ operation: Operation) -> Answer? {
        switch operation {
        case .publish(let channel, let payload): .integer(sharedBus.publish(payload, to: channel))
        case .inspectBus(let inspection): sharedBus.inspect(inspection)
        default: nil
        }
    }

    package func perform(_ operation: KeyValueOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try store.perform(.keyValue(operation), context, self)
    }

    package func perform(_ operation: HashOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try store.perform(.hash(operation), context, self)
    }

    package func perform(_ operation: ListOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try await perform(.list(operation), context)
    }

    package func perform(_ operation: SetOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try store.perform(.set(operation), context, self)
    }

    package func perform(_ operation: SortedSetOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try await perform(.sortedSet(operation), context)
    }

    package func perform(_ operation: QueueOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try await perform(.queue(operation), context)
    }

    package func perform(_ operation: LockOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try store.perform(.lock(operation), context, self)
    }

    package func next(_ name: [UInt8], count: Int64) async throws(Failure) -> Int64 {
        // A sequence knows no time.
        let answer = try store.perform(.sequence(name: name, count: count), CallContext(now: 0), self)
        guard case .integer(let last) = answer else { throw .backend("the sequence gave no number") }
        return last
    }

    package func keyspaces(_ now: Int64) -> [KeyspaceFacts]? {
        store.withState { state in state.databases.compactMap { $0.facts(now) } }
    }

    // MARK: Waiting

    private func perform(
        _ operation: Operation, _ context: CallContext, waiting wait: Wait
    ) async throws(Failure) -> Answer {
        guard let worker else { throw .unavailable("nothing can wait outside of a worker") }
        let waiter = Waiter(operation, context, worker: worker)
        if let answer = try store.performOrEnter(waiter, now: context.now, self) { return answer }
        if wait.milliseconds > 0 {
            let (nanoseconds, overflowed) = UInt64(wait.milliseconds).multipliedReportingOverflow(by: 1_000_000)
            waiter.waker.setDeadline(after: overflowed ? nil : nanoseconds)
        }
        return try await withTaskCancellationHandler {
            await outcome(of: waiter)
        } onCancel: {
            waiter.waker.cancel()
        }.get()
    }

    private func outcome(of waiter: Waiter) async -> Result<Answer, Failure> {
        while true {
            if Task.isCancelled || waiter.waker.isCancelled {
                _ = store.leave(waiter, givesBack: true, now: Keeper.timeOfDay(), self)
                return .failure(.cancelled)
            }
            if let outcome = store.outcome(of: waiter, self) { return outcome }
            if waiter.waker.hasTimedOut {
                return store.leave(waiter, givesBack: false, now: waiter.context.now, self) ?? .success(.missing)
            }
            await waiter.waker.wait()
        }
    }

    // MARK: The bus

    package func publish(_ payload: [UInt8], to channel: [UInt8]) async throws(Failure) -> Int64 {
        sharedBus.publish(payload, to: channel)
    }

    package func inspect(_ inspection: BusInspection) async throws(Failure) -> Answer {
        sharedBus.inspect(inspection)
    }

    package func subscribe(_ sink: any MessageSink, to topic: BusTopic) async throws(Failure) {
        local.subscribe(sink, to: topic)
    }

    package func unsubscribe(_ sink: any MessageSink, from topic: BusTopic) async throws(Failure) {
        local.unsubscribe(sink, from: topic)
    }

    // MARK: Transactions

    package func marks(of keys: [[UInt8]], _ context: CallContext) async throws(Failure) -> [Version] {
        try store.marks(of: keys, context, self)
    }

    package func perform(
        _ operations: [TransactionStep], ifUnchanged watched: [WatchedKey], _ context: CallContext
    ) async throws(Failure) -> [Result<Answer, Failure>]? {
        try store.perform(operations, ifUnchanged: watched, context, self)
    }

    // MARK: The log

    /// Notes what the answers of this turn depend on; called under the store's lock on the worker's thread.
    @inline(__always)
    func depends(on count: UInt64, changed: Bool) {
        if count > dependsOn { dependsOn = count }
        if changed { hasChanged = true }
    }

    package func commit() throws(Failure) {
        guard !store.hasWritten(dependsOn) else {
            hasChanged = false
            return
        }
        do throws(Failure) {
            try store.commit(dependsOn)
            hasChanged = false
        } catch {
            // Reading goes on while nothing can be written; what could not be written was nobody's answer.
            guard hasChanged else { return }
            hasChanged = false
            throw error
        }
    }

    package func close() async { local.close() }
}
