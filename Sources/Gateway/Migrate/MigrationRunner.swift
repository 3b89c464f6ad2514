// Carries a migration out: takes orders, copies, and catches up with what clients write.

import Logging
import Migration
import Reactor

/// The task of one migration, on a worker of its own choice; it does what the operator orders and ends when it is cancelled.
final class MigrationRunner {
    let migration: ListenerMigration
    let workers: [WorkerState]
    let local: WorkerState
    let logger: Logger
    let waker: Waker
    private var current: (any MigrationCopier)?
    /// Keys that changed while they were copied.
    var again: Set<MigrationKey> = []
    /// When what was written was last looked at.
    var lastCatchUp: UInt64 = 0
    /// Whether more than the noted keys may be out of date at the place that does not serve.
    var needsPass = true
    /// Whether the place that does not serve may hold keys that are not the other's.
    var wasBegun: Bool

    /// Nanoseconds between two looks for keys that were written.
    private static let pause: UInt64 = 100_000_000
    /// Times that all is gone through before it is given up.
    private static let passLimit = 20
    /// Obstacles that a refusal names.
    private static let namedLimit = 10

    /// Why an order was not carried out.
    struct Refusal: Error { let text: String }
    /// Another order has come.
    private struct Superseded: Error {}

    init(_ migration: ListenerMigration, _ workers: [WorkerState], logger: Logger) {
        self.migration = migration
        self.workers = workers
        self.logger = logger
        local = workers[migration.atSource.index % workers.count]
        waker = Waker(worker: local.worker)
        wasBegun = migration.hasBegun
    }

    func run() async {
        let waker = waker
        await withTaskCancellationHandler {
            while !waker.isCancelled {
                guard let order = migration.with({ $0.order }) else {
                    await rest(Self.pause)
                    continue
                }
                migration.with { $0.order = nil }
                await carryOut(order)
            }
            await closeCopier()
        } onCancel: {
            waker.cancel()
        }
    }

    func rest(_ nanoseconds: UInt64) async {
        waker.setDeadline(after: nanoseconds)
        await waker.wait()
        waker.setDeadline(after: nil)
    }

    func finish(_ outcome: String) { migration.with { $0.outcome = outcome } }

    private func carryOut(_ order: ListenerMigration.Order) async {
        do {
            switch order {
            case .run(let consent): try await synchronize(.ordered(consent)) { finish("level") }
            case .follow: try await synchronize(.following) {}
            case .cutOver(let consent): try await change(to: .cutOver, consent)
            case .rollBack(let consent): try await change(to: .rolledBack, consent)
            case .finish: try keep(.finished)
            case .stop:
                migration.update { $0.step = .idle }
                await closeCopier()
                finish("stopped")
            }
        } catch is Superseded {
            return
        } catch let refusal as Refusal {
            finish("refused: \(refusal.text)")
            migration.update { if $0.step == .looking { $0.step = .idle } }
            // What was level stays so, for the next try.
            migration.with {
                if $0.order == nil, $0.steps.phase.isNoting, $0.status.step == .level { $0.order = .follow }
            }
        } catch {
            // Whatever was under way, nobody knows how much of it was done.
            needsPass = true
            wasBegun = true
            await closeCopier()
            migration.update {
                $0.step = .failed
                $0.problem = "\(error)"
            }
            logger.warning("the migration stopped", metadata: ["listener": "\(migration.name)", "reason": "\(error)"])
            finish("failed: \(error)")
        }
    }

    // MARK: Copying

    /// Why copying begins.
    private enum Cause {
        case ordered(MigrationConsent)
        /// Nobody asked: clients have moved, and the way back is kept open.
        case following
    }

