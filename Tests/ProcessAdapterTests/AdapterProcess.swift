// Adapter processes in Python, and workers that use them, for the tests.

import Capabilities
import Foundation
import Reactor
import Synchronization
import TestSupport

@testable import ProcessAdapter

/// The Python modules that protoc makes of the .proto files, made once for all tests.
enum Stubs {
    static let folder = Result { () throws -> TemporaryFolder in
        let folder = try TemporaryFolder()
        let source = "\(Tools.repository)/adapters/process"
        let files = ["fairlead_adapter.proto", "dapr_components.proto", "status.proto"]
        try Command.checkBlocking(
            [try Tools.python, "-m", "grpc_tools.protoc", "-I\(source)", "--python_out=\(folder.path)"]
                + ["--grpc_python_out=\(folder.path)"] + files.map { "\(source)/\($0)" })
        return folder
    }
}

/// A Python program that listens at a Unix socket.
struct AdapterProcess: Sendable {
    let folder: TemporaryFolder
    let server: ServerProcess

    static func example(_ name: String) -> String { "\(Tools.repository)/adapters/process/examples/\(name)" }
    static func adapter(_ name: String) -> String { "\(Tools.repository)/Tests/ProcessAdapterTests/Adapters/\(name)" }

    /// Starts `script` and waits until it listens; `folder` is that of an earlier process whose socket it takes over.
    static func start(
        _ script: String, _ arguments: [String] = [], in folder: TemporaryFolder? = nil
    ) async throws -> AdapterProcess {
        try await blocking { try AdapterProcess(script, arguments, in: folder) }
    }

    private init(_ script: String, _ arguments: [String], in folder: TemporaryFolder?) throws {
        let folder = try folder ?? TemporaryFolder()
        let socket = folder.file("a.sock")
        // What a killed process leaves behind; gRPC's own server removes it too.
        unlink(socket)
        self.folder = folder
        let log = folder.file("log")
        try Data().write(to: URL(fileURLWithPath: log))
        server = try ServerProcess(
            script, [try Tools.python, "-u", script, socket] + arguments, log: log,
            env: ["PYTHONPATH": try Stubs.folder.get().path, "PYTHONDONTWRITEBYTECODE": "1"])
        let server = server
        try server.waitUntil("the line that it listens") { Self.text(log).contains("listening") }
    }

    var url: String { "unix:\(folder.file("a.sock"))" }
    var log: String { Self.text(server.log) }

    private static func text(_ path: String) -> String { (try? String(contentsOfFile: path, encoding: .utf8)) ?? "" }
}

/// A worker with a service of an adapter process.
final class Harness: Sendable {
    let adapter: ProcessAdapter
    let worker: Worker
    let service: any Service

    init(_ url: String, _ options: [String: String] = [:], kind: AdapterKind = .process) async throws {
        let settings = AdapterSettings(backend: "house", url: url, options: options)
        guard let adapter = try kind.make(settings) as? ProcessAdapter else { throw SupportError("another adapter") }
        self.adapter = adapter
        try await adapter.start()
        let worker = try Worker(index: 0)
        try worker.start()
        self.worker = worker
        service = await Task(executorPreference: worker) { adapter.makeService() }.value
    }

    /// A further worker's service.
    func another() async throws -> (Worker, any Service) {
        let worker = try Worker(index: 1)
        try worker.start()
        let adapter = adapter
        return (worker, await Task(executorPreference: worker) { adapter.makeService() }.value)
    }

    /// Runs `body` as a session would, on the worker.
    func run<Value: Sendable>(
        _ body: @escaping @Sendable (any Service) async throws -> Value
    ) async throws -> Value {
        let service = service
        return try await Task(executorPreference: worker) { try await body(service) }.value
    }

    @discardableResult
    func perform(
        _ operation: Capabilities.Operation, now: Int64 = 1_000_000, database: Int = 0
    ) async throws -> Answer {
        try await run { service in
            try await service.perform(operation, CallContext(database: database, now: now))
        }
    }

    func perform(_ operation: KeyValueOperation, now: Int64 = 1_000_000, database: Int = 0) async throws -> Answer {
        try await perform(.keyValue(operation), now: now, database: database)
    }

    /// Performs `operation` until it succeeds.
    func eventually(_ operation: KeyValueOperation) async throws -> Answer {
        let deadline = ContinuousClock.now + .seconds(60)
        while true {
            do { return try await perform(operation) } catch let failure as Failure {
                guard ContinuousClock.now < deadline else { throw failure }
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    /// Whether `operation` is answered with `answer` within a minute.
    func eventually(_ operation: KeyValueOperation, is answer: Answer) async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while try await perform(operation) != answer {
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: .milliseconds(20))
        }
        return true
    }

    func stop() async {
        await adapter.stop()
        worker.stop()
    }
}

/// Collects what subscriptions bring.
final class Collector: MessageSink {
    private let state = Mutex<(messages: [BusMessage], lost: [Failure])>(([], []))

    func messageReceived(_ message: BusMessage) { state.withLock { $0.messages.append(message) } }
    func subscriptionsLost(_ failure: Failure) { state.withLock { $0.lost.append(failure) } }

    var messages: [BusMessage] { state.withLock { $0.messages } }
    var lost: [Failure] { state.withLock { $0.lost } }
}

/// Waits until `condition` holds, however long that takes on a busy machine; false after a minute.
func eventually(_ condition: () -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while !condition() {
        guard ContinuousClock.now < deadline else { return false }
        try await Task.sleep(for: .milliseconds(10))
    }
    return true
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
