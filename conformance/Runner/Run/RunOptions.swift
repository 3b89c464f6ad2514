// How a run goes, as its command says.

/// What a run is told besides its target and its cases.
package struct RunOptions: Sendable {
    /// Threads that run cases side by side.
    package var jobs = 8
    /// Decides the order of the cases.
    package var seed: UInt64
    /// Whether the whole server is the run's, so that cases may change what others would see.
    package var isScratch = false
    /// How many times its deadlines a case may take, for machines that are busy with other things.
    package var patience = 1
    /// A shell command that restarts the target.
    package var restartCommand: String?
    /// The command that does the same again.
    package var command = ""
    /// Fairlead's version.
    package var runnerVersion = ""
    package var configurationHash: String?
    package var adapter: String?

    package init(seed: UInt64) { self.seed = seed }
}

/// What a run tells while it goes on; it comes from many threads.
package protocol RunProgress: Sendable {
    /// The run knows its targets and says what it will touch.
    func began(_ facts: TargetFacts, against: TargetFacts?, cases: Int, scope: String)
    func finished(_ result: CaseResult, done: Int, of total: Int)
    /// Things of the run that could not be removed from the target called `label`.
    func left(_ names: [String], at label: String)
}

/// Why a run could not begin.
package struct RunProblem: Error, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }
}
