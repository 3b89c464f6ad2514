// Verdicts on what a candidate refuses though it has the capabilities: other databases, all or none, and scripts.

import Capabilities
import Testing

@testable import Conformance
@testable import Portability
@testable import Usage

@Suite("verdicts on what is refused all the same")
struct RefusalVerdictTests {
    private static func report(_ capabilities: [Capability: ManifestEntry], _ cases: [Report.Entry] = []) -> Report {
        Report(
            name: "house", standing: .passed,
            targets: [Report.Target(wire: "redis", label: "", product: "", version: "", features: [])],
            capabilities: Dictionary(uniqueKeysWithValues: capabilities.map { ($0.key.name, $0.value) }),
            fairlead: "", suites: "", seed: 1, started: "", duration: 0, command: "", cases: cases)
    }

    private static func judged(
        _ features: [String], sizes: [String: SizeRanges] = [:], on report: Report
    ) -> Assessment {
        let counted = features.map { ($0, Feature(count: 4, first: 1_000, last: 2_000)) }
        let application = Application(
            protocol: "redis", listener: "cache", identity: ["name": "nightly"],
            features: Dictionary(uniqueKeysWithValues: counted), sizes: sizes)
        return Assessment(application, on: report, SuiteFeatures())
    }

    private static func words(_ one: Assessment) -> [String] {
        one.findings.map { "\($0.level.rawValue) \($0.subject)" }
    }

    @Test("another database than the first needs a backend that has several, and one of that number")
    func databases() throws {
        let one = Self.report([.keyValueGet: ManifestEntry(.native)])
        let first = ["redis.command.get", "redis.command.select"]
        #expect(Self.judged(first, on: one).verdict == .safe)
        let other = Self.judged(first + ["redis.shape.select.other"], on: one)
        #expect(Self.words(other) == ["blocked kv.databases"])

        let several = Self.report([
            .keyValueGet: ManifestEntry(.native), .keyValueDatabases: ManifestEntry(.native, bounds: [.databases: 12]),
        ])
        func selected(_ number: UInt64) -> [String] {
            var counts = [UInt64](repeating: 0, count: SizeRanges.rangeCount)
            counts[SizeRanges.range(of: number)] = 1
            return Self.words(
                Self.judged(
                    first + ["redis.shape.select.other"],
                    sizes: ["redis.database.number": SizeRanges(counts: counts)], on: several))
        }
        #expect(selected(3) == [])
        #expect(selected(10) == ["limit kv.databases: databases"])
        #expect(selected(16) == ["blocked kv.databases: databases"])
    }

    @Test("all or none is refused where keys are set one after another, unless a case shows that it is not")
    func allOrNone() throws {
        let keys: [Capability: ManifestEntry] = [
            .keyValueSet: ManifestEntry(.native), .keyValueConditionalSet: ManifestEntry(.native),
            .keyValueMultiKey: ManifestEntry(.emulated, weakenings: [.notAtomic]),
        ]
        func shown(_ verdict: Verdict) -> Report {
            Self.report(
                keys,
                [
                    Report.Entry(
                        id: "capabilities/kv/all-or-none", title: "",
                        proves: ["kv.multi-key", "kv.conditional-set"], source: "", tags: ["not-atomic"],
                        client: "raw", verdict: verdict)
                ])
        }
        let one = Self.judged(["redis.command.msetnx", "redis.shape.msetnx.many"], on: shown(.refused))
        #expect(Self.words(one) == ["blocked kv.multi-key: all or none"])
        #expect(one.findings.first?.cases == ["capabilities/kv/all-or-none"])
        #expect(Self.judged(["redis.command.msetnx"], on: shown(.identical)).verdict == .safe)
        let set = Self.judged(["redis.command.mset", "redis.shape.mset.many"], on: shown(.refused))
        #expect(Self.words(set) == ["limit kv.multi-key: not-atomic"])
    }

    @Test(
        "scripts are safe where all are a lock's, and blocked where one is another or nothing of the application is a lock",
        arguments: [
            (["redis.command.eval"], ["blocked redis.command.eval"]),
            (["redis.command.evalsha"], ["blocked redis.command.evalsha"]),
            (["redis.command.eval", "redis.shape.eval.lock-script"], []),
            (
                ["redis.command.eval", "redis.shape.eval.lock-script", "redis.shape.eval.other-script"],
                ["blocked redis.shape.eval.other-script"]
            ),
            (["redis.command.evalsha", "redis.shape.script.lock-script"], ["limit redis.command.evalsha"]),
            (
                ["redis.command.evalsha", "redis.shape.script.other-script"],
                ["blocked redis.shape.script.other-script"]
            ),
            (["redis.command.eval", "redis.shape.set.nx-with-time"], ["limit redis.command.eval"]),
            (["redis.command.script"], ["limit redis.command.script"]),
        ] as [([String], [String])])
    func scripts(features: [String], findings: [String]) {
        let report = Self.report([
            .keyValueSet: ManifestEntry(.native), .keyValueTTL: ManifestEntry(.native),
            .keyValueConditionalSet: ManifestEntry(.native), .lockRelease: ManifestEntry(.native),
        ])
        let one = Self.judged(features, on: report)
        #expect(Set(Self.words(one)) == Set(findings))
        #expect(
            one.findings.filter { $0.level == .blocked }.allSatisfy {
                $0.reason == "scripts other than those that release, extend or compare a lock are refused"
            })
    }
}
