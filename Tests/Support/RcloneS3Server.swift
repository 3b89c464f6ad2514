// A scratch S3 server that checks signatures and keeps objects as files.

import Foundation

/// `rclone serve s3` over a temporary folder on a free loopback port; ended by `stop()` or at deinit.
///
/// It answers MissingContentLength to an upload with `Transfer-Encoding: chunked`, which is what `aws` sends by default to
/// an `https` address; `MotoServer` takes those.
package final class RcloneS3Server: Sendable {
    package let folder: TemporaryFolder
    package let port: Int
    package let credentials: S3Credentials
    package let process: ServerProcess
    /// The address for `aws --endpoint-url`.
    package var url: String { "http://127.0.0.1:\(port)" }

    /// Starts a server that accepts `credentials` alone and waits until it answers.
    package static func start(credentials: S3Credentials = S3Credentials()) async throws -> RcloneS3Server {
        try await blocking { try RcloneS3Server(credentials: credentials) }
    }

    /// The blocking form of `start`; with `tls` it speaks that, as `localhost`.
    package init(credentials: S3Credentials = S3Credentials(), tls: Certificates? = nil) throws {
        self.credentials = credentials
        folder = try TemporaryFolder()
        port = try FreePort.take()
        var arguments = [
            try Tools.rclone, "--config", "/dev/null", "serve", "s3", "--addr", "127.0.0.1:\(port)",
            "--auth-key", "\(credentials.accessKey),\(credentials.secretKey)", try folder.folder("objects"),
        ]
        if let tls { arguments += ["--cert", tls.serverCertificate, "--key", tls.serverKey] }
        process = try ServerProcess("rclone", arguments, log: folder.file("log"))
        try process.waitUntilAnswers(port)
    }

    /// Ends the server and removes its folder.
    package func stop() {
        process.stop()
        folder.remove()
    }

    deinit { stop() }
}
