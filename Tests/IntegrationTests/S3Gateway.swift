// A gateway in the test's own process with one S3 listener.

import Foundation
import Gateway
import Logging
import TestSupport
import Usage

/// One S3 listener on a free loopback port, one worker, one backend called `blobs`.
final class S3Gateway: Sendable {
    let port: Int
    private let gateway: Gateway

    /// `adjust` changes the settings of the listener and the backend before the start.
    init(
        to backendPort: Int, tls: BackendTLS? = nil,
        _ adjust: (inout ListenerConfiguration, inout BackendConfiguration) -> Void = { _, _ in }
    ) throws {
        port = try FreePort.take()
        var listener = ListenerConfiguration(
            name: "s3", protocol: .s3, listen: [.host("127.0.0.1", port: UInt16(port))], backend: "blobs")
        var backend = BackendConfiguration(
            name: "blobs", url: "http://127.0.0.1:\(backendPort)", protocol: .s3,
            endpoint: .host("127.0.0.1", port: UInt16(backendPort)))
        backend.tls = tls
        // On a busy machine a test may pause for longer than the real default.
        backend.idleConnectionTimeout = .seconds(3600)
        adjust(&listener, &backend)
        var configuration = Configuration(listeners: [listener], backends: [backend])
        configuration.workers = 1
        configuration.usage.samples = 3
        configuration.shutdownGrace = .seconds(10)
        var logger = Logger(label: "s3-tests")
        logger.logLevel = .critical
        gateway = try Gateway(configuration: configuration, fronts: [S3Front()], logger: logger)
        _ = try gateway.start()
    }

    var url: String { "http://127.0.0.1:\(port)" }

    func connect(receiveBuffer: Int32? = nil) throws -> S3RawConnection {
        try S3RawConnection(to: port, receiveBuffer: receiveBuffer)
    }

    /// Stops; sessions that run may finish.
    func stop() async { await gateway.drain() }
    func abort() { gateway.abort() }

    /// What clients were seen to use.
    func profile() async -> Profile? { await gateway.usageProfile() }

    /// The worker's counts.
    func worker() async throws -> WorkerSnapshot {
        guard let worker = await gateway.snapshots().first else { throw SupportError("the gateway is not running") }
        return worker
    }

    /// The listener's counts.
    func counts() async throws -> ListenerSnapshot { try await worker().listeners[0] }

    /// Waits until `condition` holds of the worker's counts; throws after 20 s.
    @discardableResult
    func until(_ what: String, _ condition: (WorkerSnapshot) -> Bool) async throws -> WorkerSnapshot {
        for _ in 0..<2000 {
            let snapshot = try await worker()
            if condition(snapshot) { return snapshot }
            try await Task.sleep(for: .milliseconds(10))
        }
        throw SupportError("not seen within 20 s: \(what)")
    }

    /// Runs `body` with a gateway to a backend, and stops the gateway whatever happens.
    static func with<R>(
        _ gateway: S3Gateway, _ body: (S3Gateway) async throws -> R
    ) async throws -> R {
        do {
            let result = try await body(gateway)
            gateway.abort()
            await gateway.stop()
            return result
        } catch {
            gateway.abort()
            await gateway.stop()
            throw error
        }
    }
}

/// Runs `body` with a client of a new gateway to `server`, on a thread that may block.
func s3Client<R: Sendable>(
    of server: S3ScriptedServer,
    adjust: (inout ListenerConfiguration, inout BackendConfiguration) -> Void = { _, _ in },
    _ body: @escaping @Sendable (S3RawConnection) throws -> R
) async throws -> R {
    defer { server.stop() }
    return try await S3Gateway.with(try S3Gateway(to: server.port, adjust)) { gateway in
        try await blocking { try body(try gateway.connect()) }
    }
}
