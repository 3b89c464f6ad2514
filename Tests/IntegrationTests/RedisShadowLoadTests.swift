// A shadow under many clients at once.

import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("a Redis listener with a shadow under load", .serialized, .blocking)
struct RedisShadowLoadTests {
    /// One client's random commands on its own keys and on those of all; what it has to get is counted.
    private struct Player {
        let number: Int
        var generator: SystemRandomNumberGenerator = .init()
        /// Without what no other server could agree with, or what costs a connection.
        var isPlain = false

        mutating func any<T>(_ list: [T]) -> T { list.randomElement(using: &generator) ?? list[0] }

        /// One to four commands, and how many replies they get.
        mutating func next() -> (commands: [[String]], replies: Int) {
            let kind = any(["s", "h", "l", "e", "z"])
            let owner = Int.random(in: 0..<4, using: &generator) == 0 ? "all" : "\(number)"
            let key = "p:\(owner):\(kind)\(Int.random(in: 0..<6, using: &generator))"
            let value = "v\(Int.random(in: 0..<1000, using: &generator))"
            if !isPlain, Int.random(in: 0..<25, using: &generator) == 0 {
                return any([
                    ([["MULTI"], ["SET", key, value], ["GET", key], ["EXEC"]], 4),
                    ([["EVAL", "return redis.call('del', KEYS[1])", "1", key]], 1),
                    ([["BLPOP", key, "0.01"]], 1), ([["SELECT", "1"], ["SET", key, value], ["SELECT", "0"]], 3),
                    ([["SPOP", key]], 1), ([["SET", "q:" + key, value], ["GET", "q:" + key]], 2),
                    ([["SETRANGE", key, "70000", "x"]], 1), ([["NO", "SUCH"]], 1), ([["DBSIZE"], ["RANDOMKEY"]], 2),
                    ([["MSET", key, value, "q:other", value]], 1), ([["GETEX", key, "PX", "20"]], 1),
                    ([["SET", key, value, "PX", "15"]], 1), ([["CLIENT", "REPLY", "SKIP"], ["SET", key, value]], 0),
                ])
            }
            let commands: [[String]]
            switch kind {
            case "s":
                commands = [
                    any([
                        ["SET", key, value], ["SET", key, value, "NX"], ["SET", key, "7"], ["INCR", key],
                        ["APPEND", key, "x"],
                        ["GETDEL", key], ["SET", key, value, "EX", "100"], ["SET", key, value, "GET"],
                    ]),
                    any([["GET", key], ["STRLEN", key], ["TTL", key], ["MGET", key, "p:all:s1"], ["TYPE", key]]),
                ]
            case "h":
                commands = [
                    any([
                        ["HSET", key, "f\(value.count)", value], ["HDEL", key, "f2"], ["HINCRBY", key, "n", "2"],
                        ["DEL", key],
                    ]),
                    any([
                        ["HGETALL", key], ["HKEYS", key], ["HGET", key, "n"], ["HRANDFIELD", key], ["HSCAN", key, "0"],
                    ]),
                ]
            case "l":
                commands = [
                    any([
                        ["LPUSH", key, value], ["RPUSH", key, value, "b"], ["LPOP", key], ["LTRIM", key, "0", "3"],
                    ]),
                    any([["LRANGE", key, "0", "-1"], ["LLEN", key], ["LINDEX", key, "0"], ["GET", key]]),
                ]
            case "e":
                commands = [
                    any([["SADD", key, value, "a"], ["SREM", key, "a"], ["SMOVE", key, "p:\(owner):e0", "a"]]),
                    any([["SMEMBERS", key], ["SUNION", key, "p:all:e1"], ["SCARD", key], ["SRANDMEMBER", key]]),
                ]
            default:
                commands = [
                    any([
                        ["ZADD", key, "1.5", value], ["ZINCRBY", key, "0.1", value], ["ZPOPMIN", key], ["DEL", key],
                    ]),
                    any([["ZRANGE", key, "0", "-1", "WITHSCORES"], ["ZSCORE", key, value], ["ZCARD", key]]),
                ]
            }
            return (commands, commands.count)
        }
    }

    /// Plays `rounds` with each of so many clients at once and awaits every reply; how many there were.
    @discardableResult
    static func play(
        _ gateway: Fairlead, clients: Int, rounds: Int, isPlain: Bool = false
    ) throws -> Int {
        let failures = Mutex<[String]>([])
        let replies = Atomic(0)
        DispatchQueue.concurrentPerform(iterations: clients) { number in
            do {
                let client = try gateway.connect()
                if number % 3 == 0 { _ = try client.ask("HELLO", "3") }
                var player = Player(number: number, isPlain: isPlain)
                for _ in 0..<rounds {
                    let (commands, count) = player.next()
                    try client.send(commands.flatMap { RawConnection.command($0) })
                    for _ in 0..<count { _ = try client.reply() }
                    replies.add(count, ordering: .relaxed)
                }
                // In place and in order to the last.
                guard try client.ask("ECHO", "the end of \(number)").contains("the end of \(number)") else {
                    throw SupportError("a reply went astray")
                }
                client.close()
            } catch {
                failures.withLock { $0.append("client \(number): \(error)") }
            }
        }
        #expect(failures.withLock { $0 } == [])
        return replies.load(ordering: .relaxed)
    }

