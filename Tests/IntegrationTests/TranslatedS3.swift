// A `fairlead` process with an S3 listener in front of the embedded object store.

import Foundation
import TestSupport

/// The process and its folder; a second one can be started on the folder of a first that was killed.
final class TranslatedS3: Sendable {
    static let credentials = S3Credentials()

    let fairlead: Fairlead
    var port: Int { fairlead.port("s3") }
    var url: String { "http://127.0.0.1:\(port)" }

    /// Starts on `folder`; without `signed`, signatures are not checked.
    init(_ folder: TemporaryFolder, signed: Bool = true, fsync: String = "everysec", listener: [String] = []) throws {
        let keys =
            signed
            ? ["    access-keys:", "      \(Self.credentials.accessKey): \(Self.credentials.secretKey)"] : []
        let lines =
            ["admin: 127.0.0.1:0", "workers: 2", "listeners:", "  s3:", "    protocol: s3", "    listen: 127.0.0.1:0"]
            + ["    backend: store"] + keys + listener.map { "    \($0)" }
            + ["backends:", "  store:", "    adapter: embedded", "    options:"]
            + ["      folder: \"\(folder.file("data"))\"", "      fsync: \(fsync)"]
        fairlead = try Fairlead(yaml: lines.joined(separator: "\n") + "\n")
    }

    func connect(receiveBuffer: Int32? = nil) throws -> S3RawConnection {
        try S3RawConnection(to: port, receiveBuffer: receiveBuffer)
    }

    func stop() { fairlead.stop() }

    /// The URL where TLS ends at the process.
    var secureURL: String { "https://localhost:\(port)" }

    /// The lines of a listener that ends TLS.
    static func tls(_ certificates: Certificates) -> [String] {
        ["tls: { certificate: \"\(certificates.serverCertificate)\", key: \"\(certificates.serverKey)\" }"]
    }

    /// Runs a Python program with the process's address, or that of a gateway before it, and credentials as its first
    /// arguments.
    func python(
        _ program: String, _ arguments: [String] = [], through url: String? = nil, trusting authority: String? = nil,
        timeout: Duration = .seconds(240)
    ) async throws -> [String] {
        let folder = try TemporaryFolder()
        let file = try folder.write("main.py", program)
        let result = try await Command.check(
            [try Tools.python, file, url ?? self.url, Self.credentials.accessKey, Self.credentials.secretKey]
                + arguments,
            env: Self.credentials.environment.merging(authority.map { ["AWS_CA_BUNDLE": $0] } ?? [:]) { $1 },
            timeout: timeout)
        return result.text.split(separator: "\n").map(String.init)
    }
}

extension S3RawConnection {
    /// The answer to a request of this method, whose body may have to be missing.
    func response(to method: String) throws -> S3RawMessage {
        let head = try receiveHead()
        let hasBody = method != "HEAD" && !head.hasPrefix("HTTP/1.1 304") && !head.hasPrefix("HTTP/1.1 204")
        let line = head.components(separatedBy: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        let length = line.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
        return S3RawMessage(head: head, body: hasBody ? try receive(length) : [])
    }
}
