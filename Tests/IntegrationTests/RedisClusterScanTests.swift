// Commands that see the keys of all nodes, and moving the data of a cluster, which rests on them.

import Foundation
import TestSupport
import Testing

@Suite("the keys of a whole cluster", .serialized, .blocking)
struct RedisClusterScanTests {
    private static func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }

    /// All pages of a scan; how many there were.
    private static func scan(_ client: RawConnection, _ options: String...) throws -> (keys: [String], pages: Int) {
        var cursor = "0"
        var keys: [String] = []
        var pages = 0
        repeat {
            let reply = try RoutedRedis.pipeline(client, [["SCAN", cursor] + options])[0]
            let page = try RedisValue(reply).items
            guard page.count == 2, UInt64(page[0].string) != nil else { throw SupportError(reply) }
            cursor = page[0].string
            keys += page[1].items.map(\.string)
            pages += 1
            guard pages < 10_000 else { throw SupportError("a scan without end, at \(cursor)") }
        } while cursor != "0"
        return (keys, pages)
    }

    @Test("SCAN, KEYS and RANDOMKEY see the keys of every node once")
    func everything() throws {
        let cluster = try RedisCluster()
        let gateway = try Fairlead(to: cluster)
        let client = try gateway.connect()
        #expect(try client.ask("RANDOMKEY") == "$-1\r\n")
        #expect(try client.ask("KEYS", "*") == "*0\r\n")
        #expect(try Self.scan(client).keys == [])
        let names = Set((0..<2_000).map { "key:\($0)" })
        _ = try RoutedRedis.pipeline(client, names.map { ["SET", $0, "v"] } + [["SADD", "set", "m"]])
        let all = try Self.scan(client, "COUNT", "100")
        #expect(Set(all.keys) == names.union(["set"]) && all.keys.count == 2_001)
        #expect(all.pages > 12)
        #expect(try Self.scan(client, "TYPE", "set").keys == ["set"])
        #expect(try Set(Self.scan(client, "MATCH", "key:19*", "COUNT", "1000").keys).count == 111)
        let found = try RedisValue(client.ask("KEYS", "key:19*")).items.map(\.string)
        #expect(Set(found) == names.filter { $0.hasPrefix("key:19") } && found.count == 111)
        var nodes = Set<Int>()
        for _ in 0..<500 where nodes.count < 3 {
            let key = try RedisValue(client.ask("RANDOMKEY")).string
            #expect(names.contains(key) || key == "set")
            let slot = try cluster.ask(0, "CLUSTER", "KEYSLOT", key)
            nodes.insert(try cluster.master(of: #require(Int(slot.split(separator: " ").last ?? ""))))
        }
        #expect(nodes.count == 3)
        // Another worker, and another gateway, goes on with the same cursor.
        let page = try RedisValue(client.ask("SCAN", "0", "COUNT", "10")).items
        let other = try Fairlead(to: cluster, workers: 1)
        let next = try other.connect().ask("SCAN", page[0].string, "COUNT", "10")
        #expect(try client.ask("SCAN", page[0].string, "COUNT", "10") == next)
        cluster.stop()
    }

    @Test("a scan that the cluster has changed under is told so, and a wrong cursor gets the server's word")
    func changes() throws {
        let cluster = try RedisCluster()
        let gateway = try Fairlead(to: cluster)
        let client = try gateway.connect()
        _ = try RoutedRedis.pipeline(client, (0..<500).map { ["SET", "key:\($0)", "v"] })
        let cursor = try RedisValue(client.ask("SCAN", "0")).items[0].string
        #expect(try client.ask("SCAN", cursor).hasPrefix("*2\r\n"))
        for wrong in ["x", "-1", "99999999999999999999999", ""] {
            #expect(try client.ask("SCAN", wrong) == "-ERR invalid cursor\r\n", "\(wrong)")
        }
        #expect(try client.ask("SCAN") == "-ERR wrong number of arguments for 'scan' command\r\n")
        #expect(try client.ask("SCAN", "0", "COUNT", "0") == "-ERR syntax error\r\n")
        // One that belongs to no map.
        #expect(try client.ask("SCAN", "1").contains("begin again with 0"))
        try cluster.move(0, to: cluster.master(of: 16_383))
        try eventually("a word of the change") {
            _ = try client.ask("GET", "\u{0}06S")
            return try client.ask("SCAN", cursor).contains("begin again with 0")
        }
        #expect(try Self.scan(client, "COUNT", "100").keys.count == 500)
        cluster.stop()
    }

    @Test("the data of a cluster moves away and back under writers")
    func moves() throws {
        let cluster = try RedisCluster()
        let folder = try TemporaryFolder()
        let seeds = cluster.nodes.prefix(2).map { "127.0.0.1:\($0.port)" }.joined(separator: ",")
        let gateway = try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                workers: 2
                listeners:
                  redis:
                    protocol: redis
                    listen: 127.0.0.1:0
                    backend: old
                    migrate: { to: new, state: "\(folder.file("move.json"))" }
                backends:
                  old: { url: "redis+cluster://\(seeds)" }
                  new: { adapter: embedded, options: { folder: "\(folder.file("data"))" } }

                """)
        let client = try gateway.connect()
        let filled =
            (0..<600).map { ["SET", "key:\($0)", "v\($0)"] } + [["RPUSH", "list", "a", "b"], ["HSET", "h", "f", "v"]]
        _ = try RoutedRedis.pipeline(client, filled)
        let writers = (0..<4).map { number in
            MovingWriter("w\(number)", keys: 100, transactions: false) { try gateway.connect() }
        }
        func migrate(_ option: String) throws {
            let result = try Command.runBlocking(
                [try Tools.fairlead, "migrate", "redis", "--admin", "127.0.0.1:\(gateway.port("admin"))", option],
                timeout: .seconds(300))
            #expect(result.ending == .exited(0), "\(option): \(result.errorText)")
        }
        try migrate("--force")
        try migrate("--cut-over")
        let there = writers.map(\.written)
        try eventually("writes at the target") { zip(writers, there).allSatisfy { $0.written > $1 + 20 } }
        for writer in writers { try writer.stop() }
        let moved = try gateway.connect()
        for writer in writers { #expect(try writer.lost(on: moved) == []) }
        #expect(try moved.ask("LRANGE", "list", "0", "-1") == "*2\r\n$1\r\na\r\n$1\r\nb\r\n")
        #expect(try moved.ask("GET", "key:599") == Self.bulk("v599"))
        #expect(try moved.ask("SET", "later", "x") == "+OK\r\n")
        try eventually("a way back") {
            let result = try Command.runBlocking(
                [
                    try Tools.fairlead, "migrate", "redis", "--admin", "127.0.0.1:\(gateway.port("admin"))",
                    "--roll-back",
                ],
                timeout: .seconds(300))
            return result.ending == .exited(0)
        }
        let back = try gateway.connect()
        #expect(try back.ask("GET", "later") == Self.bulk("x"))
        #expect(try back.ask("CLUSTER", "INFO").hasPrefix("-ERR This instance"))
        for writer in writers { #expect(try writer.lost(on: back) == []) }
        cluster.stop()
    }
}
