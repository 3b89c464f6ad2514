// The suites of capabilities: complete, and true of the backends that are at hand.

import Capabilities
import Conformance
import Foundation
import TestSupport
import Testing

@Suite("The suites of capabilities", .serialized)
struct CapabilitySuiteTests {
    private static let folder = "\(Tools.repository)/conformance/suites"

    /// The cases of `capabilities/`.
    private static func cases() throws -> [Case] {
        try SuiteLibrary(folder: folder, drivers: Drivers.all).suites.flatMap(\.cases)
            .filter { $0.id.hasPrefix("capabilities/") }
    }

    // MARK: Complete

    /// The wire that asks for a family.
    private static func wire(_ family: CapabilityFamily) -> String {
        switch family {
        case .object: "s3"
        case .sql: "postgres"
        default: "redis"
        }
    }

    @Test("every name of the vocabulary is proved by a positive case and by a negative one")
    func complete() throws {
        let cases = try Self.cases()
        let wires = Drivers.all.map(\.wire)
        #expect(wires.contains("redis"))
        for capability in Capability.allCases where wires.contains(Self.wire(capability.family)) {
            for tag in ["positive", "negative"] {
                // A case that needs several is about the first.
                let found = cases.filter { $0.proves.first == capability.name && $0.tags.contains(tag) }
                #expect(!found.isEmpty, "\(capability.name) has no \(tag) case")
            }
        }
    }

    @Test("every case proves capabilities and nothing else, and is either positive or negative")
    func tags() throws {
        for one in try Self.cases() {
            for name in one.proves { #expect(Capability(rawValue: name) != nil, "\(one.id) proves \(name)") }
            #expect(one.tags.contains("positive") != one.tags.contains("negative"), "\(one.id): \(one.tags)")
        }
    }

    @Test("a search is about a bound, and about one capability that may have it")
    func searches() throws {
        for one in try Self.cases() {
            for case .search(let search) in one.steps.map(\.kind) {
                let kind = try #require(BoundKind(rawValue: search.figure), "\(one.id)")
                let capability = try #require(Capability(rawValue: one.proves[0]))
                #expect(one.proves.count == 1 && capability.description.bounds.contains(kind), "\(one.id)")
            }
        }
    }

    // MARK: True

    @Test("a redis-server keeps them too, so that they ask for nothing of Fairlead's own")
    func redis() async throws {
        let server = try await RedisServer.start()
        let port = server.port
        let report = try await blocking {
            var options = RunOptions(seed: 1)
            options.isScratch = true
            return try ConformanceRun(
                try Target(url: "redis://127.0.0.1:\(port)"), drivers: Drivers.all,
                library: try SuiteLibrary(folder: Self.folder, drivers: Drivers.all),
                selection: Selection(suites: ["capabilities"]), options: options
            ).run(Watcher())
        }
        #expect(report.cases.filter { $0.verdict != .identical && $0.verdict != .skipped }.map(\.reason) == [])
        #expect(report.cases.filter { $0.verdict == .identical }.count > 200)
    }

    /// Holds `backend` of the configuration `text` to its manifest, and gives the verdicts.
    private static func verdicts(_ backend: String, _ text: String) async throws -> [String: (
        proves: [String], verdict: String
    )] {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let listeners = "listeners: { cache: { protocol: redis, listen: \"127.0.0.1:0\", backend: \(backend) } }\n"
        let configuration = try folder.write("fairlead.yaml", listeners + text)
        let report = folder.file("report.json")
        try await Conform.check(
            backend, "--config", configuration, "--suite", "capabilities", "--scratch", "--json", report)
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: URL(filePath: report)))
        let cases = try #require((json as? [String: Any])?["cases"] as? [[String: Any]])
        var verdicts: [String: (proves: [String], verdict: String)] = [:]
        for one in cases {
            verdicts[try #require(one["id"] as? String)] = (
                try #require(one["proves"] as? [String]), try #require(one["verdict"] as? String)
            )
        }
        return verdicts
    }

    /// Families that stand in for others, and are reached where those are missing.
    private static let standIns = ["queue.", "lock.", "sequence."]

    @Test("the embedded store keeps every promise")
    func embedded() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let store = "backends:\n  store: { adapter: embedded, options: { folder: \"\(folder.file("store"))\" } }\n"
        for (id, one) in try await Self.verdicts("store", store) {
            let isStandIn = Self.standIns.contains { one.proves[0].hasPrefix($0) }
            #expect(one.verdict == (isStandIn ? "skipped" : "identical"), "\(id)")
        }
    }

    @Test("where there are no lists, conditions and counters, its queues, locks and sequences keep theirs")
    func standIns() async throws {
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        let store = """
            backends:
              store:
                adapter: embedded
                options: { folder: "\(folder.file("store"))" }
                gaps: { list.push: refuse, kv.conditional-set: refuse, kv.compare-and-set: refuse, kv.increment: refuse }

            """
        let verdicts = try await Self.verdicts("store", store)
        let served = verdicts.filter { one in Self.standIns.contains { one.value.proves[0].hasPrefix($0) } }
        #expect(served.count > 20)
        for (id, one) in served { #expect(one.verdict == "identical", "\(id)") }
        #expect(verdicts.values.contains { $0.verdict == "refused" })
    }

    @Test("memcached is what its adapters declare", arguments: ["memcached", "memcached-swift", "memcached-binary"])
    func memcached(_ adapter: String) async throws {
        let server = try await MemcachedServer.start()
        let verdicts = try await Self.verdicts(
            "house", "backends:\n  house: { adapter: \(adapter), url: \"\(server.url)\", conformance: unverified }\n")
        #expect(verdicts.values.filter { $0.verdict == "identical" }.count > 40)
    }

    @Test("NATS is what its adapter declares")
    func nats() async throws {
        let server = try await NatsServer.start()
        let verdicts = try await Self.verdicts(
            "house", "backends:\n  house: { adapter: nats, url: \"\(server.url)\", conformance: unverified }\n")
        #expect(verdicts.values.filter { $0.verdict == "identical" }.count > 10)
    }

    @Test(
        "etcd is what its adapter declares, and so are its locks",
        arguments: ["", "kv.conditional-set: refuse, kv.compare-and-set: refuse"])
    func etcd(_ gaps: String) async throws {
        let server = try await EtcdServer.start()
        let verdicts = try await Self.verdicts(
            "house",
            "backends:\n  house: { adapter: etcd, url: \"\(server.url)\", conformance: unverified, gaps: { \(gaps) } }\n"
        )
        let identical = verdicts.values.filter { $0.verdict == "identical" }
        #expect(identical.count > 60)
        #expect(identical.contains { $0.proves.contains("lock.acquire") } == !gaps.isEmpty)
    }
}
