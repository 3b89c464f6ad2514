// What a candidate refuses though it has every capability that the command needs.

import Capabilities
import Conformance
import Gateway
import Usage

extension Judge {
    /// What is refused of a feature, whatever the candidate can do.
    mutating func judge(gap: String, _ share: FeatureShare) {
        guard ["redis.command.eval", "redis.command.evalsha"].contains(share.feature) else {
            return add(.limit, share.feature, gap, share)
        }
        func isSeen(_ forms: [String]) -> Bool { forms.contains { application.features[$0] != nil } }
        // Other texts are findings of their own.
        if isSeen(Self.otherScripts) { return }
        if isSeen(Self.lockScripts) {
            // EVALSHA has no text: it may call what another application has loaded.
            if share.feature == "redis.command.evalsha" { add(.limit, share.feature, gap, share) }
            return
        }
        // Nothing is known of the texts. Whoever takes no lock releases none.
        if isSeen(Self.locking) { return add(.limit, share.feature, gap, share) }
        add(.blocked, share.feature, gap, share, remedy: Self.staying)
    }

    private static let lockScripts = ["redis.shape.eval.lock-script", "redis.shape.script.lock-script"]
    private static let otherScripts = ["redis.shape.eval.other-script", "redis.shape.script.other-script"]
    private static let locking = ["redis.shape.set.nx-with-time", "redis.option.set.nx", "redis.command.setnx"]

    /// What several keys are for that are set only if none of them is there.
    static let allOrNone: Set<String> = ["redis.command.msetnx", "redis.shape.msetnx.many"]

    /// Several keys that are set only if none is there are refused where they are set one after another, unless a case shows otherwise.
    mutating func judgeAllOrNone(_ share: FeatureShare) {
        let about = report.cases.filter { one in
            one.tags.contains(Weakening.notAtomic.rawValue)
                && [Capability.keyValueMultiKey, .keyValueConditionalSet].allSatisfy { one.proves.contains($0.name) }
        }
        if about.contains(where: { $0.verdict == .identical }) { return }
        add(
            .blocked, "\(Capability.keyValueMultiKey.name): all or none",
            "several keys cannot be set there only if none of them is there", share, cases: about, remedy: Self.staying)
    }

    /// Holds the numbers of databases to how many there are.
    mutating func judgeDatabases() {
        let capability = Capability.keyValueDatabases.name
        guard let numbers = application.sizes["redis.database.number"],
            let count = report.capabilities[capability]?.bounds[.databases], count > 0
        else { return }
        let last = UInt64(count - 1)
        let (above, near) = numbers.share(above: last)
        guard above > 0 || near > 0 else { return }
        add(
            above > 0 ? .blocked : .limit, "\(capability): databases",
            "databases have the numbers 0 to \(last) there; \(percent(above > 0 ? above : near)) of those selected \(above > 0 ? "have higher ones" : "may have higher ones")"
        )
    }
}