    @Test(
        "an identical candidate gives no alarm while sixteen clients write the same keys at once",
        arguments: [
            ("session", "writes: [\"p:\"]"), ("shared", "writes: [\"p:\"]"), ("shared", "scratch-prefix: \"s:\""),
        ])
    func identical(mode: String, shadow: String) throws {
        let candidate = try RedisServer()
        let redis = try ShadowedRedis(
            candidate: "url: \"redis://127.0.0.1:\(candidate.port)\"", shadow: shadow, mode: mode)
        try Self.play(redis.gateway, clients: 16, rounds: 250)
        let report = try redis.report()
        #expect(report.causes == [], "\(report.differences)")
        #expect(report.compared > 1_000, "\(report)")
        #expect(report.isAccountedFor, "\(report)")
    }

    @Test("writes that are answered in another order than they were done make their key doubtful, and give no alarm")
    func reordered() throws {
        let isDone = Mutex(false)
        let mayAnswer = Mutex(false)
        let primary = try WrongRedis { words, reply in
            guard words == ["SET", "p:k", "first"] else { return reply }
            isDone.withLock { $0 = true }
            while !mayAnswer.withLock({ $0 }) { usleep(1_000) }
            return reply
        }
        let candidate = try RedisServer()
        let gateway = try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                workers: 2
                listeners:
                  redis:
                    { protocol: redis, listen: 127.0.0.1:0, backend: main, shadow: { backend: new, writes: ["p:"] } }
                backends:
                  main: { url: "redis://127.0.0.1:\(primary.port)" }
                  new: { url: "redis://127.0.0.1:\(candidate.port)" }
                """)
        let (first, second) = (try gateway.connect(), try gateway.connect())
        try first.send(RawConnection.command(["SET", "p:k", "first"]))
        try eventually("the first write") { isDone.withLock { $0 } }
        #expect(try second.ask("SET", "p:k", "second") == "+OK\r\n")
        mayAnswer.withLock { $0 = true }
        #expect(try first.reply() == "+OK\r\n")
        #expect(try second.ask("GET", "p:k") == "$6\r\nsecond\r\n")
        try gateway.settles("a shadow at rest") { $0.sum("fairlead_shadow_waiting") == 0 }
        // They do differ now, and the shadow's own order is to blame.
        #expect(try RawConnection(port: candidate.port).ask("GET", "p:k") == "$5\r\nfirst\r\n")
        let report = try ShadowFindings(gateway.get("/shadow").body)
        #expect(report.causes == [] && report.dropped["stale"] == 1 && report.isAccountedFor, "\(report)")
    }

    @Test("a candidate that only reads what a replica of the primary holds gives no alarm either")
    func replica() throws {
        let candidate = try RedisServer()
        let redis = try ShadowedRedis(
            candidate: "url: \"redis://127.0.0.1:\(candidate.port)\"", shadow: "follows: true")
        let control = try RawConnection(port: candidate.port)
        _ = try control.ask("REPLICAOF", "127.0.0.1", "\(redis.primary.port)")
        let primary = try RawConnection(port: redis.primary.port)
        _ = try primary.ask("SET", "mark", "1")
        try eventually("a replica that is told of writes") { try control.ask("GET", "mark") == "$1\r\n1\r\n" }
        try eventually("a replica") { try primary.ask("INFO", "replication").contains("state=online") }
        try Self.play(redis.gateway, clients: 8, rounds: 300, isPlain: true)
        let report = try redis.report()
        #expect(report.causes == [], "\(report.differences)")
        // What differs while the replica is behind is looked at for seconds, so much else is not looked at meanwhile.
        #expect(report.compared > 300 && report.isAccountedFor, "\(report)")
    }

    @Test("long commands and replies, inline commands and clients that leave are counted, and make their keys doubtful")
    func odd() throws {
        let candidate = try RedisServer()
        let redis = try ShadowedRedis(candidate: "url: \"redis://127.0.0.1:\(candidate.port)\"")
        let client = try redis.connect()
        let long = String(repeating: "x", count: 200_000)
        #expect(try client.ask("SET", "p:long", long) == "+OK\r\n")
        #expect(try client.ask("STRLEN", "p:long") == ":200000\r\n")
        #expect(try client.ask("SET", "p:short", "1") == "+OK\r\n")
        #expect(try client.ask("GET", "p:short") == "$1\r\n1\r\n")
        var report = try redis.report()
        #expect(report.dropped["not-whole"] == 1 && report.dropped["stale"] == 1 && report.identical == 2)
        for _ in 0..<10 {
            #expect(try client.ask("APPEND", "p:grows", String(repeating: "y", count: 10_000)).hasPrefix(":"))
        }
        #expect(try client.ask("GET", "p:grows").hasPrefix("$100000\r\n"))
        report = try redis.report()
        #expect(report.dropped["too-large"] == 1 && report.identical == 12)
        // In crumbs a command is whole all the same.
        client.isDripping = true
        #expect(try client.ask("GET", "p:short") == "$1\r\n1\r\n")
        client.isDripping = false
        #expect(try redis.report().identical == 13)
        // An inline write may have written anything.
        try client.send("SET p:short 2\r\n")
        #expect(try client.reply() == "+OK\r\n")
        #expect(try client.ask("GET", "p:short") == "$1\r\n2\r\n")
        report = try redis.report()
        #expect(report.dropped["not-whole"] == 2 && report.dropped["stale"] == 2)
        let other = try redis.connect()
        try other.send(RawConnection.command(["CLIENT", "REPLY", "OFF"]) + RawConnection.command(["SET", "p:a", "1"]))
        other.finish()
        #expect(try other.rest() == [])
        report = try redis.report()
        #expect(report.isAccountedFor && report.causes == [], "\(report)")
    }
}
