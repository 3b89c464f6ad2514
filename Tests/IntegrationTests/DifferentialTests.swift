// Conversations sent to a Redis server directly and through the gateway: what comes back is the same.

import Foundation
import TestSupport
import Testing

@Suite("a client cannot tell Fairlead from the server", .serialized, .blocking)
struct DifferentialTests {
    private static func gateway(
        _ options: RedisServer.Options = .init(), mode: String = "session"
    ) throws -> (RedisServer, Fairlead) {
        var options = options
        options.arguments += ["--enable-debug-command", "yes"]
        let server = try RedisServer(options)
        return (server, try Fairlead(to: server, backend: ["mode: \(mode)"]))
    }

    /// Everything a client of `port` receives until the server closes.
    private static func hold(_ talk: RedisTalk, at port: Int, of server: RedisServer, drip: Bool) throws -> String {
        let control = try RawConnection(port: server.port)
        try control.ask("AUTH", "sesame")
        try control.ask("FLUSHALL")
        let connection = try RawConnection(port: port)
        connection.isDripping = drip
        var received: [UInt8] = []
        for step in talk.steps {
            switch step {
            // A server that has closed takes no more: that is part of some conversations.
            case .send(let text): connection.sendAsFarAsTaken(Array(text.utf8))
            case .sendBytes(let bytes): connection.sendAsFarAsTaken(bytes)
            case .wait(let end): received += try connection.receive(through: end)
            case .elsewhere(let words):
                try control.send(RawConnection.command(words))
                _ = try control.reply()
            }
        }
        received += try connection.rest()
        return masked(String(decoding: received, as: UTF8.self))
    }

    /// What must vary: the connection's id in HELLO's map, and the time and address of MONITOR's lines.
    private static func masked(_ text: String) -> String {
        text.replacing(/\$2\r\nid\r\n:\d+/, with: "$2\r\nid\r\n:ID")
            .replacing(/\+\d+\.\d+ \[(\d+) 127\.0\.0\.1:\d+\]/) { "+TIME [\($0.output.1) ADDRESS]" }
    }

    private static func compare(
        _ talks: [RedisTalk], drips: [Bool] = [false, true], _ options: RedisServer.Options = .init()
    ) throws {
        for mode in ["session", "shared"] { try compare(talks, drips: drips, options, mode: mode) }
    }

    private static func compare(
        _ talks: [RedisTalk], drips: [Bool], _ options: RedisServer.Options, mode: String
    ) throws {
        let (server, gateway) = try Self.gateway(options, mode: mode)
        for talk in talks {
            for drip in drips {
                // A server that finds `Host:` drops what it has not sent yet, and bytes that came while a connection was
                // opened, or the gateway's turn was awaited, reach it together.
                if drip, talk.description.contains("HTTP GET") { continue }
                let direct = try hold(talk, at: server.port, of: server, drip: drip)
                let through = try hold(talk, at: gateway.port(), of: server, drip: drip)
                #expect(through == direct, "\(talk), \(drip ? "byte by byte" : "whole"), \(mode)")
            }
        }
        try gateway.settles("no session left") { $0.isEmpty }
    }

    @Test("inline commands") func inline() throws { try Self.compare(RedisTalk.inline.filter { $0.steps.count == 1 }) }
    @Test("inline commands that wait") func inlineWaiting() throws {
        try Self.compare(RedisTalk.inline.filter { $0.steps.count > 1 }, drips: [false])
    }
    @Test("requests and their errors") func requests() throws { try Self.compare(RedisTalk.requests) }
    @Test("modes of a connection") func modes() throws { try Self.compare(RedisTalk.modes) }
    @Test("before and after AUTH") func guarded() throws {
        try Self.compare(RedisTalk.guarded, .init(password: "sesame"))
    }
    @Test("a cluster's answers") func cluster() throws {
        // The usual port of the cluster bus lies among those of outgoing connections.
        let bus = try FreePort.take()
        try Self.compare(
            RedisTalk.cluster, .init(arguments: ["--cluster-enabled", "yes", "--cluster-port", "\(bus)"]))
    }
    @Test("long pipelines and replies") func long() throws { try Self.compare(RedisTalk.long, drips: [false]) }

