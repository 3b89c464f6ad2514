// `fairlead conform`: reports read back by the start-up gate, the matrix in the tree, and what is told.

import Capabilities
import DeclaredAdapter
import Foundation
import Gateway
import Testing

@testable import Conformance
@testable import fairlead

@Suite("The conform command")
struct ConformCommandTests {
    private static let tree = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// How `arguments` end when they are parsed and run.
    private func code(_ arguments: [String]) -> Int32 {
        do {
            var command = try Fairlead.parseAsRoot(arguments)
            try command.run()
            return 0
        } catch { return Main.ending(for: error).code }
    }

    private func report(_ verdict: Verdict, adapter: String?, configuration: String?) -> Report {
        var report = Report(
            name: "b", standing: .passed, targets: [], fairlead: fairleadVersion, suites: "s", seed: 1, started: "",
            duration: 1, command: "fairlead conform b",
            cases: [
                Report.Entry(
                    id: "redis/a/one", title: "One.", proves: ["GET"], source: "https://example.org", tags: [],
                    client: "hiredis", verdict: verdict)
            ])
        report.adapter = adapter
        report.configuration = configuration
        report.judge()
        return report
    }

    @Test("files that portability cannot read are named, with what it takes and no error of a library")
    func unreadable() {
        #expect {
            try PortabilityCommand.report("memcached")
        } throws: {
            "\($0)".hasPrefix(
                "memcached cannot be read: --to takes the file of a report, such as conformance/reports/memcached.json; "
            )
        }
        #expect {
            try PortabilityCommand.differences("nofile", [])
        } throws: {
            "\($0)" == "nofile cannot be read"
        }
        let folder = NSTemporaryDirectory() + "fairlead-conform-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(throws: Never.self) { try ReportFile.write("{}", to: folder + "/file") }
        #expect {
            try ReportFile.write("{}", to: folder)
        } throws: {
            "\($0)" == "\(folder) cannot be written: Is a directory"
        }
        #expect {
            try PortabilityCommand.differences(folder + "/file", [])
        } throws: {
            "\($0)" == "\(folder)/file: this is not what fairlead shadow --json prints"
        }
    }

    @Test("check accepts the report that conform writes, and refuses the same with a failure")
    func gate() throws {
        let folder = NSTemporaryDirectory() + "fairlead-conform-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = folder + "/fairlead.yaml"
        let text = """
            listeners:
              a: { protocol: redis, listen: 6390, backend: b }
            backends:
              b: { adapter: ./own.yaml, url: "tcp://127.0.0.1:7070", conformance: reports/b.json }
            """
        try ReportFile.write(text, to: file)
        try ReportFile.write(StarterFile.text("own"), to: folder + "/own.yaml")
        #expect(code(["check", file]) == 1)
        let configuration = try ConfigurationFile.load(file)
        let adapter = configuration.adapterName(of: configuration.privateBackends[0])
        let hash = configuration.hash(ofBackend: "b")
        let good = report(.identical, adapter: adapter, configuration: hash)
        try ReportFile.write(good.json(), to: folder + "/reports/b.json")
        #expect(code(["check", file]) == 0)
        let bad = report(.differs, adapter: adapter, configuration: hash)
        try ReportFile.write(bad.json(), to: folder + "/reports/b.json")
        #expect(code(["check", file]) == 1)
        try ReportFile.write(text.replacing("reports/b.json", with: "unverified"), to: file)
        #expect(code(["check", file]) == 0)
    }

    @Test("diff ends with 1 when something is worse, and reports that cannot be read end with 1")
    func commands() throws {
        let folder = NSTemporaryDirectory() + "fairlead-conform-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (good, bad) = (folder + "/good.json", folder + "/bad.json")
        try ReportFile.write(report(.identical, adapter: nil, configuration: nil).json(), to: good)
        try ReportFile.write(report(.differs, adapter: nil, configuration: nil).json(), to: bad)
        #expect(code(["conform", "diff", good, bad]) == 1)
        #expect(code(["conform", "diff", bad, good]) == 0)
        #expect(code(["conform", "diff", good, folder + "/none.json"]) == 1)
        #expect(code(["conform", "matrix", good, bad, "--html", folder + "/deep/matrix.html"]) == 0)
        #expect(try String(contentsOfFile: folder + "/deep/matrix.html", encoding: .utf8).contains("<!DOCTYPE html>"))
        #expect(code(["conform", "manifest", good]) == 0)
        for wrong in [["--jobs", "0"], ["--patience", "0"], ["--patience", "101"]] {
            let command = try ConformRunCommand.parse(["redis://127.0.0.1:1"] + wrong)
            #expect(throws: UsageError.self, "\(wrong)") { try command.requireSubject() }
        }
    }

    @Test("the matrix and the build's proofs in the tree are those of the committed reports")
    func stale() throws {
        let reports = Self.tree.appendingPathComponent("conformance/reports")
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: reports.path)) ?? []).sorted()
            .filter { $0.hasSuffix(".json") }
        let read = try names.map { try ReportFile.read(reports.appendingPathComponent($0).path) }
        func committed(_ path: String) -> String {
            (try? String(contentsOf: Self.tree.appendingPathComponent(path), encoding: .utf8)) ?? ""
        }
        let remedy: Comment = "run Scripts/matrix"
        #expect(
            committed("Sources/fairlead/Conform/ShippedProofsTable.swift") == ShippedProofs.source(of: read), remedy)
        if !read.isEmpty { #expect(committed("conformance/MATRIX.md") == Matrix(read).markdown(), remedy) }
    }

    @Test("a run says what it touches, and a server's words do not move the cursor")
    func words() {
        #expect(
            ConformProgress.touched("bucket=fl-x1, p=fl:x1:0:", isScratch: false)
                == "It touches only what is its own: bucket fl-x1 and its like; names that begin like fl:x1:0:.")
        #expect(ConformProgress.touched("p=x", isScratch: true).contains("--scratch"))
        let result = CaseResult(
            id: "redis/a/one", title: "", proves: [], source: "", tags: [], client: "", verdict: .differs,
            reason: "\u{1B}[2Jgone\r\n", refusedCapability: nil, steps: [], otherSteps: [], figures: [:], duration: 0)
        #expect(ConformProgress.line(of: result) == "differs  redis/a/one: ?[2Jgone??")
    }

    @Test("the command in a report has no password")
    func passwords() {
        for (url, shown) in [
            ("redis://app:hunter2@h:1/0", "redis://app:xxxxx@h:1/0"), ("redis://h:1", "redis://h:1"),
            ("s3+http://KEY:SECRET@h", "s3+http://KEY:xxxxx@h"), ("postgres://me@h/db", "postgres://me@h/db"),
        ] { #expect(ConformSubject.withoutPassword(url) == shown) }
    }
}
