// What an operator is told who asks for a step that is not the next one.

extension MigrationPhase {
    /// Why `next` is refused in this phase, with the command that is due.
    ///
    /// - Parameter hasBegun: whether anything was ever asked for.
    package func refusal(of next: MigrationPhase, listener: String, hasBegun: Bool) -> String {
        let command = "fairlead migrate \(listener)"
        switch self {
        case .copying where !hasBegun:
            return "the migration has not begun: next is `\(command) --report REPORT`"
        case .copying:
            return "clients are still served by the source: next is `\(command)`, and then `\(command) --cut-over`"
        case .cutOver:
            return
                "clients are served by the target already: next is `\(command) --finish`, or `\(command) --roll-back`"
        case .rolledBack:
            return "clients are served by the source again: next is `\(command)`, which begins anew"
        case .finished:
            return "the migration is finished: lead listener '\(listener)' to the target and remove its migrate section"
        }
    }
}
