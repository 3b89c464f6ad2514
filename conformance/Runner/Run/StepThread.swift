// The steps of one thread of a case: the case's own, or a list of `concurrently`.

import Foundation
import Synchronization

/// Runs steps one after another, with variables and connections of its own.
///
/// It is handed to the thread that runs it and touched by no other one meanwhile.
final class StepThread: @unchecked Sendable {
    private let run: CaseRun
    private let name: String
    private(set) var variables: [String: String]
    private var connections: [String: any DriverConnection] = [:]
    private let isCleanup: Bool
    /// Whether steps are kept for the report; not while a search tries sizes.
    private var isRecording = true

    /// How long a connection may take to open, however little time its first step has.
    private static let connecting = Duration.seconds(5)

    init(_ run: CaseRun, name: String, variables: [String: String], isCleanup: Bool = false) {
        self.run = run
        self.name = name
        self.variables = variables
        self.isCleanup = isCleanup
    }

    /// Runs `steps` until one does not hold.
    func run(_ steps: [Step]) throws(CaseStop) {
        for step in steps {
            do throws(CaseStop) {
                guard isCleanup || !run.deadline.hasPassed else {
                    throw CaseStop(
                        verdict: .failed,
                        reason: "line \(step.line): the case took longer than \(run.one.within) and was cut")
                }
                try run(step)
            } catch { if !isCleanup { throw error } }
        }
    }

    func closeAll() {
        for connection in connections.values { connection.close() }
        connections = [:]
    }

    private func run(_ step: Step) throws(CaseStop) {
        switch step.kind {
        case .action(let action): try act(step, action)
        case .wait(let duration): Thread.sleep(forTimeInterval: duration / .seconds(1))
        case .open(let name, let options): try open(name, try filled(options, step), step)
        case .close(let name): connections.removeValue(forKey: name)?.close()
        case .cut(let name): connections.removeValue(forKey: name)?.cut()
        case .concurrently(let branches): try concurrently(branches)
        case .times(let count, let steps):
            for index in 0..<count {
                variables["i"] = "\(index)"
                try run(steps)
            }
        case .search(let search): try self.search(search, step)
        case .restart:
            closeAll()
            guard let restart = run.restart else {
                throw CaseStop(verdict: .skipped, reason: "the run was given no --restart command")
            }
            try restart(.after(.seconds(30)))
        case .set(let entries):
            for entry in entries {
                let value = try filled(entry.value, step)
                guard let text = value.text else { throw mistaken(step, "set takes texts") }
                variables[entry.key] = text
            }
        case .check(let tree): try check(step, try filled(tree, step))
        }
    }

    // MARK: Actions

    private func act(_ step: Step, _ action: Tree) throws(CaseStop) {
        let action = try filled(action, step)
        let expectation = try step.expectation.map { tree throws(CaseStop) in try filled(tree, step) }
        let patience = step.eventually.map { Deadline.after($0) }
        while true {
            let (record, value, failure) = try attempt(step, action, expectation)
            if record.problem != nil, let patience, !patience.hasPassed, !run.deadline.hasPassed {
                Thread.sleep(forTimeInterval: 0.01)
                continue
            }
            if isRecording { run.keep(record) }
            try judge(step, record, value, failure)
            try keep(step, value)
            return
        }
    }

    private func attempt(
        _ step: Step, _ action: Tree, _ expectation: Tree?
    ) throws(CaseStop) -> (StepRecord, Value, DriverFailure?) {
        var evidence = Evidence()
        var failure: DriverFailure?
        var value = Value.null
        do throws(DriverFailure) {
            let end = isCleanup ? .after(.seconds(2)) : run.deadline
            // Where silence is expected its time has to pass.
            let patience = expectation?.tag == MatchRule.silent.rawValue ? 1 : run.patience
            let within = step.within * patience
            // A step's own time is for its action: who could not even connect was not answered with silence.
            let connection = try connection(
                step.connection, deadline: min(.after(max(within, Self.connecting)), end))
            let limit = min(.after(within), end)
            value = try connection.perform(action, deadline: limit, evidence: &evidence)
        } catch {
            failure = error
            switch error.kind {
            case .closed: value = .typed(MatchRule.closed.rawValue, .text(error.message))
            case .timedOut: value = .typed(MatchRule.silent.rawValue, .text(error.message))
            default: break
            }
            // What a broken connection holds no step can trust, but one that was only silent goes on.
            if error.kind != .timedOut || expectation?.tag != MatchRule.silent.rawValue {
                connections.removeValue(forKey: step.connection)?.cut()
            }
        }
        var record = StepRecord(
            line: step.line, action: ValueText.expectation(action), connection: label(step.connection),
            observed: Matcher.sortingUnordered(value, by: expectation).reduced, problem: nil, evidence: evidence,
            varies: step.varies || name != Step.ownConnection,
            masks: step.masks)
        if let expectation {
            do throws(Mismatch) { try Matcher.match(expectation, value) } catch { record.problem = "\(error)" }
        }
        if let failure, record.problem != nil || expectation == nil || !value.standsForFailure {
            record.problem = "\(failure)"
        }
        return (record, value, failure)
    }

