// The Redis suites against a real redis-server, directly and through Fairlead.

import Conformance
import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("The Redis suites", .serialized)
struct RedisSuiteTests {
    private static func library() throws -> SuiteLibrary {
        try SuiteLibrary(folder: "\(Tools.repository)/conformance/suites", drivers: [RedisDriver()])
    }

    private static func run(
        _ target: Target, against other: Target? = nil, seed: UInt64 = .random(in: 0 ... .max)
    ) async throws -> RunReport {
        try await blocking {
            let run = try ConformanceRun(
                target, against: other, drivers: [RedisDriver()], library: library(), options: RunOptions(seed: seed))
            return try run.run(Watcher())
        }
    }

    /// Every case that is not what it has to be, with the seed that repeats the run.
    private static func departures(_ report: RunReport) -> [String] {
        report.cases.filter { $0.verdict != .identical && $0.verdict != .skipped }
            .map { "\($0.id) \($0.verdict.rawValue) (seed \(report.seed)): \($0.reason)" }
    }

    @Test("a real server does what is documented, case by case, and nothing is left behind")
    func direct() async throws {
        let server = try await RedisServer.start()
        let target = try Target(url: "redis://127.0.0.1:\(server.port)")
        let report = try await Self.run(target)
        #expect(Self.departures(report) == [])
        #expect(report.cases.count > 100 && report.cases.filter { $0.verdict == .skipped }.isEmpty)
        #expect(report.facts.product == "redis" && report.facts.features.contains("resp3"))
        #expect(report.cases.first { $0.id.hasSuffix("/the-largest-value") }?.figures["value-bytes"] == 16_777_216)
        let left = try await Command.check([Tools.find("redis-cli"), "-p", "\(server.port)", "dbsize"])
        #expect(left.text.hasSuffix("0\n"))
    }

    @Test("through Fairlead nothing differs from the server itself", arguments: ["session", "shared"])
    func throughFairlead(_ mode: String) async throws {
        let server = try await RedisServer.start()
        let port = try FreePort.take()
        let folder = try TemporaryFolder()
        let configuration = try folder.write(
            "fairlead.yaml",
            """
            listeners: { cache: { protocol: redis, listen: "127.0.0.1:\(port)", backend: redis } }
            backends: { redis: { url: "redis://127.0.0.1:\(server.port)", mode: \(mode) } }

            """)
        let gateway = try ServerProcess(
            "fairlead", [try Tools.fairlead, "serve", "--config", configuration], log: folder.file("log"))
        defer { gateway.stop() }
        try gateway.waitUntilAnswers(port)
        let report = try await Self.run(
            Target(url: "redis://127.0.0.1:\(port)"), against: Target(url: "redis://127.0.0.1:\(server.port)"))
        #expect(Self.departures(report) == [])
        #expect(report.cases.allSatisfy { $0.otherSteps.count == $0.steps.count })
    }
}
