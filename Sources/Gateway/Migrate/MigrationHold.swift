// Holds the clients for a moment, so that another place may serve them.

import Logging
import Migration
import Reactor

extension MigrationRunner {
    /// Holds the clients, copies what is left, and has the other place serve.
    ///
    /// - Parameter isLevel: whether the two places were kept the same until now.
    func hold(to next: MigrationPhase, _ consent: MigrationConsent, isLevel: Bool) async throws {
        let start = local.worker.now
        let held = try migration.with { state throws(MigrationSteps.Refusal) in
            try state.steps.holdRequested(lease: MigrationSteps.leaseLimit, at: start)
        }
        migration.update { $0.step = .holding }
        let lease = MigrationLease(migration, clients, on: local.worker)
        do {
            if held.contains(.hold) { try await clients.hold() }
            let isSettled = try await settle(for: next, since: start, byForce: consent.force, isLevel: isLevel)
            // Some may have been written in the last moment.
            if !consent.force { try refuseUnheld(next) }
            let end = start &+ MigrationSteps.leaseLimit / 8 * 7
            let obstacles = try await answer(to: next, byForce: consent.force, until: end) { copier in
                try await self.lastObstacles(copier, consent)
            }
            if let obstacles, !obstacles.isEmpty { throw Obstructed(obstacles: obstacles) }
            let actions = try keepHeld(next, byForce: consent.force, isSettled: isSettled, isLevel: isLevel)
            // What was not copied is of the old direction, and would be taken for what is missing in the new one.
            for _ in 0..<2 {
                // Some of it is noted once more behind the first time (`DirtyKeys.noteTwice`).
                try? await forgetNoted()
            }
            try await clients.carryOut(actions, of: migration)
            await lease.end()
        } catch {
            await lease.end()
            _ = migration.with { $0.steps.releaseRequested() }
            // Once more where they are let go already: the lease may have been over before all of them were held.
            try? await clients.release(to: migration.serving)
            migration.update { $0.step = isLevel && !needsPass ? .level : .idle }
            if current == nil { await closeCopier() }
            if let refusal = error as? MigrationSteps.Refusal { throw Refusal(text: Self.words(refusal)) }
            throw error
        }
    }

    /// Waits until no client has anything under way, and copies what they have written; whether nothing is left.
    private func settle(
        for next: MigrationPhase, since start: UInt64, byForce: Bool, isLevel: Bool
    ) async throws -> Bool {
        let lease = MigrationSteps.leaseLimit
        var hasGivenUp = false
        while true {
            let waitedFor = try await clients.count()
            let isSettled = try await answer(to: next, byForce: byForce, until: start &+ lease / 4 * 3) { copier in
                try await self.catchUp(copier)
            }
            // What is not copied is not known by name from here on.
            if current == nil { needsPass = true }
            let time = local.worker.now &- start
            guard time < lease, migration.with({ $0.steps.isHolding }) else { throw MigrationSteps.Refusal.notHeld }
            // By force nothing is waited for that does not come, such as an end of writes that nobody can name.
            let mayBeUnsettled = byForce && (!isLevel || needsPass || time > lease / 2)
            if waitedFor == 0, isSettled == true || mayBeUnsettled { return isSettled == true }
            if !hasGivenUp, time > lease / 2 {
                hasGivenUp = true
                try await clients.giveUp(byForce: byForce)
            }
            await rest(2_000_000)
        }
    }

    /// Has the next phase in the file, and then in force.
    private func keepHeld(
        _ next: MigrationPhase, byForce: Bool, isSettled: Bool, isLevel: Bool
    ) throws -> [MigrationSteps.Action] {
        let actions = try migration.with { state throws(MigrationSteps.Refusal) in
            try state.steps.changeRequested(to: next, isSettled: isSettled || byForce, at: local.worker.now)
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
            migration.with {
                $0.remains = remains
                _ = $0.steps.keepFailed()
            }
            throw error
        }
        return migration.with { $0.steps.kept() }
    }

    /// What the two places answer; by force nil where the one that serves does not in time, and then both are asked no more.
    ///
    /// The place that is to serve has to answer: what it holds of a key may be half of it, and would be copied back.
    ///
    /// - Parameter end: until when it is waited for by force.
    func answer<Value>(
        to next: MigrationPhase, byForce: Bool, until end: UInt64, _ ask: (any MigrationCopier) async throws -> Value
    ) async throws -> Value? {
        guard let copier = current else { return nil }
        guard byForce else { return try await ask(copier) }
        patience.hurry(until: end)
        defer { patience.relax() }
        do {
            return try await ask(copier)
        } catch let problem as LinkProblem {
            let other = next.serving == .target ? migration.target : migration.source
            if waker.isCancelled || problem.place == other.route.name { throw problem }
            abandonCopier()
            logger.warning(
                "the place that serves does not answer, and is not waited for",
                metadata: ["listener": "\(migration.name)", "reason": "\(problem)"])
            return nil
        }
    }

    private static func words(_ refusal: MigrationSteps.Refusal) -> String {
        switch refusal {
        case .notSettled, .notHeld:
            """
            clients were busy, or the last keys took to be copied, for longer than clients may be held (2 s), and they go on where they were: \
            give the same command again
            """
        default: "\(refusal)"
        }
    }
}
