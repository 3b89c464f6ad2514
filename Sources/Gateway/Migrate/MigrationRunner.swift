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
    let patience: MigrationPatience
    let clients: MigrationClients
    private(set) var current: (any MigrationCopier)?
    /// One that is of no use any more, and not closed yet.
    private var abandoned: (any MigrationCopier)?
    /// Keys that changed while they were copied.
    var again: Set<MigrationKey> = []
    /// When what was written was last looked at.
    var lastCatchUp: UInt64 = 0
    /// Whether more than the noted keys may be out of date at the place that does not serve.
    var needsPass = true
    /// Whether the place that does not serve may hold keys that are not the other's.
    var wasBegun: Bool
    /// Whether the place that does not serve cannot be listed, so that what it has too much is found by nobody.
    var isUnlisted = false
    /// Whether keys may have been deleted that nobody has named since the other place was last cleared.
    var mayHaveExtras = false
    /// How much may have been deleted at the place that serves that nobody has named, since both were last level.
    var unseen = UnseenDeletions.few
    /// What it seems to have lost, while that is looked at.
    var vanished: Set<MigrationKey> = []
    /// Whether the place that serves was out of sight, and may have lost what it held.
    var hasLostSight = true
    private var backOff = MigrationBackOff()

    /// Nanoseconds between two looks for keys that were written.
    private static let pause: UInt64 = 100_000_000
    /// Times that all is gone through before it is given up.
    private static let passLimit = 20

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
        patience = MigrationPatience(local.worker) {
            migration.with { $0.order?.needsNoAnswer == true }
        } tell: { text in
            migration.update { $0.waiting = text ?? "" }
        }
        clients = MigrationClients(of: migration, workers)
        wasBegun = migration.hasBegun
    }

    func run() async {
        let waker = waker
        await withTaskCancellationHandler {
            // After a restart too, what is written after a cut-over is copied back.
            if migration.copiesBack { follow() }
            while !waker.isCancelled {
                if let order = migration.with({ $0.order.take() }) {
                    backOff.cancel()
                    await carryOut(order)
                } else if backOff.isDue(at: local.worker.now) {
                    follow()
                } else {
                    await rest(Self.pause)
                }
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

    /// Has what clients write copied, unless there is something else to do.
    func follow() { migration.with { if $0.order == nil { $0.order = .follow } } }

    /// Says what came of the order; one that has come since then has an outcome of its own, and so has one that is fulfilled.
    func finish(_ outcome: String) {
        migration.with { if $0.order == nil, $0.outcome == nil { $0.outcome = outcome } }
    }

    private func carryOut(_ order: ListenerMigration.Order) async {
        defer { patience.hears() }
        do {
            switch order {
            case .run(let consent): try await synchronize(.ordered(consent)) { finish("level") }
            case .follow: try await synchronize(.following) {}
            case .cutOver(let consent): try await change(to: .cutOver, consent)
            case .rollBack(let consent): try await change(to: .rolledBack, consent)
            case .finish: try keep(.finished)
            case .stop: try await stop()
            }
        } catch is Superseded {
            return
        } catch let refusal as Refusal {
            if order == .follow || migration.with({ $0.order == nil && $0.outcome != nil }) {
                // Nobody waits for it, and the outcome of before stands.
                migration.update { $0.problem = refusal.text }
            } else {
                finish("refused: \(refusal.text)")
            }
            // What was under way goes on, and what was level stays so.
            let copiesBack = migration.copiesBack
            migration.with {
                let goesOn = order.isStep ? [.level, .filling, .comparing] : [ListenerMigration.Status.Step.level]
                guard goesOn.contains($0.status.step) || copiesBack && order.isStep else {
                    return $0.status.step = .idle
                }
                if $0.order == nil, $0.steps.phase.isNoting { $0.order = .follow }
            }
        } catch {
            // Whatever was under way, nobody knows how much of it was done.
            needsPass = true
            wasBegun = true
            hasLostSight = true
            await closeCopier()
            let wait = migration.copiesBack ? backOff.failed(at: local.worker.now) : nil
            migration.update {
                $0.step = .failed
                $0.problem = "\(error)\(wait.map { "; it is tried again in \($0 / 1_000_000_000) s" } ?? "")"
            }
            logger.warning("the migration stopped", metadata: ["listener": "\(migration.name)", "reason": "\(error)"])
            if order != .follow { finish("failed: \(error)") }
        }
    }

    /// Copies nothing any more until it is ordered, also behind a restart.
    private func stop() async throws {
        migration.update {
            $0.step = .idle
            $0.problem = ""
        }
        await closeCopier()
        try keepStopped(true)
        finish("stopped")
    }

    private func keepStopped(_ isStopped: Bool) throws(MigrationFileError) {
        let isNew = migration.with { state in
            defer { if state.steps.phase == .cutOver { state.isStopped = isStopped } }
            return state.steps.phase == .cutOver && state.isStopped != isStopped
        }
        if isNew { try migration.file.write(migration.record(.cutOver)) }
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
        if case .ordered(let consent) = cause {
            try keepStopped(false)
            // Whoever orders it has seen what there is.
            hasLostSight = false
            unseen = .any
            try await look(consent)
        }
        try await begin()
        guard migration.phase.isNoting else {
            throw wrongStep(.copying)
        }
        let copier = try copier()
        if hasLostSight { try await refuseVanished(copier) }
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
                if isUnlisted, mayHaveExtras {
                    try await clear(copier)
                    comparing = false
                }
                wasBegun = true
                if !comparing { try await forgetNoted() }
                try await pass(copier, comparing: comparing)
            } catch {
                // Whoever comes next begins with what is there, and goes through all of it.
                needsPass = true
                throw error
            }
            // The first time, what was copied is looked at once more.
            if !comparing { needsPass = true }
            comparing = true
            _ = try await catchUp(copier)
        }
        migration.update { $0.step = .level }
        hasLostSight = false
        unseen = .none
        backOff.reset()
        levelled()
        while !waker.isCancelled {
            try checkOrders()
            _ = try await catchUp(copier)
            if needsPass { return try await synchronize(.following, levelled) }
            await rest(Self.pause)
        }
    }

    func checkOrders() throws {
        if waker.isCancelled || migration.with({ $0.order != nil }) { throw Superseded() }
    }

    // MARK: The copier

    func copier() throws -> any MigrationCopier {
        if let current { return current }
        let copier = try MigrationCopiers.make(migration, waker: waker, local, patience, logger)
        current = copier
        return copier
    }

    /// Asks no more by the present one, which nobody waits for until ``closeCopier()``.
    func abandonCopier() {
        abandoned = current
        current = nil
    }

    func closeCopier() async {
        let copiers = [current, abandoned]
        current = nil
        abandoned = nil
        for copier in copiers { await copier?.close() }
    }
}
