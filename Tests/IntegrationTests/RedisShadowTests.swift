// What a listener's shadow finds, what it does not, and that no client ever notices it.

import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("a Redis listener with a shadow", .serialized, .blocking)
struct RedisShadowTests {
    /// Each wrong reply by its key, with the cause that is to be found.
    private static let wrongs:
        [(key: String, cause: String, question: [String], change: @Sendable (String) -> String)] = [
            ("p:value", "get value", ["GET"], { $0.replacingOccurrences(of: "canary", with: "cAnary") }),
            ("p:type", "strlen type", ["STRLEN"], { "$1\r\n\($0.dropFirst())" }),
            ("p:missing", "hget missing", ["HGET", "f"], { _ in "$-1\r\n" }),
            ("p:extra", "lindex extra", ["LINDEX", "9"], { _ in "$1\r\nx\r\n" }),
            ("p:error", "zcard unexpected-error", ["ZCARD"], { _ in "-ERR out of order\r\n" }),
            ("p:lenient", "llen missing-error", ["LLEN"], { _ in ":0\r\n" }),
            ("p:code", "scard error-code", ["SCARD"], { _ in "-ERR wrong kind of value\r\n" }),
            ("p:words", "hlen error-text", ["HLEN"], { _ in "-WRONGTYPE this is no hash\r\n" }),
            ("p:order", "lrange order", ["LRANGE", "0", "-1"], { _ in "*2\r\n$1\r\n1\r\n$1\r\n2\r\n" }),
            ("p:length", "mget length", ["MGET", "p:length"], { _ in "*1\r\n$-1\r\n" }),
            ("p:life", "ttl lifetime", ["TTL"], { _ in ":99\r\n" }),
            ("p:number", "zscore number-text", ["ZSCORE", "m"], { _ in "$3\r\n0.1\r\n" }),
            ("p:member", "smembers value", ["SMEMBERS"], { _ in "*2\r\n$1\r\nb\r\n$1\r\nc\r\n" }),
            ("p:count", "incr value", ["INCR"], { _ in ":17\r\n" }),
        ]

    private static let data: [[String]] = [
        ["SET", "p:value", "a canary"], ["SET", "p:type", "abc"], ["HSET", "p:missing", "f", "canary"],
        ["RPUSH", "p:extra", "a"], ["ZADD", "p:error", "1", "m"], ["SET", "p:lenient", "x"], ["SET", "p:code", "x"],
        ["SET", "p:words", "x"], ["RPUSH", "p:order", "2", "1"], ["SET", "p:length", "x"],
        ["SET", "p:life", "x", "EX", "1000"], ["ZADD", "p:number", "0.1", "m"], ["SADD", "p:member", "a", "b"],
        ["SADD", "p:any", "a", "b"],
    ]

    private static func wrong() throws -> WrongRedis {
        try WrongRedis { words, reply in
            guard words.count > 1, let wrong = wrongs.first(where: { $0.key == words[1] && $0.question[0] == words[0] })
            else { return words.first == "SMEMBERS" ? "*2\r\n$1\r\nb\r\n$1\r\na\r\n" : reply }
            return wrong.change(reply)
        }
    }

