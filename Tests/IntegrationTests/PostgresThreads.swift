// Threads for tests that block in socket calls.

import Foundation

/// Gives each piece of a task a thread of its own.
private final class PostgresThreads: TaskExecutor {
    static let shared = PostgresThreads()

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        Thread { job.runSynchronously(on: self.asUnownedTaskExecutor()) }.start()
    }
}

/// Runs blocking work beside Swift's own threads but within the test's task, so that what fails is the test's.
func onThread<Value: Sendable>(_ work: () throws -> Value) async throws -> Value {
    try await withTaskExecutorPreference(PostgresThreads.shared) { try work() }
}
