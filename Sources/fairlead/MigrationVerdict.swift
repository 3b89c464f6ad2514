// Whether a report and a profile say that a migration's target can do what its listener's applications use.

import Conformance
import Portability
import Usage

/// What a report has to be about, as the admin listener tells it.
struct MigrationSubject: Decodable {
    let adapter, configuration: String?
    let gaps: Bool

    /// Why `report`, read from `path`, does not stand for `target`; nil when it does.
    ///
    /// The start-up gate asks the same of the report that a backend names, and takes an adapter that comes with Fairlead by the report on it.
    func problem(of report: Report, at path: String, for target: String) -> String? {
        if report.fairlead != fairleadVersion {
            return "\(path) is about Fairlead \(report.fairlead), and this is \(fairleadVersion)"
        }
        guard report.adapter == adapter else {
            let kind = { (name: String?) in name.map { "adapter \($0)" } ?? "a trusted backend" }
            return "\(path) is about \(kind(report.adapter)), and '\(target)' is \(kind(adapter))"
        }
        // One that was made of a server directly knows nothing of a configuration.
        if adapter == nil, report.configuration == nil { return nil }
        if report.configuration == configuration { return nil }
        let gate = ShippedProofs.gate(file: nil)
        let isShipped = adapter.map { $0 == gate.ownStore || gate.shipped.keys.contains($0) } ?? false
        if isShipped, !gaps { return nil }
        return "\(path) belongs to another configuration of '\(target)'"
    }
}

/// The verdicts on the applications of one listener.
struct MigrationVerdict {
    let assessments: [Assessment]

    init(_ profile: Profile, of listener: String, on report: Report) throws {
        let suites = try SuiteFeatures((try? SuitesFolder.library(nil)) ?? SuiteLibrary.none, of: [report])
        let facts = CandidateFacts.of(report)
        assessments = profile.applications.filter { $0.listener == listener }
            .map { Assessment($0, on: report, suites, facts: facts) }
    }

    var blocked: [Assessment] { assessments.filter { $0.verdict == .blocked } }
    var limited: [Assessment] { assessments.filter { $0.verdict == .limited } }
}
