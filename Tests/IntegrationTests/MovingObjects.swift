// A gateway whose objects move.

import Foundation
import TestSupport

@testable import Gateway

/// A listener `s3` with everything ready to move its objects, and one, `target`, that leads to the target itself.
final class MovingObjects: Moving, Sendable {
    /// One of the two places.
    enum Place: Sendable {
        /// The lines of a backend's section, in one mapping.
        case server(port: Int, signed: Bool)
        /// A server at this URL, which signatures are checked at; further lines of its section and its login.
        case address(url: String, section: String = "", login: String = "")
        case embedded

        func section(_ folder: String) -> String {
            let keys = S3Credentials()
            return switch self {
            case .server(let port, let signed):
                "url: \"http://127.0.0.1:\(port)\""
                    + (signed ? ", login: { user: \(keys.accessKey), password: \(keys.secretKey) }" : "")
            case .address(let url, let section, let login):
                "url: \"\(url)\", login: { user: \(keys.accessKey), password: \(keys.secretKey)\(login) }\(section)"
            case .embedded: "adapter: embedded, options: { folder: \"\(folder)\" }"
            }
        }

        var isPrivate: Bool {
            if case .embedded = self { true } else { false }
        }
    }

    let folder: TemporaryFolder
    let port: Int
    let targetPort: Int
    let gateway: MovingGateway

    /// - Parameters:
    ///   - listener: further keys of the listener, each behind a comma.
    ///   - migration: further keys of its `migrate`, each behind a comma.
    init(from source: Place, to target: Place, listener: String = "", migration: String = "") throws {
        folder = try TemporaryFolder()
        port = try FreePort.take()
        targetPort = try FreePort.take()
        let keys = S3Credentials()
        func access(_ asks: Bool) -> String {
            asks ? ", access-keys: { \(keys.accessKey): \(keys.secretKey) }" : ""
        }
        gateway = try MovingGateway(
            "s3",
            """
            listeners:
              s3: { protocol: s3, listen: "127.0.0.1:\(port)", backend: old\(access(source.isPrivate || target.isPrivate)), migrate: { to: new, state: "\(folder.file("move.json"))"\(migration) }\(listener) }
              target: { protocol: s3, listen: "127.0.0.1:\(targetPort)", backend: new\(access(target.isPrivate)) }
            backends:
              old: { \(source.section(folder.file("data"))) }
              new: { \(target.section(folder.file("data"))) }

            """)
    }

    func connect() throws -> ObjectClient { try ObjectClient(port) }
}
