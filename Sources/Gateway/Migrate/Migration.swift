// A listener whose data is moved: its two places, who serves, and what is known of the way.

import Logging
import Migration
import Reactor
import Synchronization

/// The migration of one listener's data, as all workers share it.
final class ListenerMigration: Sendable {
    /// What the operator can ask for.
    enum Order: Equatable, Sendable {
        case run(MigrationConsent), cutOver(MigrationConsent), rollBack(MigrationConsent), finish, stop
        /// What is written after a cut-over is copied back, without anybody asking.
        case follow

        /// Whether it is about another phase, and not about copying.
        var isStep: Bool {
            switch self {
            case .cutOver, .rollBack, .finish: true
            case .run, .stop, .follow: false
            }
        }

        /// Whether it can be carried out without any more answers from the two places.
        var needsNoAnswer: Bool {
            switch self {
            case .cutOver(let consent), .rollBack(let consent): consent.force
            case .finish, .stop: true
            case .run, .follow: false
            }
        }
    }

    /// How far it is, for the operator.
    struct Status: Equatable, Sendable {
        enum Step: String, Sendable {
            case idle, looking, filling, comparing, level, holding, failed
        }

        var step = Step.idle
        /// Keys of the source when the pass began; nil where it does not tell.
        var total: Int64?
        /// Keys of this pass that were gone through.
        var seen: Int64 = 0
        var copied: Int64 = 0
        /// Bytes of what was copied, where they are counted.
        var bytes: Int64 = 0
        /// Keys that were written meanwhile and copied again.
        var copiedAgain: Int64 = 0
        /// Keys that differed in the last comparison, and were copied.
        var differing: Int64 = 0
        /// Objects that have another ETag there, and are the same otherwise, in the last comparison.
        var retagged: Int64 = 0
        /// Keys that the other place cannot hold.
        var refused = RefusedKeys<MigrationKey>()
        /// Whether clients have called scripts or functions with keys.
        var hasSeenScripts = false
        var problem = ""
        /// For what is waited that does not come.
        var waiting = ""
        /// What does not come along, or would be lost, as it was found before anything was copied.
        var obstacles: [String] = []

        /// Bytes of a key's name that is kept; the state file has room for them.
        private static let nameLimit = 1024

        /// What became of `keys` of `part`; what was refused of them before is forgotten.
        mutating func add(_ outcome: MigrationOutcome, of part: MigrationPart, _ keys: [[UInt8]]) {
            copied += outcome.copied
            bytes += outcome.bytes
            differing += outcome.differing
            retagged += outcome.retagged
            if !refused.isEmpty {
                // Those that changed meanwhile come again, and are as they were until then.
                let settled = Set(keys).subtracting(outcome.again)
                refused.settle(settled.lazy.map { MigrationKey(part: part, name: $0) })
            }
            for (name, type, reason) in outcome.refused {
                let key = name.count <= Self.nameLimit ? MigrationKey(part: part, name: name) : nil
                refused.add(key, type: type, reason: reason)
            }
        }

        static func == (one: Status, other: Status) -> Bool {
            one.step == other.step && one.seen == other.seen && one.copied == other.copied
                && one.problem == other.problem
        }
    }

    struct State: Sendable {
        var steps: MigrationSteps
        /// Whether anything was ever asked for; before that nothing is noted in the file.
        var hasBegun: Bool
        /// Whether the operator has stopped the copying back.
        var isStopped: Bool
        var order: Order?
        /// What came of the last order that was carried out; nil while it is under way.
        var outcome: String?
        var rate = 0
        /// What stays behind because the operator has said so, now or earlier.
        var leaving: Set<MigrationLoss>
        /// What the source keeps that the target was made to serve without.
        var remains: MigrationRemains
        var status = Status()
    }

    let settings: MigrationConfiguration
    let subject: MigrationSubject
    /// The public listener, as it leads to each place.
    let atSource: ListenerState
    let atTarget: ListenerState
    /// Listeners that are bound nowhere, through which the migration asks.
    let source: ListenerState
    let target: ListenerState
    let file: MigrationFile
    /// The keys that move.
    let scope: MigrationScope
    /// Tells this start of the gateway from others, for whoever waits for what comes of an order: it is forgotten at a restart.
    let start = UInt32.random(in: 0 ... .max)
    private let state: Mutex<State>

