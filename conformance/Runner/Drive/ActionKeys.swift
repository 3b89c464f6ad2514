// What every wire's actions have in common: one key says what is done, others may stand beside it.

import Capabilities

extension Tree {
    /// Looks whether this is one action of `keys` with nothing beside it but `options`.
    func checkAction(_ keys: Set<String>, _ options: Set<String>) throws(SuiteProblem) {
        for entry in entries ?? [] where !keys.contains(entry.key) && !options.contains(entry.key) {
            let clause = NearestWord.clause(for: entry.key, among: keys.union(options))
            throw SuiteProblem(entry.value, "the key \"\(entry.key)\" is not known\(clause)")
        }
        guard (entries ?? []).filter({ keys.contains($0.key) }).count == 1 else {
            throw SuiteProblem(self, "a step has one action")
        }
    }
}
