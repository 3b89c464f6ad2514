// What becomes of features that a candidate answers with a lock, a queue or a sequence.

import Capabilities
import Conformance
import Gateway
import Usage

extension Judge {
    func permits(_ capability: Capability) -> Bool {
        report.capabilities[capability.name].map { $0.support != .refused } ?? false
    }

    /// What the candidate does in the feature's place, if that is what each request with it gets.
    func standIn(for share: FeatureShare) -> FeatureStandIn? {
        if let own = FeatureNeeds.standIn(for: share.feature, permits) { return own }
        guard let form = FeatureNeeds.form(of: share.feature), let seen = application.features[form.shape],
            let standIn = FeatureNeeds.standIn(for: form.shape, permits)
        else { return nil }
        let count = form.all.compactMap { application.features[$0]?.count }.reduce(0, UInt64.sum)
        // A command is counted at each request, and its forms are estimated from a sample.
        let isEnough = seen.estimated ? seen.count >= count / 10 * 9 : seen.count >= count
        return isEnough ? standIn : nil
    }

    /// Why the application would not get what it takes the stand-in for; nil when nothing says that it takes it for anything else.
    func betrayal(of kind: FeatureStandIn.Kind) -> String? {
        let (looking, ending) = kind.betrayals
        let seen = looking.filter { application.features[$0] != nil }
        guard !seen.isEmpty, !ending.contains(where: { application.features[$0] != nil }) else { return nil }
        let names = seen.prefix(3).map { $0.split(separator: ".").last.map { $0.uppercased() } ?? $0 }
        return
            "it would be a \(kind.rawValue) there and no key, so that \(names.joined(separator: ", ")) would not find it; and no script is seen that ends one"
    }

    mutating func judge(_ standIn: FeatureStandIn, _ share: FeatureShare) {
        if let reason = betrayal(of: standIn.kind) {
            return add(
                .blocked, "\(standIn.kind.rawValue): stands in", reason, share,
                remedy: "ask for \(standIn.kind.form), or \(Self.staying)")
        }
        let about = report.cases.filter { one in standIn.needs.members.contains { one.proves.contains($0.name) } }
        let holding = about.filter { $0.verdict == .identical }
        let failing = about.filter { [.differs, .refused, .failed].contains($0.verdict) }
        let subject = "\(standIn.kind.rawValue): stands in"
        if holding.isEmpty, let first = failing.first {
            return add(.blocked, subject, first.reason, share, cases: failing, remedy: Self.staying)
        }
        add(.limit, subject, standIn.limit, share, cases: holding)
        if holding.isEmpty {
            add(.unproven, "\(standIn.kind.rawValue): not proven", "no case of the report is about it", share)
        }
        for capability in standIn.needs.members {
            used.insert(capability)
            if let entry = report.capabilities[capability.name] { judge(capability, entry, share) }
        }
    }

    /// Between MULTI and EXEC an adapter is asked itself, and the gateway emulates nothing.
    ///
    /// Which commands a transaction holds is known of a few only.
    mutating func judgeTransactions() {
        let transaction = "redis.state.transaction"
        guard let feature = application.features[transaction], permits(.keyValueTransaction) else { return }
        let emulated = used.members.filter { report.capabilities[$0.name]?.support == .emulated }.map(\.name)
        guard !emulated.isEmpty else { return }
        add(
            .limit, "\(Capability.keyValueTransaction.name): emulated",
            "what is emulated there (\(emulated.joined(separator: ", "))) can be refused between MULTI and EXEC",
            share(of: transaction, feature))
    }
}