    @Test("finds every planted difference with its cause, and no other", arguments: ["session", "shared"])
    func planted(mode: String) throws {
        let candidate = try Self.wrong()
        let redis = try ShadowedRedis(candidate: "url: \"redis://127.0.0.1:\(candidate.port)\"", mode: mode)
        let client = try redis.connect()
        for words in Self.data { try client.send(RawConnection.command(words)) }
        for _ in Self.data { #expect(try !client.reply().hasPrefix("-")) }
        for round in 1...3 {
            for wrong in Self.wrongs {
                try client.send(RawConnection.command([wrong.question[0], wrong.key] + wrong.question.dropFirst()))
                _ = try client.reply()
            }
            _ = try client.ask("SMEMBERS", "p:any")
            let report = try redis.report()
            #expect(report.causes == Self.wrongs.map(\.cause).sorted())
            #expect(report.differences.allSatisfy { $0.count == round }, "\(report.differences)")
            #expect(report.verdict == "differs")
            #expect(report.isAccountedFor, "\(report)")
        }
        let body = try redis.gateway.get("/shadow").body
        for secret in ["canary", "p:value", "p:", "out of order"] { #expect(!body.contains(secret)) }
        let report = try redis.report()
        let value = try #require(report.differences.first { $0.command == "get" })
        #expect(value.example == "GET <key, 7 bytes>")
        #expect(value.place == "byte 3")
        #expect(value.primary == "bulk string, 8 bytes" && value.candidate == "bulk string, 8 bytes")
        #expect(value.first < value.last && value.first.hasSuffix("Z"))
        let metrics = try redis.gateway.metrics()
        #expect(metrics.sum("fairlead_shadow_differences_total", "command=\"get\"", "kind=\"value\"") == 3)
        #expect(metrics.sum("fairlead_shadow_compared_total") == report.compared)
    }

    @Test("a candidate that is behind is no liar about keys that end meanwhile, and still one about others")
    func lives() throws {
        let candidate = try RedisServer()
        let redis = try ShadowedRedis(candidate: "url: \"redis://127.0.0.1:\(candidate.port)\"")
        let (client, other) = (try redis.connect(), try RawConnection(port: candidate.port))
        #expect(try client.ask("SET", "p:warm", "x") == "+OK\r\n")
        _ = try redis.report()
        // It takes writes half a second later; the key is gone at the primary by then.
        #expect(try other.ask("CLIENT", "PAUSE", "500", "WRITE") == "+OK\r\n")
        #expect(try client.ask("SET", "p:lock", "x", "PX", "40") == "+OK\r\n")
        try eventually("the end of the lock") { try client.ask("EXISTS", "p:lock") == ":0\r\n" }
        #expect(try client.ask("DEL", "p:lock") == ":0\r\n")
        #expect(try client.ask("SET", "p:long", "x", "EX", "1000") == "+OK\r\n")
        var report = try redis.report()
        #expect(report.causes == [], "\(report.differences)")
        #expect(report.dropped["expiring"] == 1)
        // A life that is far from its end excuses nothing.
        #expect(try other.ask("DEL", "p:long") == ":1\r\n")
        #expect(try client.ask("DEL", "p:long") == ":1\r\n")
        report = try redis.report()
        #expect(report.causes == ["del value"])
        #expect(report.isAccountedFor, "\(report)")
    }

    @Test("masks and learnt noise take away what they name, and nothing else")
    func masks() throws {
        let candidate = try Self.wrong()
        let masks = "[number-text, error-text, error-code, order]"
        let redis = try ShadowedRedis(
            candidate: "url: \"redis://127.0.0.1:\(candidate.port)\"", shadow: "writes: [\"p:\"], masks: \(masks)")
        let client = try redis.connect()
        for words in Self.data {
            try client.send(RawConnection.command(words))
            _ = try client.reply()
        }
        for wrong in Self.wrongs {
            try client.send(RawConnection.command([wrong.question[0], wrong.key] + wrong.question.dropFirst()))
            _ = try client.reply()
        }
        let masked = ["zscore number-text", "hlen error-text", "scard error-code", "lrange order"]
        #expect(try redis.report().causes == Self.wrongs.map(\.cause).filter { !masked.contains($0) }.sorted())
    }

    @Test("what the primary itself answers differently each time is noise, and known as such after three times")
    func noise() throws {
        // Through a primary that counts, a read is another each time.
        let count = Atomic(0)
        let primary = try WrongRedis { words, reply in
            words.first == "GET" ? ":\(count.add(1, ordering: .relaxed).newValue)\r\n" : reply
        }
        let candidate = try RedisServer()
        let gateway = try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                workers: 1
                listeners:
                  redis:
                    { protocol: redis, listen: 127.0.0.1:0, backend: main, shadow: { backend: new, follows: true } }
                backends:
                  main: { url: "redis://127.0.0.1:\(primary.port)" }
                  new: { url: "redis://127.0.0.1:\(candidate.port)" }
                """)
        let client = try gateway.connect()
        for round in 1...6 {
            _ = try client.ask("GET", "k")
            try gateway.settles("noise") { $0.sum("fairlead_shadow_dropped_total", "reason=\"noise\"") == round }
        }
        // Once for the client, and three times twice to learn.
        #expect(count.load(ordering: .relaxed) == 6 + 3 * 2)
        let report = try ShadowFindings(gateway.get("/shadow").body)
        #expect(report.verdict == "skipped" && report.isAccountedFor, "\(report)")
    }

    @Test("writes go where they were opted to go, and what was written elsewhere is not compared")
    func writes() throws {
        let candidate = try RedisServer()
        let redis = try ShadowedRedis(candidate: "url: \"redis://127.0.0.1:\(candidate.port)\"")
        let client = try redis.connect()
        #expect(try client.ask("SET", "p:a", "1") == "+OK\r\n")
        #expect(try client.ask("SET", "q:a", "1") == "+OK\r\n")
        #expect(try client.ask("MSET", "p:b", "1", "q:b", "1") == "+OK\r\n")
        for key in ["p:a", "q:a", "p:b", "q:b"] { #expect(try client.ask("GET", key) == "$1\r\n1\r\n") }
        let report = try redis.report()
        #expect(report.verdict == "identical" && report.isAccountedFor)
        #expect(report.dropped["not-opted"] == 2)
        #expect(report.dropped["stale"] == 3)
        let direct = try RawConnection(port: candidate.port)
        #expect(try direct.ask("KEYS", "*") == "*1\r\n$3\r\np:a\r\n")
        // Written whole, a key is the same again.
        #expect(try client.ask("SET", "p:b", "2") == "+OK\r\n")
        #expect(try client.ask("GET", "p:b") == "$1\r\n2\r\n")
        #expect(try redis.report().dropped["stale"] == 3)
    }

    @Test(
        "a scratch prefix or database keeps what is written apart",
        arguments: ["scratch-prefix: \"s:\"", "scratch-database: 5"])
    func scratch(place: String) throws {
        let candidate = try RedisServer()
        let redis = try ShadowedRedis(candidate: "url: \"redis://127.0.0.1:\(candidate.port)\"", shadow: place)
        let direct = try RawConnection(port: candidate.port)
        _ = try direct.ask("SET", "a", "its own")
        _ = try direct.ask("SET", "b", "its own")
        let client = try redis.connect()
        #expect(try client.ask("GET", "a") == "$-1\r\n")
        #expect(try client.ask("SET", "a", "1") == "+OK\r\n")
        #expect(try client.ask("INCR", "a") == ":2\r\n")
        #expect(try client.ask("GET", "a") == "$1\r\n2\r\n")
        #expect(try client.ask("MGET", "a", "b") == "*2\r\n$1\r\n2\r\n$-1\r\n")
        let report = try redis.report()
        #expect(report.verdict == "identical" && report.isAccountedFor, "\(report)")
        #expect(report.compared == 3)
        #expect(report.dropped["stale"] == 2)
        #expect(try direct.ask("GET", "a") == "$7\r\nits own\r\n")
        if place.hasPrefix("scratch-database") { _ = try direct.ask("SELECT", "5") }
        #expect(try direct.ask("GET", place.hasPrefix("scratch-database") ? "a" : "s:a") == "$1\r\n2\r\n")
    }

    @Test("a share takes keys, with all that is done under them")
    func share() throws {
        let candidate = try RedisServer()
        let redis = try ShadowedRedis(
            candidate: "url: \"redis://127.0.0.1:\(candidate.port)\"", shadow: "share: 25%, writes: [\"p:\"]")
        let client = try redis.connect()
        for key in 0..<400 {
            #expect(try client.ask("SET", "p:\(key)", "v") == "+OK\r\n")
            #expect(try client.ask("APPEND", "p:\(key)", "w") == ":2\r\n")
            #expect(try client.ask("GET", "p:\(key)") == "$2\r\nvw\r\n")
        }
        let report = try redis.report()
        #expect(report.verdict == "identical" && report.isAccountedFor)
        #expect(report.sent % 3 == 0)
        // A fair coin of this kind falls outside of these once in a million times.
        #expect((55...150).contains(report.sent / 3), "\(report.sent)")
        let direct = try RawConnection(port: candidate.port)
        #expect(try direct.ask("DBSIZE") == ":\(report.sent / 3)\r\n")
    }

    @Test("users, databases and RESP3 are the client's on both sides")
    func places() throws {
        let candidate = try RedisServer()
        let redis = try ShadowedRedis(candidate: "url: \"redis://127.0.0.1:\(candidate.port)\"")
        let control = try RawConnection(port: redis.primary.port)
        _ = try control.ask("ACL", "SETUSER", "ann", "on", ">a", "~*", "+@all")
        _ = try control.ask("ACL", "SETUSER", "default", "resetkeys", "~none")
        let client = try redis.connect()
        #expect(try client.ask("GET", "p:h").hasPrefix("-NOPERM"))
        #expect(try client.ask("HELLO", "3", "AUTH", "ann", "a").hasPrefix("%7"))
        #expect(try client.ask("SELECT", "3") == "+OK\r\n")
        #expect(try client.ask("HSET", "p:h", "f", "v") == ":1\r\n")
        #expect(try client.ask("HGETALL", "p:h") == "%1\r\n$1\r\nf\r\n$1\r\nv\r\n")
        #expect(try redis.report().verdict == "identical")
        let direct = try RawConnection(port: candidate.port)
        _ = try direct.ask("SELECT", "3")
        #expect(try direct.ask("HSET", "p:h", "f", "w") == ":0\r\n")
        #expect(try client.ask("HGETALL", "p:h") == "%1\r\n$1\r\nf\r\n$1\r\nv\r\n")
        let report = try redis.report()
        // The primary was asked again as ann, in her database, and answered as before.
        #expect(report.causes == ["hgetall value"] && report.differences[0].primary == "bulk string, 1 bytes")
        #expect(report.dropped["primary-unready"] == 1 && report.isAccountedFor, "\(report)")
    }

    @Test("a private candidate is asked through its adapter, and what it lacks is called refused")
    func privateCandidate() throws {
        let memcached = try MemcachedServer()
        let redis = try ShadowedRedis(
            candidate: "adapter: memcached, url: \"\(memcached.url)\", conformance: unverified")
        let client = try redis.connect()
        for number in 0..<50 {
            #expect(try client.ask("SET", "p:\(number)", "\(number)") == "+OK\r\n")
            #expect(try client.ask("INCR", "p:\(number)") == ":\(number + 1)\r\n")
            #expect(try client.ask("GET", "p:\(number)") == "$\("\(number + 1)".count)\r\n\(number + 1)\r\n")
        }
        #expect(try redis.report().verdict == "identical")
        #expect(try client.ask("ZADD", "p:z", "1", "m") == ":1\r\n")
        let report = try redis.report()
        #expect(report.causes == ["zadd refused"] && report.identical == 150 && report.isAccountedFor, "\(report)")
    }

    @Test("fairlead shadow shows the same as a table, and says by its exit code whether all is well")
    func command() throws {
        let candidate = try RedisServer()
        let redis = try ShadowedRedis(candidate: "url: \"redis://127.0.0.1:\(candidate.port)\"")
        let address = "127.0.0.1:\(redis.gateway.port("admin"))"
        func run(_ arguments: [String] = []) throws -> CommandResult {
            try Command.runBlocking([try Tools.fairlead, "shadow", "--admin", address] + arguments)
        }
        #expect(try run().status == 1)
        let client = try redis.connect()
        _ = try client.ask("SET", "p:a", "1")
        _ = try redis.report()
        let good = try run()
        #expect(good.status == 0 && good.text.hasPrefix("redis -> new: identical\n"), "\(good)")
        let direct = try RawConnection(port: candidate.port)
        _ = try direct.ask("SET", "p:a", "2")
        _ = try client.ask("GET", "p:a")
        _ = try redis.report()
        let bad = try run()
        #expect(bad.status == 1 && bad.text.hasPrefix("redis -> new: differs\n"))
        #expect(bad.text.contains("GET <key, 3 bytes>"))
        let json = try run(["--json"])
        #expect(json.status == 1)
        #expect(try ShadowFindings(json.text).causes == ["get value"])
    }
}
