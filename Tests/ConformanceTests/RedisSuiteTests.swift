// The Redis suites against a real redis-server, directly and through Fairlead.

import Conformance
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("The Redis suites", .serialized)
struct RedisSuiteTests {
    private static func library() throws -> SuiteLibrary {
        try SuiteLibrary(folder: "\(Tools.repository)/conformance/suites", drivers: Drivers.all)
    }

    /// Runs every case, those too that need the whole server or restart it.
    private static func run(
        _ target: Target, against other: Target? = nil, of server: RedisServer, seed: UInt64 = .random(in: 0 ... .max)
    ) async throws -> RunReport {
        var options = RunOptions(seed: seed)
        options.isScratch = true
        options.patience = 4
        options.restartCommand = try ConformanceServers.restartCommand(server)
        return try await blocking { [options] in
            let run = try ConformanceRun(
                target, against: other, drivers: [RedisDriver()], library: library(),
                selection: Selection(suites: ["redis"]), options: options)
            return try run.run(Watcher())
        }
    }

    /// Every case that is not what it has to be, with the seed that repeats the run; the servers here have all that cases need.
    private static func departures(_ report: RunReport) -> [String] {
        report.cases.filter { $0.verdict != .identical }
            .map { "\($0.id) \($0.verdict.rawValue) (seed \(report.seed)): \($0.reason)" }
    }

    @Test("a real server does what is documented, case by case, and nothing is left behind")
    func direct() async throws {
        let server = try await ConformanceServers.redis()
        let target = try Target(url: "redis://127.0.0.1:\(server.port)")
        let report = try await Self.run(target, of: server)
        #expect(Self.departures(report) == [])
        #expect(report.cases.count >= 800)
        #expect(report.facts.product == "redis" && report.facts.features.contains("resp3"))
        #expect(report.cases.first { $0.id.hasSuffix("/the-largest-value") }?.figures["value-bytes"] == 16_777_216)
        func left(_ words: String...) async throws -> String {
            try await Command.check([Tools.find("redis-cli"), "-p", "\(server.port)"] + words).text
        }
        #expect(try await !left("info", "keyspace").contains("keys="))
        #expect(try await left("acl", "users") == "default\n")
        #expect(try await !left("function", "list").contains("library_name"))
        #expect(try await left("pubsub", "channels") == "\n")
    }

    @Test("on a server that is not the run's, just the cases that would change it or end it are left out")
    func besideOthers() async throws {
        let server = try await RedisServer.start()
        let report = try await blocking {
            try ConformanceRun(
                Target(url: "redis://127.0.0.1:\(server.port)"), drivers: [RedisDriver()], library: Self.library(),
                selection: Selection(suites: ["redis"]), options: RunOptions(seed: .random(in: 0 ... .max))
            ).run(Watcher())
        }
        let skipped = report.cases.filter { $0.verdict == .skipped }
        #expect(skipped.allSatisfy { $0.reason == "needs a server that is all the run's: say --scratch" })
        #expect(report.cases.filter { $0.verdict == .identical }.count == report.cases.count - skipped.count)
        #expect(report.cases.count - skipped.count >= 620)
    }

    @Test("through Fairlead nothing differs from the server itself", arguments: ["session", "shared"])
    func throughFairlead(_ mode: String) async throws {
        let server = try await ConformanceServers.redis()
        let gateway = try await PassingGateway.start(
            "redis", to: "redis://127.0.0.1:\(server.port)", backend: ["mode: \(mode)"])
        defer { gateway.stop() }
        let report = try await Self.run(
            Target(url: "redis://127.0.0.1:\(gateway.port)"), against: Target(url: "redis://127.0.0.1:\(server.port)"),
            of: server)
        #expect(Self.departures(report) == [])
        #expect(report.cases.allSatisfy { $0.otherSteps.count == $0.steps.count })
    }
}
