// Carries a migration out: copies, catches up, holds the clients for a moment, and changes who serves.

import Logging
import Migration
import Reactor

/// The task of one migration, on a worker of its own choice; it does what the operator orders and ends when it is cancelled.
final class MigrationRunner {
    private let migration: ListenerMigration
    private let workers: [WorkerState]
    private let local: WorkerState
    private let logger: Logger
    private let waker: Waker
    private var from: RedisMigrationLink?
    private var to: RedisMigrationLink?
    /// Keys that changed while they were copied.
    private var again: Set<MigrationKey> = []
    /// Whether more than the noted keys may be out of date at the place that does not serve.
    private var needsPass = true
    /// Whether the place that does not serve may hold keys that are not the other's.
    private var wasBegun: Bool

    /// Nanoseconds between two looks for keys that were written.
    private static let pause: UInt64 = 100_000_000
    /// Times that all is gone through before it is given up.
    private static let passLimit = 20

    /// Why an order was not carried out.
    private struct Refusal: Error { let text: String }
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
            await closeLinks()
        } onCancel: {
            waker.cancel()
        }
    }

    private func rest(_ nanoseconds: UInt64) async {
        waker.setDeadline(after: nanoseconds)
        await waker.wait()
        waker.setDeadline(after: nil)
    }

    private func finish(_ outcome: String) { migration.with { $0.outcome = outcome } }

    private func carryOut(_ order: ListenerMigration.Order) async {
        do {
            switch order {
            case .run: try await synchronize { finish("level") }
            case .follow: try await synchronize {}
            case .cutOver(let force): try await change(to: .cutOver, force: force)
            case .rollBack(let force): try await change(to: .rolledBack, force: force)
            case .finish: try keep(.finished)
            case .stop:
                migration.update { $0.step = .idle }
                await closeLinks()
                finish("stopped")
            }
        } catch is Superseded {
            return
        } catch let refusal as Refusal {
            finish("refused: \(refusal.text)")
        } catch {
            // Whatever was under way, nobody knows how much of it was done.
            needsPass = true
            wasBegun = true
            await closeLinks()
            migration.update {
                $0.step = .failed
                $0.problem = "\(error)"
            }
            logger.warning("the migration stopped", metadata: ["listener": "\(migration.name)", "reason": "\(error)"])
            finish("failed: \(error)")
        }
    }

    // MARK: Copying

    /// Copies until both places hold the same, and goes on doing so until another order comes.
    private func synchronize(_ levelled: () -> Void) async throws {
        try begin()
        guard migration.phase.isNoting else {
            throw Refusal(text: "nothing is to be copied while the migration is \(migration.phase.rawValue)")
        }
        let copier = try await copier()
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
            try await pass(copier, comparing: comparing)
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
            if needsPass { return try await synchronize(levelled) }
            await rest(Self.pause)
        }
    }

    private func begin() throws {
        guard !migration.hasBegun || migration.phase == .rolledBack else { return }
        if migration.phase == .rolledBack {
            try keep(.copying)
            needsPass = true
            wasBegun = true
        } else {
            try migration.file.write(migration.record(.copying))
            migration.with { $0.hasBegun = true }
        }
    }

    /// Looks at the place that is copied to; whether it has to be compared from the first.
    private func prepare(_ copier: MigrationCopier) async throws -> Bool {
        guard needsPass else { return true }
        migration.update { $0 = ListenerMigration.Status(step: .filling) }
        let isEmpty = try await copier.isOtherEmpty()
        if isEmpty == true { return false }
        if wasBegun {
            // What it holds is of an earlier try: compared where it can be listed, and cleared where not.
            if isEmpty == nil {
                try await copier.clearOther()
                return false
            }
            return true
        }
        guard isEmpty == nil else {
            migration.with { $0.hasBegun = false }
            throw Refusal(
                text:
                    "the target is not empty, and what the source does not have would be deleted there: empty it first")
        }
        return false
    }

    private func pass(_ copier: MigrationCopier, comparing: Bool) async throws {
        let databases = try await copier.databases()
        let total = databases.contains { $0.keys == nil } ? nil : databases.reduce(0) { $0 + ($1.keys ?? 0) }
        migration.update {
            $0.step = comparing ? .comparing : .filling
            $0.total = total
            $0.seen = 0
            $0.differing = 0
            $0.refused = [:]
        }
        for (database, _) in databases {
            var cursor = Array("0".utf8)
            repeat {
                try checkOrders()
                let started = local.worker.now
                guard let page = try await copier.keys(in: database, cursor) else {
                    throw Refusal(text: "the place that serves cannot list its keys (kv.scan)")
                }
                cursor = page.cursor
                try await copy(page.keys, in: database, copier, comparing: comparing)
                migration.update { $0.seen += Int64(page.keys.count) }
                _ = try await catchUp(copier)
                await pace(page.keys.count, since: started)
            } while cursor != Array("0".utf8)
        }
        if comparing { try await deleteExtras(copier, databases.map(\.database)) }
    }

    private func deleteExtras(_ copier: MigrationCopier, _ databases: [UInt32]) async throws {
        for database in databases.isEmpty ? [0] : databases {
            var cursor = Array("0".utf8)
            repeat {
                guard let page = try await copier.extras(in: database, cursor) else { return }
                cursor = page.cursor
                try await copier.delete(page.keys, in: database)
                // One that was written meanwhile is noted, and comes again.
            } while cursor != Array("0".utf8)
        }
    }

    private func copy(
        _ keys: [[UInt8]], in database: UInt32, _ copier: MigrationCopier, comparing: Bool
    ) async throws {
        var start = 0
        while start < keys.count {
            let some = Array(keys[start..<min(keys.count, start + MigrationCopier.batch)])
            start += some.count
            let outcome = try await copier.copy(some, in: database, comparing: comparing)
            for key in outcome.again { again.insert(MigrationKey(database: database, name: key)) }
            migration.update { status in
                status.copied += outcome.copied
                status.differing += Int64(outcome.differing.count)
                for (type, reason) in outcome.refused {
                    status.refused[type, default: (0, reason)].count += 1
                }
            }
        }
    }

    private func pace(_ count: Int, since start: UInt64) async {
        let rate = migration.with { $0.rate }
        guard rate > 0, count > 0 else { return }
        let due = start &+ UInt64(count) * 1_000_000_000 / UInt64(rate)
        if due > local.worker.now { await rest(due - local.worker.now) }
    }

    /// Copies the keys that were written; whether no write is under way and none is left.
    private func catchUp(_ copier: MigrationCopier) async throws -> Bool {
        var keys = again
        again = []
        var isSettled = keys.isEmpty
        for worker in workers {
            let index = migration.atSource.index
            let taken = try await on(worker) { $0.migrationNotes(index)?.takeDirty() }
            guard let taken else { continue }
            keys.formUnion(taken.keys)
            if taken.remainder.isEverything { needsPass = true }
            if !taken.remainder.isSettled { isSettled = false }
        }
        for (database, keys) in Dictionary(grouping: keys, by: \.database) {
            try await copy(keys.map(\.name), in: database, copier, comparing: false)
            migration.update { $0.copiedAgain += Int64(keys.count) }
        }
        return isSettled && again.isEmpty && !needsPass
    }

    private func checkOrders() throws {
        if waker.isCancelled || migration.with({ $0.order != nil }) { throw Superseded() }
    }

    // MARK: Changing who serves

    private func change(to next: MigrationPhase, force: Bool) async throws {
        let phase = migration.phase
        guard phase.successors.contains(next) else {
            throw Refusal(text: "the migration is \(phase.rawValue), and \(next.rawValue) does not follow that")
        }
        let status = migration.with { $0.status }
        if !force {
            // After a cut-over the way back is as good as what was copied back since.
            guard !needsPass, status.step == .level else {
                throw Refusal(text: "the two places are not level yet: run `fairlead migrate` until they are")
            }
            guard status.refused.isEmpty else {
                let keys = status.refused.reduce(0) { $0 + $1.value.count }
                throw Refusal(
                    text: "\(keys) keys cannot be held there (\(status.refused.keys.sorted().joined(separator: ", ")))")
            }
        }
        let copier = try await copier()
        let lease = MigrationSteps.leaseLimit
        let held = try migration.with { state throws(MigrationSteps.Refusal) in
            try state.steps.holdRequested(lease: lease, at: local.worker.now)
        }
        migration.update { $0.step = .holding }
        do {
            if held.contains(.hold) { try await forAll { $0.hold() } }
            let end = local.worker.now &+ lease
            var isSettled = false
            while local.worker.now < end {
                var clients = 0
                for worker in workers {
                    let index = migration.atSource.index
                    clients += try await on(worker) { $0.migrationNotes(index)?.clientCount ?? 0 }
                }
                isSettled = try await catchUp(copier)
                if clients == 0, isSettled || force { break }
                await rest(2_000_000)
            }
            let actions = try migration.with { state throws(MigrationSteps.Refusal) in
                try state.steps.changeRequested(to: next, isSettled: isSettled || force, at: local.worker.now)
            }
            guard actions == [.keep(next)] else { throw Refusal(text: "the phase could not be changed") }
            do throws(MigrationFileError) {
                try migration.file.write(migration.record(next))
            } catch {
                let actions = migration.with { $0.steps.keepFailed() }
                try await release(actions)
                throw error
            }
            let done = migration.with { $0.steps.kept() }
            try await release(done)
        } catch {
            let actions = migration.with { $0.steps.releaseRequested() }
            try await release(actions)
            migration.update { $0.step = .level }
            if let refusal = error as? MigrationSteps.Refusal { throw Refusal(text: Self.words(refusal)) }
            throw error
        }
        // From here on the other direction is the one that is copied.
        await closeLinks()
        needsPass = force
        wasBegun = true
        logger.notice(
            "the migration's phase has changed",
            metadata: ["listener": "\(migration.name)", "phase": "\(next.rawValue)"])
        migration.update { $0.step = .idle }
        finish(next.rawValue)
        if next == .cutOver { migration.with { if $0.order == nil { $0.order = .follow } } }
    }

    private static func words(_ refusal: MigrationSteps.Refusal) -> String {
        switch refusal {
        case .notSettled, .notHeld:
            "clients were busy for longer than they may be held (2 s), and go on where they were: try again"
        default: "\(refusal)"
        }
    }

    private func release(_ actions: [MigrationSteps.Action]) async throws {
        for case .release(let place) in actions {
            let listener = place == .source ? migration.atSource : migration.atTarget
            try await forAll { $0.release(to: listener) }
        }
    }

    /// A phase that holds nobody.
    private func keep(_ phase: MigrationPhase) throws {
        let actions: [MigrationSteps.Action]
        do {
            actions = try migration.with { state throws(MigrationSteps.Refusal) in
                try state.steps.changeRequested(to: phase, isSettled: true, at: local.worker.now)
            }
        } catch {
            throw Refusal(
                text: "the migration is \(migration.phase.rawValue), and \(phase.rawValue) does not follow that")
        }
        guard actions == [.keep(phase)] else { throw Refusal(text: "the phase could not be changed") }
        do throws(MigrationFileError) {
            try migration.file.write(migration.record(phase))
        } catch {
            _ = migration.with { $0.steps.keepFailed() }
            throw error
        }
        _ = migration.with { $0.steps.kept() }
        finish(phase.rawValue)
    }

    // MARK: Workers and links

    private func on<Value: Sendable>(
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

    private func copier() async throws -> MigrationCopier {
        let isForward = migration.phase.serving == .source
        let serve: @Sendable (AcceptedConnection, ListenerState) async -> Void = {
            [local, logger] connection, listener in
            await SessionRunner.run(connection, listener: listener, local: local, logger: logger)
        }
        let source = isForward ? migration.source : migration.target
        let target = isForward ? migration.target : migration.source
        let from = try self.from ?? RedisMigrationLink(to: source, waker: waker, local) { await serve($0, source) }
        self.from = from
        let to = try self.to ?? RedisMigrationLink(to: target, waker: waker, local) { await serve($0, target) }
        self.to = to
        return MigrationCopier(from: from, to: to, areAlike: source.route.isTrusted && target.route.isTrusted)
    }

    private func closeLinks() async {
        await from?.close()
        await to?.close()
        from = nil
        to = nil
    }
}
