// The adapter process as one worker uses it.

import Capabilities
import Reactor

/// Checks what an operation needs against what the process said, and speaks its dialect.
final class ProcessService: Service, @unchecked Sendable {
    let adapter: ProcessAdapter
    let link: Link
    let worker: Worker
    let subscriptions: WorkerSubscriptions

    init(_ adapter: ProcessAdapter, _ link: Link, _ bus: SharedBus, _ worker: Worker) {
        self.adapter = adapter
        self.link = link
        self.worker = worker
        subscriptions = WorkerSubscriptions(bus, worker)
    }

    var manifest: Manifest { adapter.manifest }
    var manifestRevision: Int { adapter.box.revision }

    /// Nil while the process has said nothing.
    private var deployment: Deployment? { adapter.box.value }

    private func offers(_ family: CapabilityFamily) -> Bool { deployment?.has(family) ?? true }

    var keyValue: (any KeyValueService)? { offers(.keyValue) ? self : nil }
    var hash: (any HashService)? { offers(.hash) ? self : nil }
    var list: (any ListService)? { offers(.list) ? self : nil }
    var set: (any SetService)? { offers(.set) ? self : nil }
    var sortedSet: (any SortedSetService)? { offers(.sortedSet) ? self : nil }
    var bus: (any BusService)? { offers(.bus) ? self : nil }
    var queue: (any QueueService)? { offers(.queue) ? self : nil }
    var lock: (any LockService)? { offers(.lock) ? self : nil }
    var sequence: (any SequenceService)? { offers(.sequence) ? self : nil }
    var transactions: (any TransactionService)? {
        deployment.map { $0.capabilities.contains(.keyValueTransaction) } ?? true ? self : nil
    }

    var object: (any ObjectService)? { offers(.object) ? objects : nil }
    private lazy var objects = ProcessObjects(self)
    var sql: (any SQLService)? { offers(.sql) ? tables : nil }
    private lazy var tables = ProcessSQL(self)

    /// The process as it described itself; throws while it has not, because nobody knows what to ask it.
    func usable(_ needs: CapabilitySet) async throws(Failure) -> Deployment {
        if deployment == nil {
            do throws(CallEnding) { try await link.ready(on: worker) } catch {
                throw error.failure(of: FairleadDialect.describe)
            }
        }
        guard let deployment else { throw .unavailable("\(link.process) has not said yet what it can do") }
        try deployment.check(needs)
        return deployment
    }

    func perform(_ operation: Capabilities.Operation, _ context: CallContext) async throws(Failure) -> Answer {
        let deployment = try await usable(operation.needs)
        switch deployment.dialect {
        case .fairlead: return try await FairleadDialect.perform(operation, context, link, on: worker)
        case .dapr(let components):
            return try await DaprDialect(components, link, worker).perform(operation, context)
        }
    }

    func close() async { subscriptions.close() }
}

extension ProcessService: KeyValueService, HashService, ListService, SetService, SortedSetService, QueueService,
    LockService
{
    func perform(_ operation: KeyValueOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try await perform(.keyValue(operation), context)
    }

    func perform(_ operation: HashOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try await perform(.hash(operation), context)
    }

    func perform(_ operation: ListOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try await perform(.list(operation), context)
    }

    func perform(_ operation: SetOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try await perform(.set(operation), context)
    }

    func perform(_ operation: SortedSetOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try await perform(.sortedSet(operation), context)
    }

    func perform(_ operation: QueueOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try await perform(.queue(operation), context)
    }

    func perform(_ operation: LockOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try await perform(.lock(operation), context)
    }
}

/// Buses, sequences and transactions have no time of day in their calls: their operations take none from it.
extension ProcessService: BusService, SequenceService, TransactionService {
    private static let timeless = CallContext(now: 0)

    func publish(_ payload: [UInt8], to channel: [UInt8]) async throws(Failure) -> Int64 {
        try await integer(.publish(channel: channel, payload: payload))
    }

    func next(_ name: [UInt8], count: Int64) async throws(Failure) -> Int64 {
        try await integer(.sequence(name: name, count: count))
    }

    private func integer(_ operation: Capabilities.Operation) async throws(Failure) -> Int64 {
        guard case .integer(let integer) = try await perform(operation, Self.timeless) else {
            throw .protocolBroken("the adapter process gave no number where one was asked for")
        }
        return integer
    }

    func inspect(_ inspection: BusInspection) async throws(Failure) -> Answer {
        try await perform(.inspectBus(inspection), Self.timeless)
    }

    func subscribe(_ sink: any MessageSink, to topic: BusTopic) async throws(Failure) {
        var needs = CapabilitySet(.busSubscribe)
        if case .pattern = topic { needs.insert(.busPattern) }
        let deployment = try await usable(needs)
        try await subscriptions.subscribe(sink, to: topic, deployment.dialect)
    }

    func unsubscribe(_ sink: any MessageSink, from topic: BusTopic) async throws(Failure) {
        subscriptions.unsubscribe(sink, from: topic)
    }

    func marks(of keys: [[UInt8]], _ context: CallContext) async throws(Failure) -> [Version] {
        let deployment = try await usable(CapabilitySet(.keyValueTransaction))
        switch deployment.dialect {
        case .fairlead: return try await FairleadDialect.marks(of: keys, context, link, on: worker)
        case .dapr(let components): return try await DaprDialect(components, link, worker).marks(of: keys)
        }
    }

    func perform(
        _ operations: [TransactionStep], ifUnchanged watched: [WatchedKey], _ context: CallContext
    ) async throws(Failure) -> [Result<Answer, Failure>]? {
        var needs = CapabilitySet(.keyValueTransaction)
        for step in operations { needs = needs.union(step.operation.needs) }
        let deployment = try await usable(needs)
        switch deployment.dialect {
        case .fairlead:
            return try await FairleadDialect.transact(operations, watched, context, link, on: worker)
        case .dapr(let components):
            return try await DaprDialect(components, link, worker).transact(operations, watched, context)
        }
    }
}
