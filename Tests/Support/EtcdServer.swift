// A scratch etcd.

import Foundation

/// An etcd of one member on free loopback ports, with its data in a temporary folder; ended by `stop()` or at deinit.
package final class EtcdServer: Sendable {
    package let folder: TemporaryFolder
    /// Where clients connect.
    package let port: Int
    package let process: ServerProcess
    package var url: String { "http://127.0.0.1:\(port)" }

    /// Starts a server and waits until it has elected itself; `arguments` are further options.
    package static func start(_ arguments: [String] = []) async throws -> EtcdServer {
        try await blocking { try EtcdServer(arguments) }
    }

    /// The blocking form of `start`; `port` starts it again at a known place.
    package init(_ arguments: [String] = [], port: Int? = nil) throws {
        folder = try TemporaryFolder()
        self.port = try port ?? FreePort.take()
        let (clients, peers) = ("http://127.0.0.1:\(self.port)", "http://127.0.0.1:\(try FreePort.take())")
        let command = [
            try Tools.find("etcd"), "--name", "scratch", "--data-dir", folder.file("data"),
            "--listen-client-urls", clients, "--advertise-client-urls", clients,
            "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
            "--initial-cluster", "scratch=\(peers)", "--logger", "zap",
        ]
        process = try ServerProcess("etcd", command + arguments, log: folder.file("log"))
        // It accepts connections before it has a leader, and answers them with errors; it says this when it has one.
        let log = folder.file("log")
        try process.waitUntil("service of clients") {
            ((try? String(contentsOfFile: log, encoding: .utf8)) ?? "").contains("serving client traffic insecurely")
        }
        try process.waitUntilAnswers(self.port)
    }

    /// Ends the server and removes its folder.
    package func stop() {
        process.stop()
        folder.remove()
    }

    deinit { stop() }
}
