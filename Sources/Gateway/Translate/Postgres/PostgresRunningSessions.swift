// The translated sessions that run now, by the keys that cancel their statements.

import Capabilities
import Digest
import PostgresWire
import Synchronization

/// Sessions of all workers and listeners.
final class PostgresRunningSessions: Sendable {
    static let shared = PostgresRunningSessions()

    private struct State {
        var sessions: [PostgresKey: any SQLSession] = [:]
        var lastID: UInt32 = 0
    }

    private let state = Mutex(State())

    /// Adds a session under a key of its own with a secret of `length` bytes; the process id is as good as any number.
    func add(_ session: any SQLSession, secretLength length: Int) -> PostgresKey {
        let secret = randomBytes(length)
        return state.withLock { state in
            state.lastID = state.lastID % UInt32(Int32.max) + 1
            let key = PostgresKey(processID: state.lastID, secret: secret)
            state.sessions[key] = session
            return key
        }
    }

    func remove(_ key: PostgresKey) { state.withLock { $0.sessions[key] = nil } }

    /// Ends the statement that the key's session runs now; a wrong key does nothing, and nobody hears of it.
    func cancel(_ key: PostgresKey) {
        let session = state.withLock { $0.sessions[key] }
        session?.cancel()
    }
}
