// A server that does on each connection what a test's script says.

import Foundation
import Synchronization
import TestSupport

/// Listens on a free loopback port; each connection gets a thread that runs the script, and is closed after it.
final class S3ScriptedServer: Sendable {
    let port: Int
    private let descriptor: Int32
    private let connections = Mutex<[S3RawConnection]>([])

    /// `script` gets the connection and its number, from 0.
    init(_ script: @escaping @Sendable (S3RawConnection, Int) throws -> Void) throws {
        (descriptor, port) = try LoopbackListener.open()
        let thread = Thread { [self] in acceptAll(script) }
        thread.start()
    }

    /// A server that answers every request with what `answer` makes of it, on connections that stay open.
    convenience init(answering answer: @escaping @Sendable (S3RawMessage) -> String) throws {
        try self.init { connection, _ in
            while true {
                guard let request = try? connection.receiveMessage() else { return }
                try connection.send(answer(request))
            }
        }
    }

    /// A server that answers 200 with the path of the request as body.
    static func echo() throws -> S3ScriptedServer {
        try S3ScriptedServer(answering: { request in
            S3Text.ok(String(request.head.split(separator: " ")[1]))
        })
    }

    private func acceptAll(_ script: @escaping @Sendable (S3RawConnection, Int) throws -> Void) {
        var number = 0
        while true {
            let accepted = accept(descriptor, nil, nil)
            guard accepted >= 0 else { return }
            let connection = S3RawConnection(accepted: accepted)
            connections.withLock { $0.append(connection) }
            let index = number
            number += 1
            let thread = Thread {
                try? script(connection, index)
                connection.close()
            }
            thread.start()
        }
    }

    /// Connections that were accepted so far.
    var connectionCount: Int { connections.withLock { $0.count } }
    /// What each connection received so far.
    var received: [String] { connections.withLock { $0.map(\.received) } }

    /// Stops listening; connections that are open live on.
    func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }
}

/// Messages that many tests use.
enum S3Text {
    static func ok(_ body: String) -> String {
        "HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    static func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: bucket.test:9000\r\n\r\n" }

    static func put(_ path: String, _ body: String, _ more: String = "") -> String {
        "PUT \(path) HTTP/1.1\r\nHost: bucket.test:9000\r\n\(more)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }
}
