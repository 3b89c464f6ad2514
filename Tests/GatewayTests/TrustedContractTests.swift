// Contracts of trusted backends: held to their protocol, and to a report where one is named.

import Capabilities
import Foundation
import TestSupport
import Testing

@testable import Gateway

@Suite("require of trusted backends")
struct TrustedContractTests {
    private static func configuration(
        _ required: [String], _ wire: WireProtocol = .redis, report: String?
    ) throws -> Configuration {
        var listener = ListenerConfiguration(name: "cache", protocol: wire, listen: [], backend: "main")
        listener.catchAll.required = try required.map { try Requirement(parsing: $0) }
        var backend = BackendConfiguration(
            name: "main", url: "redis://127.0.0.1:1", protocol: wire, endpoint: .host("127.0.0.1", port: 1))
        backend.report = report
        return Configuration(listeners: [listener], backends: [backend])
    }

    private static func unmet(
        _ required: [String], _ wire: WireProtocol = .redis, report: String?
    ) throws -> [String] {
        ContractChecks.findings(in: try configuration(required, wire, report: report), [:]).map(\.description)
    }

    private static func report(_ cases: [String], in folder: TemporaryFolder, _ more: String = "") throws -> String {
        try folder.write(
            "report.json",
            """
            {"format": "fairlead-conformance-report", "version": 1, "standing": "passed", "fairlead": "1", \(more)
             "targets": [{"wire": "redis"}], "cases": [\(cases.joined(separator: ","))]}
            """)
    }

    private static func one(_ id: String, _ verdict: String, _ proves: String, tags: String = "", reason: String = "")
        -> String
    {
        """
        {"id": "redis/\(id)", "verdict": "\(verdict)", "proves": ["\(proves)"], "tags": [\(tags)], "reason": "\(reason)"}
        """
    }

    @Test("without a report only the protocol counts; with one, what no case shows is named")
    func reports() throws {
        #expect(try Self.unmet(["kv.get", "kv.ttl", "list.push"], report: nil) == [])
        let folder = try TemporaryFolder()
        let path = try Self.report(
            [
                Self.one("strings/a", "identical", "GET"), Self.one("expiry/a", "identical", "EXPIRE"),
                Self.one("expiry/b", "differs", "EXPIRE", tags: "\"whole-seconds\"", reason: "it is a second"),
                Self.one("lists/a", "differs", "LPUSH", reason: "unknown command"),
                Self.one("lists/b", "identical", "RPUSH"), Self.one("streams/a", "skipped", "HGET"),
            ], in: folder)
        #expect(try Self.unmet(["kv.get", "kv.ttl"], report: path) == [])
        let problem = try #require(
            try Self.unmet(
                ["kv.get", "kv.ttl/whole-seconds", "list.push", "hash.get", "set.add"], report: path
            ).first)
        #expect(problem.hasPrefix("listeners.cache.require: backend 'main' is not proven to cover "))
        #expect(problem.contains("kv.ttl/whole-seconds (case redis/expiry/b differs: it is a second)"))
        #expect(problem.contains("list.push (LPUSH: case redis/lists/a differs: unknown command)"))
        #expect(problem.contains("hash.get (no case is about it), set.add (no case is about it), by \(path): "))
        #expect(!problem.contains("kv.get"))
    }

    @Test("the committed reports prove what the real servers can do")
    func shipped() throws {
        func missing(_ wire: WireProtocol, _ name: String) throws -> [String] {
            let path = "\(Tools.repository)/conformance/reports/\(name).json"
            let families = AdapterChecks.families(of: wire)
            return try Capability.allCases.filter { families.contains($0.family) }.map(\.name).filter {
                try !Self.unmet([$0], wire, report: path).isEmpty
            }
        }
        #expect(try missing(.redis, "redis") == [])
        #expect(try missing(.postgres, "postgres") == [])
        // It takes CompleteMultipartUpload with a condition, and does not look at it.
        #expect(try missing(.s3, "radosgw") == ["object.conditional"])
    }

    @Test("a report that does not stand for the backend is refused, with the command that makes the right one")
    func gate() throws {
        let folder = try TemporaryFolder()
        let gate = ConformanceGate(version: "1", shipped: [:], ownStore: "embedded", file: "f.yaml")
        func problem(_ more: String, _ wire: WireProtocol = .redis) throws -> String? {
            let path = try Self.report([], in: folder, more)
            return gate.findings(in: try Self.configuration([], wire, report: path)).first?.description
        }
        #expect(try problem("") == nil)
        #expect(try problem("\"configuration\": \"0000\",")?.contains("another configuration") == true)
        #expect(try problem("\"adapter\": \"memcached\",")?.contains("is about adapter memcached") == true)
        let other = try #require(try problem("", .s3))
        #expect(other.contains("says nothing about s3") && other.contains("or remove this key"))
        #expect(other.contains("fairlead conform main --config f.yaml --json"))
        let none = try #require(gate.findings(in: Self.configuration([], report: folder.file("none.json"))).first)
        #expect(none.key == "backends.main.conformance" && none.message.contains("is not there"))
        // What is said of the report changes nothing of what the backend does.
        let with = try Self.configuration([], report: "x.json").hash(ofBackend: "main")
        #expect(try with == Self.configuration([], report: nil).hash(ofBackend: "main"))
    }

    @Test("the key is read, rendered, and takes a report only")
    func key() throws {
        let text = pair("redis", "redis://h", backend: "conformance: reports/b.json")
        let configuration = try ConfigurationFile.parse(text, source: "f.yaml", folder: "/etc/fairlead")
        #expect(configuration.backends.first?.report == "/etc/fairlead/reports/b.json")
        let again = try ConfigurationFile.parse(configuration.rendered(), source: "f.yaml", folder: "/")
        #expect(again.backends.first?.report == "/etc/fairlead/reports/b.json")
        #expect(
            problems(pair("redis", "redis://h", backend: "conformance: unverified")).contains {
                $0.contains("backends.b.conformance: only a backend with an adapter needs that word")
            })
    }
}
