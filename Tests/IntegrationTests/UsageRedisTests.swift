// What Redis clients use, as a gateway in front of real servers has seen it: right to the feature, and nothing else.

import Foundation
import TestSupport
import Testing

@testable import Usage

@Suite("what Redis applications use", .serialized, .blocking)
struct UsageRedisTests {
    /// A gateway with an admin listener, and what its command line tells.
    private static func profile(_ gateway: Fairlead) throws -> Profile { try Profile(json: gateway.get("/usage").body) }

    private static func features(_ application: Application?, _ prefix: String) -> Set<String> {
        Set((application?.features.keys).map(Array.init) ?? []).filter { $0.hasPrefix(prefix) }
    }

    @Test("is told by application, command, option and form, whoever carries it", arguments: ["session", "shared"])
    func features(mode: String) throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, backend: ["mode: \(mode)"])
        let client = try gateway.connect()
        _ = try RoutedRedis.pipeline(
            client, [["CLIENT", "SETNAME", "checkout"], ["CLIENT", "SETINFO", "LIB-NAME", "canary-lib"]])
        _ = try RoutedRedis.pipeline(
            client,
            [
                ["SET", "canary-key", "nx", "PX", "60000", "nx"], ["GET", "canary-key"], ["DEL", "a", "b"],
                ["ZADD", "canary-z", "GT", "CH", "1", "nx"], ["SCAN", "0", "MATCH", "count", "COUNT", "10"],
                ["MULTI"], ["INCR", "canary-n"], ["EXPIRE", "canary-n", "100"], ["EXEC"],
                ["XADD", "canary-s", "MAXLEN", "~", "10", "*", "limit", "canary-v"],
                ["JSON.SET", "canary-j", "$", "canary-w"], ["canary-command", "x"],
            ])
        let other = try gateway.connect()
        _ = try RoutedRedis.pipeline(other, (0..<200).map { ["SET", "canary-\($0)", "canary-value", "EX", "100"] })

        let profile = try Self.profile(gateway)
        #expect(profile.applications.count == 2)
        let named = profile.applications.first { $0.identity["name"] == "checkout" }
        #expect(named?.identity == ["name": "checkout", "library": "canary-lib"])
        #expect(
            Self.features(named, "redis.command.")
                == Set(
                    "client set get del zadd scan multi incr expire exec xadd unknown".split(separator: " ").map {
                        "redis.command.\($0)"
                    }))
        #expect(
            Self.features(named, "redis.option.") == [
                "redis.option.set.px", "redis.option.set.nx", "redis.option.zadd.gt", "redis.option.zadd.ch",
                "redis.option.scan.match", "redis.option.scan.count", "redis.option.xadd.maxlen", "redis.option.xadd.~",
            ])
        #expect(
            Self.features(named, "redis.shape.") == [
                "redis.shape.del.many", "redis.shape.set.nx-with-time", "redis.shape.incr.queued",
            ])
        #expect(Self.features(named, "redis.module.") == ["redis.module.json"])
        #expect(Self.features(named, "redis.state.") == ["redis.state.transaction"])
        #expect(named?.features["redis.command.unknown"]?.count == 2)
        // Two commands between MULTI and EXEC.
        #expect(named?.sizes["redis.transaction.commands"] == SizeRanges(counts: [0, 0, 1]))
        // PX 60000 is a minute, EXPIRE has 100 seconds.
        #expect(named?.sizes["redis.expiry.seconds"] == SizeRanges(counts: [0, 0, 0, 0, 0, 0, 1, 1]))

        let unnamed = profile.applications.first { $0.identity.isEmpty }
        #expect(unnamed?.features["redis.command.set"]?.count == 200)
        #expect(unnamed?.features["redis.command.set"]?.estimated == false)
        // The first 64, and of the others one at a distance of 96 at the most, each for those since the last.
        let expiring = unnamed?.features["redis.option.set.ex"]?.count ?? 0
        #expect(105...200 ~= expiring, "\(expiring)")
        #expect(unnamed?.features["redis.option.set.ex"]?.estimated == true)
        #expect(unnamed?.peaks["sessions"] == 1)
        #expect(named?.samples == nil && unnamed?.samples == nil)

        let text = try gateway.get("/usage").body.replacing("canary-lib", with: "")
        #expect(!text.contains("canary") && !text.contains("60000"))
        client.close()
        other.close()
    }

    @Test("tells how long keys are to live, however a command says it", arguments: ["session", "shared"])
    func expiries(mode: String) throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, backend: ["mode: \(mode)"])
        let client = try gateway.connect()
        let now = Int(Date().timeIntervalSince1970)
        _ = try RoutedRedis.pipeline(
            client,
            [
                // At most a second: range 1.
                ["SET", "k", "v", "EX", "1"], ["SET", "k", "v", "PX", "1"], ["PSETEX", "k", "1000", "v"],
                // Two or three: range 2.
                ["SETEX", "k", "2", "v"], ["PSETEX", "k", "1001", "v"], ["EXPIRE", "k", "3", "XX"],
                ["PEXPIRE", "k", "2001"], ["GETEX", "k", "EX", "2"], ["GETEX", "k", "PX", "2500"],
                // About 6000: range 13.
                ["SET", "k", "v", "NX", "EXAT", "\(now + 6000)"], ["SET", "k", "v", "PXAT", "\(now + 6000)000"],
                ["EXPIREAT", "k", "\(now + 6000)"], ["PEXPIREAT", "k", "\(now + 6000)500"],
                ["GETEX", "k", "EXAT", "\(now + 6000)"], ["GETEX", "k", "PXAT", "\(now + 6000)001"],
                // No time to come, or no number that is one.
                ["EXPIRE", "k", "-1"], ["EXPIREAT", "k", "1000"], ["SET", "k", "v", "EX", "0"],
                ["SET", "k", "v", "EX", "1x"], ["SET", "k", "v", "EX", "99999999999999999999999"],
                ["SET", "k", "v", "EX", ""], ["GETEX", "k", "PERSIST", "60"], ["SET", "EX", "60"], ["GET", "k"],
                // Lives of fields, and of what is restored; this server need not know the commands. Range 5.
                ["HEXPIRE", "h", "20", "NX", "FIELDS", "1", "f"], ["HPEXPIRE", "h", "20000", "FIELDS", "1", "f"],
                ["HEXPIREAT", "h", "\(now + 20)", "FIELDS", "1", "f"],
                ["HPEXPIREAT", "h", "\(now + 20)000", "FIELDS", "1", "f"],
                ["HSETEX", "h", "FNX", "EX", "20", "FIELDS", "1", "px", "60000"],
                ["HGETEX", "h", "PX", "20000", "FIELDS", "1", "f"], ["RESTORE", "r", "20000", "x"],
                ["RESTORE", "r", "\(now + 20)000", "x", "REPLACE", "ABSTTL"],
                // It never goes.
                ["RESTORE", "r", "0", "x"], ["HSETEX", "h", "KEEPTTL", "FIELDS", "1", "ex", "9"],
            ])
        let application = try #require(try Self.profile(gateway).applications.first)
        var counts = [UInt64](repeating: 0, count: 14)
        counts[1] = 3
        counts[2] = 6
        counts[5] = 8
        counts[13] = 6
        #expect(application.sizes["redis.expiry.seconds"] == SizeRanges(counts: counts))
        client.close()
    }

    @Test(
        "knows the sizes of what a client sends behind its name or its login, without waiting",
        arguments: ["session", "shared"])
    func early(mode: String) throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, backend: ["mode: \(mode)"])
        let client = try gateway.connect()
        let value = String(repeating: "v", count: 1000)
        _ = try RoutedRedis.pipeline(
            client,
            [
                ["CLIENT", "SETNAME", "shop"], ["SET", "key", value, "EX", "100"], ["MULTI"], ["DEL", "k"], ["EXEC"],
            ])
        let named = try Self.profile(gateway).applications.first { $0.identity["name"] == "shop" }
        // 3 bytes and 1, 1000 bytes, 100 seconds, one command.
        #expect(named?.sizes["redis.key.bytes"] == SizeRanges(counts: [0, 1, 1]))
        #expect(named?.sizes["redis.value.bytes"] == SizeRanges(counts: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]))
        #expect(named?.sizes["redis.expiry.seconds"] == SizeRanges(counts: [0, 0, 0, 0, 0, 0, 0, 1]))
        #expect(named?.sizes["redis.transaction.commands"] == SizeRanges(counts: [0, 1]))
        #expect(named?.sizes["redis.request.arguments"]?.counts.reduce(0, +) == 5)
        client.close()
    }

    @Test("names two thousand applications in bounded memory")
    func names() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server)
        let client = try gateway.connect()
        for number in 0..<2_000 {
            // A name is one from its reply on.
            #expect(try client.ask("CLIENT", "SETNAME", "app-\(number)") == "+OK\r\n")
            _ = try client.ask("GET", "k")
        }
        let profile = try Self.profile(gateway)
        // Those of one worker, as it is one session, and what stands for all others.
        #expect(profile.applications.count == 65)
        let gets = profile.applications.reduce(0) { $0 + ($1.features["redis.command.get"]?.count ?? 0) }
        #expect(gets == 2_000)
        let other = profile.applications.first { $0.identity == ["name": "other"] }
        #expect(other?.features["redis.command.get"]?.count == 2_000 - 64)
        client.close()
    }

    @Test("is kept over a restart, and a damaged file is kept aside and said, and stops no start")
    func restarts() throws {
        let server = try RedisServer()
        let folder = try TemporaryFolder()
        let file = folder.file("usage.json")
        func run(_ count: Int) throws -> Fairlead {
            let gateway = try Fairlead(to: server, top: ["usage: { file: \"\(file)\" }"])
            let client = try gateway.connect()
            _ = try RoutedRedis.pipeline(client, (0..<count).map { _ in ["GET", "k"] })
            client.close()
            return gateway
        }
        func gets(_ profile: Profile?) -> UInt64? {
            profile?.applications.first?.features["redis.command.get"]?.count
        }
        let first = try run(4)
        first.signal(SIGTERM)
        _ = try first.ending()
        #expect(gets(try ProfileFile(path: file).read()) == 4)
        let second = try run(5)
        #expect(gets(try Self.profile(second)) == 9)
        #expect(try Self.profile(second).windows.count == 1)
        second.signal(SIGTERM)
        _ = try second.ending()
        #expect(gets(try ProfileFile(path: file).read()) == 9)

        try Data("{ damaged".utf8).write(to: URL(fileURLWithPath: file))
        let third = try run(2)
        #expect(gets(try Self.profile(third)) == 2)
        #expect(third.log.contains("the usage profile of earlier runs cannot be read"))
        #expect(try String(contentsOfFile: file + ".damaged", encoding: .utf8) == "{ damaged")
    }

    @Test("is printed, exported, merged and forgotten by the command line")
    func commandLine() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server)
        let folder = try TemporaryFolder()
        let client = try gateway.connect()
        _ = try RoutedRedis.pipeline(client, [["CLIENT", "SETNAME", "checkout"], ["SET", "k", "v", "XX"]])
        func usage(_ arguments: [String]) throws -> CommandResult {
            try Command.runBlocking([try Tools.fairlead, "usage"] + arguments)
        }
        let admin = ["--admin", "\(gateway.port("admin"))"]
        let text = try usage(admin + ["--app", "checkout"]).text
        #expect(text.contains("name checkout (redis, listener redis)"))
        #expect(text.contains("1  redis.option.set.xx"))
        let nobody = try usage(admin + ["--app", "nobody"])
        #expect(nobody.status == 1)
        #expect(nobody.errorText.contains("no application called \"nobody\" was seen; there are: checkout"))
        let first = folder.file("first.json")
        #expect(try usage(admin + ["--merge", first, "--reset"]).status == 0)
        #expect(try Self.profile(gateway).applications.isEmpty)
        #expect(try usage([first, first]).status == 1)
        let merged = try Profile(json: usage([first, "--json"]).text)
        #expect(merged.applications.first?.features["redis.option.set.xx"]?.count == 1)
        #expect(try usage([first, "--reset"]).status == 2)
        #expect(try usage(["--help"]).text.contains("127.0.0.1:9900"))
        #expect(try usage([folder.file("none.json")]).status == 1)
        client.close()
    }

    @Test("has redacted examples where the configuration asks for them", arguments: ["session", "shared"])
    func samples(mode: String) throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, backend: ["mode: \(mode)"], top: ["usage: { samples: 2 }"])
        let client = try gateway.connect()
        _ = try RoutedRedis.pipeline(
            client,
            [
                ["AUTH", "canary-password"], ["SET", "canary-key", "canary-value", "PX", "60000", "NX"],
                ["SET", "canary-key", "canary-value", "PX", "60000", "NX"], ["SET", "canary-k", "canary"],
                ["SET", "canary", "c"], ["canary-command", "x"],
            ])
        let application = try #require(try Self.profile(gateway).applications.first)
        let both = "SET <key, 10 bytes> <12 bytes> PX <5 bytes> NX"
        #expect(
            application.samples == [
                "redis.command.set": [both, "SET <key, 8 bytes> <6 bytes>"], "redis.option.set.px": [both],
                "redis.option.set.nx": [both], "redis.shape.set.nx-with-time": [both],
                "redis.command.unknown": ["<command, 14 bytes> <1 bytes>"],
            ])
        #expect(try !gateway.get("/usage").body.contains("canary"))
        func text(_ arguments: [String]) throws -> String {
            try Command.runBlocking(
                [try Tools.fairlead, "usage", "--admin", "\(gateway.port("admin"))"] + arguments
            ).text
        }
        #expect(try text(["--samples"]).contains("e.g. \(both)"))
        #expect(try !text([]).contains("e.g."))
        #expect(try Profile(json: text(["--json"])).applications.first?.samples?.count == 5)
        client.close()
    }

    @Test("is not recorded where the configuration says so")
    func disabled() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, top: ["usage: { enabled: false }"])
        let client = try gateway.connect()
        #expect(try client.ask("PING") == "+PONG\r\n")
        #expect(try gateway.get("/usage").status == 404)
        client.close()
    }
}
