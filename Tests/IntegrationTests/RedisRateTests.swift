// Rate limits of Redis listeners and routes: what passes, what is refused in its place, and who waits.

import Foundation
import RedisWire
import TestSupport
import Testing

@Suite("rate limits of a Redis listener", .serialized, .blocking)
struct RedisRateTests {
    /// So slow that the burst is all there is while a test runs; an hour's worth would be 3,600.
    private static let slow = "rate-limit: { commands: 1, burst: 10 }"
    private static let busy =
        "-BUSY fairlead: listener 'redis' takes 1 commands/s, 10 at once (rate-limit): try again later\r\n"

    private static func place(_ mode: String, _ limit: String) throws -> (RedisServer, Fairlead) {
        let server = try RedisServer()
        return (server, try Fairlead(to: server, listener: [limit], backend: ["mode: \(mode)"]))
    }

    /// Seconds that have passed, rounded up: so many commands more may have passed.
    private static func extra(since start: ContinuousClock.Instant) -> Int {
        Int((ContinuousClock.now - start).components.seconds) + 1
    }

    @Test("what is above is refused in its place, and the session goes on", arguments: ["session", "shared"])
    func refusal(mode: String) throws {
        let (server, gateway) = try Self.place(mode, Self.slow)
        let client = try gateway.connect()
        let start = ContinuousClock.now
        let replies = try RoutedRedis.pipeline(client, (0..<300).map { _ in ["INCR", "n"] })
        let passed = replies.filter { $0.hasPrefix(":") }
        #expect(Array(replies.prefix(10)) == (1...10).map { ":\($0)\r\n" })
        #expect(passed == (1...passed.count).map { ":\($0)\r\n" })
        #expect(passed.count <= 10 + Self.extra(since: start))
        #expect(replies.filter { $0 == Self.busy }.count == 300 - passed.count)
        let control = try RawConnection(port: server.port)
        #expect(try control.ask("GET", "n") == RawReply.bulk("\(passed.count)"))
        let metrics = try gateway.metrics()
        #expect(metrics.sum("fairlead_commands_refused_total", "reason=\"rate-limit\"") == 300 - passed.count)
        // Tokens come again.
        try eventually("a command passes") { try client.ask("PING") == "+PONG\r\n" }
    }

    @Test("is one for all clients and workers", arguments: ["session", "shared"])
    func together(mode: String) throws {
        let (_, gateway) = try Self.place(mode, "rate-limit: { commands: 1, burst: 40 }")
        let clients = try (0..<8).map { _ in try gateway.connect() }
        let start = ContinuousClock.now
        var passed = 0
        for client in clients {
            passed += try RoutedRedis.pipeline(client, (0..<20).map { _ in ["PING"] }).count { $0 == "+PONG\r\n" }
        }
        #expect(passed >= 35 && passed <= 40 + Self.extra(since: start), "\(passed)")
    }

    @Test("or each client has its own", arguments: ["session", "shared"])
    func apart(mode: String) throws {
        let (_, gateway) = try Self.place(mode, "rate-limit: { commands: 1, burst: 10, per: client }")
        for _ in 0..<3 {
            let client = try gateway.connect()
            let replies = try RoutedRedis.pipeline(client, (0..<20).map { _ in ["PING"] })
            #expect(replies.prefix(10).allSatisfy { $0 == "+PONG\r\n" })
            #expect(replies.last?.hasPrefix("-BUSY fairlead: listener 'redis' takes 1 commands/s and client") == true)
        }
    }

