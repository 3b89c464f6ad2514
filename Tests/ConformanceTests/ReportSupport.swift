// Reports for the tests of what is made of them.

import Capabilities

@testable import Conformance

/// A case's result with evidence of the bytes `received`.
func result(
    _ id: String, _ verdict: Verdict = .identical, proves: [String] = ["GET"], reason: String = "",
    refused: String? = nil, tags: [String] = [], received: String = "$1\r\nx\r\n", figures: [String: Int64] = [:],
    open: Set<String> = []
) -> CaseResult {
    var evidence = Evidence()
    evidence.sent(Array("*2\r\n$3\r\nGET\r\n".utf8))
    evidence.received(Array(received.utf8))
    let step = StepRecord(
        line: 3, action: "GET k", connection: "main", observed: .text(received),
        problem: verdict == .differs ? "\"2\" was expected" : nil, evidence: evidence, varies: false, masks: [])
    return CaseResult(
        id: id, title: "\(id) holds.", proves: proves, source: "https://example.org/\(id)", tags: tags,
        client: "hiredis",
        verdict: verdict, reason: reason, refusedCapability: refused, steps: [step], otherSteps: [], figures: figures,
        openFigures: open, duration: 1.5)
}

/// The report of a run with `cases`.
func report(
    _ cases: [CaseResult], named name: String = "house", manifest: [Capability: ManifestEntry]? = nil,
    interruption: String? = nil
) -> Report {
    let run = RunReport(
        target: "redis://h:1", against: nil,
        facts: TargetFacts(product: "redis", version: "7.0.15", features: ["b", "a"]),
        againstFacts: nil, runnerVersion: "1.2.3", suiteVersion: "abc", configurationHash: "0123", adapter: nil,
        seed: .max, startedAt: "2026-01-01T00:00:00Z", duration: 12, command: "fairlead conform redis://h:1 --seed 7",
        interruption: interruption, cases: cases)
    var report = Report(of: [run], named: name)
    if let manifest { report.hold(to: Manifest(adapter: "house", manifest)) }
    return report
}
