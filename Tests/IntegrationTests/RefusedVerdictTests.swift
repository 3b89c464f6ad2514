// What a verdict blocks is what the translated front refuses, and what it does not block is answered there.

import Conformance
import Portability
import TestSupport
import Testing
import Usage

@Suite("verdicts and the front of memcached", .serialized, .blocking)
struct RefusedVerdictTests {
    private static let release =
        "if redis.call('get',KEYS[1]) == ARGV[1] then return redis.call('del',KEYS[1]) else return 0 end"

    /// By the name of an application: what it asks for, and whether memcached's front refuses some of it.
    private static let applications: [(name: String, commands: [[String]], isRefused: Bool)] = [
        ("first", [["SELECT", "0"], ["SET", "k", "v"]], false),
        ("other", [["SELECT", "3"], ["SET", "k", "v"]], true),
        ("all", [["MSET", "a", "1", "b", "2"]], false),
        ("allornone", [["MSETNX", "c", "1", "d", "2"]], true),
        ("near", [["SET", "k", "v", "EX", "100"], ["EXPIREAT", "k", "1924991999"]], false),
        ("far", [["SET", "k", "v"], ["EXPIREAT", "k", "4102444800"]], true),
        ("farseconds", [["SET", "k", "v", "EXAT", "4102444800"]], true),
        ("farmilliseconds", [["SET", "k", "v", "PXAT", "4102444800000"]], true),
        ("long", [["SET", "k", "v", "EX", "1500000000"]], true),
        ("lock", [["SET", "l", "me", "NX", "PX", "9000"], ["EVAL", release, "1", "l", "me"]], false),
        ("script", [["EVAL", "return 1", "0"]], true),
        ("loaded", [["SCRIPT", "LOAD", "return 1"]], true),
    ]

    @Test("agree on databases, all or none, lives and scripts")
    func agree() throws {
        let (redis, memcached) = (try RedisServer(), try MemcachedServer())
        let gateway = try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                listeners:
                  redis: { protocol: redis, listen: 127.0.0.1:0, backend: cache }
                  there: { protocol: redis, listen: 127.0.0.1:0, backend: house }
                backends:
                  cache: { url: "redis://127.0.0.1:\(redis.port)" }
                  house: { adapter: memcached, url: "\(memcached.url)" }

                """)
        for (name, commands, isRefused) in Self.applications {
            let client = try RawConnection(port: gateway.port("redis"))
            #expect(try client.ask("CLIENT", "SETNAME", name) == "+OK\r\n")
            #expect(try !RoutedRedis.pipeline(client, commands).contains { $0.hasPrefix("-") }, "\(name)")
            let there = try RawConnection(port: gateway.port("there"))
            let answers = try RoutedRedis.pipeline(there, commands)
            #expect(answers.contains { $0.hasPrefix("-") } == isRefused, "\(name): \(answers)")
            for one in [client, there] { one.close() }
        }
        let profile = try Profile(json: gateway.get("/usage").body)
        let report = try ReportFile.read("\(Tools.repository)/conformance/reports/memcached.json")
        for (name, _, isRefused) in Self.applications {
            let application = try #require(profile.applications.first { $0.identity["name"] == name })
            let one = Assessment(application, on: report, SuiteFeatures())
            #expect((one.verdict == .blocked) == isRefused, "\(name): \(one.findings)")
        }
    }
}
