// The subscriptions of one worker's sessions.

import Capabilities
import Reactor

/// Who on this worker listens to what; belongs to the worker's thread, but for what says otherwise.
final class WorkerSubscriptions: @unchecked Sendable {
    private typealias Waiter = (sink: any MessageSink, continuation: UnsafeContinuation<Failure?, Never>)

    private struct Topic {
        var isOpen = false
        var sinks: [any MessageSink] = []
        /// Those that want to listen and wait for the beginning.
        var waiters: [Waiter] = []
    }

    private let bus: SharedBus
    private let worker: Worker
    private var topics: [BusTopic: Topic] = [:]

    init(_ bus: SharedBus, _ worker: Worker) {
        self.bus = bus
        self.worker = worker
    }

    func subscribe(
        _ sink: any MessageSink, to topic: BusTopic, _ dialect: Deployment.Dialect
    ) async throws(Failure) {
        if topics[topic]?.isOpen == true {
            topics[topic]?.sinks.append(sink)
            return
        }
        let failure: Failure? = await withUnsafeContinuation { continuation in
            let isNew = topics[topic] == nil
            topics[topic, default: Topic()].waiters.append((sink, continuation))
            if isNew { bus.join(self, topic, dialect) }
        }
        if let failure { throw failure }
    }

    func unsubscribe(_ sink: any MessageSink, from topic: BusTopic) {
        guard var entry = topics[topic], let index = entry.sinks.firstIndex(where: { $0 === sink }) else { return }
        entry.sinks.remove(at: index)
        topics[topic] = entry
        guard entry.sinks.isEmpty, entry.waiters.isEmpty else { return }
        topics[topic] = nil
        bus.leave(self, topic)
    }

    func close() {
        let names = Array(topics.keys)
        topics = [:]
        for topic in names { bus.leave(self, topic) }
    }

    // MARK: From the event loop's thread

    func began(_ topic: BusTopic) {
        worker.submit { [self] in
            guard var entry = topics[topic], !entry.isOpen else { return }
            entry.isOpen = true
            let waiters = entry.waiters
            entry.waiters = []
            // They listen from here on, and not from when their tasks come round to it.
            entry.sinks += waiters.map(\.sink)
            topics[topic] = entry
            for waiter in waiters { waiter.continuation.resume(returning: nil) }
        }
    }

    func deliver(_ message: BusMessage, of topic: BusTopic, _ delivery: Delivery) {
        let isTaken = worker.submit { [self] in
            for sink in topics[topic]?.sinks ?? [] { sink.messageReceived(message) }
            bus.taken(delivery)
        }
        if !isTaken { bus.taken(delivery) }
    }

    func ended(_ topic: BusTopic, _ failure: Failure) {
        worker.submit { [self] in
            guard let entry = topics.removeValue(forKey: topic) else { return }
            for sink in entry.sinks { sink.subscriptionsLost(failure) }
            for waiter in entry.waiters { waiter.continuation.resume(returning: failure) }
        }
    }
}
