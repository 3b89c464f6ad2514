// What the cases of a report say of a feature.

import Conformance
import Gateway

/// The cases that are about a feature, by how they ended.
struct CaseEvidence {
    private(set) var holding: [Report.Entry] = []
    private(set) var failing: [Report.Entry] = []

    /// The cases of `report` that are about `feature`; nil for a feature that needs no proof of its own.
    ///
    /// A case is about a command or operation that it says to prove, and about any other feature that one of its requests shows. One of
    /// the latter that failed counts only when the step that decided showed it.
    static func of(_ feature: String, in report: Report, _ suites: SuiteFeatures) -> CaseEvidence? {
        let parts = feature.split(separator: ".", maxSplits: 2).map(String.init)
        guard parts.count == 3 else { return CaseEvidence() }
        if isNeverProven(parts) { return nil }
        var evidence = CaseEvidence()
        switch (parts[0], parts[1]) {
        case ("redis", "command"):
            evidence.take(report) { $0.proves.contains { $0.lowercased() == parts[2] } }
        case ("redis", "unknown"): evidence.take(report) { $0.proves.contains { $0.lowercased() == parts[2] } }
        case ("s3", "operation"): evidence.take(report) { $0.proves.contains(parts[2]) }
        // They stand for whatever is in no table, so that no case is about them.
        case (_, "module"),
            (_, _) where ["unknown", "other"].contains(parts[2]):
            break
        default: evidence.take(report, showing: feature, suites)
        }
        // Nearly every request shows such a one, so a case that failed says something of it only if none holds.
        if isCarrier(parts), !evidence.holding.isEmpty { evidence.failing = [] }
        return evidence
    }

    /// Whether it is a way in which requests come, whatever they ask for.
    private static func isCarrier(_ parts: [String]) -> Bool {
        switch (parts[0], parts[1], parts[2]) {
        case ("s3", "signature", _), ("s3", "payload", _), (_, "protocol", _), ("postgres", "feature", "simple-query"),
            ("postgres", "feature", "extended-query"):
            true
        default: false
        }
    }

    /// Whether nothing of the candidate's is needed: encryption towards clients and messages without a meaning of their own are the
    /// gateway's, and clients do without CLIENT SETINFO: they are told to ignore its failure (Redis's page of that command).
    private static func isNeverProven(_ parts: [String]) -> Bool {
        switch (parts[0], parts[1], parts[2]) {
        case ("postgres", "message", _), (_, "protocol", "tls"), ("postgres", "feature", "tls"),
            ("redis", "subcommand", "client.setinfo"):
            true
        // A server that has the command and MULTI has both together, and runs every script.
        case ("redis", "shape", let name): FeatureNeeds.isQueued(name) || FeatureNeeds.isScript(name)
        default: false
        }
    }

    private mutating func take(_ report: Report, where isAbout: (Report.Entry) -> Bool) {
        for entry in report.cases where isAbout(entry) { add(entry) }
    }

    private mutating func take(_ report: Report, showing feature: String, _ suites: SuiteFeatures) {
        for entry in report.cases {
            switch entry.verdict {
            case .identical where suites.proves(feature, in: entry.id): holding.append(entry)
            case .differs, .refused, .failed:
                guard let decisive = entry.steps.last, suites.shows(feature, in: entry.id, at: decisive.line) else {
                    continue
                }
                failing.append(entry)
            case .identical, .skipped: break
            }
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
