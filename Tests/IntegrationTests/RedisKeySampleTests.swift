// Hot keys and big values of real traffic, as an operator sees them.

import Foundation
import TestSupport
import Testing

@Suite("sampling of keys", .serialized, .blocking)
struct RedisKeySampleTests {
    private struct Report: Decodable {
        struct HotKey: Decodable {
            let key: String
            let share: Double
            let atLeast: Double

            enum CodingKeys: String, CodingKey {
                case key, share
                case atLeast = "share-at-least"
            }
        }

        struct BigValue: Decodable {
            let key: String
            let bytes: Int
            let command: String
            let of: String
        }

        struct Listener: Decodable {
            let listener: String
            let commands: Int
            let blindClients: Int
            let hotKeys: [HotKey]
            let bigValues: [BigValue]

            enum CodingKeys: String, CodingKey {
                case listener, commands
                case blindClients = "blind-clients"
                case hotKeys = "hot-keys"
                case bigValues = "big-values"
            }
        }

        let listeners: [Listener]
    }

    private static func report(_ gateway: Fairlead) throws -> Report {
        try JSONDecoder().decode(Report.self, from: Data(gateway.get("/keys").body.utf8))
    }

    private static func fill(_ client: RawConnection) throws {
        var commands: [[String]] = []
        // Large ones come in many pieces; and one is written in a transaction, whose replies say QUEUED.
        commands.append(["SET", "canary-big", String(repeating: "b", count: 300_000)])
        commands.append(["SET", "canary-middle", String(repeating: "m", count: 5_000)])
        commands += [["MULTI"], ["SET", "canary-queued", String(repeating: "q", count: 40_000)], ["EXEC"]]
        for index in 0..<300 {
            commands.append(["GET", "canary-hot"])
            if index % 3 == 0 { commands.append(["INCR", "canary-counter"]) }
            commands.append(["MGET", "canary-many", "cold-\(index)"])
        }
        commands += [
            ["RPUSH", "canary-list"] + (0..<500).map { "element \($0)" }, ["LRANGE", "canary-list", "0", "-1"],
        ]
        for command in commands { _ = try RoutedRedis.pipeline(client, [command]) }
    }

    @Test("tells hot keys and big values, whoever carries the commands", arguments: ["session", "shared", "private"])
    func found(way: String) throws {
        let server = try RedisServer()
        let folder = try TemporaryFolder()
        let sampling = "sample-keys: { every: 1, top: 5 }"
        let gateway =
            way == "private"
            ? try Fairlead(
                yaml: """
                    admin: 127.0.0.1:0
                    listeners:
                      redis: { protocol: redis, listen: 127.0.0.1:0, backend: house, \(sampling) }
                    backends:
                      house: { adapter: embedded, options: { folder: "\(folder.path)" } }

                    """)
            : try Fairlead(to: server, listener: [sampling], backend: ["mode: \(way)"])
        let client = try gateway.connect()
        try Self.fill(client)
        let listener = try #require(try Self.report(gateway).listeners.first)
        #expect(listener.blindClients == 0)
        // Those that were met once are not among them.
        #expect(listener.hotKeys.count == 4 && listener.bigValues.count == 4)
        #expect(
            Set(listener.hotKeys.prefix(3).map(\.key)) == ["canary-hot", "canary-many", "canary-counter"])
        let hot = try #require(listener.hotKeys.first { $0.key == "canary-hot" })
        // 300 of some 1,005 accesses, and exact because the table of 256 keys took in no more than it had room for but 60.
        #expect(hot.share > 0.28 && hot.share < 0.32 && hot.atLeast > 0.2)
        let big = listener.bigValues
        #expect(big.map(\.key) == ["canary-big", "canary-queued", "canary-list", "canary-middle"])
        #expect(big[0].bytes > 300_000 && big[0].bytes < 300_100 && big[0].command == "set" && big[0].of == "command")
        #expect(big[2].command == "rpush" || big[2].of == "reply")

        let text = try gateway.get("/keys.txt").body
        #expect(text.contains("canary-hot") && text.contains("canary-big"))
        // A metric label is not where keys belong, and neither is a usage profile.
        let metrics = try gateway.get("/metrics").body
        #expect(!metrics.contains("canary"))
        #expect(metrics.contains("fairlead_big_value_bytes{listener=\"\(listener.listener)\"} \(big[0].bytes)\n"))
        #expect(try !gateway.get("/usage").body.contains("canary"))
        client.close()
    }

    @Test("a reply is measured by the key that asked for it, through pipelines, errors, pushes and subscriptions")
    func replies() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, listener: ["sample-keys: { every: 1 }"])
        let direct = try RawConnection(port: server.port)
        _ = try RoutedRedis.pipeline(
            direct, [["SET", "large", String(repeating: "l", count: 20_000)], ["SET", "n", "text"]])
        let client = try gateway.connect()
        _ = try RoutedRedis.pipeline(client, [["HELLO", "3"]])
        let batch = [
            ["INCR", "n"], ["PING"], ["GET", "large"], ["GET", "n"], ["SUBSCRIBE", "a", "b"], ["GET", "n"],
        ]
        try client.send(batch.flatMap { RawConnection.command($0) })
        // Two confirmations for one command.
        for _ in 0..<7 { _ = try client.reply() }
        for _ in 0..<20 { _ = try RoutedRedis.pipeline(client, [["GET", "large"], ["GET", "n"], ["PING"]]) }
        let listener = try #require(try Self.report(gateway).listeners.first)
        #expect(listener.bigValues.map(\.key) == ["large"])
        #expect(listener.bigValues.first?.bytes == 20_010 && listener.bigValues.first?.of == "reply")
        client.close()
        direct.close()
    }

    @Test("nothing is kept where nobody asked for it, and a client that breaks the protocol is counted")
    func off() throws {
        let server = try RedisServer()
        let silent = try Fairlead(to: server)
        let client = try silent.connect()
        _ = try RoutedRedis.pipeline(client, (0..<200).map { _ in ["GET", "canary"] })
        #expect(try Self.report(silent).listeners.isEmpty)
        #expect(try !silent.get("/metrics").body.contains("fairlead_hot_key_share"))
        client.close()

        let gateway = try Fairlead(to: server, listener: ["sample-keys: {}"])
        let broken = try gateway.connect()
        try broken.send(Array("*1\r\n$-9\r\n".utf8))
        _ = try broken.rest()
        #expect(try Self.report(gateway).listeners.first?.blindClients == 1)
        broken.close()
    }
}
