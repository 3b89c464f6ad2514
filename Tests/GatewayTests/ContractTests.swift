// Contracts: a backend that does not cover what traffic requires is not bound.

import Capabilities
import TestSupport
import Testing

@testable import Gateway

@Suite("require")
struct ContractTests {
    /// An adapter that declares what a test wants.
    private struct Declaring: Adapter {
        let manifest: Manifest

        func makeService() -> any Service { preconditionFailure("nothing is asked of it") }
    }

    private static let manifest = Manifest(
        adapter: "house",
        [
            .keyValueGet: ManifestEntry(.native), .keyValueSet: ManifestEntry(.native),
            .keyValueConditionalSet: ManifestEntry(.native), .keyValueCompareAndSet: ManifestEntry(.native),
            .keyValueTTL: ManifestEntry(.native, weakenings: [.wholeSeconds]), .keyValueClear: ManifestEntry(.ignored),
        ])

    private static func problems(
        _ required: [String], gaps: [Capability: GapPolicy] = [:], report: String? = nil, wire: WireProtocol = .redis,
        of manifest: Manifest = ContractTests.manifest
    ) throws -> [String] {
        var listener = ListenerConfiguration(name: "cache", protocol: wire, listen: [], backend: "private")
        listener.catchAll.required = try required.map { try Requirement(parsing: $0) }
        var backend = PrivateBackendConfiguration(
            name: "private", adapter: "house", settings: AdapterSettings(backend: "private"))
        backend.gaps = gaps
        if let report { backend.conformance = .report(report) }
        var configuration = Configuration(listeners: [listener], backends: [])
        configuration.privateBackends = [backend]
        return ContractChecks.findings(in: configuration, ["private": manifest]).map(\.description)
    }

    @Test("what the manifest covers is bound, emulations included")
    func covered() throws {
        #expect(try Self.problems(["kv.get", "kv.set", "kv.ttl", "kv.increment"]) == [])
    }

    @Test("what it lacks, ignores or weakens is named")
    func missing() throws {
        let problem = try #require(
            try Self.problems(["kv.get", "list.push", "kv.ttl/whole-seconds", "kv.clear"]).first)
        #expect(problem.hasPrefix("listeners.cache.require: backend 'private' (adapter house) does not cover "))
        #expect(problem.contains("list.push (it is refused)"))
        #expect(problem.contains("kv.ttl/whole-seconds (it is whole-seconds there)"))
        #expect(
            problem.contains("kv.clear (it is refused: it would be ignored, and the configuration does not allow that)")
        )
        #expect(!problem.contains("kv.get"))
        // Only lives may be ignored at all.
        let ignoring = Manifest(adapter: "house", [.keyValueTTL: ManifestEntry(.ignored)])
        let ignored = try Self.problems(["kv.ttl"], gaps: [.keyValueTTL: .ignore], of: ignoring)
        #expect(ignored.first?.contains("kv.ttl (it has no effect there)") == true)
        let refused = try Self.problems(["kv.increment"], gaps: [.keyValueIncrement: .refuse])
        #expect(refused.count == 1)
    }

    @Test("a report that proves less than the manifest declares does not cover it either")
    func reports() throws {
        let folder = try TemporaryFolder()
        func report(_ capabilities: String) throws -> String {
            try folder.write(
                "report.json",
                """
                {"format": "fairlead-conformance-report", "version": 1, "standing": "passed", "fairlead": "1",
                 "capabilities": {\(capabilities)}}
                """)
        }
        let full = try report(
            "\"kv.get\": {\"support\": \"native\"}, \"kv.ttl\": {\"support\": \"native\", \"weakenings\": [\"whole-seconds\"]}"
        )
        #expect(try Self.problems(["kv.get", "kv.ttl"], report: full) == [])
        let less = try report("\"kv.ttl\": {\"support\": \"native\"}")
        let problem = try Self.problems(["kv.get", "kv.ttl"], report: less).first
        #expect(problem?.contains("does not cover kv.get (it is refused), by \(less)") == true)
    }

    @Test("an adapter that has not said yet what it can do covers nothing without a report")
    func untold() throws {
        var pending = Self.manifest
        pending.isPending = true
        let problem = try #require(try Self.problems(["kv.get", "kv.set"], of: pending).first)
        #expect(
            problem.hasPrefix("listeners.cache.require: backend 'private' (adapter house) says what it can do only"))
        #expect(problem.contains("kv.get, kv.set: run `fairlead conform private --config FILE --json REPORT`"))
        #expect(try Self.problems([], of: pending) == [])
    }

    @Test("what clients of the wire cannot ask for is a mistake")
    func foreign() throws {
        #expect(
            try Self.problems(["object.get"]).first?.contains("object.get: redis clients cannot ask for that") == true)
    }

    @Test("names are checked, and mistakes get a suggestion")
    func names() {
        let texts = ["kv.tll", "kv.ttl/whole-second"]
        let problems = texts.map { text -> String in
            do throws(ValueError) {
                _ = try Requirement(parsing: text)
                return ""
            } catch { return error.message }
        }
        #expect(problems[0].hasPrefix("\"kv.tll\" is no capability (did you mean \"kv.ttl\"?)"))
        #expect(problems[1].hasPrefix("\"whole-second\" is no weakening (did you mean \"whole-seconds\"?)"))
    }
}
