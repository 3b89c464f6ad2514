// `fairlead conform` against real servers: reports, exit codes, and the gateway that it starts for a backend.

import Foundation
import TestSupport
import Testing

@testable import Conformance

@Suite("fairlead conform, against a server", .serialized)
struct ReportCommandTests {
    @Test("a run writes every form of its report, and the command in it does the same again")
    func direct() async throws {
        let server = try await RedisServer.start()
        let folder = try TemporaryFolder()
        let url = "redis://127.0.0.1:\(server.port)"
        try await Conform.check(
            url, "--suite", "redis/strings", "--seed", "7", "--json", folder.file("r.json"), "--junit",
            folder.file("r.xml"), "--markdown", folder.file("r.md"), "--html", folder.file("r.html"))
        let report = try ReportFile.read(folder.file("r.json"))
        #expect(report.standing == .passed)
        #expect(report.targets.first?.product == "redis")
        #expect(report.command == "fairlead conform \(url) --suite redis/strings --seed 7")
        #expect(try ReportFile.text(folder.file("r.xml")).contains("<testsuite name=\"redis/strings\""))
        #expect(try ReportFile.text(folder.file("r.md")).contains("passed"))
        #expect(try ReportFile.text(folder.file("r.html")).contains("redis/strings/"))
    }

    @Test("a backend of a configuration is run behind a gateway, and its report opens the start-up gate")
    func backend() async throws {
        let folder = try TemporaryFolder()
        try folder.write(
            "f.yaml",
            """
            listeners:
              a: { protocol: redis, listen: 127.0.0.1:6390, backend: store }
            backends:
              store: { adapter: embedded, options: { folder: "\(folder.file("data"))" }, conformance: r.json }
            """)
        let check = [try Tools.fairlead, "check", folder.file("f.yaml")]
        #expect(try await Command.run(check).errorText.contains("fairlead conform store --config"))
        try await Conform.check(
            "store", "--config", folder.file("f.yaml"), "--case", "redis/strings/*set*", "--json", folder.file("r.json")
        )
        let report = try ReportFile.read(folder.file("r.json"))
        #expect(report.adapter == "embedded" && report.configuration?.count == 16)
        #expect(report.capabilities["kv.set"]?.support == .native)
        try await Command.check(check)
    }

    @Test("a target that is not there ends with 1 and says so")
    func nobody() async throws {
        let port = try FreePort.take()
        let result = try await Command.run([
            try Tools.fairlead, "conform", "redis://127.0.0.1:\(port)", "--suites",
            "\(Tools.repository)/conformance/suites",
        ])
        #expect(result.ending == .exited(1))
        #expect(result.errorText.contains("does not say who it is"))
    }

    @Test("what is unverified starts, with a warning and a gauge; what says nothing does not start")
    func startUp() async throws {
        let folder = try TemporaryFolder()
        let (port, admin) = (try FreePort.take(), try FreePort.take())
        func write(_ conformance: String) throws -> String {
            try folder.write(
                "f.yaml",
                """
                admin: 127.0.0.1:\(admin)
                listeners:
                  a: { protocol: redis, listen: 127.0.0.1:\(port), backend: house }
                backends:
                  house:
                    adapter: "\(Tools.repository)/adapters/examples/cubby/adapter.yaml"
                    url: tcp://127.0.0.1:1
                    options: { token: any }
                    \(conformance)
                """)
            return folder.file("f.yaml")
        }
        let refused = try await Command.run([try Tools.fairlead, "serve", "--config", try write("")])
        #expect(refused.ending == .exited(1))
        #expect(refused.errorText.contains("fairlead conform house --config"))
        let file = try write("conformance: unverified")
        let gateway = try ServerProcess(
            "fairlead", [try Tools.fairlead, "serve", "--config", file], log: folder.file("log"))
        defer { gateway.stop() }
        try gateway.waitUntilAnswers(port)
        // It listens last.
        try gateway.waitUntilAnswers(admin)
        let metrics = try await Command.check([Tools.find("curl"), "-s", "http://127.0.0.1:\(admin)/metrics"])
        #expect(metrics.text.contains("fairlead_backend_unverified{backend=\"house\"} 1"))
        #expect(try ReportFile.text(folder.file("log")).contains("unverified: no conformance report proves"))
    }
}
