// A backend that a test writes line by line, for what no real server does on demand.

import Foundation
import Synchronization
import TestSupport

/// A loopback port at which each connection is served by a closure on a thread of its own.
final class PostgresStandIn: Sendable {
    let port: Int
    private let descriptor: Int32
    private let count = Atomic(0)

    /// How many connections came.
    var connections: Int { count.load(ordering: .acquiring) }

    /// Serves each connection with `serve`, which gets its number from 0; the connection closes when it returns.
    init(_ serve: @escaping @Sendable (PostgresConnection, Int) throws -> Void) throws {
        (descriptor, port) = try LoopbackListener.open(backlog: 64)
        let descriptor = descriptor
        Thread { [self] in
            while true {
                let accepted = accept(descriptor, nil, nil)
                guard accepted >= 0 else { return }
                let number = count.add(1, ordering: .acquiringAndReleasing).oldValue
                Thread { try? serve(PostgresConnection(taking: accepted), number) }.start()
            }
        }.start()
    }

    /// Serves one login and answers nothing by itself.
    convenience init(afterLogin serve: @escaping @Sendable (PostgresConnection) throws -> Void) throws {
        try self.init { connection, _ in
            _ = try connection.packet()
            try connection.send(PostgresBytes.welcome())
            try serve(connection)
        }
    }

    /// Ends the listening; the thread ends with it.
    func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}

extension PostgresConnection {
    /// An untyped first packet, whole.
    func packet() throws -> [UInt8] {
        let length = try bytes(4)
        return length + (try bytes(length.reduce(0) { $0 << 8 | Int($1) } - 4))
    }
}

/// Bytes that a stand-in saw, for the test to look at.
final class PostgresTranscript: Sendable {
    private let seen = Mutex<[UInt8]>([])
    var bytes: [UInt8] { seen.withLock { $0 } }
    func add(_ bytes: [UInt8]) { seen.withLock { $0 += bytes } }
}