    /// Reads the file; a listener that has been cut over is served by the target from the start.
    init(
        _ settings: MigrationConfiguration, _ subject: MigrationSubject, atSource: ListenerState,
        atTarget: ListenerState, source: ListenerState, target: ListenerState
    ) throws(StartError) {
        self.settings = settings
        self.subject = subject
        self.atSource = atSource
        self.atTarget = atTarget
        self.source = source
        self.target = target
        let listener = atSource.configuration
        scope = settings.route == nil ? .everything : MigrationScope(listener.movingPlace, of: listener)
        file = MigrationFile(path: settings.state)
        let record: MigrationRecord?
        do throws(MigrationFileError) { record = try file.read() } catch {
            throw StartError(description: "listeners.\(atSource.name).migrate.state: \(error)")
        }
        // Found now, and not when the first phase has to be kept.
        if let problem = file.folderProblem {
            throw StartError(description: "listeners.\(atSource.name).migrate.state: \(problem)")
        }
        if let record {
            let here = (atSource.name, source.route.name, settings.target)
            guard (record.listener, record.source, record.target) == here else {
                throw StartError(
                    description: """
                        listeners.\(atSource.name).migrate.state: \(settings.state) is about moving '\(record.listener)' \
                        from '\(record.source)' to '\(record.target)': name another file
                        """)
            }
        }
        state = Mutex(
            State(
                steps: MigrationSteps(record?.phase ?? .copying), hasBegun: record != nil,
                isStopped: record?.isStopped == true,
                leaving: Set(record?.leaving ?? []), remains: MigrationRemains(record)))
    }

    var name: String { atSource.name }
    var phase: MigrationPhase { state.withLock { $0.steps.phase } }
    var hasBegun: Bool { state.withLock { $0.hasBegun } }
    /// Whether what is written after a cut-over is to be copied back.
    var copiesBack: Bool { state.withLock { $0.steps.phase == .cutOver && !$0.isStopped } }
    var leaving: Set<MigrationLoss> { state.withLock { $0.leaving } }
    var remains: MigrationRemains { state.withLock { $0.remains } }

    /// The public listener for clients that come now.
    var serving: ListenerState { phase.serving == .source ? atSource : atTarget }

    /// What has to be kept for the next start.
    func record(_ phase: MigrationPhase) -> MigrationRecord {
        let leaving = leaving
        let remains = phase == .cutOver ? remains : .nothing
        let isStopped = phase == .cutOver && state.withLock { $0.isStopped }
        return MigrationRecord(
            listener: name, source: source.route.name, target: settings.target, phase: phase,
            leaving: leaving.isEmpty ? nil : MigrationLoss.allCases.filter(leaving.contains),
            isPartial: remains == .nothing ? nil : true, kept: remains.keys?.map(\.kept),
            isStopped: isStopped ? true : nil)
    }

    func with<Result>(_ body: (inout sending State) throws -> sending Result) rethrows -> sending Result {
        try state.withLock(body)
    }

    func update(_ change: (inout Status) -> Void) { state.withLock { change(&$0.status) } }

    // MARK: For the admin listener

    /// One object.
    var json: String {
        let copy = state.withLock { $0 }
        let status = copy.status
        let remains = copy.steps.phase.serving == .target ? copy.remains : .nothing
        let refused = status.refused.summaries.map { refusal in
            "{\"type\": \(JSONText.quoted(refusal.type)), \"keys\": \(refusal.keys), \"reason\": \(JSONText.quoted(refusal.reason))}"
        }
        return """
            {"listener": \(JSONText.quoted(name)), "source": \(JSONText.quoted(source.route.name)), \
            "target": \(JSONText.quoted(settings.target)), "report-about": \(subject.json), "phase": "\(copy.steps.phase.rawValue)", \
            "start": \(start), "begun": \(copy.hasBegun), "serving": "\(copy.steps.phase.serving.rawValue)", "step": "\(status.step.rawValue)", \
            "keys": \(status.total.map(String.init) ?? "null"), "seen": \(status.seen), "copied": \(status.copied), \
            "bytes": \(status.bytes), "copied-again": \(status.copiedAgain), "differing": \(status.differing), \
            "retagged": \(status.retagged), "rate": \(copy.rate), \
            "cut-over-options": \(JSONText.quoted(MigrationLoss.options(toLeave: status.refused.summaries.map(\.type)))), \
            "partial": \(remains != .nothing), "kept": \(remains.count.map(String.init) ?? "null"), \
            "scripts": \(status.hasSeenScripts), "leaving": [\(copy.leaving.map { JSONText.quoted($0.rawValue) }.sorted().joined(separator: ", "))], \
            "obstacles": [\(status.obstacles.map(JSONText.quoted).joined(separator: ", "))], \
            "refused": [\(refused.joined(separator: ", "))], "problem": \(JSONText.quoted(status.problem)), "waiting": \(JSONText.quoted(status.waiting)), \
            "outcome": \(copy.outcome.map(JSONText.quoted) ?? "null")}
            """
    }
}
