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
        port = try FreePort.take()
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var one: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0, listen(descriptor, 1024) == 0 else { throw SupportError("cannot listen on \(port)") }
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
