// Compares what a case observed at two targets.

/// Compares outcomes step by step.
enum Comparison {
    /// The verdict about the difference between `one` and `other`, with the sentence that says where it lies.
    static func compare(
        _ one: CaseOutcome, _ other: CaseOutcome, masks: [Mask], wire: Target.Wire
    ) -> (Verdict, String) {
        if one.verdict == .failed, other.verdict != .failed { return (.failed, one.reason) }
        if other.verdict == .failed, one.verdict != .failed {
            return (.differs, "only here it goes through: \(other.reason)")
        }
        if one.verdict == .refused, other.verdict != .refused { return (.refused, one.reason) }
        let general = masks.filter { $0.wire == wire }
        let byName = Dictionary(masks.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let (mine, theirs) = (one.steps.filter { !$0.varies }, other.steps.filter { !$0.varies })
        for (step, peer) in zip(mine, theirs) {
            let masks = general + step.masks.compactMap { byName[$0] }
            let (left, right) = (hide(step.observed, masks), hide(peer.observed, masks))
            guard left == right else {
                let (here, there) = (left.map(ValueText.short) ?? "nothing", right.map(ValueText.short) ?? "nothing")
                return (.differs, "line \(step.line): here \(here), there \(there)")
            }
        }
        guard mine.count == theirs.count else {
            let reason = [one.reason, other.reason].first { !$0.isEmpty } ?? ""
            return (.differs, "here \(mine.count) steps were done, there \(theirs.count): \(reason)")
        }
        guard one.figures == other.figures else {
            return (
                .differs,
                "here \(one.figures.sorted { $0.key < $1.key }), there \(other.figures.sorted { $0.key < $1.key })"
            )
        }
        // What decided may be masked, vary, or stand behind the steps that are kept.
        guard one.verdict == other.verdict else {
            let isHere = other.verdict == .identical
            return (.differs, "only \(isHere ? "here" : "there"): \(isHere ? one.reason : other.reason)")
        }
        // Both may depart from the document in the same way; the difference is what was asked for.
        return (.identical, one.reason.isEmpty ? "" : "at both targets: \(one.reason)")
    }

    private static func hide(_ value: Value?, _ masks: [Mask]) -> Value? {
        value.map { value in masks.reduce(value) { $1.hide(in: $0) } }
    }
}
