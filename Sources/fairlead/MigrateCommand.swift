// `fairlead migrate`: moves a listener's data to another backend while clients go on.

import ArgumentParser
import Conformance
import Foundation
import Gateway
import Portability
import Usage

/// `fairlead migrate`: steers the migration that a running gateway carries out.
struct MigrateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate",
        abstract: "Move a listener's data to another backend while clients go on.",
        discussion: """
            The listener has `migrate: { to: BACKEND, state: FILE }` in the configuration of the running gateway, which does the work: \
            this command starts it, shows how far it is, and may be interrupted and given again at any time. Without an option it copies and \
            compares until both backends hold the same; clients are served by the source. --cut-over then holds clients for a moment (2 s at the most), \
            closes their connections, and serves them from the target; what they write there goes back to the source too, until --finish, so that --roll-back loses nothing.

            EXAMPLES
              fairlead migrate cache --report conformance/reports/embedded.json
              fairlead migrate cache --report reports/house.json --rate 5000
              fairlead migrate blobs --report conformance/reports/embedded.json --leave versions,acls
              fairlead migrate blobs --cut-over --abort-uploads 1h
              fairlead migrate cache --roll-back
              fairlead migrate cache --finish
            """)

    @Argument(help: ArgumentHelp("The listener.", valueName: "LISTENER"))
    var listener: String

    @Option(
        help: ArgumentHelp(
            "Where the gateway's admin listener is: a port, host:port or unix:PATH.", valueName: "ADDR"))
    var admin = AdminClient.usualAddress

    @Option(
        help: ArgumentHelp(
            "The conformance report on the target: nothing is moved while the verdict on the listener's applications is blocked.",
            valueName: "REPORT"))
    var report: String?

    @Option(help: ArgumentHelp("Usage profiles to judge by, instead of the gateway's own.", valueName: "FILE"))
    var usage: String?

    @Option(help: ArgumentHelp("Keys or objects a second that are gone through at most.", valueName: "N"))
    var rate: Int?

    @Flag(help: "Serve clients from the target, once both hold the same.")
    var cutOver = false

    @Flag(help: "Serve clients from the source again.")
    var rollBack = false

    @Flag(help: "Forget the source: the migration is done.")
    var finish = false

    @Flag(help: "Stop copying; clients stay where they are.")
    var stop = false

    @Flag(help: "Only show how far it is.")
    var status = false

    @Option(
        help: ArgumentHelp(
            "What may stay behind, of what a refusal has named: \(MigrationConsent.allLosses).",
            valueName: "WHAT,WHAT"))
    var leave: String?

    @Option(
        help: ArgumentHelp(
            "With --cut-over or --roll-back: give up uploads in progress that were begun so long ago or earlier; 0s: all.",
            valueName: "AGE"))
    var abortUploads: String?

    @Flag(
        help:
            "Go on without a verdict or in spite of it, and cut over before both hold the same or with what the target cannot hold missing."
    )
    var force = false

    func validate() throws {
        guard [cutOver, rollBack, finish, stop, status].filter(\.self).count <= 1 else {
            throw ValidationError("give one of --cut-over, --roll-back, --finish, --stop and --status at a time")
        }
        if let rate, !(1...10_000_000).contains(rate) {
            throw ValidationError("--rate takes 1 to 10000000 keys a second")
        }
        if let leave, !MigrationConsent.isLosses(leave) {
            throw ValidationError("--leave takes \(MigrationConsent.allLosses), or some of them with commas between")
        }
        if let abortUploads {
            guard cutOver || rollBack else {
                throw ValidationError("--abort-uploads goes with --cut-over or --roll-back")
            }
            if case .failure(let problem) = MigrationConsent.age(abortUploads) {
                throw ValidationError("--abort-uploads: \(problem.text)")
            }
        }
    }

    func run() throws {
        do {
            let client = try AdminClient(admin)
            let before = try MigrationState.read(client, listener)
            if status {
                print(before.next.map { "\(before.line); next: \($0)" } ?? before.line)
                for refusal in before.refused { print(before.words(refusal)) }
                for note in before.notes { print("note: \(note)") }
                return
            }
            if !cutOver, !rollBack, !finish, !stop { try checkVerdict(client, before) }
            _ = try client.post("/migrate/\(listener)/\(order)")
            if rollBack || finish, let caution = before.caution { StandardError.write("note: \(caution)") }
            try follow(client, since: before.start)
        } catch let error as ExitCode {
            throw error
        } catch {
            StandardError.write("error: \(error)")
            throw ExitCodes.failed
        }
    }

    private var order: String {
        if finish { return "finish" }
        if stop { return "stop" }
        var words = [cutOver ? "cut-over" : rollBack ? "roll-back" : "start"]
        if words == ["start"], let rate { words.append("\(rate)") }
        if let leave { words.append("leave=\(leave)") }
        if let abortUploads, case .success(let age) = MigrationConsent.age(abortUploads) {
            words.append("abort-uploads=\(age)")
        }
        if force { words.append("force") }
        return words.joined(separator: "/")
    }

    // MARK: The verdict

    private func checkVerdict(_ client: AdminClient, _ state: MigrationState) throws {
        // What is begun was judged before.
        guard !force, !state.begun else { return }
        guard let report else {
            throw RunProblem(
                "nothing says whether '\(state.target)' can do what this listener's applications use: name its conformance report with --report FILE, or go on with --force"
            )
        }
        let candidate = try ReportFile.read(report)
        if let problem = state.subject.problem(of: candidate, at: report, for: state.target) {
            throw RunProblem("\(problem): name a report on '\(state.target)' with --report FILE, or go on with --force")
        }
        let profile =
            try usage.map { try ProfileSource(admin: nil, files: [$0]).read() }
            ?? ProfileSource(admin: admin, files: []).read()
        let verdict = try MigrationVerdict(profile, of: listener, on: candidate)
        guard !verdict.assessments.isEmpty else {
            throw RunProblem(
                """
                nothing was seen: nothing says whether '\(state.target)' can do what this listener's applications use; let them use it for a while, \
                name a profile with --usage FILE, or go on with --force
                """)
        }
        let blocked = verdict.blocked
        for one in verdict.limited {
            StandardError.write(
                "\(one.application.title): safe with limits: \(one.findings.map(\.subject).joined(separator: ", "))")
        }
        guard blocked.isEmpty else {
            print(blocked.text(windows: profile.windows), terminator: "")
            throw RunProblem("'\(state.target)' lacks what these applications use: see above, or go on with --force")
        }
    }

    // MARK: Progress

    /// Shows progress until the order has its outcome.
    ///
    /// - Parameter start: the number of the gateway's start at which the order was given; a later one knows nothing of it.
    private func follow(_ client: AdminClient, since start: Int) throws {
        let isTerminal = isatty(1) == 1
        var last = ""
        var named: Set<String> = []
        while true {
            let state = try MigrationState.read(client, listener)
            guard state.start == start else {
                if isTerminal { print() }
                throw RunProblem("the gateway was restarted meanwhile: give the same command again")
            }
            for obstacle in state.obstacles where named.insert(obstacle).inserted {
                StandardError.write("\(isTerminal ? "\r\u{1B}[K" : "")note: \(obstacle)")
            }
            let line = state.line
            if isTerminal {
                print("\r\u{1B}[K\(line)", terminator: "")
            } else if line != last {
                print(line)
            }
            fflush(nil)
            last = line
            if let outcome = state.outcome {
                if isTerminal { print() }
                return try conclude(outcome, state)
            }
            usleep(isTerminal ? 200_000 : 500_000)
        }
    }

    private func conclude(_ outcome: String, _ state: MigrationState) throws {
        guard !outcome.hasPrefix("refused"), !outcome.hasPrefix("failed") else { throw RunProblem(outcome) }
        for refusal in state.refused { StandardError.write(state.words(refusal)) }
        switch outcome {
        case "level":
            let next = state.next.map { "; next: \($0)" } ?? ""
            print(
                state.refused.isEmpty
                    ? "'\(state.source)' and '\(state.target)' hold the same\(state.partial ? " but for what '\(state.source)' alone keeps" : ""), and are kept so\(next)"
                    : "'\(state.other)' holds all but these, and is kept so: delete them, or leave them behind\(next)")
            if state.retagged > 0 {
                print("\(state.retagged) objects have another ETag at '\(state.other)', and are the same otherwise")
            }
            if !state.refused.isEmpty { throw ExitCodes.failed }
        case "cut-over":
            print("clients are served by '\(state.target)'; next: \(state.next ?? "--finish, or --roll-back")")
            if let caution = state.caution { StandardError.write("note: \(caution)") }
        case "rolled-back": print("clients are served by '\(state.source)' again; another try: \(state.next ?? "")")
        case "finished": print("done; next: \(state.next ?? "")")
        case "stopped": print("nothing is copied any more, and clients stay where they are; next: \(state.next ?? "")")
        default: print(outcome)
        }
    }
}
