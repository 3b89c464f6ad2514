// The PostgreSQL suites against Fairlead's own store, held to the file of what is declared to depart.

import Conformance
import Foundation
import TestSupport
import Testing

@Suite("The PostgreSQL suites on Fairlead's own store")
struct EmbeddedPostgresSuiteTests {
    /// Suites that run beside one another, each group on a store of its own: what a statement waits for is the one write lock
    /// of its store, so cases of one store run one after another.
    private static let groups = [
        ["connection", "isolation", "copy", "extended-query", "types-text", "authentication"],
        ["cancel", "startup", "errors", "pipelines", "types-binary", "tls", "notices"],
        ["limits", "concurrency", "notifications", "prepared", "portals", "encodings"],
        ["transactions", "simple-query", "replication", "queries"],
    ]

    private static func run(_ suites: [String], seed: UInt64) async throws -> RunReport {
        let port = try FreePort.take()
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let configuration = try folder.write(
            "fairlead.yaml",
            """
            workers: 2
            listeners: { store: { protocol: postgres, listen: "127.0.0.1:\(port)", backend: local } }
            backends: { local: { adapter: embedded, options: { folder: "\(try folder.folder("data"))" } } }

            """)
        let gateway = try ServerProcess(
            "fairlead", [try Tools.fairlead, "serve", "--config", configuration], log: folder.file("log"))
        defer { gateway.stop() }
        try gateway.waitUntilAnswers(port)
        return try await blocking {
            let library = try SuiteLibrary(folder: "\(Tools.repository)/conformance/suites", drivers: Drivers.all)
            var options = RunOptions(seed: seed)
            options.jobs = 1
            // Other tests run beside these.
            options.patience = 10
            let run = try ConformanceRun(
                try Target(url: "postgres://postgres@127.0.0.1:\(port)/postgres"), drivers: Drivers.all,
                library: library, selection: Selection(suites: suites.map { "postgres/\($0)" }), options: options)
            return try run.run(Watcher())
        }
    }

    @Test("Fairlead's own store does what PostgreSQL documents but for what is declared")
    func embedded() async throws {
        let seed = UInt64.random(in: 0 ... .max)
        var reports: [RunReport] = []
        try await withThrowingTaskGroup(of: RunReport.self) { group in
            for suites in Self.groups { group.addTask { try await Self.run(suites, seed: seed) } }
            for try await report in group { reports.append(report) }
        }
        let path = "\(Tools.repository)/conformance/declared/embedded-postgres.yaml"
        let departures = try Departures(yaml: try String(contentsOfFile: path, encoding: .utf8), file: path)
        var report = Report(of: reports, named: "embedded")
        report.judge(departures)
        #expect(report.drift.sorted() == [], "seed \(seed)")
        #expect(report.interruption == nil)
        // Every departure is one of a case that there is.
        let ids = Set(report.cases.map(\.id))
        #expect(departures.list.map(\.pattern).filter { !ids.contains($0) } == [])
        #expect(report.cases.count >= 595)
        #expect(report.cases.filter { $0.verdict == .skipped }.count <= 79)
    }
}
