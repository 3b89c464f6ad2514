// Targets behind TLS: every client of a wire gets through, and only to whom the certificate names.

import Conformance
import Foundation
import TestSupport
import Testing

@Suite("Targets behind TLS", .serialized)
struct EncryptedTargetTests {
    private static func run(_ url: String, _ suites: [String]) async throws -> RunReport {
        try await blocking {
            let library = try SuiteLibrary(folder: "\(Tools.repository)/conformance/suites", drivers: Drivers.all)
            var options = RunOptions(seed: .random(in: 0 ... .max))
            // Other tests run beside these.
            options.patience = 4
            return try ConformanceRun(
                try Target(url: url), drivers: Drivers.all, library: library, selection: Selection(suites: suites),
                options: options
            ).run(Watcher())
        }
    }

    /// What is not identical, with the seed, and the clients that the cases used.
    private static func outcome(_ report: RunReport) -> (departures: [String], clients: Set<String>) {
        let departures = report.cases.filter { ![.identical, .skipped].contains($0.verdict) }
        return (
            departures.map { "\($0.id) \($0.verdict.rawValue) (seed \(report.seed)): \($0.reason)" },
            Set(report.cases.filter { $0.verdict == .identical }.map(\.client))
        )
    }

    @Test("redis-server is the same behind TLS, for hiredis and for raw bytes")
    func redis() async throws {
        let certificates = try await Certificates.make()
        let server = try await RedisServer.start(.init(certificates: certificates))
        let port = try #require(server.tlsPort)
        let url = "rediss://localhost:\(port)?ca=\(certificates.authority)"
        let (departures, clients) = Self.outcome(try await Self.run(url, ["redis/strings", "redis/conversation"]))
        #expect(departures == [])
        #expect(clients == ["hiredis", "raw"])
    }

    @Test("an S3 server is the same behind TLS, for libcurl and for raw requests")
    func s3() async throws {
        let certificates = try await Certificates.make()
        let credentials = S3Credentials()
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let port = try FreePort.take()
        let configuration = try folder.write(
            "fairlead.yaml",
            """
            listeners:
              store:
                protocol: s3
                listen: "127.0.0.1:\(port)"
                backend: local
                region: us-east-1
                tls: { certificate: "\(certificates.serverCertificate)", key: "\(certificates.serverKey)" }
                access-keys: { \(credentials.accessKey): "\(credentials.secretKey)" }
            backends: { local: { adapter: embedded, options: { folder: "\(try folder.folder("data"))" } } }

            """)
        let store = try await blocking {
            let process = try ServerProcess(
                "fairlead", [try Tools.fairlead, "serve", "--config", configuration], log: folder.file("log"))
            try process.waitUntilAnswers(port)
            return process
        }
        defer { store.stop() }
        let place = "s3+https://\(credentials.accessKey):\(credentials.secretKey)@localhost:\(port)"
        let (departures, clients) = Self.outcome(
            try await Self.run("\(place)?ca=\(certificates.authority)", ["s3/ranges", "s3/signatures"]))
        #expect(departures == [])
        #expect(clients == ["libcurl", "raw"])
    }

    @Test("a server whose certificate nobody vouches for is no target, unless that is asked for")
    func unverified() async throws {
        let certificates = try await Certificates.make()
        let server = try await RedisServer.start(.init(certificates: certificates))
        let url = "rediss://localhost:\(try #require(server.tlsPort))"
        await #expect(throws: RunProblem.self) { try await Self.run(url, ["redis/strings"]) }
        let (departures, _) = Self.outcome(try await Self.run("\(url)?insecure=true", ["redis/strings"]))
        #expect(departures == [])
    }
}
