// The clients of a listener that is being moved, on all workers.

/// Holds them and lets them go, worker by worker; from any task.
struct MigrationClients: Sendable {
    private let workers: [WorkerState]
    /// That of the listener.
    private let index: Int

    init(of migration: ListenerMigration, _ workers: [WorkerState]) {
        self.workers = workers
        index = migration.atSource.index
    }

    /// How many are waited for.
    func count() async throws(LinkProblem) -> Int {
        let index = index
        var count = 0
        for worker in workers { count += try await worker.perform { $0.migrationNotes(index)?.clientCount ?? 0 } }
        return count
    }

    func hold() async throws(LinkProblem) { try await forAll { $0.hold() } }

    func giveUp(byForce: Bool) async throws(LinkProblem) { try await forAll { $0.giveUp(byForce: byForce) } }

    /// They are served by `listener` from here on.
    func release(to listener: ListenerState) async throws(LinkProblem) {
        try await forAll { $0.release(to: listener) }
    }

    /// What was written since it was last asked for and is answered, of each worker.
    func takeDirty() async throws(LinkProblem) -> [MigrationKeys] {
        let index = index
        var taken: [MigrationKeys] = []
        for worker in workers {
            if let keys = try await worker.perform({ $0.migrationNotes(index)?.takeDirty() }) { taken.append(keys) }
        }
        return taken
    }

    private func forAll(_ body: @escaping @Sendable (MigrationNotes) -> Void) async throws(LinkProblem) {
        let index = index
        for worker in workers {
            try await worker.perform { state in
                if let notes = state.migrationNotes(index) { body(notes) }
            }
        }
    }
}

extension WorkerState {
    /// Has `body` done on this worker's thread.
    fileprivate func perform<Value: Sendable>(
        _ body: @escaping @Sendable (WorkerState) -> Value
    ) async throws(LinkProblem) -> Value {
        let value: Value? = await withCheckedContinuation { continuation in
            if !worker.submit({ continuation.resume(returning: body(self)) }) {
                continuation.resume(returning: nil)
            }
        }
        guard let value else { throw LinkProblem(description: "the gateway stops") }
        return value
    }
}
