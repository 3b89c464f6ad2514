// A run: cases side by side in a random order, then those that tolerate nothing beside them.

import Foundation
import Synchronization

/// Runs the cases of a target, and of another one beside it.
package struct ConformanceRun: Sendable {
    private let target: Target
    private let other: Target?
    private let driver: any Driver
    private let library: SuiteLibrary
    private let selection: Selection
    private let options: RunOptions

    /// Cases one after another that find no target before the run is over.
    private static let lostAtMost = 5
    /// How long it may take to remove what cases have left.
    private static let sweeping = Duration.seconds(30)
    /// How long a target may take to say who it is.
    private static let patience = Duration.seconds(10)

    /// A run of the cases of `library` that `selection` names, at `target`, and at `other` for comparison.
    package init(
        _ target: Target, against other: Target? = nil, drivers: [any Driver], library: SuiteLibrary,
        selection: Selection = Selection(), options: RunOptions
    ) throws(RunProblem) {
        guard let driver = drivers.first(where: { $0.wire == target.wire.rawValue }) else {
            throw RunProblem("there is no driver for \(target.wire.rawValue)")
        }
        if let other, other.wire != target.wire {
            throw RunProblem(
                "\(target.label) speaks \(target.wire.rawValue) and \(other.label) \(other.wire.rawValue): both have to speak the same"
            )
        }
        self.target = target
        self.other = other
        self.driver = driver
        self.library = library
        self.selection = selection
        self.options = options
    }

    /// Runs all cases and reports; it blocks.
    package func run(_ progress: any RunProgress) throws(RunProblem) -> RunReport {
        let cases = library.cases(of: target.wire, selection)
        guard !cases.isEmpty else { throw RunProblem("no case is chosen: see --list") }
        let began = Date()
        let facts = try survey(target)
        var otherFacts: TargetFacts?
        if let other { otherFacts = try survey(other) }
        var generator = SeededGenerator(seed: options.seed)
        let word = String(UInt32(truncatingIfNeeded: generator.next()), radix: 36)
        let sample = driver.variables(of: Scope(run: word, number: 0, name: "")).sorted { $0.key < $1.key }
        progress.began(
            facts, against: otherFacts, cases: cases.count,
            scope: sample.map { "\($0.key)=\($0.value)" }.joined(separator: ", "))
        let order = Array(cases.enumerated()).shuffled(using: &generator)
        let board = Board(total: cases.count, progress: progress)
        let job = Job(run: self, facts: facts, otherFacts: otherFacts, word: word, board: board)
        let (shared, alone) = (order.filter { !$0.element.isExclusive }, order.filter { $0.element.isExclusive })
        let next = Mutex(0)
        BlockingThreads.run(max(1, min(options.jobs, shared.count))) { _ in
            while true {
                let place = next.withLock { place in
                    defer { place += 1 }
                    return place
                }
                guard shared.indices.contains(place), board.interruption == nil else { return }
                job.run(shared[place].element, number: shared[place].offset)
            }
        }
        for (number, one) in alone where board.interruption == nil { job.run(one, number: number) }
        for place in [target] + (other.map { [$0] } ?? []) where board.interruption == nil {
            let left = try? driver.sweep(word, on: place, deadline: .after(Self.sweeping * options.patience))
            if let left, !left.isEmpty { progress.left(left, at: place.label) }
        }
        return RunReport(
            target: target.label, against: other?.label, facts: facts, againstFacts: otherFacts,
            runnerVersion: options.runnerVersion, suiteVersion: library.version,
            configurationHash: options.configurationHash, adapter: options.adapter, seed: options.seed,
            startedAt: began.formatted(.iso8601), duration: Date().timeIntervalSince(began) * 1000,
            command: options.command, interruption: board.interruption, cases: board.results(in: cases.map(\.id)))
    }

    private func survey(_ target: Target) throws(RunProblem) -> TargetFacts {
        do throws(DriverFailure) {
            return try driver.survey(target, deadline: .after(Self.patience * options.patience))
        } catch {
            throw RunProblem(
                "\(target.label) does not say who it is: \(error); is it up, and are the credentials right?")
        }
    }

    // MARK: One case

    /// What the threads of a run need for a case.
    private struct Job: Sendable {
        let run: ConformanceRun
        let facts: TargetFacts
        let otherFacts: TargetFacts?
        let word: String
        let board: Board

        func run(_ one: Case, number: Int) {
            let began = Deadline.now
            var result = CaseResult(
                id: one.id, title: one.title, proves: one.proves, source: one.source, tags: one.tags,
                client: one.client,
                verdict: .skipped, reason: "", refusedCapability: nil, steps: [], otherSteps: [], figures: [:],
                duration: 0)
            if let missing = missing(one) {
                result.reason = missing
                return board.finish(result, isTargetLost: false)
            }
            let scope = Scope(run: word, number: number, name: one.id, options: one.scope)
            // A gateway lets go of a server's connection some time after its client has left, and both runs of a case use the
            // same names: so the server behind it comes first.
            let peer = run.other.map { self.outcome(one, at: $0, scope) }
            var outcome = outcome(one, at: run.target, scope)
            if let peer, outcome.verdict != .skipped {
                result.otherSteps = peer.steps
                (outcome.verdict, outcome.reason) = Comparison.compare(
                    outcome, peer, masks: run.library.masks, wire: one.wire)
            }
            result.verdict = outcome.verdict
            result.reason = outcome.reason
            result.refusedCapability = outcome.refusedCapability
            result.steps = outcome.steps
            result.figures = outcome.figures
            result.openFigures = outcome.openFigures
            result.duration = Double(Deadline.now - began) / 1_000_000
            board.finish(result, isTargetLost: outcome.isTargetLost)
        }

        private func missing(_ one: Case) -> String? {
            let hasOther = run.other != nil
            if let missing = one.needs.missing(in: facts, target: run.target, options: run.options, hasOther: hasOther)
            {
                return missing
            }
            guard let other = run.other, let otherFacts else { return nil }
            return one.needs.missing(in: otherFacts, target: other, options: run.options, hasOther: true)
                .map { "at \(other.label): \($0)" }
        }

        private func outcome(_ one: Case, at target: Target, _ scope: Scope) -> CaseOutcome {
            let command = run.options.restartCommand
            let driver = run.driver
            let patience = run.options.patience
            return CaseRun(one, driver: driver, target: target, scope: scope, patience: patience) {
                (deadline) throws(CaseStop) in
                try Restart.run(command, until: deadline) { deadline in
                    (try? driver.survey(target, deadline: deadline)) != nil
                }
            }.run()
        }
    }

    /// Where the threads of a run put their results.
    private final class Board: Sendable {
        private struct State {
            var results: [String: CaseResult] = [:]
            var lost = 0
            var interruption: String?
        }

        private let state = Mutex(State())
        private let total: Int
        private let progress: any RunProgress

        init(total: Int, progress: any RunProgress) {
            self.total = total
            self.progress = progress
        }

        var interruption: String? { state.withLock { $0.interruption } }

        func finish(_ result: CaseResult, isTargetLost: Bool) {
            let done = state.withLock { state in
                state.results[result.id] = result
                state.lost = isTargetLost ? state.lost + 1 : result.verdict == .skipped ? state.lost : 0
                if state.lost >= ConformanceRun.lostAtMost, state.interruption == nil {
                    state.interruption = "the target cannot be reached any more: \(result.reason)"
                }
                return state.results.count
            }
            progress.finished(result, done: done, of: total)
        }

        /// The results in the order of the suites.
        func results(in order: [String]) -> [CaseResult] {
            state.withLock { state in order.compactMap { state.results[$0] } }
        }
    }
}
