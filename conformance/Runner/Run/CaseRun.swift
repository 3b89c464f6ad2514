// One case on one target: its connections, its variables, and its steps in order.

import Synchronization

/// What became of a case on one target.
struct CaseOutcome: Sendable {
    var verdict: Verdict
    var reason = ""
    var refusedCapability: String?
    var steps: [StepRecord] = []
    var figures: [String: Int64] = [:]
    var openFigures: Set<String> = []
    /// Whether the target could not be reached any more.
    var isTargetLost = false
}

/// Why a case ends before its last step.
struct CaseStop: Error, Sendable {
    var verdict: Verdict
    var reason: String
    var refusedCapability: String?
    var isTargetLost = false
}

/// What all threads of a case share.
final class CaseRun: Sendable {
    let one: Case
    let driver: any Driver
    let target: Target
    let scope: Scope
    /// When the case is cut.
    let deadline: Deadline
    /// How many times its deadlines each step may take.
    let patience: Int
    let restart: (@Sendable (Deadline) throws(CaseStop) -> Void)?
    private let shared = Mutex(Shared())

    private struct Shared {
        var records: [StepRecord] = []
        var dropped = 0
        var tallies: [String: Int64] = [:]
        var figures: [String: Int64] = [:]
        var openFigures: Set<String> = []
    }

    /// Steps of one case that are kept; loops make more.
    private static let recordsAtMost = 400

    init(
        _ one: Case, driver: any Driver, target: Target, scope: Scope, patience: Int = 1,
        restart: (@Sendable (Deadline) throws(CaseStop) -> Void)?
    ) {
        self.one = one
        self.driver = driver
        self.target = target
        self.scope = scope
        self.restart = restart
        self.patience = patience
        deadline = .after(one.within * patience)
    }

    /// Runs the case and cleans up; it ends soon after the case's deadline, whatever the target does.
    func run() -> CaseOutcome {
        var outcome = CaseOutcome(verdict: .identical)
        let thread = StepThread(self, name: Step.ownConnection, variables: variables)
        do throws(CaseStop) {
            do throws(DriverFailure) {
                try driver.open(scope, on: target, deadline: deadline)
            } catch {
                throw CaseStop(
                    verdict: .failed, reason: "its place could not be made: \(error)", refusedCapability: nil,
                    isTargetLost: error.kind == .unreachable)
            }
            try thread.run(one.steps)
        } catch {
            outcome.verdict = error.verdict
            outcome.reason = error.reason
            outcome.refusedCapability = error.refusedCapability
            outcome.isTargetLost = error.isTargetLost
        }
        (outcome.steps, outcome.figures, outcome.openFigures) = shared.withLock {
            ($0.records, $0.figures, $0.openFigures)
        }
        // Cleaning has a time of its own, so that a case that was cut leaves nothing behind.
        let cleaning = StepThread(self, name: "cleanup", variables: thread.variables, isCleanup: true)
        try? cleaning.run(one.cleanup)
        cleaning.closeAll()
        thread.closeAll()
        try? driver.close(scope, on: target, deadline: .after(.seconds(5) * patience))
        return outcome
    }

    private var variables: [String: String] {
        var variables = driver.variables(of: scope)
        variables["run"] = scope.run
        variables["case"] = String(one.id.split(separator: "/").last ?? "")
        variables["host"] = target.host
        variables["port"] = "\(target.port)"
        return variables
    }

    func keep(_ record: StepRecord) {
        shared.withLock { shared in
            if shared.records.count < Self.recordsAtMost { shared.records.append(record) } else { shared.dropped += 1 }
        }
    }

    func tally(_ name: String, _ count: Int64) {
        shared.withLock { $0.tallies[name, default: 0] += count }
    }
    var tallies: [String: Int64] { shared.withLock { $0.tallies } }

    func found(_ figure: String, _ value: Int64, isOpen: Bool) {
        shared.withLock { shared in
            shared.figures[figure] = value
            if isOpen { shared.openFigures.insert(figure) } else { shared.openFigures.remove(figure) }
        }
    }
}