    private func judge(
        _ step: Step, _ record: StepRecord, _ value: Value, _ failure: DriverFailure?
    ) throws(CaseStop) {
        // Where answers are counted, none is wrong: the sums are looked at.
        if failure == nil, step.expectation == nil, !step.tallies.isEmpty { return }
        if failure == nil, record.problem != nil || step.expectation == nil,
            let capability = run.driver.refusedCapability(in: value)
        {
            throw CaseStop(
                verdict: .refused, reason: "line \(step.line): \(ValueText.short(value))", refusedCapability: capability
            )
        }
        guard let problem = record.problem else { return }
        if let failure { try checkRefusal(step, failure) }
        guard let failure else { throw CaseStop(verdict: .differs, reason: "line \(step.line): \(problem)") }
        throw CaseStop(
            verdict: .failed, reason: "line \(step.line): \(problem)", isTargetLost: failure.kind == .unreachable)
    }

    private func keep(_ step: Step, _ value: Value) throws(CaseStop) {
        for save in step.saves {
            var part: Value? = value
            for name in save.path { part = part?[name] }
            guard let text = part?.asText else {
                throw CaseStop(
                    verdict: .differs,
                    reason:
                        "line \(step.line): there is no \(save.path.joined(separator: ".")) in \(ValueText.short(value))"
                )
            }
            variables[save.name] = text
        }
        for tally in step.tallies {
            let expectation = try filled(tally.expectation, step)
            let fits = (try? Matcher.match(expectation, value)) != nil
            run.tally(tally.name, fits ? 1 : 0)
        }
    }

    private func check(_ step: Step, _ tree: Tree) throws(CaseStop) {
        var record = StepRecord(
            line: step.line, action: "check", connection: label(name), observed: .text(tree.text ?? ""), problem: nil,
            evidence: Evidence(), varies: step.varies || name != Step.ownConnection, masks: step.masks)
        if let expectation = step.expectation {
            let text = tree.text ?? ""
            // A variable is text, but where a number is expected it is read as one.
            let value = Int64(text).map { Value.integer($0) } ?? .text(text)
            let wanted = try filled(expectation, step)
            let fits = (try? Matcher.match(wanted, value)) != nil || (try? Matcher.match(wanted, .text(text))) != nil
            if !fits {
                record.problem = "\(ValueText.expectation(wanted)) was expected, \(ValueText.short(value)) came"
            }
        }
        if isRecording { run.keep(record) }
        if let problem = record.problem { throw CaseStop(verdict: .differs, reason: "line \(step.line): \(problem)") }
    }

    // MARK: Connections

    private func connection(_ name: String, deadline: Deadline) throws(DriverFailure) -> any DriverConnection {
        if let connection = connections[name] { return connection }
        let options = try connectionOptions()
        do throws(DriverFailure) {
            let connection = try run.driver.connect(
                run.target, client: run.one.client, options: options, scope: run.scope, deadline: deadline)
            connections[name] = connection
            return connection
        } catch {
            throw error.kind == .timedOut ? DriverFailure(.unreachable, error.message) : error
        }
    }

    /// A target that refuses the connection itself, by a capability's name, has refused what the case is about.
    private func checkRefusal(_ step: Step, _ failure: DriverFailure) throws(CaseStop) {
        guard let answer = failure.answer, let capability = run.driver.refusedCapability(in: answer) else { return }
        throw CaseStop(
            verdict: .refused, reason: "line \(step.line): \(failure.message)", refusedCapability: capability)
    }

