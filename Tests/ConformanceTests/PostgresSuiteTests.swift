// The PostgreSQL suites against a real server, directly and through Fairlead.

import Conformance
import Foundation
import TestSupport
import Testing

@Suite("The PostgreSQL suites", .serialized)
struct PostgresSuiteTests {
    private static func target(_ port: Int, _ sslmode: String) throws -> Target {
        try Target(url: "\(ConformanceServers.postgresURL(port))?sslmode=\(sslmode)")
    }

    private static func run(
        _ server: PostgresServer, port: Int, against other: Int? = nil, sslmode: String = "prefer",
        suites: [String] = ["postgres"],
        seed: UInt64 = .random(in: 0 ... .max)
    ) async throws -> RunReport {
        let command = try ConformanceServers.restartCommand(server)
        return try await blocking {
            var options = RunOptions(seed: seed)
            // Other tests run beside these.
            options.patience = 4
            options.restartCommand = command
            let library = try SuiteLibrary(folder: "\(Tools.repository)/conformance/suites", drivers: Drivers.all)
            let run = try ConformanceRun(
                target(port, sslmode), against: other.map { try target($0, sslmode) }, drivers: [PostgresDriver()],
                library: library, selection: Selection(suites: suites), options: options)
            return try run.run(Watcher())
        }
    }

    /// Every case that is not what it has to be, with the seed that repeats the run; only those may be skipped that a
    /// server with TLS is needed for, or one without.
    private static func departures(_ report: RunReport) -> [String] {
        report.cases.filter { $0.verdict != .identical }
            .filter { $0.verdict != .skipped || !($0.id.hasPrefix("postgres/tls/") || $0.reason.contains("no-ssl")) }
            .map { "\($0.id) \($0.verdict.rawValue) (seed \(report.seed)): \($0.reason)" }
    }

    @Test("a real server does what is documented, case by case, and nothing is left behind")
    func direct() async throws {
        let server = try await ConformanceServers.postgres()
        let report = try await Self.run(server, port: server.port)
        #expect(Self.departures(report) == [])
        #expect(report.cases.count > 500)
        #expect(report.cases.allSatisfy { $0.verdict != .skipped || $0.id.hasPrefix("postgres/tls/") })
        #expect(report.facts.product == "postgresql" && report.facts.features.contains("superuser"))
        #expect(report.cases.first { $0.id.hasSuffix("/identifier-bytes") }?.figures["identifier-bytes"] == 63)
        let left = try await server.sql(
            """
            SELECT (SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'fl%')
              + (SELECT count(*) FROM pg_roles WHERE rolname LIKE 'fl%')
              + (SELECT count(*) FROM pg_database WHERE datname LIKE 'fl%')
              + (SELECT count(*) FROM pg_publication) + (SELECT count(*) FROM pg_replication_slots)
            """)
        #expect(left == "0\n")
    }

    @Test("through Fairlead nothing differs from the server itself")
    func throughFairlead() async throws {
        let server = try await ConformanceServers.postgres()
        let gateway = try await PassingGateway.start("postgres", to: "postgres://127.0.0.1:\(server.port)")
        defer { gateway.stop() }
        let report = try await Self.run(server, port: gateway.port, against: server.port)
        #expect(Self.departures(report) == [])
        #expect(report.cases.allSatisfy { $0.otherSteps.count == $0.steps.count })
    }

    @Test("TLS that passes through Fairlead is the server's own")
    func throughFairleadInTLS() async throws {
        let server = try await ConformanceServers.postgres(try await Certificates.make())
        let gateway = try await PassingGateway.start(
            "postgres", to: "postgres://127.0.0.1:\(server.port)", listener: ["tls: { mode: passthrough }"])
        defer { gateway.stop() }
        let report = try await Self.run(
            server, port: gateway.port, against: server.port, sslmode: "require",
            suites: ["postgres/tls", "postgres/startup", "postgres/authentication", "postgres/cancel"])
        #expect(Self.departures(report) == [])
        #expect(report.cases.filter { $0.id.hasPrefix("postgres/tls/") && $0.verdict == .identical }.count == 9)
    }
}
