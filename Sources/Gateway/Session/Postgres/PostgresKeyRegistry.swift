// Which backend gave out which cancel key.

import Reactor
import Synchronization

/// What a BackendKeyData tells a client, and a CancelRequest gives back.
struct PostgresKey: Sendable, Hashable {
    let processID: UInt32
    /// 4 to 256 bytes.
    let secret: [UInt8]
}

/// The keys of the sessions that run now, over all workers and all listeners of one front.
///
/// A session adds the key that passes to its client and takes it away when it ends, so there are never more keys
/// than sessions and a late cancellation cannot reach a stranger through here.
final class PostgresKeyRegistry: Sendable {
    /// Where a cancellation has to go.
    struct Owner: Sendable {
        let session: UInt64
        let backend: Backend
        /// The very server, where the backend's name stands for several; nil when it is not known.
        let address: SocketAddress?
    }

    private let owners = Mutex<[PostgresKey: Owner]>([:])

    /// How many sessions have a key.
    var count: Int { owners.withLock { $0.count } }

    func add(_ key: PostgresKey, of owner: Owner) { owners.withLock { $0[key] = owner } }

    /// Takes `key` away unless another session has been given the same one since.
    func remove(_ key: PostgresKey, session: UInt64) {
        owners.withLock { owners in
            if owners[key]?.session == session { owners[key] = nil }
        }
    }

    func owner(of key: PostgresKey) -> Owner? { owners.withLock { $0[key] } }
}
