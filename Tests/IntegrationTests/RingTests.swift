// The gateway over io_uring: the same bytes as from the server, whatever happens to either side.

import Foundation
import TestSupport
import Testing

@Suite("a gateway over io_uring", .serialized, .blocking)
struct RingGatewayTests {
    private static func gateway(_ server: RedisServer, mode: String, workers: Int = 1) throws -> Fairlead {
        try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                workers: \(workers)
                reactor: io_uring
                listeners: { redis: { protocol: redis, listen: 127.0.0.1:0, backend: cache } }
                backends: { cache: { url: "redis://127.0.0.1:\(server.port)", mode: \(mode) } }
                """)
    }

    @Test("values of all sizes, pipelines and pushes are what the server says", arguments: ["session", "shared"])
    func same(mode: String) throws {
        let server = try RedisServer()
        let gateway = try Self.gateway(server, mode: mode)
        let (direct, client) = (try RawConnection(port: server.port), try gateway.connect())
        for size in [0, 1, 100, 15_000, 16_384, 16_385, 70_000, 300_000, 3_000_000, 10] {
            let value = String(repeating: "x", count: size)
            for command in [["SET", "a", value], ["GET", "a"], ["STRLEN", "a"], ["ECHO", value]] {
                try direct.send(RawConnection.command(command))
                try client.send(RawConnection.command(command))
                #expect(try direct.reply() == client.reply(), "\(command[0]) \(size)")
            }
        }
        let many = (0..<3000).flatMap { RawConnection.command(["ECHO", "\($0)"]) }
        try client.send(many)
        for index in 0..<3000 { #expect(try client.reply() == "$\("\(index)".count)\r\n\(index)\r\n") }
        #expect(try client.ask("SUBSCRIBE", "c").hasPrefix("*3"))
        #expect(try direct.ask("PUBLISH", "c", "m") == ":1\r\n")
        #expect(try client.reply() == "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n")
        client.close()
        try gateway.settles("nothing is left") { $0.isEmpty }
        #expect(!gateway.log.contains("is not to be had here"))
    }

    @Test(
        "clients that come and go leave nothing, and a server that dies is told to each",
        arguments: ["session", "shared"])
    func faults(mode: String) throws {
        let server = try RedisServer()
        let gateway = try Self.gateway(server, mode: mode, workers: 2)
        for round in 0..<20 {
            let clients = try (0..<10).map { _ in try gateway.connect() }
            for (index, client) in clients.enumerated() {
                for _ in 0..<5 { #expect(try client.ask("SET", "k\(index)", "\(round)") == "+OK\r\n") }
            }
            for (index, client) in clients.enumerated() {
                // Some with replies under way.
                if index % 3 == 0 { try client.send(RawConnection.command(["GET", "k1"])) }
                client.close()
            }
        }
        let client = try gateway.connect()
        for _ in 0..<10 { #expect(try client.ask("PING") == "+PONG\r\n") }
        kill(server.process.pid, SIGKILL)
        if mode == "shared" {
            try eventually("an error") { try client.ask("PING").hasPrefix("-ERR fairlead: ") }
            client.close()
        } else {
            #expect(try client.rest() == [])
        }
        try gateway.settles("nothing is left") { $0.isEmpty }
    }
}
