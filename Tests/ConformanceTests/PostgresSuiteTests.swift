// The PostgreSQL suites against a real server, directly and through Fairlead.

import Conformance
import Foundation
import TestSupport
import Testing

@Suite("The PostgreSQL suites", .serialized)
struct PostgresSuiteTests {
    /// A server of which every need of a case is met: passwords of all kinds, prepared transactions, and a real commit.
    private static func server(_ certificates: Certificates? = nil) async throws -> PostgresServer {
        try await PostgresServer.start(
            .init(
                auth: .md5, certificates: certificates,
                settings: ["max_prepared_transactions = 10", "synchronous_commit = on"],
                access: [
                    "host all \(PostgresServer.role) 127.0.0.1/32 md5",
                    "host sameuser all 127.0.0.1/32 password",
                ]))
    }

    private static func target(_ port: Int, _ sslmode: String) throws -> Target {
        let url = "postgres://\(PostgresServer.role):\(PostgresServer.password)@127.0.0.1:\(port)/postgres"
        return try Target(url: "\(url)?sslmode=\(sslmode)")
    }

    /// Crashes the server, which its own parent starts again from its log.
    private static func restartCommand(_ server: PostgresServer) throws -> String {
        let psql = try server.install.program("psql")
        let words = "-X -A -t -q -h \(server.socketFolder) -p \(server.port) -U \(PostgresServer.role) -d postgres"
        let question = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"
        return "kill -9 $(\(psql) \(words) -c \"\(question)\") && sleep 0.3"
    }

    private static func run(
        _ server: PostgresServer, port: Int, against other: Int? = nil, sslmode: String = "prefer",
        suites: [String] = [],
        seed: UInt64 = .random(in: 0 ... .max)
    ) async throws -> RunReport {
        let command = try restartCommand(server)
        return try await blocking {
            var options = RunOptions(seed: seed)
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
        let server = try await Self.server()
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

    /// Runs `body` with the port of a gateway in front of the server.
    private static func throughGateway(
        _ server: PostgresServer, listener: String = "", _ body: (Int) async throws -> Void
    ) async throws {
        let port = try FreePort.take()
        let folder = try TemporaryFolder()
        let configuration = try folder.write(
            "fairlead.yaml",
            """
            listeners: { sql: { protocol: postgres, listen: "127.0.0.1:\(port)", backend: pg\(listener) } }
            backends: { pg: { url: "postgres://127.0.0.1:\(server.port)" } }

            """)
        let gateway = try ServerProcess(
            "fairlead", [try Tools.fairlead, "serve", "--config", configuration], log: folder.file("log"))
        defer { gateway.stop() }
        try gateway.waitUntilAnswers(port)
        try await body(port)
    }

    @Test("through Fairlead nothing differs from the server itself")
    func throughFairlead() async throws {
        let server = try await Self.server()
        try await Self.throughGateway(server) { port in
            let report = try await Self.run(server, port: port, against: server.port)
            #expect(Self.departures(report) == [])
            #expect(report.cases.allSatisfy { $0.otherSteps.count == $0.steps.count })
        }
    }

    @Test("TLS that passes through Fairlead is the server's own")
    func throughFairleadInTLS() async throws {
        let server = try await Self.server(try await Certificates.make())
        try await Self.throughGateway(server, listener: ", tls: { mode: passthrough }") { port in
            let report = try await Self.run(
                server, port: port, against: server.port, sslmode: "require",
                suites: ["postgres/tls", "postgres/startup", "postgres/authentication", "postgres/cancel"])
            #expect(Self.departures(report) == [])
            #expect(report.cases.filter { $0.id.hasPrefix("postgres/tls/") && $0.verdict == .identical }.count == 9)
        }
    }
}
