// A declared adapter's service on a worker of its own, and a sink for its messages.

import Capabilities
import Foundation
import Reactor
import Synchronization
import TestSupport
import Testing

@testable import DeclaredAdapter

/// What a test has on the worker's thread.
struct DeclaredRig {
    let service: any Service
    let worker: Worker

    /// Runs `body` on a new worker with the adapter of `file` against `url`.
    static func run(
        _ file: DeclaredAdapterFile, url: String, options: [String: String] = [:],
        _ body: @escaping @Sendable (DeclaredRig) async throws -> Void
    ) async throws {
        let adapter = try file.makeAdapter(AdapterSettings(backend: "house", url: url, options: options))
        let worker = try Worker(index: 0)
        try worker.start()
        defer { worker.stop() }
        try await Task(executorPreference: worker) {
            let service = adapter.makeService()
            let result: Result<Void, any Error>
            do { result = .success(try await body(DeclaredRig(service: service, worker: worker))) } catch {
                result = .failure(error)
            }
            await service.close()
            try result.get()
        }.value
    }

    /// The shipped adapter called `name`.
    static func run(
        _ name: String, url: String, options: [String: String] = [:],
        _ body: @escaping @Sendable (DeclaredRig) async throws -> Void
    ) async throws {
        let file = try #require(try ShippedAdapters.file(name))
        try await run(file, url: url, options: options, body)
    }

    /// The time of day in milliseconds.
    static var now: Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

    /// How `operation` ends.
    func end(
        _ operation: Capabilities.Operation, database: Int = 0, now: Int64 = DeclaredRig.now
    ) async -> Result<Answer, Failure> {
        do throws(Failure) {
            return .success(try await service.perform(operation, CallContext(database: database, now: now)))
        } catch {
            return .failure(error)
        }
    }

    func kv(
        _ operation: KeyValueOperation, database: Int = 0, now: Int64 = DeclaredRig.now
    ) async -> Result<Answer, Failure> {
        await end(.keyValue(operation), database: database, now: now)
    }

    func set(_ key: String, _ value: String, _ options: SetOptions = SetOptions()) async -> Result<Answer, Failure> {
        await kv(.set(key: bytes(key), value: bytes(value), options))
    }

    func get(_ key: String) async -> Result<Answer, Failure> { await kv(.get(key: bytes(key))) }

    /// Waits, on the worker, until `condition` holds.
    func until(_ what: String, _ condition: () -> Bool) async throws {
        let waker = Waker(worker: worker)
        for _ in 0..<1000 where !condition() {
            waker.setDeadline(after: 10_000_000)
            while !waker.hasTimedOut { await waker.wait() }
        }
        try #require(condition(), "\(what) within 10 s")
    }
}

/// Keeps what comes.
final class RecordingSink: MessageSink {
    private let state = Mutex<(messages: [BusMessage], losses: [Failure])>(([], []))

    var messages: [BusMessage] { state.withLock { $0.messages } }
    var losses: [Failure] { state.withLock { $0.losses } }

    func messageReceived(_ message: BusMessage) { state.withLock { $0.messages.append(message) } }
    func subscriptionsLost(_ failure: Failure) { state.withLock { $0.losses.append(failure) } }
}

/// The bytes of `text`.
func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

extension Result where Success == Answer, Failure == Capabilities.Failure {
    /// The capability that was refused; nil when none was.
    var refused: Capability? {
        if case .failure(.refused(let capability, _)) = self { return capability }
        return nil
    }
}
