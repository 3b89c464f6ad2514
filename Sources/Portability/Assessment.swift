// Joins what an application uses with what a candidate is proven to do.

import Capabilities
import Conformance
import Gateway
import Usage

/// One application and one candidate, and whether they fit.
package struct Assessment: Sendable, Equatable {
    package let application: Application
    /// The report's name.
    package let candidate: String
    /// The worst first, then by share.
    package let findings: [Finding]
    /// By feature, a case of the report that shows that it works there.
    package let proofs: [String: String]

    package var verdict: MoveVerdict {
        findings.contains { $0.level == .blocked } ? .blocked : findings.isEmpty ? .safe : .limited
    }

    /// Judges `application` by `report`, and by what a shadow has found between the two.
    ///
    /// - Parameters:
    ///   - suites: those that made the report; without them nothing proves an option of a trusted candidate.
    ///   - facts: what is known of the candidate beyond its report.
    package init(
        _ application: Application, on report: Report, _ suites: SuiteFeatures, shadow: [ShadowDifference] = [],
        facts: CandidateFacts = CandidateFacts()
    ) {
        self.application = application
        candidate = report.name
        var judge = Judge(application, report, suites, facts)
        judge.judge()
        judge.add(shadow)
        findings = judge.sorted
        proofs = judge.proofs
    }
}

extension Application {
    /// What it says of itself, for a heading.
    package var title: String {
        let names = ["name", "user", "agent", "access-key", "database", "library"].compactMap { identity[$0] }
        return names.isEmpty ? "(unnamed)" : names.joined(separator: " ")
    }
}

/// A share as people read it.
func percent(_ share: Double) -> String {
    let hundredths = (share * 10_000).rounded()
    if hundredths < 1 { return "less than 0.01 %" }
    let text = hundredths.truncatingRemainder(dividingBy: 100) == 0 ? "\(Int(hundredths / 100))" : "\(hundredths / 100)"
    return "\(text) %"
}
