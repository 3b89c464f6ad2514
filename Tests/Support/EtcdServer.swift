// A scratch etcd.

import Foundation

/// An etcd of one member on free loopback ports, with its data in a temporary folder; ended by `stop()` or at deinit.
package final class EtcdServer: Sendable {
    package let folder: TemporaryFolder
    /// Where clients connect.
    package let port: Int
    package let process: ServerProcess
    package let url: String

    /// Starts a server and waits until it has elected itself; `arguments` are further options.
    package static func start(_ arguments: [String] = []) async throws -> EtcdServer {
        try await blocking { try EtcdServer(arguments) }
    }

    /// The blocking form of `start`; `port` starts it again at a known place, `folder` with the data of one that was killed.
    ///
    /// With `certificates` it speaks TLS, and asks its clients for a certificate of the same authority.
    package init(
        _ arguments: [String] = [], port: Int? = nil, in folder: TemporaryFolder? = nil,
        certificates: Certificates? = nil
    ) throws {
        let folder = try folder ?? TemporaryFolder()
        self.folder = folder
        let log = folder.file("log \(UUID().uuidString)")
        self.port = try port ?? FreePort.take()
        url = "\(certificates == nil ? "http" : "https")://127.0.0.1:\(self.port)"
        let (clients, peers) = (url, "http://127.0.0.1:\(try FreePort.take())")
        var arguments = arguments
        if let certificates {
            // Its HTTP gateway is a client of the server itself, and shows the same certificate.
            let own = try certificates.issue(
                "etcd", name: "localhost",
                extensions: """
                    subjectAltName=DNS:localhost,IP:127.0.0.1
                    extendedKeyUsage=serverAuth,clientAuth
                    """)
            arguments += [
                "--cert-file", own.certificate, "--key-file", own.key,
                "--client-cert-auth", "--trusted-ca-file", certificates.authority,
            ]
        }
        let command = [
            try Tools.find("etcd"), "--name", "scratch", "--data-dir", folder.file("data"),
            "--listen-client-urls", clients, "--advertise-client-urls", clients,
            "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
            "--initial-cluster", "scratch=\(peers)", "--logger", "zap",
        ]
        process = try ServerProcess("etcd", command + arguments, log: log)
        // It accepts connections before it has a leader, and answers them with errors; it says this when it has one.
        try process.waitUntil("service of clients") {
            let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
            return text.contains("serving client traffic \(certificates == nil ? "insecurely" : "securely")")
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
