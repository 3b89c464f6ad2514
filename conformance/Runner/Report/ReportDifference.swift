// What changed between two reports.

/// Two reports of the same suites, compared case by case.
package struct ReportDifference: Sendable, Equatable {
    package struct Change: Sendable, Equatable {
        package var id: String
        /// The verdicts before and after; nil where the case is in one report only.
        package var before: Verdict?
        package var after: Verdict?
        package var detail: String
        package var isWorse: Bool
    }

    /// What else is not the same: versions, suites, configuration.
    package var circumstances: [String]
    package var changes: [Change]

    package init(_ before: Report, _ after: Report) {
        circumstances = Self.circumstances(before, after)
        let old = Dictionary(before.cases.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let new = Set(after.cases.map(\.id))
        changes = after.cases.compactMap { Self.change(from: old[$0.id], to: $0) }
        changes += before.cases.filter { !new.contains($0.id) }.map { gone in
            Change(id: gone.id, before: gone.verdict, after: nil, detail: "it was not run", isWorse: false)
        }
    }

    private static func circumstances(_ before: Report, _ after: Report) -> [String] {
        func servers(_ report: Report) -> String {
            var names: [String] = []
            for target in report.targets where !names.contains(target.server) {
                names.append(target.server)
            }
            return names.joined(separator: ", ")
        }
        let pairs = [
            ("backend", before.name, after.name), ("server", servers(before), servers(after)),
            ("Fairlead", before.fairlead, after.fairlead), ("suites", before.suites, after.suites),
            ("configuration", before.configuration ?? "none", after.configuration ?? "none"),
            ("standing", before.standing.rawValue, after.standing.rawValue),
        ]
        return pairs.filter { $0.1 != $0.2 }.map { "\($0.0): \($0.1) -> \($0.2)" }
    }

    private static func change(from before: Report.Entry?, to after: Report.Entry) -> Change? {
        guard let before else {
            return Change(
                id: after.id, before: nil, after: after.verdict, detail: after.reason, isWorse: rank(after.verdict) > 0)
        }
        if before.verdict != after.verdict {
            return Change(
                id: after.id, before: before.verdict, after: after.verdict, detail: after.reason,
                isWorse: rank(after.verdict) > rank(before.verdict))
        }
        guard before.figures != after.figures else { return nil }
        let names = Set(before.figures.keys).union(after.figures.keys).sorted()
        let moved = names.filter { before.figures[$0] != after.figures[$0] }
        func figure(_ value: Int64?) -> String { value.map { "\($0)" } ?? "none" }
        return Change(
            id: after.id, before: before.verdict, after: after.verdict,
            detail: moved.map { "\($0): \(figure(before.figures[$0])) -> \(figure(after.figures[$0]))" }
                .joined(separator: ", "),
            isWorse: moved.contains { (after.figures[$0] ?? 0) < (before.figures[$0] ?? 0) })
    }

    /// How bad a verdict is; what is skipped cannot be called worse.
    private static func rank(_ verdict: Verdict) -> Int {
        switch verdict {
        case .identical, .skipped: 0
        case .refused: 1
        case .differs: 2
        case .failed: 3
        }
    }

    package var isWorse: Bool { changes.contains(where: \.isWorse) }

    /// The difference in lines, worse ones first.
    package func text() -> String {
        var lines = circumstances
        for change in changes.filter(\.isWorse) + changes.filter({ !$0.isWorse }) {
            let verdicts = "\(change.before?.rawValue ?? "new") -> \(change.after?.rawValue ?? "gone")"
            let detail = change.detail.isEmpty ? "" : ": \(change.detail)"
            lines.append("\(change.isWorse ? "worse" : "other")  \(change.id)  \(verdicts)\(detail)")
        }
        if changes.isEmpty { lines.append("no verdict has changed") }
        return lines.map { $0 + "\n" }.joined()
    }
}
