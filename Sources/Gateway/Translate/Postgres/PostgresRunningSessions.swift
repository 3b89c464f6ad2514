// The translated sessions that run now, by the keys that cancel their statements.

import Capabilities
import Digest
import PostgresWire
import Reactor
import Synchronization

/// Sessions of all workers and listeners.
final class PostgresRunningSessions: Sendable {
    static let shared = PostgresRunningSessions()

    private struct State {
        var sessions: [UInt32: PostgresRunningSession] = [:]
        var lastID: UInt32 = 0
    }

    private let state = Mutex(State())

    /// Adds a session under a key of its own with a secret of `length` bytes; the process id is as good as any number.
    func add(
        user: String, database: String, backend: String, peer: SocketAddress, waker: Waker, secretLength length: Int
    ) -> PostgresRunningSession {
        let secret = randomBytes(length)
        return state.withLock { state in
            repeat {
                state.lastID = state.lastID % UInt32(Int32.max) + 1
            } while state.sessions[state.lastID] != nil
            let session = PostgresRunningSession(
                PostgresKey(processID: state.lastID, secret: secret), user: user, database: database, backend: backend,
                peer: peer, waker: waker)
            state.sessions[state.lastID] = session
            return session
        }
    }

    func remove(_ session: PostgresRunningSession) {
        session.opened(nil)
        PostgresNotifications.shared.unlisten(nil, session)
        state.withLock { $0.sessions[session.key.processID] = nil }
    }

    /// Ends the statement that the key's session runs now; a wrong key does nothing, and nobody hears of it.
    func cancel(_ key: PostgresKey) {
        guard let session = state.withLock({ $0.sessions[key.processID] }), session.key == key else { return }
        session.cancel()
    }

    /// The session with this process id, if it belongs to `backend`.
    func session(_ processID: Int64, of backend: String) -> PostgresRunningSession? {
        guard let number = UInt32(exactly: processID) else { return nil }
        return state.withLock { state in state.sessions[number].flatMap { $0.backend == backend ? $0 : nil } }
    }

    /// All sessions of `backend`, the oldest first.
    func all(of backend: String) -> [PostgresRunningSession] {
        state.withLock { state in state.sessions.values.filter { $0.backend == backend } }
            .sorted { $0.key.processID < $1.key.processID }
    }
}
