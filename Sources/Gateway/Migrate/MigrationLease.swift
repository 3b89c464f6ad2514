// Lets held clients go when the time is over for which they may be held.

import Migration
import Reactor

/// A task beside the one that holds clients: that one may be waiting for a place that does not answer.
struct MigrationLease {
    private let task: Task<Void, Never>

    /// Watches over a hold that was just begun.
    init(_ migration: ListenerMigration, _ clients: MigrationClients, on worker: Worker) {
        let waker = Waker(worker: worker)
        task = Task(executorPreference: worker) {
            await withTaskCancellationHandler {
                await Self.watch(migration, clients, waker)
            } onCancel: {
                waker.cancel()
            }
        }
    }

    private static func watch(_ migration: ListenerMigration, _ clients: MigrationClients, _ waker: Waker) async {
        while !waker.isCancelled, let deadline = migration.with({ $0.steps.deadline }) {
            let now = waker.worker.now
            guard now < deadline else {
                let actions = migration.with { $0.steps.timePassed(now) }
                // It fails only when the gateway stops, and then all are let go.
                _ = try? await clients.carryOut(actions, of: migration)
                return
            }
            waker.setDeadline(at: deadline)
            await waker.wait()
        }
    }

    /// Ends it; behind this it lets nobody go any more, so that clients may be held anew.
    func end() async {
        task.cancel()
        await task.value
    }
}

extension MigrationClients {
    /// Lets clients go where `actions` say so.
    func carryOut(_ actions: [MigrationSteps.Action], of migration: ListenerMigration) async throws(LinkProblem) {
        for case .release(let place) in actions {
            try await release(to: place == .source ? migration.atSource : migration.atTarget)
        }
    }
}
