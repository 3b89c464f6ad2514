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
        let copier = try copier()
        for attempt in 1... {
            if !force { try await waitForMoment(copier, to: next, consent) }
            do {
                try await hold(copier, to: next, consent, isLevel: isLevel)
                break
            } catch let obstructed as Obstructed {
                guard attempt < Self.attempts else { throw Self.refusal(obstructed.obstacles) }
            }
        }
        // From here on the other direction is the one that is copied.
        await closeCopier()
        needsPass = next == .cutOver ? migration.remains.needsLook : force
        wasBegun = true
        isUnlisted = false
        mayHaveExtras = false
        migration.with { $0.hasBegun = true }
        // What was left of the old direction would be taken for what is missing in the new one.
        again = []
        migration.update { $0.refused = RefusedKeys() }
        logger.notice(
            "the migration's phase has changed",
            metadata: ["listener": "\(migration.name)", "phase": "\(next.rawValue)"])
        migration.update { $0.step = .idle }
        finish(next.rawValue)
        if next == .cutOver { migration.with { if $0.order == nil { $0.order = .follow } } }
    }

    /// Refuses what would be lost because the other place cannot hold it.
    private func refuseUnheld(_ next: MigrationPhase) throws {
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
    private struct Obstructed: Error { let obstacles: [MigrationObstacle] }

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

    /// Gives up what the operator wants given up, and finds what another place could not go on with.
    private func lastObstacles(
        _ copier: any MigrationCopier, _ consent: MigrationConsent
    ) async throws -> [MigrationObstacle] {
        if let age = consent.abortedAge { try await copier.abortUploads(age: age) }
        // Not asked for what is left behind anyway: the place may be gone.
        if consent.leaving.contains(.uploads) { return [] }
        return try await copier.lastObstacles()
    }

    /// Holds the clients, copies what is left, and has the other place serve.
    ///
    /// - Parameter isLevel: whether the two places were kept the same until now.
    private func hold(
        _ copier: any MigrationCopier, to next: MigrationPhase, _ consent: MigrationConsent, isLevel: Bool
    ) async throws {
        let force = consent.force
        let lease = MigrationSteps.leaseLimit
        let held = try migration.with { state throws(MigrationSteps.Refusal) in
            try state.steps.holdRequested(lease: lease, at: local.worker.now)
        }
        migration.update { $0.step = .holding }
        do {
            if held.contains(.hold) { try await forAll { $0.hold() } }
            let start = local.worker.now
            let end = start &+ lease
            var isSettled = false
            var hasGivenUp = false
            while local.worker.now < end {
                var clients = 0
                for worker in workers {
                    let index = migration.atSource.index
                    clients += try await on(worker) { $0.migrationNotes(index)?.clientCount ?? 0 }
                }
                isSettled = try await catchUp(copier)
                // By force nothing is waited for that does not come, such as an end of writes that nobody can name.
                let mayBeUnsettled = force && (!isLevel || needsPass || local.worker.now &- start > lease / 2)
                if clients == 0, isSettled || mayBeUnsettled { break }
                if !hasGivenUp, local.worker.now &- start > lease / 2 {
                    hasGivenUp = true
                    try await forAll { $0.giveUp() }
                }
                await rest(2_000_000)
            }
            // Some may have been written in the last moment.
            if !force { try refuseUnheld(next) }
            let obstacles = try await lastObstacles(copier, consent)
            if !obstacles.isEmpty { throw Obstructed(obstacles: obstacles) }
            let actions = try migration.with { state throws(MigrationSteps.Refusal) in
                try state.steps.changeRequested(to: next, isSettled: isSettled || force, at: local.worker.now)
            }
            guard actions == [.keep(next)] else { throw Refusal(text: "the phase could not be changed") }
            let remains = migration.remains
            migration.with {
                $0.remains =
                    next == .cutOver
                    ? MigrationRemains(without: $0.status.refused, isLevel: isLevel && isSettled) : .nothing
            }
            do throws(MigrationFileError) {
                try migration.file.write(migration.record(next))
            } catch {
                let actions = migration.with {
                    $0.remains = remains
                    return $0.steps.keepFailed()
                }
                try await release(actions)
                throw error
            }
            let done = migration.with { $0.steps.kept() }
            try await release(done)
        } catch {
            let actions = migration.with { $0.steps.releaseRequested() }
            try await release(actions)
            migration.update { $0.step = isLevel ? .level : .idle }
            if let refusal = error as? MigrationSteps.Refusal { throw Refusal(text: Self.words(refusal)) }
            throw error
        }
    }

    private static func words(_ refusal: MigrationSteps.Refusal) -> String {
        switch refusal {
        case .notSettled, .notHeld:
            "clients were busy for longer than they may be held (2 s), and go on where they were: give the same command again"
        default: "\(refusal)"
        }
    }

    private func release(_ actions: [MigrationSteps.Action]) async throws {
        for case .release(let place) in actions {
            let listener = place == .source ? migration.atSource : migration.atTarget
            try await forAll { $0.release(to: listener) }
        }
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

    // MARK: Workers

    func on<Value: Sendable>(
        _ worker: WorkerState, _ body: @escaping @Sendable (WorkerState) -> Value
    ) async throws -> Value {
        let value: Value? = await withCheckedContinuation { continuation in
            if !worker.worker.submit({ continuation.resume(returning: body(worker)) }) {
                continuation.resume(returning: nil)
            }
        }
        guard let value else { throw LinkProblem(description: "the gateway stops") }
        return value
    }

    private func forAll(_ body: @escaping @Sendable (MigrationNotes) -> Void) async throws {
        let index = migration.atSource.index
        for worker in workers {
            try await on(worker) { state in
                if let notes = state.migrationNotes(index) { body(notes) }
            }
        }
    }
}
