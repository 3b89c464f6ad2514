// Drift: verdicts against the manifest, and the manifest that they support.

import Capabilities
import Testing

@testable import Conformance

@Suite("Drift")
struct ReportDriftTests {
    private func judged(
        _ cases: [CaseResult], _ manifest: [Capability: ManifestEntry]? = nil, _ departures: Departures = Departures()
    ) -> Report {
        var report = report(cases, manifest: manifest)
        report.judge(departures)
        return report
    }

    private let native = ManifestEntry(.native)

    @Test("a capability that is declared and fails is drift, one that is refused by name and by the manifest is not")
    func failing() {
        let fails = judged(
            [result("capabilities/kv/get", .differs, proves: ["kv.get"], reason: "nothing came")],
            [.keyValueGet: native])
        #expect(fails.standing == .failed)
        #expect(fails.drift == ["kv.get is declared native and fails: capabilities/kv/get differs: nothing came"])
        let refused = result("capabilities/kv/ttl", .refused, proves: ["kv.ttl"], refused: "kv.ttl")
        #expect(judged([refused], [.keyValueGet: native]).standing == .passed)
        #expect(
            judged([refused], [.keyValueTTL: native]).drift == [
                "kv.ttl is declared native and refused: capabilities/kv/ttl"
            ])
        #expect(judged([refused]).standing == .failed)
        let command = { (proves: String) in result("a/b/c", .refused, proves: [proves], refused: "command 'object'") }
        #expect(judged([command("OBJECT")], [.keyValueGet: native]).standing == .passed)
        #expect(judged([command("kv.get")], [.keyValueGet: native]).standing == .failed)
    }

    @Test("a capability that is refused and works in all its cases is drift")
    func working() {
        let works = result("capabilities/kv/ttl", proves: ["kv.ttl"])
        let report = judged([works], [.keyValueGet: native])
        #expect(report.drift == ["kv.ttl is declared refused and works in all its cases"])
        let other = result("capabilities/kv/ttl-2", .refused, proves: ["kv.ttl"], refused: "kv.ttl")
        #expect(judged([works, other], [.keyValueGet: native]).standing == .passed)
        #expect(judged([works]).standing == .passed)
    }

    @Test(
        "a limit that is wrong is drift, whichever way",
        arguments: [
            (1024, 1024, false, nil), (1024, 1000, false, "1000 is the most that works"),
            (1024, 4096, false, "4096 works"), (1024, 4096, true, "4096 works"), (8192, 4096, true, nil),
            (nil, 4096, true, nil), (nil, 4096, false, "declares no bound of value-bytes"),
        ] as [(Int?, Int64, Bool, String?)])
    func limits(bound: Int?, found: Int64, isOpen: Bool, problem: String?) {
        let one = result(
            "capabilities/kv/size", proves: ["kv.set"], figures: ["value-bytes": found],
            open: isOpen ? ["value-bytes"] : [])
        let entry = ManifestEntry(.native, bounds: bound.map { [.valueBytes: $0] } ?? [:])
        let drift = judged([one], [.keyValueSet: entry]).drift
        #expect(drift.isEmpty == (problem == nil))
        if let problem { #expect(drift.first?.contains(problem) == true, "\(drift)") }
    }

    @Test("a bound below what the suite expects is a limit where it is declared, and what to declare where it is not")
    func shortBounds() {
        let reason = "line 7: " + SearchShortfall.reason("key-bytes", 100, atLeast: 128)
        let cases = [
            result(
                "capabilities/kv/keys", .differs, proves: ["kv.get"], reason: reason, figures: ["key-bytes": 100]),
            result("capabilities/kv/get", proves: ["kv.get"]),
        ]
        let declared = judged(cases, [.keyValueGet: ManifestEntry(.native, bounds: [.keyBytes: 100])])
        #expect(declared.standing == .passed, "\(declared.drift)")
        #expect(declared.cases.compactMap(\.declared) == ["the manifest bounds kv.get: key-bytes 100"])
        let silent = judged(cases, [.keyValueGet: native])
        #expect(silent.standing == .failed)
        #expect(silent.drift.contains { $0.contains("128 at least was expected by the suite, unless the manifest") })
        #expect(silent.supportedManifest().contains("kv.get: { support: native, bounds: { key-bytes: 100 } }"))
        // Another bound than the one that was found excuses nothing.
        #expect(judged(cases, [.keyValueGet: ManifestEntry(.native, bounds: [.keyBytes: 120])]).standing == .failed)
    }

    @Test("a weakening excuses the case that is tagged with it, and no other")
    func weakenings() {
        let entry = ManifestEntry(.native, weakenings: [.notAtomic])
        let tagged = result("capabilities/kv/atomic", .differs, proves: ["kv.multi-key"], tags: ["not-atomic"])
        let plain = result("capabilities/kv/plain", .differs, proves: ["kv.multi-key"])
        #expect(judged([tagged], [.keyValueMultiKey: entry]).standing == .passed)
        #expect(judged([tagged], [.keyValueMultiKey: native]).standing == .failed)
        #expect(judged([plain], [.keyValueMultiKey: entry]).standing == .failed)
    }

    @Test(
        "what a weakening takes back may be refused by name, of that capability and in the cases that are tagged with it"
    )
    func weakenedAndRefused() {
        func refused(_ name: String, _ tags: [String]) -> CaseResult {
            result("capabilities/kv/all", .refused, proves: ["kv.multi-key", "kv.get"], refused: name, tags: tags)
        }
        let manifest: [Capability: ManifestEntry] = [
            .keyValueMultiKey: ManifestEntry(.native, weakenings: [.notAtomic]), .keyValueGet: native,
        ]
        let excused = judged([refused("kv.multi-key", ["not-atomic"])], manifest)
        #expect(excused.standing == .passed)
        #expect(excused.cases[0].declared == "the manifest weakens kv.multi-key: not-atomic")
        #expect(excused.supportedManifest().contains("kv.multi-key: { support: native, weakenings: [not-atomic] }"))
        #expect(judged([refused("kv.multi-key", ["partial"])], manifest).standing == .failed)
        #expect(judged([refused("kv.get", ["not-atomic"])], manifest).standing == .failed)
    }

    @Test(
        "what is there in part is refused in any case, and values beyond a bound that is declared are too large in any")
    func partsAndBounds() {
        let refused = result(
            "capabilities/kv/all", .refused, proves: ["kv.range"], reason: "line 3: ERR UNSUPPORTED kv.range",
            refused: "kv.range")
        let partial = ManifestEntry(.native, weakenings: [.partial])
        #expect(judged([refused], [.keyValueRange: partial]).standing == .passed)
        let whole = judged([refused], [.keyValueRange: native])
        #expect(
            whole.drift == [
                "kv.range is declared native and refused: capabilities/kv/all: line 3: ERR UNSUPPORTED kv.range"
            ])
        let large = result(
            "capabilities/kv/large", .differs, proves: ["kv.get"],
            reason:
                "line 9: OK was expected, \"ERR backend 'b' holds values of up to 4096 bytes, and this one is larger\" came"
        )
        func bounded(_ bytes: Int) -> [Capability: ManifestEntry] {
            [.keyValueGet: native, .keyValueSet: ManifestEntry(.native, bounds: [.valueBytes: bytes])]
        }
        #expect(judged([large], bounded(4096)).standing == .passed)
        #expect(judged([large], bounded(8192)).standing == .failed)
    }

    @Test("a limit is no drift where nobody told the bounds")
    func unknownBounds() {
        let one = result("capabilities/kv/size", proves: ["kv.set"], figures: ["value-bytes": 1000])
        var report = report([one])
        report.capabilities = ["kv.set": ManifestEntry(.native)]
        report.isToldByWire = true
        report.judge()
        #expect(report.standing == .passed)
    }

    @Test("known departures excuse what they name, and one that departs no more is told")
    func departures() throws {
        let file = "departures:\n  - { case: \"redis/acl/*\", verdict: differs, why: there are no users }\n"
        let known = try Departures(yaml: file, file: "d.yaml")
        let differs = result("redis/acl/list", .differs)
        let report = judged([differs], nil, known)
        #expect(report.standing == .passed)
        #expect(report.cases[0].declared == "there are no users")
        #expect(judged([result("redis/acl/list", .failed)], nil, known).standing == .failed)
        #expect(judged([result("redis/acl/list")], nil, known).drift.first?.contains("take it out") == true)
        #expect(judged([result("redis/get/x")], nil, known).standing == .passed)
        #expect(throws: SuiteProblem.self) {
            try Departures(yaml: file.replacing("differs", with: "identical"), file: "d.yaml")
        }
    }

    @Test("a run that ended early has not passed")
    func interruption() {
        var report = report([result("redis/a/one")], interruption: "the target is gone")
        report.judge()
        #expect(report.standing == .failed)
    }

    @Test("the manifest that the verdicts support refuses what fails and has the limits that were found")
    func supported() {
        let report = judged(
            [
                result("capabilities/kv/get", proves: ["kv.get"]),
                result("capabilities/kv/set", proves: ["kv.set"], figures: ["value-bytes": 1000]),
                result("capabilities/kv/ttl", .differs, proves: ["kv.ttl"]),
                result("capabilities/kv/scan", .refused, proves: ["kv.scan"], refused: "kv.scan"),
                result("capabilities/kv/multi", .differs, proves: ["kv.multi-key"], tags: ["not-atomic"]),
                result("capabilities/kv/append", proves: ["kv.append"]),
            ],
            [
                .keyValueGet: native,
                .keyValueSet: ManifestEntry(.native, bounds: [.valueBytes: 1024, .keyBytes: 250]),
                .keyValueTTL: native, .keyValueMultiKey: native, .keyValueAppend: ManifestEntry(.emulated),
                .keyValueCount: native,
            ])
        #expect(
            report.supportedManifest() == """
                # What the verdicts of house support; what is not named is refused.
                capabilities:
                  kv.get: native
                  kv.set: { support: native, bounds: { key-bytes: 250, value-bytes: 1000 } }
                  kv.count: native  # no case was run: as declared
                  kv.append: emulated
                  kv.multi-key: { support: native, weakenings: [not-atomic] }

                """)
    }
}
