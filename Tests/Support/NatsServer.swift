// A scratch nats-server.

import Foundation

/// A nats-server on a free loopback port, without JetStream; ended by `stop()` or at deinit.
package final class NatsServer: Sendable {
    package let folder: TemporaryFolder
    package let port: Int
    package let process: ServerProcess
    package var url: String { "tcp://127.0.0.1:\(port)" }

    /// Starts a server and waits until it answers; `arguments` are further options, such as `["--auth", "token"]`.
    package static func start(_ arguments: [String] = []) async throws -> NatsServer {
        try await blocking { try NatsServer(arguments) }
    }

    /// The blocking form of `start`; `port` starts it again at a known place.
    package init(_ arguments: [String] = [], port: Int? = nil) throws {
        folder = try TemporaryFolder()
        self.port = try port ?? FreePort.take()
        let command = [try Tools.find("nats-server"), "--addr", "127.0.0.1", "--port", "\(self.port)"]
        process = try ServerProcess("nats-server", command + arguments, log: folder.file("log"))
        try process.waitUntilAnswers(self.port)
    }

    /// Ends the server and removes its folder.
    package func stop() {
        process.stop()
        folder.remove()
    }

    deinit { stop() }
}
