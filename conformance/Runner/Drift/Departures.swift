// What is declared to depart: a file beside a report that says which cases are known not to be identical, and why.

import Capabilities

/// Cases that are known to depart from their document at one target, each with its reason.
///
/// ```yaml
/// departures:
///   - { case: "redis/acl/*", verdict: differs, why: this server has no users }
/// ```
package struct Departures: Sendable, Equatable {
    package struct Departure: Sendable, Equatable {
        /// The name of a case, where `*` stands for anything.
        package var pattern: String
        package var verdict: Verdict
        package var why: String

        func holds(_ entry: Report.Entry) -> Bool {
            Glob.matches(Array(pattern.utf8), Array(entry.id.utf8))
        }
    }

    package var list: [Departure]

    package init(_ list: [Departure] = []) { self.list = list }

    /// Reads the file `text`; `file` names it in problems.
    package init(yaml text: String, file: String) throws(SuiteProblem) {
        list = []
        do throws(SuiteProblem) {
            var keys = try KeyedTree(try Tree(yaml: text, file: file), "a file of departures")
            guard let entries = keys.take("departures") else {
                throw SuiteProblem(keys.tree, "expected departures: with a list of {case, verdict, why}")
            }
            try keys.finish()
            for entry in entries.list ?? [] { list.append(try Self.departure(entry)) }
        } catch {
            var problem = error
            problem.file = file
            throw problem
        }
    }

    private static func departure(_ tree: Tree) throws(SuiteProblem) -> Departure {
        var keys = try KeyedTree(tree, "a departure")
        let words = [Verdict.differs, .refused, .failed]
        let word = try keys.requiredText("verdict")
        guard let verdict = words.first(where: { $0.rawValue == word }) else {
            throw SuiteProblem(tree, "verdict has to be one of \(words.map(\.rawValue).joined(separator: ", "))")
        }
        let departure = Departure(
            pattern: try keys.requiredText("case"), verdict: verdict, why: try keys.requiredText("why"))
        try keys.finish()
        return departure
    }
}
