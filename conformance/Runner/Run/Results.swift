// What a run found: verdicts with their evidence, and the facts that make them reproducible.

/// The outcome of one case.
package enum Verdict: String, Sendable, CaseIterable {
    /// What is documented came, or what the other target did.
    case identical
    /// Something else came.
    case differs
    /// The target said that it will not do it and named the capability.
    case refused
    /// The case could not be carried through: a lost connection, a hang, a reply that is no protocol.
    case failed
    /// A need of the case is not met.
    case skipped
}

/// One step as it went.
package struct StepRecord: Sendable, Equatable {
    /// The place of the step in its file.
    package var line: Int
    /// The step as a person reads it: `SET fairlead:k 1`.
    package var action: String
    /// The connection it used.
    package var connection: String
    /// What was observed; nil when nothing came.
    package var observed: Value?
    /// What is wrong with it, for a person; nil when nothing is.
    package var problem: String?
    package var evidence: Evidence
    /// Whether the step's answer is left out of a comparison with another target.
    package var varies: Bool
    /// The names of the masks that hold for it.
    package var masks: [String]
}

/// One case as it went.
package struct CaseResult: Sendable, Equatable {
    /// `redis/strings/set-nx-leaves-an-existing-key`.
    package var id: String
    package var title: String
    package var proves: [String]
    package var source: String
    package var tags: [String]
    package var client: String
    package var verdict: Verdict
    /// Why, where the verdict is not `identical`.
    package var reason: String
    /// The capability that was refused by name.
    package var refusedCapability: String?
    /// The steps up to the one that decided, with evidence.
    ///
    /// Where all is well only the last ones are kept.
    package var steps: [StepRecord]
    /// The same steps at the other target of a comparison.
    package var otherSteps: [StepRecord]
    /// Limits that were found, such as `value-bytes: 1048576`.
    package var figures: [String: Int64]
    /// Figures whose search held up to its upper end: the limit is there or beyond.
    package var openFigures: Set<String> = []
    /// Milliseconds.
    package var duration: Double
}

/// A whole run.
package struct RunReport: Sendable, Equatable {
    /// The version of this form; a reader refuses one that it does not know.
    package static let formatVersion = 1

    package var target: String
    package var against: String?
    package var facts: TargetFacts
    package var againstFacts: TargetFacts?
    /// Fairlead's version, and a hash of the suites that were run.
    package var runnerVersion: String
    package var suiteVersion: String
    /// SHA-256 of the effective configuration where the target is a backend of one; nil for a URL.
    package var configurationHash: String?
    /// The adapter and the backend's name where the target is private.
    package var adapter: String?
    package var seed: UInt64
    /// When the run began, in RFC 3339 form.
    package var startedAt: String
    /// Milliseconds.
    package var duration: Double
    /// The command that does the same again.
    package var command: String
    /// Whether the run ended early, and why.
    package var interruption: String?
    /// In the order of the suites, whatever the order of the run was.
    package var cases: [CaseResult]
}
