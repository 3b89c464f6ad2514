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

    package var verdict: MoveVerdict {
        findings.contains { $0.level == .blocked } ? .blocked : findings.isEmpty ? .safe : .limited
    }

    /// Judges `application` by `report`, and by what a shadow has found between the two.
    ///
    /// - Parameter words: of the suites that made the report; without them options of a trusted candidate are not told apart from their commands.
    package init(_ application: Application, on report: Report, _ words: SuiteWords, shadow: [ShadowDifference] = []) {
        self.application = application
        candidate = report.name
        var judge = Judge(application, report, words)
        judge.judge()
        judge.add(shadow)
        findings = judge.sorted
    }
}

extension Application {
    /// Requests of all kinds.
    package var requests: UInt64 {
        let kind = ["redis": "redis.command.", "s3": "s3.operation.", "postgres": "postgres.statement."][self.protocol]
        return features.reduce(0) { $1.key.hasPrefix(kind ?? "") ? $0 + $1.value.count : $0 }
    }

    /// What it says of itself, for a heading.
    package var title: String {
        let names = ["name", "user", "agent", "access-key", "database", "library"].compactMap { identity[$0] }
        return names.isEmpty ? "(unnamed)" : names.joined(separator: " ")
    }
}

/// Collects findings, one for each subject.
private struct Judge {
    private let application: Application
    private let report: Report
    private let words: SuiteWords
    private let requests: Double
    private var findings: [String: Finding] = [:]
    /// Everything that the application needs of a private candidate.
    private var used = CapabilitySet()

    init(_ application: Application, _ report: Report, _ words: SuiteWords) {
        self.application = application
        self.report = report
        self.words = words
        requests = Double(max(1, application.requests))
    }

    var sorted: [Finding] {
        let order: [Finding.Level] = [.blocked, .limit, .unproven]
        return joined.map { finding in
            var finding = finding
            finding.features.sort { ($1.count, $0.feature) < ($0.count, $1.feature) }
            return finding
        }.sorted {
            let left = (order.firstIndex(of: $0.level) ?? 0, -($0.share ?? 1), $0.subject)
            let right = (order.firstIndex(of: $1.level) ?? 0, -($1.share ?? 1), $1.subject)
            return left < right
        }
    }

    /// The findings, with limits that say the same of several capabilities or features as one.
    private var joined: [Finding] {
        var limits: [String: [Finding]] = [:]
        var joined: [Finding] = []
        for finding in findings.values.sorted(by: { $0.subject < $1.subject }) {
            if finding.level == .limit {
                limits[finding.reason, default: []].append(finding)
            } else {
                joined.append(finding)
            }
        }
        for (reason, alike) in limits {
            let parts = alike.map { $0.subject.split(separator: ": ", maxSplits: 1).map(String.init) }
            let promise = parts[0].count > 1 ? ": \(parts[0][1])" : ""
            var one = Finding(
                level: .limit, subject: parts.map { $0[0] }.joined(separator: ", ") + promise, reason: reason)
            one.remedy = alike[0].remedy
            for finding in alike {
                one.features += finding.features.filter { !one.features.contains($0) }
                one.cases += finding.cases.filter { one.cases.count < Self.caseLimit && !one.cases.contains($0) }
            }
            joined.append(one)
        }
        return joined
    }

    // MARK: Features

    mutating func judge() {
        if report.standing == .failed {
            add(.limit, "report", "the report has failed: the candidate does less than it declares; run it again first")
        }
        guard report.targets.contains(where: { $0.wire == application.protocol }) else {
            return add(
                .blocked, application.protocol,
                "the report says nothing about \(application.protocol): it was asked over \(report.targets.map(\.wire).joined(separator: ", "))"
            )
        }
        for (name, feature) in application.features {
            let share = FeatureShare(
                feature: name, count: feature.count, share: min(1, Double(feature.count) / requests),
                last: feature.last,
                estimated: feature.estimated)
            if report.capabilities.isEmpty { judgeByCases(share) } else { judgeByManifest(share) }
        }
        if !report.capabilities.isEmpty { judgeSizes() }
    }

    private mutating func judgeByManifest(_ share: FeatureShare) {
        switch FeatureNeeds.of(share.feature) {
        case .nothing: break
        case .refused:
            add(
                .blocked, share.feature, "no capability stands for it: every private backend refuses it", share,
                remedy: Self.staying)
        case .capabilities(let needs): judge(needs, share)
        case .partly(let needs, let gap):
            judge(needs, share)
            add(.limit, share.feature, gap, share)
        case .untold: judgeByCases(share)
        }
    }

    private static let staying =
        "lead what uses it to a backend that has it: a route by prefix, or a listener of its own"

