// What the cases of a report say of a feature.

import Conformance

/// The cases that are about a feature, by how they ended.
struct CaseEvidence {
    private(set) var holding: [Report.Entry] = []
    private(set) var failing: [Report.Entry] = []

    /// The cases of `report` that are about `feature`; nil for a feature that needs no proof of its own.
    ///
    /// A case is about a command or operation that it says to prove, and about any other feature whose words it uses. One of
    /// the latter that failed counts only when the step that decided used them.
    static func of(_ feature: String, in report: Report, _ words: SuiteWords) -> CaseEvidence? {
        let parts = feature.split(separator: ".", maxSplits: 2).map(String.init)
        guard parts.count == 3 else { return CaseEvidence() }
        var evidence = CaseEvidence()
        switch (parts[0], parts[1]) {
        case ("redis", "command"), ("redis", "shape"):
            let name = parts[2].split(separator: ".")[0].uppercased()
            evidence.take(report) { $0.proves.contains { $0.uppercased() == name } }
        case ("redis", "unknown"):
            evidence.take(report) { $0.proves.contains { $0.lowercased() == parts[2] } }
        case ("redis", "option"), ("redis", "subcommand"):
            let name = parts[2].split(separator: ".").map { $0.lowercased() }
            evidence.take(report, words: name, words) { $0.proves.contains { $0.lowercased() == name[0] } }
        case ("redis", "state"):
            evidence.take(report) { $0.suite == (parts[2] == "transaction" ? "redis/transactions" : "redis/blocking") }
        case ("redis", "protocol"):
            let suites = ["resp3": "redis/resp3", "inline": "redis/inline", "pipelining": "redis/pipelines"]
            guard let suite = suites[parts[2]] else { return nil }
            evidence.take(report) { $0.suite == suite }
        case ("redis", _): evidence.take(report, words: [parts[2]], words) { $0.group == "redis" }
        case ("s3", "operation"): evidence.take(report) { $0.proves.contains(parts[2]) }
        case ("s3", "signature"), ("s3", "protocol"), ("s3", "payload"), ("postgres", "message"): return nil
        case ("s3", _): evidence.take(report, words: [parts[2]], words) { $0.group == "s3" }
        default:
            let name = parts[2].split(separator: "-").map { $0.lowercased() }
            evidence.take(report, words: name, words) { $0.group == parts[0] }
        }
        return evidence
    }

    private mutating func take(_ report: Report, where isAbout: (Report.Entry) -> Bool) {
        for entry in report.cases where isAbout(entry) { add(entry) }
    }

    private mutating func take(
        _ report: Report, words: [String], _ suites: SuiteWords, where isAbout: (Report.Entry) -> Bool
    ) {
        for entry in report.cases where isAbout(entry) && suites.holds(entry.id, words) {
            if entry.verdict != .identical, let decisive = entry.steps.last {
                guard SuiteWords.words(of: decisive.action).isSuperset(of: words) else { continue }
            }
            add(entry)
        }
    }

    private mutating func add(_ entry: Report.Entry) {
        switch entry.verdict {
        case .identical: holding.append(entry)
        case .differs, .refused, .failed: failing.append(entry)
        case .skipped: break
        }
    }
}