    /// Copies until both places hold the same, and goes on doing so until another order comes.
    private func synchronize(_ cause: Cause, _ levelled: () -> Void) async throws {
        if case .ordered(let consent) = cause { try await look(consent) }
        try await begin()
        guard migration.phase.isNoting else {
            throw Refusal(text: "nothing is to be copied while the migration is \(migration.phase.rawValue)")
        }
        let copier = try copier()
        if case .ordered = cause {
            lookAtRefused()
            // More than are known by name: only going through all of it tells.
            if migration.with({ $0.status.refused.hasOthers }) { needsPass = true }
            if !needsPass { _ = try await catchUp(copier) }
        }
        var comparing = try await prepare(copier)
        var passes = 0
        while needsPass {
            needsPass = false
            passes += 1
            guard passes <= Self.passLimit else {
                throw Refusal(
                    text:
                        "keys that nobody can name are written again and again (scripts, FLUSHALL, clients that cannot be followed)"
                )
            }
            do {
                try await pass(copier, comparing: comparing)
            } catch {
                // Whoever comes next begins with what is there, and goes through all of it.
                needsPass = true
                wasBegun = true
                throw error
            }
            // The first time, what was copied is looked at once more.
            if !comparing { needsPass = true }
            comparing = true
            _ = try await catchUp(copier)
        }
        migration.update { $0.step = .level }
        levelled()
        while !waker.isCancelled {
            try checkOrders()
            _ = try await catchUp(copier)
            if needsPass { return try await synchronize(.following, levelled) }
            await rest(Self.pause)
        }
    }

    /// Names what would be left behind, before anything is copied; nothing begins with what the operator does not leave.
    private func look(_ consent: MigrationConsent) async throws {
        guard migration.phase == .rolledBack || migration.phase.isNoting && needsPass else { return }
        migration.update { $0.step = .looking }
        let before = migration.leaving
        let leaving = before.union(consent.leaving.subtracting([.uploads]))
        migration.with { $0.leaving = leaving }
        if leaving != before, migration.hasBegun { try migration.file.write(migration.record(migration.phase)) }
        try await refuseForeign()
        var found = try await copier().obstacles()
        try checkOrders()
        migration.update { $0.obstacles = found.map(\.text) }
        func refuseLosses() throws {
            // Uploads are lost at a cut-over only, and most have come to their end by then.
            let losses = found.filter { $0.loss != .uploads && !leaving.contains($0.loss) }
            if !losses.isEmpty { throw Self.refusal(losses) }
        }
        try refuseLosses()
        // What is copied back comes from where it could be held.
        guard migration.phase.serving == .source else { return }
        found += try await copier().trial(leaving: leaving)
        migration.update { $0.obstacles = found.map(\.text) }
        try refuseLosses()
    }

    static func refusal(_ obstacles: [MigrationObstacle]) -> Refusal {
        let more = obstacles.count > namedLimit ? "; and \(obstacles.count - namedLimit) more" : ""
        let losses = obstacles.map(\.loss)
        var remedy = "put it right, or leave it behind with --leave \(losses.words)"
        if losses.contains(.uploads) {
            remedy += ", or give up those begun an hour ago or earlier with --abort-uploads 1h"
        }
        return Refusal(text: "\(obstacles.prefix(namedLimit).map(\.text).joined(separator: "; "))\(more): \(remedy)")
    }

    /// Before the first record the target may hold nothing: what the source does not have would be deleted there.
    private func refuseForeign() async throws {
        guard !migration.hasBegun, case .something(let what) = try await copier().contents() else { return }
        throw Refusal(
            text: "the target is not empty, and what the source does not have would be deleted there: \(what)")
    }

    private func begin() async throws {
        guard !migration.hasBegun || migration.phase == .rolledBack else { return }
        if migration.phase == .rolledBack {
            try keep(.copying)
            needsPass = true
            wasBegun = true
        } else {
            // From the first record on, what is there counts as the migration's own.
            try await refuseForeign()
            try migration.file.write(migration.record(.copying))
            migration.with { $0.hasBegun = true }
        }
    }

    /// Looks at the place that is copied to; whether it has to be compared from the first.
    private func prepare(_ copier: any MigrationCopier) async throws -> Bool {
        guard needsPass else { return true }
        migration.update {
            $0 = ListenerMigration.Status(step: .filling, obstacles: $0.obstacles)
        }
        if wasBegun, migration.phase == .copying { try await copier.tidy() }
        switch try await copier.contents() {
        case .nothing: return false
        // What it holds is of an earlier try: compared where it can be listed, and cleared where not.
        case .something: return true
        case .unknown:
            if wasBegun { try await copier.clear() }
            return false
        }
    }

    func checkOrders() throws {
        if waker.isCancelled || migration.with({ $0.order != nil }) { throw Superseded() }
    }

    // MARK: The copier

    func copier() throws -> any MigrationCopier {
        if let current { return current }
        let copier = try MigrationCopiers.make(migration, waker: waker, local, logger)
        current = copier
        return copier
    }

    func closeCopier() async {
        let copier = current
        current = nil
        await copier?.close()
    }
}
