// A scratch redis-server.

import Foundation

/// A redis-server on a free loopback port, without persistence; ended by `stop()` or at deinit.
package final class RedisServer: Sendable {
    package struct Options: Sendable {
        /// Serves TLS on `tlsPort` beside plain TCP on `port`; client certificates are asked for when `clientAuth`.
        package var certificates: Certificates?
        package var clientAuth = false
        /// The password of the default user.
        package var password: String?
        /// Further command-line options, such as `["--maxclients", "20000"]`.
        package var arguments: [String] = []

        package init(
            certificates: Certificates? = nil, clientAuth: Bool = false, password: String? = nil,
            arguments: [String] = []
        ) {
            self.certificates = certificates
            self.clientAuth = clientAuth
            self.password = password
            self.arguments = arguments
        }
    }

    package let folder: TemporaryFolder
    /// The plain TCP port.
    package let port: Int
    /// The TLS port; nil without certificates.
    package let tlsPort: Int?
    package let process: ServerProcess
    /// The path of the Unix socket it also listens on.
    package var socket: String { folder.file("redis.sock") }

    /// Starts a server and waits until it answers.
    package static func start(_ options: Options = Options()) async throws -> RedisServer {
        try await blocking { try RedisServer(options) }
    }

    /// The blocking form of `start`; `port` starts it again at a known place.
    package init(_ options: Options = Options(), port: Int? = nil) throws {
        folder = try TemporaryFolder()
        self.port = try port ?? FreePort.take()
        var arguments = [
            try Tools.find("redis-server"), "--port", "\(self.port)", "--bind", "127.0.0.1", "--save", "",
            "--appendonly", "no", "--daemonize", "no", "--dir", folder.path, "--unixsocket", folder.file("redis.sock"),
        ]
        if let certificates = options.certificates {
            let tlsPort = try FreePort.take()
            self.tlsPort = tlsPort
            arguments += [
                "--tls-port", "\(tlsPort)", "--tls-cert-file", certificates.serverCertificate,
                "--tls-key-file", certificates.serverKey, "--tls-ca-cert-file", certificates.authority,
                "--tls-auth-clients", options.clientAuth ? "yes" : "no",
            ]
        } else {
            tlsPort = nil
        }
        if let password = options.password { arguments += ["--requirepass", password] }
        process = try ServerProcess("redis-server", arguments + options.arguments, log: folder.file("log"))
        try process.waitUntilAnswers(self.port)
    }

    /// Ends the server and removes its folder.
    package func stop() {
        process.stop()
        folder.remove()
    }

    deinit { stop() }
}