    @Test("the mask hides only what must vary")
    func mask() {
        let hello = "$2\r\nid\r\n:12\r\n$4\r\nmode\r\n"
        #expect(Self.masked(hello) == "$2\r\nid\r\n:ID\r\n$4\r\nmode\r\n")
        #expect(Self.masked("+1700.12 [0 127.0.0.1:5] \"set\"") == "+TIME [0 ADDRESS] \"set\"")
        #expect(Self.masked("$2\r\nis\r\n:12") == "$2\r\nis\r\n:12")
    }

    @Test("framing is never lost by what a server understands")
    func framingHolds() throws {
        let (server, gateway) = try Self.gateway()
        for talk in RedisTalk.modes {
            _ = try Self.hold(talk, at: gateway.port(), of: server, drip: false)
        }
        #expect(try gateway.metrics().sum("fairlead_framing_lost_total") == 0)
    }

    @Test("a half-close behind a pipeline still brings every reply")
    func halfClose() throws {
        let (_, gateway) = try Self.gateway()
        let connection = try gateway.connect()
        try connection.send(String(repeating: "PING\r\n", count: 10_000))
        connection.finish()
        #expect(try connection.rest().count == 70_000)
        #expect(!connection.wasReset)
    }

    @Test("a client that writes 16 MiB of commands before it reads gets every reply")
    func writesBeforeItReads() throws {
        let (_, gateway) = try Self.gateway()
        let connection = try gateway.connect()
        let before = gateway.peakMemory
        let value = [UInt8](repeating: 0x76, count: 1 << 14)
        let reply = Array("$16384\r\n".utf8) + value + [13, 10]
        let command = Array("*2\r\n$4\r\nECHO\r\n".utf8) + reply
        for _ in 0..<1024 { try connection.send(command) }
        try connection.send("QUIT\r\n")
        for index in 0..<1024 { #expect(try Data(connection.receive(reply.count)) == Data(reply), "reply \(index)") }
        #expect(try connection.rest() == Array("+OK\r\n".utf8))
        #expect(gateway.peakMemory - before < 8 << 20)
    }

    @Test("a value of 100 MiB passes both ways at bounded memory")
    func hugeValue() throws {
        let (_, gateway) = try Self.gateway()
        let connection = try gateway.connect()
        let before = gateway.peakMemory
        let size = 100 << 20
        let block = Data((0..<1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ ($0 >> 8)) })
        try connection.send("*3\r\n$3\r\nSET\r\n$4\r\nhuge\r\n$\(size)\r\n")
        for _ in 0..<100 { try connection.send(Array(block)) }
        try connection.send("\r\n")
        #expect(try connection.reply() == "+OK\r\n")
        try connection.send("GET huge\r\n")
        #expect(try connection.receive(through: "\r\n") == Array("$\(size)\r\n".utf8))
        for index in 0..<100 {
            #expect(try Data(connection.receive(block.count)) == block, "block \(index)")
        }
        #expect(try connection.receive(2) == [13, 10])
        #expect(try connection.ask("PING") == "+PONG\r\n")
        let growth = gateway.peakMemory - before
        #expect(growth < 8 << 20, "grew by \(growth) bytes")
        #expect(try gateway.metrics().sum("fairlead_worker_chunks") == 0)
    }

    @Test("a client that leaves a blocking pop takes its upstream with it, and no element is lost")
    func blockedClientLeaves() throws {
        let (server, gateway) = try Self.gateway()
        let control = try RawConnection(port: server.port)
        for isReset in [false, true] {
            let client = try gateway.connect()
            try client.send("BLPOP queue 0\r\n")
            try eventually("the blocked client") { try control.ask("INFO", "clients").contains("blocked_clients:1") }
            if isReset { client.reset() } else { client.close() }
            try eventually("no blocked client") { try control.ask("INFO", "clients").contains("blocked_clients:0") }
        }
        #expect(try control.ask("RPUSH", "queue", "a") == ":1\r\n")
        #expect(try control.ask("LLEN", "queue") == ":1\r\n")
    }
}
