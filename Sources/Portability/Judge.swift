// Holds what an application uses to one candidate's report, feature by feature.

import Capabilities
import Conformance
import Gateway
import Usage

/// Collects findings, one for each subject.
struct Judge {
    let application: Application
    let report: Report
    let suites: SuiteFeatures
    let facts: CandidateFacts
    let requests: Double
    private var findings: [String: Finding] = [:]
    private(set) var proofs: [String: String] = [:]
    /// Everything that the application needs of a private candidate.
    var used = CapabilitySet()

    init(_ application: Application, _ report: Report, _ suites: SuiteFeatures, _ facts: CandidateFacts) {
        self.facts = facts
        self.application = application
        self.report = report
        self.suites = suites
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
        for (name, feature) in application.features.sorted(by: { $0.key < $1.key }) {
            let share = share(of: name, feature)
            if report.capabilities.isEmpty { judgeByCases(share) } else { judgeByManifest(share) }
        }
        if !report.capabilities.isEmpty {
            judgeTransactions()
            judgeSizes()
        }
    }

    func share(of name: String, _ feature: Feature) -> FeatureShare {
        FeatureShare(
            feature: name, count: feature.count, share: min(1, Double(feature.count) / requests), last: feature.last,
            estimated: feature.estimated)
    }

    mutating func judgeByManifest(_ share: FeatureShare) {
        switch FeatureNeeds.of(share.feature) {
        case .nothing: break
        // Of SQL an adapter may know more than there are capabilities for.
        case .refused where application.protocol == "postgres" && isHeld(share): judgeByCases(share)
        case .refused:
            add(
                .blocked, share.feature, FeatureNeeds.refusal(of: share.feature), share,
                cases: refusals(of: share.feature),
                remedy: Self.staying)
        case .capabilities(let needs): judge(needs, share)
        case .partly(let needs, let gap):
            judge(needs, share)
            judge(gap: gap, share)
        case .untold: judgeByCases(share)
        }
    }

    private func isHeld(_ share: FeatureShare) -> Bool {
        CaseEvidence.of(share.feature, in: report, suites)?.holding.isEmpty == false
    }

    static let staying =
        "lead what uses it to a backend that has it: a route by prefix, or a listener of its own"

    mutating func judge(_ needs: CapabilitySet, _ share: FeatureShare) {
        if let missing = needs.members.first(where: { !permits($0) }), let standIn = standIn(for: share) {
            guard FeatureNeeds.isQueued(share.feature) else { return judge(standIn, share) }
            return add(
                .blocked, "\(missing.name): in MULTI",
                "a \(standIn.kind.rawValue) stands in for it there, but not in MULTI, where it is refused", share,
                remedy: "send it outside of MULTI (redis-py: pipeline(transaction=False)), or \(Self.staying)")
        }
        for capability in needs.members {
            used.insert(capability)
            prove(share, by: report.cases.filter { $0.proves.contains(capability.name) })
            guard let entry = report.capabilities[capability.name], entry.support != .refused else {
                add(
                    .blocked, capability.name, "the candidate refuses it", share, cases: refusals(of: capability),
                    remedy: remedy(for: capability, share))
                continue
            }
            judge(capability, entry, share)
        }
    }

    /// Cases that were refused for want of `capability`, those that are about it first.
    ///
    /// One that is about it may have been refused for another that it needs before: such a one shows it too, as it cannot be used.
    private func refusals(of capability: Capability) -> [Report.Entry] {
        let refused = report.cases.filter { $0.refusedCapability == capability.name }
        let about = report.cases.filter { $0.verdict == .refused && $0.proves.contains(capability.name) }
        return refused.filter { $0.proves.contains(capability.name) }
            + about.filter { $0.proves.first == capability.name } + refused + about
    }

    /// Cases that say to prove the command or operation of `feature`, and were refused.
    private func refusals(of feature: String) -> [Report.Entry] {
        let name = feature.split(separator: ".", maxSplits: 2).last?.lowercased() ?? feature
        return report.cases.filter { one in
            one.verdict == .refused && one.proves.contains { $0.lowercased() == name }
        }
    }

    func remedy(for capability: Capability, _ share: FeatureShare) -> String {
        if let remedy = FeatureNeeds.remedy(for: capability, in: report.capabilities) { return remedy }
        return FeatureNeeds.nearStandIn(to: share.feature, permits).map { "ask for \($0.form)" } ?? Self.staying
    }

    /// What of a capability that is there is otherwise than it may be expected.
    mutating func judge(_ capability: Capability, _ entry: ManifestEntry, _ share: FeatureShare) {
        if entry.support == .ignored {
            add(.limit, "\(capability.name): ignored", "it is accepted and has no effect", share)
        }
        for weakening in entry.weakenings where weakening.matters(to: share.feature) {
            if weakening == .notAtomic, capability == .keyValueMultiKey, Self.allOrNone.contains(share.feature) {
                judgeAllOrNone(share)
                continue
            }
            let cases = report.cases.filter {
                $0.verdict != .identical && $0.proves.contains(capability.name) && $0.tags.contains(weakening.rawValue)
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

    /// Whether a weakening of a capability that the case proves accounts for its verdict.
    func isExcused(_ one: Report.Entry) -> Bool {
        one.proves.contains { name in
            report.capabilities[name]?.weakenings.contains { one.tags.contains($0.rawValue) } ?? false
        }
    }

    mutating func judgeByCases(_ share: FeatureShare) {
        guard let evidence = CaseEvidence.of(share.feature, in: report, suites) else { return }
        prove(share, by: evidence.holding)
        if evidence.holding.isEmpty, evidence.failing.isEmpty {
            if let reason = facts.refusal(share.feature) {
                return add(.blocked, share.feature, "refused by name: \(reason)", share, remedy: Self.staying)
            }
            if !report.capabilities.isEmpty, application.protocol == "postgres" {
                return add(.unproven, "SQL dialect", "no case of the report has played statements of this form", share)
            }
            return add(.unproven, "not proven", "no case of the report is about it", share)
        }
        guard let first = evidence.failing.first else { return }
        let level: Finding.Level = evidence.holding.isEmpty ? .blocked : .limit
        let reason = first.declared ?? first.reason
        add(
            level, share.feature, reason, share, cases: evidence.failing, remedy: level == .blocked ? Self.staying : nil
        )
    }

    mutating func prove(_ share: FeatureShare, by cases: [Report.Entry]) {
        guard proofs[share.feature] == nil else { return }
        proofs[share.feature] = cases.first { $0.verdict == .identical }?.id
    }

    // MARK: Findings

    /// Cases that a finding names; there may be hundreds.
    static let caseLimit = 3

    mutating func add(
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
