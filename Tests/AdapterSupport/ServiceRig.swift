// An adapter's service on a worker of its own, as tests of adapters use it.

import Capabilities
import Foundation
import Reactor

/// What a test has on the worker's thread.
package struct ServiceRig: Sendable {
    package let service: any Service
    package let worker: Worker

    package init(service: any Service, worker: Worker) {
        self.service = service
        self.worker = worker
    }

    /// Runs `body` on a new worker with a service of `kind`, and closes it.
    package static func run(
        _ kind: AdapterKind, url: String, options: [String: String] = [:],
        _ body: @escaping @Sendable (ServiceRig) async throws -> Void
    ) async throws {
        let adapter = try kind.make(AdapterSettings(backend: "house", url: url, options: options))
        try await adapter.start()
        let worker = try Worker(index: 0)
        try worker.start()
        defer { worker.stop() }
        let result = await Task(executorPreference: worker) { () -> Result<Void, any Error> in
            let service = adapter.makeService()
            let result: Result<Void, any Error>
            do {
                result = .success(try await body(ServiceRig(service: service, worker: worker)))
            } catch {
                result = .failure(error)
            }
            await service.close()
            return result
        }.value
        await adapter.stop()
        try result.get()
    }

    /// The time of day in milliseconds.
    package static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    /// How `operation` ends.
    package func end(
        _ operation: KeyValueOperation, database: Int = 0, now: Int64 = ServiceRig.now
    ) async -> Result<Answer, Failure> {
        do throws(Failure) {
            return .success(try await service.perform(.keyValue(operation), CallContext(database: database, now: now)))
        } catch {
            return .failure(error)
        }
    }

    /// How reading `key` ends.
    package func get(_ key: String) async -> Result<Answer, Failure> { await end(.get(key: Array(key.utf8))) }

    /// How writing `value` at `key` ends.
    package func set(_ key: String, _ value: String) async -> Result<Answer, Failure> {
        await end(.set(key: Array(key.utf8), value: Array(value.utf8), SetOptions()))
    }

    /// Begins `operation`, and says whether the service has begun it; `outcomes` hears how it ends.
    package func begin(
        _ operation: KeyValueOperation, _ outcomes: Outcomes, id: UInt64, followsOthers: Bool = false
    ) -> Bool {
        service.begin(
            .keyValue(operation), CallContext(database: 0, now: Self.now),
            PendingOperation(outcomes, id: id, followsOthers: followsOthers))
    }

    /// Lets the worker's other work go on for a few milliseconds.
    package func pause() async {
        let waker = Waker(worker: worker)
        waker.setDeadline(after: 5_000_000)
        while !waker.hasTimedOut { await waker.wait() }
    }
}

/// How operations that were begun have ended, in the order in which they did; on the worker's thread.
package final class Outcomes: OperationCaller, @unchecked Sendable {
    package private(set) var ended: [(id: UInt64, result: Result<Answer, Failure>)] = []

    package init() {}

    package func operationEnded(_ id: UInt64, _ result: Result<Answer, Failure>) { ended.append((id, result)) }
}
