// WAIT on shared connections: it is about the writes of the client that gives it.

import Foundation
import RedisWire
import TestSupport
import Testing

@Suite("WAIT where connections are shared", .serialized, .blocking)
struct SharedRedisWaitTests {
    /// A server with one replica, and a gateway to it with one worker, so that all clients share one connection.
    private struct Place {
        let server: RedisServer
        let replica: RedisServer
        let gateway: Fairlead

        init(listener: String = "") throws {
            let server = try RedisServer()
            replica = try RedisServer(.init(arguments: ["--replicaof", "127.0.0.1 \(server.port)"]))
            gateway = try Fairlead(
                yaml: """
                    admin: 127.0.0.1:0
                    workers: 1
                    listeners: { redis: { protocol: redis, listen: 127.0.0.1:0, backend: cache\(listener) } }
                    backends: { cache: { url: "redis://127.0.0.1:\(server.port)", mode: shared, response-timeout: 400ms } }
                    """)
            let control = try RawConnection(port: server.port)
            try eventually("the replica") { try control.ask("INFO", "replication").contains("state=online") }
            self.server = server
        }

        /// The replica takes nothing more in while `body` runs.
        func withDeafReplica(_ body: () throws -> Void) throws {
            kill(replica.process.pid, SIGSTOP)
            defer { kill(replica.process.pid, SIGCONT) }
            try body()
        }
    }

    /// A write that needs a connection of its own.
    private static func transact(_ client: RawConnection) throws {
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("SET", "a", "1") == "+QUEUED\r\n")
        #expect(try client.ask("EXEC") == "*1\r\n+OK\r\n")
    }

    private static let listeners = ["", ", deny: [FLUSHALL]"]

    @Test("a write that no replica has is waited for, and others go on meanwhile", arguments: listeners)
    func waits(listener: String) throws {
        let place = try Place(listener: listener)
        let (client, other) = (try place.gateway.connect(), try place.gateway.connect())
        #expect(try other.ask("GET", "a") == "$-1\r\n")
        try place.withDeafReplica { () throws in
            #expect(try client.ask("SET", "a", "1") == "+OK\r\n")
            // Longer than the response-timeout, which is not for commands that block.
            try client.send(RawConnection.command(["WAIT", "1", "1500"]) + RawConnection.command(["GET", "a"]))
            #expect(try other.ask("GET", "a") == "$1\r\n1\r\n")
            #expect(!client.hasInput(within: 0))
            #expect(try client.reply() == ":0\r\n")
            #expect(try client.reply() == "$1\r\n1\r\n")
        }
        #expect(try client.ask("SET", "b", "1") == "+OK\r\n")
        #expect(try client.ask("WAIT", "1", "20000") == ":1\r\n")
    }

    @Test("clients that wait beside one another are all told of their own writes", arguments: listeners)
    func together(listener: String) throws {
        let place = try Place(listener: listener)
        let clients = try (0..<8).map { _ in try place.gateway.connect() }
        try place.withDeafReplica { () throws in
            for client in clients { #expect(try client.ask("SET", "a", "1") == "+OK\r\n") }
            for client in clients { try client.send(RawConnection.command(["WAIT", "1", "50"])) }
            for client in clients { #expect(try client.reply() == ":0\r\n") }
        }
        for client in clients { #expect(try client.ask("WAIT", "1", "20000") == ":1\r\n") }
        // Two who waited go, and nothing of theirs stays.
        for client in clients { client.close() }
        try place.gateway.settles("no connection is left") { $0.isEmpty }
    }

    @Test(
        "a write before others took the connection for WAIT is waited for, whatever was read since",
        arguments: listeners)
    func later(listener: String) throws {
        let place = try Place(listener: listener)
        let (first, second) = (try place.gateway.connect(), try place.gateway.connect())
        try place.withDeafReplica { () throws in
            #expect(try first.ask("SET", "a", "1") == "+OK\r\n")
            #expect(try second.ask("SET", "b", "1") == "+OK\r\n")
            #expect(try first.ask("WAIT", "1", "50") == ":0\r\n")
            #expect(try second.ask("GET", "a") == "$1\r\n1\r\n")
            #expect(try second.ask("WAIT", "1", "50") == ":0\r\n")
        }
    }

    @Test("writes of a connection that the client no longer has are not guessed about", arguments: listeners)
    func gone(listener: String) throws {
        let place = try Place(listener: listener)
        let (client, other) = (try place.gateway.connect(), try place.gateway.connect())
        try Self.transact(client)
        // Right behind it the connection of the transaction is still the client's.
        #expect(try client.ask("WAIT", "1", "20000") == ":1\r\n")
        try Self.transact(other)
        #expect(try other.ask("GET", "a") == "$1\r\n1\r\n")
        let reply = try other.ask("WAIT", "1", "50")
        #expect(reply.hasPrefix("-ERR fairlead: ") && reply.contains("writes that wait asks about"), "\(reply)")
        #expect(try other.ask("GET", "a") == "$1\r\n1\r\n")
    }

    @Test("a server that dies while clients wait leaves each with one error")
    func dies() throws {
        let place = try Place()
        let clients = try (0..<3).map { _ in try place.gateway.connect() }
        kill(place.replica.process.pid, SIGSTOP)
        defer { kill(place.replica.process.pid, SIGCONT) }
        for client in clients { #expect(try client.ask("SET", "a", "1") == "+OK\r\n") }
        for client in clients { try client.send(RawConnection.command(["WAIT", "1", "0"])) }
        let control = try RawConnection(port: place.server.port)
        try eventually("one of them blocks") {
            try control.ask("INFO", "clients").contains("blocked_clients:1")
        }
        kill(place.server.process.pid, SIGKILL)
        for client in clients {
            #expect(try client.reply().hasPrefix("-ERR fairlead: "))
            #expect(!client.hasInput(within: 50))
        }
    }
}
