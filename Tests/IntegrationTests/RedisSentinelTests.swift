// Sentinels that name the master: the gateway follows them.

import Foundation
import TestSupport
import Testing

@Suite("a master that sentinels name", .serialized, .blocking)
struct RedisSentinelTests {
    @Test("new and old clients are led to the new master, in both modes", arguments: ["session", "shared"])
    func switching(_ mode: String) throws {
        let sentinels = try RedisSentinels()
        let gateway = try Fairlead(toRedis: sentinels.url, backend: ["mode: \(mode)"])
        let client = try gateway.connect()
        #expect(try client.ask("SET", "a", "1") == "+OK\r\n")
        let blocked = try gateway.connect()
        try blocked.send(RawConnection.command(["BLPOP", "nothing", "0"]))
        // It waits at the old master, and has to hear that it is gone.
        try eventually("a blocked client") {
            try RedisSentinels.ask(sentinels.servers[0].port, "INFO", "clients").contains("blocked_clients:1")
        }
        try sentinels.failover()
        #expect(try blocked.reply().hasPrefix("-"))
        try eventually("writes at the new master") {
            let client = try gateway.connect()
            return try client.ask("SET", "b", "2") == "+OK\r\n"
        }
        #expect(try RedisSentinels.ask(sentinels.servers[1].port, "GET", "b") == "2")
        sentinels.stop()
    }

    @Test("the death of a master is followed as well")
    func death() throws {
        let sentinels = try RedisSentinels()
        let gateway = try Fairlead(toRedis: sentinels.url, backend: ["mode: shared"])
        let client = try gateway.connect()
        #expect(try client.ask("SET", "a", "1") == "+OK\r\n")
        sentinels.servers[0].process.kill()
        try sentinels.waitUntilMaster(1)
        try eventually("writes at the new master") { try client.ask("SET", "b", "2") == "+OK\r\n" }
        #expect(try RedisSentinels.ask(sentinels.servers[1].port, "GET", "b") == "2")
        sentinels.stop()
    }

    @Test("a server that says it is no master is not taken for one, and the next sentinel is asked")
    func behind() throws {
        let master = try RedisServer()
        let replica = try RedisServer(.init(arguments: ["--replicaof", "127.0.0.1 \(master.port)"]))
        // A sentinel that was cut off while the others switched.
        let behind = try Self.sentinel(naming: replica.port)
        defer { behind.stop() }
        let alone = try Fairlead(toRedis: "redis+sentinel://127.0.0.1:\(behind.port)/mymaster")
        #expect(
            try alone.connect().ask("SET", "a", "1")
                .contains("the sentinels name 127.0.0.1:\(replica.port), which says that it is no master"))
        let informed = try Self.sentinel(naming: master.port)
        defer { informed.stop() }
        let gateway = try Fairlead(
            toRedis: "redis+sentinel://127.0.0.1:\(behind.port),127.0.0.1:\(informed.port)/mymaster")
        #expect(try gateway.connect().ask("SET", "a", "1") == "+OK\r\n")
    }

    /// Answers as a sentinel that names a server at `port` for every name, and never hears of a switch.
    private static func sentinel(naming port: Int) throws -> ScriptedServer {
        try ScriptedServer { connection, _ in
            while true {
                switch try command(connection).first {
                case "SENTINEL":
                    try connection.send("*2\r\n$9\r\n127.0.0.1\r\n$\("\(port)".utf8.count)\r\n\(port)\r\n")
                case "SUBSCRIBE": try connection.send("*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n")
                default: try connection.send("-ERR unknown command\r\n")
                }
            }
        }
    }

    private static func command(_ connection: ScriptedConnection) throws -> [String] {
        let count = Int(try connection.readLine().dropFirst().trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
        return try (0..<count).map { _ in
            _ = try connection.readLine()
            return try connection.readLine().trimmingCharacters(in: .whitespacesAndNewlines)
        }
    }

    @Test("without a sentinel that knows the master, clients hear why")
    func unknown() throws {
        let sentinels = try RedisSentinels()
        let url = sentinels.url.replacing("/mymaster", with: "/other")
        let gateway = try Fairlead(toRedis: url)
        let client = try gateway.connect()
        #expect(try client.ask("GET", "a").contains("no sentinel has named a master"))
        sentinels.stop()
    }
}
