// Redis shadows whose candidates fail in every way, and what is left of them.

import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("a Redis listener whose shadow's candidate fails", .blocking)
struct RedisShadowFailureTests {
    /// What a bad candidate does on each connection.
    private static let bad: [(name: String, script: @Sendable (ScriptedConnection, Int) throws -> Void)] = [
        ("closes at once", { _, _ in }),
        ("closes after the first command", { connection, _ in _ = try connection.readAvailable() }),
        (
            "sends garbage",
            { connection, _ in
                while true {
                    _ = try connection.readAvailable()
                    try connection.send("HTTP/1.1 400 Bad Request\r\n\r\n")
                }
            }
        ),
        (
            "answers more than it was asked",
            { connection, _ in
                while true {
                    _ = try connection.readAvailable()
                    try connection.send(String(repeating: "+OK\r\n", count: 5_000))
                }
            }
        ),
        ("never answers", { connection, _ in connection.readToEnd() }),
        ("never reads", { _, _ in Thread.sleep(forTimeInterval: 30) }),
        (
            "stops in the middle of a reply",
            { connection, _ in
                _ = try connection.readAvailable()
                try connection.send("$100\r\nabc")
                connection.readToEnd()
            }
        ),
    ]

    @Test("a candidate that fails takes nothing from the clients, and every drop is counted", arguments: 0..<8)
    func failing(index: Int) throws {
        // The last one is not there at all.
        let server = index < Self.bad.count ? try ScriptedServer(Self.bad[index].script) : nil
        defer { server?.stop() }
        let port = try server?.port ?? FreePort.take()
        let redis = try ShadowedRedis(candidate: "url: \"redis://127.0.0.1:\(port)\"")
        let replies = try RedisShadowLoadTests.play(redis.gateway, clients: 8, rounds: 200)
        #expect(replies > 8 * 200)
        let metrics = try redis.gateway.metrics()
        #expect(metrics.sum("fairlead_failures_total", "listener=\"redis\"") == 0)
        #expect(metrics.sum("fairlead_shadow_waiting") <= 4096)
        #expect(metrics.sum("fairlead_shadow_waiting_bytes") <= 8 << 20)
        let report = try redis.report()
        #expect(report.isAccountedFor, "\(report)")
        // One that says yes to everything is found out, and the others say nothing.
        #expect(index == 3 ? report.differing > 0 : report.identical == 0)
        #expect(index == 3 || report.differences.allSatisfy { $0.kind == "broken" }, "\(report.differences)")
    }

    @Test("a candidate that comes back is asked again")
    func returning() throws {
        let port = try FreePort.take()
        let redis = try ShadowedRedis(candidate: "url: \"redis://127.0.0.1:\(port)\"")
        let client = try redis.connect()
        #expect(try client.ask("SET", "p:a", "1") == "+OK\r\n")
        try redis.gateway.settles("a drop") {
            $0.sum("fairlead_shadow_dropped_total", "reason=\"candidate-down\"") == 1
        }
        let candidate = try RedisServer(port: port)
        try eventually("a comparison") {
            _ = try client.ask("SET", "p:a", "1")
            return try redis.report().identical > 0
        }
        #expect(try client.ask("GET", "p:a") == "$1\r\n1\r\n")
        let report = try redis.report()
        #expect(report.verdict == "identical" && report.isAccountedFor)
        candidate.stop()
    }

    @Test("a slow candidate fills its queue to the bound and no further, and the clients do not wait")
    func slow() throws {
        let gate = Mutex(false)
        let server = try ScriptedServer { connection, _ in
            while !gate.withLock({ $0 }) { Thread.sleep(forTimeInterval: 0.01) }
            connection.readToEnd()
        }
        defer { server.stop() }
        let redis = try ShadowedRedis(candidate: "url: \"redis://127.0.0.1:\(server.port)\"", workers: 1)
        let client = try redis.connect()
        let value = String(repeating: "x", count: 16_000)
        for number in 0..<2_000 { #expect(try client.ask("SET", "p:\(number)", value) == "+OK\r\n") }
        let metrics = try redis.gateway.metrics()
        #expect(metrics.sum("fairlead_shadow_waiting_bytes") <= 8 << 20)
        let full = metrics.sum("fairlead_shadow_dropped_total", "reason=\"queue-full\"")
        let down = metrics.sum("fairlead_shadow_dropped_total", "reason=\"candidate-silent\"")
        #expect(full > 0 || down > 0)
        gate.withLock { $0 = true }
        #expect(try redis.report().isAccountedFor)
    }

    @Test("when all clients have gone nothing of a shadow is left but what it has found")
    func leftovers() throws {
        let candidate = try RedisServer()
        let redis = try ShadowedRedis(candidate: "url: \"redis://127.0.0.1:\(candidate.port)\"")
        let client = try redis.connect()
        for round in 0..<3 { #expect(try client.ask("SET", "p:a", "\(round)") == "+OK\r\n") }
        client.close()
        try redis.gateway.settles("no socket, the shadow's own included") { $0.isEmpty }
        #expect(try redis.report().identical == 3)
        redis.gateway.signal(SIGTERM)
        #expect(try redis.gateway.ending() == .exited(0))
    }
}
