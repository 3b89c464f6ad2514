// Makes a report of runs: one backend, and each wire that it was asked over.

import Capabilities

/// How much evidence a report keeps, so that it can be committed.
enum ReportLimits {
    /// Steps of one case: the last ones, because the last one decided.
    static let steps = 12
    /// Pieces of one step.
    static let pieces = 8
    /// Bytes of one piece.
    static let pieceBytes = 512
    /// Characters of an action, a reason or an answer.
    static let text = 1000
}

extension Report {
    /// The report of `runs`, which went to the same backend over one wire each.
    ///
    /// What is identical needs no evidence: whoever doubts it runs the command again.
    package init(of runs: [RunReport], named name: String, standing: Standing = .passed) {
        let first = runs.first
        self.init(
            name: name, standing: standing, targets: runs.map { Report.Target(of: $0.facts, $0.target) },
            fairlead: first?.runnerVersion ?? "", suites: first?.suiteVersion ?? "", seed: first?.seed ?? 0,
            started: first?.startedAt ?? "", duration: Int64(runs.reduce(0) { $0 + $1.duration }),
            command: first?.command ?? "", cases: runs.flatMap { $0.cases.map(Entry.init) })
        against = runs.compactMap { run in
            guard let facts = run.againstFacts, let label = run.against else { return nil }
            return Report.Target(of: facts, label)
        }
        for (name, support) in runs.flatMap({ Array($0.facts.capabilities) }) {
            capabilities[name] = Support(rawValue: support).map { ManifestEntry($0) }
            isToldByWire = true
        }
        adapter = first?.adapter
        configuration = first?.configurationHash
        interruption = runs.compactMap(\.interruption).first
        if interruption != nil { self.standing = .failed }
    }
}

extension Report.Target {
    fileprivate init(of facts: TargetFacts, _ label: String) {
        self.init(
            wire: Self.wire(label), label: label, product: facts.product, version: facts.version,
            features: facts.features.sorted())
    }

    /// What is spoken, by the URL's scheme: `rediss://…` is Redis too.
    private static func wire(_ label: String) -> String {
        let scheme = label.prefix { $0 != ":" && $0 != "+" }
        return Conformance.Target.Wire.allCases.first { scheme.hasPrefix($0.rawValue) }?.rawValue ?? String(scheme)
    }
}

extension Report.Entry {
    init(_ result: CaseResult) {
        self.init(
            id: result.id, title: result.title, proves: result.proves, source: result.source, tags: result.tags,
            client: result.client, verdict: result.verdict, reason: cut(result.reason),
            refusedCapability: result.refusedCapability, figures: result.figures,
            openFigures: result.openFigures.sorted())
        guard verdict == .differs || verdict == .failed || verdict == .refused else { return }
        duration = Int64(result.duration)
        steps = Self.last(result.steps)
        otherSteps = Self.last(result.otherSteps)
    }

    /// The last steps up to the first problem, which is the one that decided.
    private static func last(_ records: [StepRecord]) -> [Report.Moment] {
        let end = records.firstIndex { $0.problem != nil }.map { $0 + 1 } ?? records.count
        return records[..<end].suffix(ReportLimits.steps).map(Report.Moment.init)
    }
}

extension Report.Moment {
    init(_ record: StepRecord) {
        self.init(
            line: record.line, action: cut(record.action), connection: record.connection,
            observed: record.observed.map { cut(ValueText.short($0)) }, problem: record.problem.map(cut))
        let kept = record.evidence.pieces.prefix(ReportLimits.pieces)
        pieces = kept.map {
            Report.Piece(
                direction: $0.direction, bytes: Array($0.bytes.prefix(ReportLimits.pieceBytes)), count: $0.count)
        }
        dropped = record.evidence.dropped + record.evidence.pieces.count - kept.count
    }
}

/// A text that may come from the server, at a bounded length.
private func cut(_ text: String) -> String {
    text.count <= ReportLimits.text ? text : "\(text.prefix(ReportLimits.text))…"
}
