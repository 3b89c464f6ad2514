// A scratch memcached.

import Foundation

/// A memcached on a free loopback port, or on a Unix socket; ended by `stop()` or at deinit.
package final class MemcachedServer: Sendable {
    /// How clients reach it.
    package enum Transport: Sendable {
        case tcp, unix
        /// With the server's certificate.
        case tls(Certificates)
    }

    package let folder: TemporaryFolder
    package let port: Int
    package let process: ServerProcess
    package let url: String

    /// Starts a server and waits until it answers; `arguments` are further options, such as `["-I", "2m"]`.
    package static func start(_ arguments: [String] = []) async throws -> MemcachedServer {
        try await blocking { try MemcachedServer(arguments) }
    }

    /// The blocking form of `start`; `port` starts it again at a known place.
    package init(_ arguments: [String] = [], port: Int? = nil, over transport: Transport = .tcp) throws {
        folder = try TemporaryFolder()
        self.port = try port ?? FreePort.take()
        var command = [try Tools.find("memcached"), "-m", "64"]
        let path = folder.file("socket")
        switch transport {
        case .tcp:
            url = "tcp://127.0.0.1:\(self.port)"
            command += ["-l", "127.0.0.1", "-p", "\(self.port)", "-U", "0"]
        case .unix:
            url = "unix:\(path)"
            command += ["-s", path, "-a", "777"]
            // It makes the socket as the user that it has become.
            chmod(folder.path, 0o777)
        case .tls(let certificates):
            url = "tls://127.0.0.1:\(self.port)"
            command += ["-l", "127.0.0.1", "-p", "\(self.port)", "-U", "0", "-Z"]
            command += ["-o", "ssl_chain_cert=\(certificates.serverCertificate),ssl_key=\(certificates.serverKey)"]
        }
        // memcached refuses to run as root and changes its user itself.
        if getuid() == 0 { command += ["-u", "nobody"] }
        // It would take up to a second for a clean end, and has nothing to save.
        process = try ServerProcess(
            "memcached", command + arguments, log: folder.file("log"), stopSignal: SIGKILL)
        if case .unix = transport {
            try process.waitUntil("its socket") { FileManager.default.fileExists(atPath: path) }
        } else {
            try process.waitUntilAnswers(self.port)
        }
    }

    /// Ends the server and removes its folder.
    package func stop() {
        process.stop()
        folder.remove()
    }

    deinit { stop() }
}
