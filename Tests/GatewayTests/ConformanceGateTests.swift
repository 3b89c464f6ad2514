// The start-up gate: which backends are bound, and what is said of the others.

import Foundation
import Testing

@testable import Gateway

@Suite("The start-up gate")
struct ConformanceGateTests {
    private let folder = NSTemporaryDirectory() + "fairlead-gate-\(UUID().uuidString)"

    private func gate(_ proof: ShippedProof? = nil, file: String? = "f.yaml") -> ConformanceGate {
        ConformanceGate(
            version: "1.0.0", shipped: ["memcached": proof, "etcd": nil], ownStore: "embedded", file: file)
    }

    private func backend(_ lines: String) throws -> Configuration {
        try ConfigurationFile.parse(
            pair("redis", "tcp://127.0.0.1:1", backend: lines), source: "f.yaml", folder: folder)
    }

    /// The only problem of a configuration whose backend has a report with these members.
    private func problem(
        _ head: [String: String], version: Int = 1, change: String = "", remove: Bool = false
    ) throws -> String? {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let text = "adapter: house/adapter.yaml\nconformance: house.json"
        let configuration = try backend(text)
        var report = [
            "format": "fairlead-conformance-report", "standing": "passed", "fairlead": "1.0.0",
            "adapter": "house/adapter.yaml", "configuration": configuration.hash(ofBackend: "b") ?? "",
        ]
        report.merge(head) { _, new in new }
        let members = report.map { "\"\($0.key)\": \"\($0.value)\"" } + ["\"version\": \(version)", "\"cases\": []"]
        if !remove {
            try "{\(members.joined(separator: ", "))}".write(
                toFile: folder + "/house.json", atomically: true, encoding: .utf8)
        }
        let findings = gate().findings(in: try backend(text + change))
        #expect(findings.count <= 1)
        return findings.first?.description
    }

    @Test("a report that passed, of this version and configuration, opens it")
    func passes() throws {
        #expect(try problem([:]) == nil)
        // What the file says of the report itself, and where the file lies, changes nothing of the backend.
        let here = try backend("adapter: house/adapter.yaml")
        let there = try ConfigurationFile.parse(
            pair("redis", "tcp://127.0.0.1:1", backend: "adapter: house/adapter.yaml\nconformance: x.json"),
            source: "g.yaml", folder: "/elsewhere")
        #expect(here.hash(ofBackend: "b") == there.hash(ofBackend: "b"))
    }

    @Test(
        "any other report is refused, with the reason and the command that makes the right one",
        arguments: [
            (["standing": "failed"], "has failed"),
            (["fairlead": "0.9.0"], "is about Fairlead 0.9.0, and this is 1.0.0"),
            (["adapter": "memcached"], "is about adapter memcached"),
            (["configuration": "0000"], "another configuration"), (["format": "other"], "is no report"),
        ] as [([String: String], String)])
    func refuses(head: [String: String], reason: String) throws {
        let problem = try #require(try problem(head))
        #expect(problem.hasPrefix("backends.b.conformance: "))
        #expect(problem.contains(reason), "\(problem)")
        #expect(problem.contains("fairlead conform b --config f.yaml --json \(folder)/house.json"))
    }

    @Test("a missing report, one of another form, and a changed backend are refused")
    func others() throws {
        #expect(try problem([:], remove: true)?.contains("is not there") == true)
        #expect(try problem([:], version: 2)?.contains("another version of Fairlead writes") == true)
        #expect(try problem([:], change: "\noptions: { depth: 4 }")?.contains("another configuration") == true)
    }

    @Test("the adapter's own file is part of the configuration, and a secret is not")
    func adapterFile() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func hash(_ file: String, _ token: String) throws -> String? {
            try file.write(toFile: folder + "/a.yaml", atomically: true, encoding: .utf8)
            return try backend("adapter: a.yaml\noptions: { token: \(token) }").hash(ofBackend: "b")
        }
        let first = try hash("one", "s3cret")
        #expect(first?.count == 16)
        #expect(try hash("two", "s3cret") != first)
        #expect(try hash("one", "other") == first)
        #expect(try !backend("adapter: a.yaml\noptions: { token: s3cret }").rendered().contains("s3cret"))
    }

    @Test(
        "without a word, shipped adapters are covered by the build, the own store needs nothing, and others are refused"
    )
    func unstated() throws {
        func proof(_ lines: String, _ gate: ConformanceGate) throws -> BackendProof {
            let configuration = try backend(lines)
            return try gate.proof(of: configuration.privateBackends[0], in: configuration)
        }
        let passed = ShippedProof(fairlead: "1.0.0", suites: "s", passed: true)
        let failed = ShippedProof(fairlead: "1.0.0", suites: "s", passed: false)
        let old = ShippedProof(fairlead: "0.9.0", suites: "s", passed: true)
        #expect(try proof("adapter: embedded", gate()) == .ownStore)
        #expect(try proof("adapter: memcached", gate(passed)) == .shipped)
        #expect(try proof("adapter: memcached", gate(old)).isUnverified)
        #expect(try proof("adapter: etcd", gate()).isUnverified)
        #expect(throws: ConfigurationChecks.Finding.self) { try proof("adapter: memcached", gate(failed)) }
        #expect(throws: ConfigurationChecks.Finding.self) { try proof("adapter: house.yaml", gate()) }
        #expect(throws: ConfigurationChecks.Finding.self) { try proof("adapter: process", gate()) }
        // A command line has no place to name a report.
        #expect(try proof("adapter: house.yaml", gate(file: nil)).isUnverified)
        #expect(try proof("adapter: house.yaml\nconformance: unverified", gate()).isUnverified)
    }

    @Test("the key survives rendering")
    func key() throws {
        for word in ["unverified", "/reports/b.json"] {
            let configuration = try backend("adapter: x\nconformance: \(word)")
            #expect(
                try self.configuration(configuration.rendered()).privateBackends[0].conformance
                    == configuration.privateBackends[0].conformance)
        }
    }

    private func configuration(_ text: String) throws -> Configuration {
        try ConfigurationFile.parse(text, source: "f.yaml", folder: folder)
    }
}
