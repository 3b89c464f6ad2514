// A `fairlead serve` with one listener, for tests that only need to go through it.

import Foundation

/// Fairlead in front of one server of a trusted wire; ended by `stop()` or at deinit.
package final class PassingGateway: Sendable {
    package let port: Int
    private let folder: TemporaryFolder
    private let process: ServerProcess

    /// Starts it and waits until it listens.
    ///
    /// - Parameters:
    ///   - wire: `redis`, `postgres` or `s3`.
    ///   - url: the server's, as a backend's `url:` has it.
    ///   - listener: further settings of the listener, such as `tls: { mode: passthrough }`.
    ///   - backend: further settings of the backend, such as `mode: shared`.
    package init(_ wire: String, to url: String, listener: [String] = [], backend: [String] = []) throws {
        folder = try TemporaryFolder()
        port = try FreePort.take()
        let front = ["protocol: \(wire)", "listen: \"127.0.0.1:\(port)\"", "backend: server"] + listener
        let back = ["url: \"\(url)\""] + backend
        let configuration = try folder.write(
            "fairlead.yaml",
            """
            listeners: { wire: { \(front.joined(separator: ", ")) } }
            backends: { server: { \(back.joined(separator: ", ")) } }

            """)
        process = try ServerProcess(
            "fairlead", [try Tools.fairlead, "serve", "--config", configuration], log: folder.file("log"))
        try process.waitUntilAnswers(port)
    }

    /// Starts it on a thread of its own.
    package static func start(
        _ wire: String, to url: String, listener: [String] = [], backend: [String] = []
    ) async throws -> PassingGateway {
        try await blocking { try PassingGateway(wire, to: url, listener: listener, backend: backend) }
    }

    package func stop() { process.stop() }
}
