// Workers with a service each, over one store.

import Capabilities
import Reactor
import TestSupport

@testable import EmbeddedAdapter

/// A worker and its service.
final class WorkerUnderTest: Sendable {
    let worker: Worker
    let service: EmbeddedService

    init(_ index: Int, _ store: EmbeddedStore, _ bus: EmbeddedBus) async throws {
        let worker = try Worker(index: index)
        try worker.start()
        self.worker = worker
        service = await withCheckedContinuation { continuation in
            worker.submit {
                continuation.resume(
                    returning: EmbeddedService(
                        store, bus, manifest: Manifest(adapter: "embedded"), object: nil, sql: nil))
            }
        }
    }

    deinit { worker.stop() }

    /// Runs `body` on the worker.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable (EmbeddedService) async throws -> Value
    ) -> Task<Value, any Error> {
        Task(executorPreference: worker) { [service] in
            let value = try await body(service)
            try service.commit()
            return value
        }
    }

    /// Performs one operation on the worker.
    func call(_ operation: Call, now: Int64 = 1_000_000) async throws -> Answer {
        try await run { try await $0.perform(operation, CallContext(now: now)) }.value
    }
}

/// One store with two workers.
struct WorkersUnderTest {
    let folder: TemporaryFolder
    let store: EmbeddedStore
    let one: WorkerUnderTest
    let two: WorkerUnderTest

    init() async throws {
        folder = try TemporaryFolder()
        store = try EmbeddedStore(folder.file("data"), policy: .never, maximumMemory: .max)
        let bus = EmbeddedBus()
        one = try await WorkerUnderTest(0, store, bus)
        two = try await WorkerUnderTest(1, store, bus)
    }

    /// Waits until so many lines of waiters are there.
    func untilWaiting(_ count: Int) async throws {
        while store.withState({ $0.waiting.waiterCount }) != count { try await Task.sleep(nanoseconds: 1_000_000) }
    }

    func contents() -> [String: String] { store.withState { $0.contents } }
}
