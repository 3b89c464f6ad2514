// Whether a target has what a case needs.

extension Needs {
    /// What is missing, as a sentence for the report; nil when nothing is.
    func missing(in facts: TargetFacts, target: Target, options: RunOptions, hasOther: Bool) -> String? {
        for bound in version where !bound.holds(for: facts.version) {
            return "needs version \(bound); this is \(facts.version)"
        }
        if let product, product != facts.product { return "needs \(product); this is \(facts.product)" }
        for feature in features where !facts.features.contains(feature) {
            return "needs \(feature), which the target does not have"
        }
        if scratch, !options.isScratch { return "needs a server that is all the run's: say --scratch" }
        if restart, options.restartCommand == nil { return "needs --restart COMMAND" }
        if tls, !target.isTLS { return "needs a target with TLS" }
        if secondTarget, !hasOther { return "needs a second target: --against URL" }
        return nil
    }
}
