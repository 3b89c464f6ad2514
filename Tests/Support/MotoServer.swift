// A scratch S3 stand-in that starts quickly and checks no signature.

import Foundation

/// moto's S3 server on a free loopback port; any credentials do.
///
/// Ended by `stop()` or at deinit.
package final class MotoServer: Sendable {
    package let folder: TemporaryFolder
    package let port: Int
    package let process: ServerProcess
    /// The address for `aws --endpoint-url`.
    package var url: String { "http://127.0.0.1:\(port)" }

    /// Starts a server and waits until it answers (1 to 3 s: it is a Python program).
    package static func start() async throws -> MotoServer { try await blocking { try MotoServer() } }

    /// The blocking form of `start`.
    package init() throws {
        folder = try TemporaryFolder()
        port = try FreePort.take()
        process = try ServerProcess(
            "moto_server", [try Tools.moto, "-H", "127.0.0.1", "-p", "\(port)"], log: folder.file("log"))
        try process.waitUntilAnswers(port, timeout: .seconds(60))
    }

    /// Ends the server and removes its folder.
    package func stop() {
        process.stop()
        folder.remove()
    }

    deinit { stop() }
}

/// Names and secrets that scratch S3 servers accept.
package struct S3Credentials: Sendable {
    package var accessKey: String
    package var secretKey: String

    package init(
        accessKey: String = "AKIAFAIRLEADSCRATCH1", secretKey: String = "scratchSecretKeyOfNoValue0000000000000000"
    ) {
        self.accessKey = accessKey
        self.secretKey = secretKey
    }

    /// The environment that `aws` reads them from; no configuration file of the person who runs the tests is read.
    package var environment: [String: String] {
        [
            "AWS_ACCESS_KEY_ID": accessKey, "AWS_SECRET_ACCESS_KEY": secretKey, "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_PAGER": "",
        ]
    }
}