    private func connectionOptions() throws(DriverFailure) -> Tree? {
        guard let options = run.one.connection else { return nil }
        do throws(UnknownVariable) { return try Variables.fill(options, variables) } catch {
            throw DriverFailure(.mistaken, "\(error)")
        }
    }

    private func open(_ name: String, _ options: Tree, _ step: Step) throws(CaseStop) {
        connections.removeValue(forKey: name)?.close()
        do throws(DriverFailure) {
            let own = options.entries.map { $0.isEmpty } ?? true
            connections[name] = try run.driver.connect(
                run.target, client: run.one.client, options: own ? try connectionOptions() : options, scope: run.scope,
                deadline: min(.after(step.within * run.patience), run.deadline))
        } catch {
            try checkRefusal(step, error)
            throw CaseStop(
                verdict: .failed, reason: "line \(step.line): \(error)", isTargetLost: error.kind == .unreachable)
        }
    }

    private func label(_ connection: String) -> String {
        name == Step.ownConnection || connection != Step.ownConnection ? connection : name
    }

    // MARK: Steps with steps

    private func concurrently(_ branches: [[Step]]) throws(CaseStop) {
        let stops = Mutex<[Int: CaseStop]>([:])
        var threads: [StepThread] = []
        for index in branches.indices {
            var variables = variables
            variables["branch"] = "\(index)"
            let thread = StepThread(run, name: "branch \(index)", variables: variables)
            thread.isRecording = isRecording
            // A connection that was opened before goes to the list that names it.
            for name in Set(branches[index].flatMap(\.connections)) where name != Step.ownConnection {
                thread.connections[name] = connections.removeValue(forKey: name)
            }
            threads.append(thread)
        }
        BlockingThreads.run(branches.count) { [threads] index in
            do throws(CaseStop) {
                try threads[index].run(branches[index])
            } catch {
                stops.withLock { $0[index] = error }
            }
        }
        for thread in threads {
            thread.connections.removeValue(forKey: Step.ownConnection)?.close()
            connections.merge(thread.connections) { _, new in new }
            thread.connections = [:]
        }
        for (name, sum) in run.tallies { variables[name] = "\(sum)" }
        if let first = stops.withLock({ $0.min { $0.key < $1.key } }) { throw first.value }
    }

    private func search(_ search: Step.Search, _ step: Step) throws(CaseStop) {
        isRecording = false
        defer { isRecording = true }
        func holds(_ size: Int64) throws(CaseStop) -> Bool {
            variables["size"] = "\(size)"
            do throws(CaseStop) {
                try run(search.steps)
                return true
            } catch {
                if error.isTargetLost || run.deadline.hasPassed { throw error }
                closeAll()
                return false
            }
        }
        var least = search.from
        guard try holds(least) else {
            throw CaseStop(
                verdict: .differs,
                reason: "line \(step.line): even \(search.figure) \(least) does not hold, and the suite tries no less")
        }
        var failing: Int64?
        while failing == nil, least < search.upTo {
            let next = min(least.multipliedReportingOverflow(by: 2).overflow ? search.upTo : least * 2, search.upTo)
            if try holds(next) { least = next } else { failing = next }
        }
        while let most = failing, most - least > 1 {
            let middle = least + (most - least) / 2
            if try holds(middle) { least = middle } else { failing = middle }
        }
        run.found(search.figure, least, isOpen: failing == nil)
        if let atLeast = search.atLeast, least < atLeast {
            throw CaseStop(
                verdict: .differs,
                reason: "line \(step.line): \(SearchShortfall.reason(search.figure, least, atLeast: atLeast))")
        }
    }

    // MARK: Variables

    private func filled(_ tree: Tree, _ step: Step) throws(CaseStop) -> Tree {
        do throws(UnknownVariable) { return try Variables.fill(tree, variables) } catch {
            throw mistaken(step, "\(error)")
        }
    }

    private func mistaken(_ step: Step, _ message: String) -> CaseStop {
        CaseStop(verdict: .failed, reason: "line \(step.line): the case is mistaken: \(message)")
    }
}

extension Value {
    /// Whether the value says that nothing came: that the peer closed, or was silent.
    fileprivate var standsForFailure: Bool {
        if case .typed(let type, _) = self {
            type == MatchRule.closed.rawValue || type == MatchRule.silent.rawValue
        } else {
            false
        }
    }
}
