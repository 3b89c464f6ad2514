// Changes who serves: holds the clients for a moment, copies what is left, and keeps the new phase.

import Migration
import Reactor

extension MigrationRunner {
    func change(to next: MigrationPhase, _ consent: MigrationConsent) async throws {
        let force = consent.force
        let phase = migration.phase
        guard phase.successors.contains(next) else {
            throw wrongStep(next)
        }
        guard migration.hasBegun || force else { throw wrongStep(next) }
        try leave(consent)
        let status = migration.with { $0.status }
        if !force {
            // After a cut-over the way back is as good as what was copied back since.
            guard !needsPass, status.step == .level else {
                throw Refusal(
                    text:
                        "the two places are not level yet: run `fairlead migrate \(migration.name)` until it says that they are"
                )
            }
            lookAtRefused()
        }
        let isLevel = !needsPass && status.step == .level
        if force { try await approach(next, consent) }
        for attempt in 1... {
            if !force { try await waitForMoment(try copier(), to: next, consent) }
            do {
                try await hold(to: next, consent, isLevel: isLevel)
                break
            } catch let obstructed as Obstructed {
                guard attempt < Self.attempts else { throw Self.refusal(obstructed.obstacles) }
            }
        }
        // From here on the other direction is the one that is copied.
        await closeCopier()
        hasLostSight = false
        unseen = consent.force ? .few : .none
        needsPass = next == .cutOver ? migration.remains.needsLook : force
        wasBegun = true
        isUnlisted = false
        mayHaveExtras = false
        migration.with {
            $0.hasBegun = true
            $0.isStopped = false
        }
        // What was left of the old direction would be taken for what is missing in the new one.
        again = []
        migration.update {
            $0.refused = RefusedKeys()
            $0.problem = ""
        }
        logger.notice(
            "the migration's phase has changed",
            metadata: ["listener": "\(migration.name)", "phase": "\(next.rawValue)"])
        migration.update { $0.step = .idle }
        finish(next.rawValue)
        if next == .cutOver { follow() }
    }

    /// Refuses what would be lost because the other place cannot hold it.
    func refuseUnheld(_ next: MigrationPhase) throws {
        let refused = migration.with { $0.status.refused }
        guard !refused.isEmpty else { return }
        let summaries = refused.summaries
        let keys = summaries.reduce(0) { $0 + $1.keys }
        let types = summaries.map(\.type)
        let option = (next == .rolledBack ? "--roll-back" : "--cut-over") + MigrationLoss.options(toLeave: types)
        // Of those that are not kept by name nobody knows whether they are still there.
        let more = refused.hasOthers ? ", then `fairlead migrate \(migration.name)` again" : ""
        throw Refusal(
            text: """
                \(keys) \(keys == 1 ? "key" : "keys") cannot be held there (\(types.joined(separator: ", "))): \(summaries.prefix(Self.namedTypes).map(\.reason).joined(separator: "; ")): \
                delete them\(more), or leave them behind with `fairlead migrate \(migration.name) \(option)`
                """)
    }

    /// Types of which a refusal names keys.
    private static let namedTypes = 4

    func wrongStep(_ next: MigrationPhase) -> Refusal {
        Refusal(text: migration.phase.refusal(of: next, listener: migration.name, hasBegun: migration.hasBegun))
    }

    /// Clients were held, and something was under way that another place could not go on with.
    struct Obstructed: Error { let obstacles: [MigrationObstacle] }

    /// Times that clients are held for one order.
    private static let attempts = 5
    /// Nanoseconds for which a moment is waited for that has nothing under way.
    private static let patience: UInt64 = 10_000_000_000

    /// Waits until nothing is under way that another place could not go on with, before anybody is held.
    private func waitForMoment(
        _ copier: any MigrationCopier, to next: MigrationPhase, _ consent: MigrationConsent
    ) async throws {
        let end = local.worker.now &+ Self.patience
        while true {
            // What is written just now would otherwise be copied while clients wait.
            _ = try await catchUp(copier)
            try refuseUnheld(next)
            let obstacles = try await lastObstacles(copier, consent)
            if obstacles.isEmpty { return }
            guard local.worker.now < end else { throw Self.refusal(obstacles) }
            await rest(50_000_000)
            try checkOrders()
        }
    }

    /// Copies what can be copied before anybody is held; where the place that serves does not answer, no copier is left.
    private func approach(_ next: MigrationPhase, _ consent: MigrationConsent) async throws {
        let end = local.worker.now &+ Self.patience
        // Once more with connections of its own: those that there were may just have been idle for long.
        for isLast in [false, true] {
            _ = try copier()
            do {
                let answered: Void? = try await answer(to: next, byForce: true, until: end) { copier in
                    _ = try await copier.parts(of: .other)
                    _ = try await self.catchUp(copier)
                    _ = try await self.lastObstacles(copier, consent)
                }
                if answered != nil { return }
            } catch let problem as LinkProblem {
                if isLast || waker.isCancelled { throw problem }
            }
            await closeCopier()
        }
    }

    /// Gives up what the operator wants given up, and finds what another place could not go on with.
    func lastObstacles(
        _ copier: any MigrationCopier, _ consent: MigrationConsent
    ) async throws -> [MigrationObstacle] {
        if let age = consent.abortedAge { try await copier.abortUploads(age: age) }
        // Not asked for what is left behind anyway: the place may be gone.
        if consent.leaving.contains(.uploads) { return [] }
        return try await copier.lastObstacles()
    }

    /// Keeps a phase that holds nobody, as it was ordered.
    func keep(_ phase: MigrationPhase) throws {
        try keepPhase(phase)
        finish(phase.rawValue)
    }

    func keepPhase(_ phase: MigrationPhase) throws {
        let actions: [MigrationSteps.Action]
        do {
            actions = try migration.with { state throws(MigrationSteps.Refusal) in
                try state.steps.changeRequested(to: phase, isSettled: true, at: local.worker.now)
            }
        } catch {
            throw wrongStep(phase)
        }
        guard actions == [.keep(phase)] else { throw Refusal(text: "the phase could not be changed") }
        do throws(MigrationFileError) {
            try migration.file.write(migration.record(phase))
        } catch {
            _ = migration.with { $0.steps.keepFailed() }
            throw error
        }
        _ = migration.with { $0.steps.kept() }
    }
}