    @Test(
        "spoils a transaction, and never refuses what the commands behind it depend on",
        arguments: ["session", "shared"])
    func transactions(mode: String) throws {
        let (server, gateway) = try Self.place(mode, Self.slow)
        let client = try gateway.connect()
        let control = try RawConnection(port: server.port)
        let many = (0..<200).map { _ in ["INCR", "n"] }
        let replies = try RoutedRedis.pipeline(
            client, [["MULTI"]] + many + [["EXEC"], ["SELECT", "2"], ["MULTI"], ["EXEC"]])
        #expect(replies[0] == "+OK\r\n")
        #expect(replies.contains(Self.busy))
        #expect(
            Array(replies.suffix(4)) == [
                "-EXECABORT Transaction discarded because of previous errors.\r\n", "+OK\r\n", "+OK\r\n", "*0\r\n",
            ])
        #expect(try control.ask("EXISTS", "n") == ":0\r\n")
        try eventually("a command passes") { try client.ask("SET", "k", "1") == "+OK\r\n" }
        #expect(try control.ask("SELECT", "2") == "+OK\r\n")
        #expect(try control.ask("EXISTS", "k") == ":1\r\n")
    }

    @Test("makes clients wait in order, and nobody else with them", arguments: ["session", "shared"])
    func waiting(mode: String) throws {
        let (_, gateway) = try Self.place(mode, "rate-limit: { commands: 200, burst: 10, per: client, over: wait }")
        let (client, other) = (try gateway.connect(), try gateway.connect())
        let start = ContinuousClock.now
        try client.send((0..<210).flatMap { _ in RawConnection.command(["INCR", "n"]) })
        #expect(try other.ask("PING") == "+PONG\r\n")
        #expect(try (0..<210).map { _ in try client.reply() } == (1...210).map { ":\($0)\r\n" })
        // 200 commands above the burst at 200 a second; clocks differ by a little.
        #expect(ContinuousClock.now - start >= .milliseconds(950))
        // One that comes to be looked at late may find its token there.
        #expect(try gateway.metrics().sum("fairlead_commands_delayed_total") >= 10)
        #expect(try gateway.metrics().sum("fairlead_commands_refused_total") == 0)
        client.close()
        other.close()
        try gateway.settles("nothing left") { $0.sum("fairlead_sessions_active") == 0 }
    }

    @Test("a client that goes away while it waits leaves nothing behind", arguments: ["session", "shared"])
    func gone(mode: String) throws {
        let (_, gateway) = try Self.place(mode, "rate-limit: { commands: 1, burst: 1, over: wait }")
        let clients = try (0..<20).map { _ in try gateway.connect() }
        for client in clients { try client.send((0..<5).flatMap { _ in RawConnection.command(["PING"]) }) }
        try gateway.settles("all are there") { $0.sum("fairlead_sessions_active") == 20 }
        for client in clients { client.reset() }
        // Their hundred commands would take a hundred seconds.
        let start = ContinuousClock.now
        try gateway.settles("nothing left") { $0.sum("fairlead_sessions_active") == 0 }
        #expect(ContinuousClock.now - start < .seconds(15))
    }

    @Test("a long command is counted, and passes", arguments: ["session", "shared"])
    func long(mode: String) throws {
        let (_, gateway) = try Self.place(mode, Self.slow)
        let client = try gateway.connect()
        let value = String(repeating: "v", count: 300_000)
        let replies = try RoutedRedis.pipeline(client, (0..<12).map { _ in ["SET", "k", value] } + [["PING"]])
        #expect(replies.prefix(12).allSatisfy { $0 == "+OK\r\n" })
        #expect(replies.last == Self.busy)
    }

    @Test("a route has its own beside that of the listener")
    func routes() throws {
        let place = try RoutedRedis(
            [
                "{ prefix: \"a:\", backend: alpha, rate-limit: { commands: 1, burst: 5 } }",
                "{ prefix: \"b:\", backend: beta }",
            ])
        let client = try place.gateway.connect()
        let start = ContinuousClock.now
        let commands = (0..<20).flatMap { _ in [["INCR", "a:n"], ["INCR", "b:n"], ["INCR", "n"]] }
        let replies = try RoutedRedis.pipeline(client, commands)
        for (name, offset) in [("b", 1), ("main", 2)] {
            let own = stride(from: offset, to: 60, by: 3).map { replies[$0] }
            #expect(own == (1...20).map { ":\($0)\r\n" }, "\(name)")
        }
        let limited = stride(from: 0, to: 60, by: 3).map { replies[$0] }
        let passed = limited.count { $0.hasPrefix(":") }
        #expect(passed >= 5 && passed <= 5 + Self.extra(since: start))
        #expect(
            limited.last?.hasPrefix("-BUSY fairlead: the route of prefix \"a:\" on listener 'redis' takes 1 ") == true)
    }

    @Test("holds in front of a private backend too", arguments: ["refuse", "wait"])
    func translated(excess: String) throws {
        let folder = try TemporaryFolder()
        let rate = excess == "wait" ? "commands: 200" : "commands: 1"
        let gateway = try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                listeners:
                  redis:
                    { protocol: redis, listen: 127.0.0.1:0, backend: store, rate-limit: { \(rate), burst: 10, over: \(excess) } }
                backends:
                  store: { adapter: embedded, options: { folder: "\(try folder.folder("data"))" } }
                """)
        let client = try gateway.connect()
        let start = ContinuousClock.now
        let replies = try RoutedRedis.pipeline(client, (0..<110).map { _ in ["INCR", "n"] })
        let passed = replies.filter { $0.hasPrefix(":") }
        #expect(passed == (1...passed.count).map { ":\($0)\r\n" })
        if excess == "wait" {
            #expect(passed.count == 110)
            #expect(ContinuousClock.now - start >= .milliseconds(450))
        } else {
            #expect(passed.count >= 10 && passed.count <= 10 + Self.extra(since: start))
            #expect(replies.filter { $0 == Self.busy }.count == 110 - passed.count)
            #expect(
                try RoutedRedis.pipeline(client, [["MULTI"], ["INCR", "n"], ["INCR", "n"], ["INCR", "n"], ["EXEC"]])
                    .last?
                    .hasPrefix("-EXECABORT") == true)
        }
    }

    @Test("clients that leave while they wait keep nobody waiting", arguments: ["session", "shared"])
    func leavers(mode: String) throws {
        let (server, gateway) = try Self.place(mode, "rate-limit: { commands: 1, burst: 1, over: wait }")
        let last = try gateway.connect()
        for _ in 0..<300 {
            let leaver = try gateway.connect()
            try leaver.send(RawConnection.command(["INCR", "n"]))
            leaver.close()
        }
        try eventually("the clients are gone") {
            try gateway.metrics().sum("fairlead_sessions_active") <= 1
        }
        try last.send(RawConnection.command(["PING"]))
        // Their tokens would take five minutes.
        #expect(last.hasInput(within: 30_000))
        #expect(try last.reply() == "+PONG\r\n")
        _ = server
    }
}

private enum RawReply {
    static func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }
}
