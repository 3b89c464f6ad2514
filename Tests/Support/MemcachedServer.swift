// A scratch memcached.

import Foundation

/// A memcached on a free loopback port; ended by `stop()` or at deinit.
package final class MemcachedServer: Sendable {
    package let folder: TemporaryFolder
    package let port: Int
    package let process: ServerProcess
    package var url: String { "tcp://127.0.0.1:\(port)" }

    /// Starts a server and waits until it answers; `arguments` are further options, such as `["-I", "2m"]`.
    package static func start(_ arguments: [String] = []) async throws -> MemcachedServer {
        try await blocking { try MemcachedServer(arguments) }
    }

    /// The blocking form of `start`; `port` starts it again at a known place.
    package init(_ arguments: [String] = [], port: Int? = nil) throws {
        folder = try TemporaryFolder()
        self.port = try port ?? FreePort.take()
        var command = [
            try Tools.find("memcached"), "-l", "127.0.0.1", "-p", "\(self.port)", "-U", "0", "-m", "64",
        ]
        // memcached refuses to run as root and changes its user itself.
        if getuid() == 0 { command += ["-u", "nobody"] }
        // It would take up to a second for a clean end, and has nothing to save.
        process = try ServerProcess(
            "memcached", command + arguments, log: folder.file("log"), stopSignal: SIGKILL)
        try process.waitUntilAnswers(self.port)
    }

    /// Ends the server and removes its folder.
    package func stop() {
        process.stop()
        folder.remove()
    }

    deinit { stop() }
}