    private mutating func judge(_ needs: CapabilitySet, _ share: FeatureShare) {
        for capability in needs.members {
            used.insert(capability)
            guard let entry = report.capabilities[capability.name], entry.support != .refused else {
                let refused = report.cases.filter { $0.refusedCapability == capability.name }
                // One that is about it says more than one that only uses it.
                let cases = refused.filter { $0.proves.contains(capability.name) }
                add(
                    .blocked, capability.name, "the candidate refuses it", share, cases: cases + refused,
                    remedy: FeatureNeeds.remedy(for: capability, in: report.capabilities) ?? Self.staying)
                continue
            }
            if entry.support == .ignored {
                add(.limit, "\(capability.name): ignored", "it is accepted and has no effect", share)
            }
            for weakening in entry.weakenings where weakening.matters(to: share.feature) {
                let cases = report.cases.filter {
                    $0.verdict != .identical && $0.proves.contains(capability.name)
                        && $0.tags.contains(weakening.rawValue)
                }
                add(.limit, "\(capability.name): \(weakening.rawValue)", weakening.meaning, share, cases: cases)
            }
            for one in report.cases
            where (one.verdict == .differs || one.verdict == .failed) && one.proves.contains(capability.name)
                && !isExcused(one)
            {
                add(.limit, capability.name, one.reason, share, cases: [one])
            }
        }
    }

    /// Whether a weakening of a capability that the case proves accounts for its verdict.
    private func isExcused(_ one: Report.Entry) -> Bool {
        one.proves.contains { name in
            report.capabilities[name]?.weakenings.contains { one.tags.contains($0.rawValue) } ?? false
        }
    }

    private mutating func judgeByCases(_ share: FeatureShare) {
        guard let evidence = CaseEvidence.of(share.feature, in: report, words) else { return }
        if evidence.holding.isEmpty, evidence.failing.isEmpty {
            return add(.unproven, "not proven", "no case of the report is about it", share)
        }
        guard let first = evidence.failing.first else { return }
        let level: Finding.Level = evidence.holding.isEmpty ? .blocked : .limit
        let reason = first.declared ?? first.reason
        add(
            level, share.feature, reason, share, cases: evidence.failing, remedy: level == .blocked ? Self.staying : nil
        )
    }

    // MARK: Sizes

    private mutating func judgeSizes() {
        judge("redis.key.bytes", .keyBytes, "keys")
        judge("redis.value.bytes", .valueBytes, "values")
        judge("s3.body.bytes", .valueBytes, "bodies")
        judge("redis.expiry.seconds", .expirySeconds, "expiries", in: "seconds")
    }

    private mutating func judge(_ size: String, _ kind: BoundKind, _ what: String, in unit: String = "bytes") {
        guard let ranges = application.sizes[size] else { return }
        let bounds = used.members.compactMap { capability in
            report.capabilities[capability.name]?.bounds[kind].map { (capability.name, UInt64(clamping: $0)) }
        }
        guard let (name, bound) = bounds.min(by: { $0.1 < $1.1 }) else { return }
        let all = Double(max(1, ranges.counts.reduce(0, +)))
        let above = Double(ranges.count(above: bound)) / all
        let near = Double(ranges.count(around: bound)) / all
        let subject = "\(name): \(kind.rawValue)"
        if above > 0 {
            add(
                .blocked, subject,
                "\(what) have \(bound) \(unit) at most there; \(percent(above)) of those seen have more")
        } else if near > 0 {
            add(
                .limit, subject,
                "\(what) have \(bound) \(unit) at most there; \(percent(near)) of those seen may have more")
        }
    }

    // MARK: Shadows

    mutating func add(_ differences: [ShadowDifference]) {
        for difference in differences where difference.candidate == report.name {
            guard let feature = application.features[difference.feature] else { continue }
            let share = FeatureShare(
                feature: difference.feature, count: feature.count, share: min(1, Double(feature.count) / requests),
                last: feature.last, estimated: feature.estimated)
            add(
                .limit, "shadow: \(difference.command) \(difference.kind)",
                "\(difference.count) replies differed, the last at \(difference.last): \(difference.example)", share)
        }
    }

    // MARK: Findings

    /// Cases that a finding names; there may be hundreds.
    private static let caseLimit = 3

    private mutating func add(
        _ level: Finding.Level, _ subject: String, _ reason: String, _ share: FeatureShare? = nil,
        cases: [Report.Entry] = [], remedy: String? = nil
    ) {
        var finding = findings[subject] ?? Finding(level: level, subject: subject, reason: reason, remedy: remedy)
        if let share, !finding.features.contains(share) { finding.features.append(share) }
        for one in cases where finding.cases.count < Self.caseLimit && !finding.cases.contains(one.id) {
            finding.cases.append(one.id)
        }
        findings[subject] = finding
    }
}

/// A share as people read it.
func percent(_ share: Double) -> String {
    let hundredths = (share * 10_000).rounded()
    if hundredths < 1 { return "less than 0.01 %" }
    let text = hundredths.truncatingRemainder(dividingBy: 100) == 0 ? "\(Int(hundredths / 100))" : "\(hundredths / 100)"
    return "\(text) %"
}

extension SizeRanges {
    /// How many are larger than `bound` for certain.
    fileprivate func count(above bound: UInt64) -> UInt64 {
        counts.enumerated().reduce(0) { $1.offset > 0 && Self.least($1.offset) > bound ? $0 + $1.element : $0 }
    }

    /// How many may be larger than `bound` or not.
    fileprivate func count(around bound: UInt64) -> UInt64 {
        counts.enumerated().reduce(0) { sum, range in
            let isAround = range.offset > 0 && Self.least(range.offset) <= bound && Self.most(range.offset) > bound
            return isAround ? sum + range.element : sum
        }
    }

    private static func least(_ range: Int) -> UInt64 { 1 << UInt64(range - 1) }
    private static func most(_ range: Int) -> UInt64 { range == rangeCount - 1 ? .max : (1 << UInt64(range)) - 1 }
}
