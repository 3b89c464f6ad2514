// What one worker knows of a listener's migration; touched on its thread only.

import Migration
import Reactor

/// The clients of a listener on one worker, the keys that they write, and whom they are served by.
final class MigrationNotes {
    @exclusivity(unchecked) var dirty = DirtyKeys()
    /// Whether clients have to wait.
    private(set) var isHolding = false
    /// The listener as it is for whoever comes now.
    private(set) var serving: ListenerState
    private var clients: [ObjectIdentifier: MigrationClient] = [:]
    private var waiting: [ObjectIdentifier: Waker] = [:]

    init(serving: ListenerState) { self.serving = serving }

    var clientCount: Int { clients.count }

    /// Waits while clients are held; then they are counted in, or the session is over.
    func admit(_ waker: Waker) async {
        while isHolding, !waker.isCancelled {
            waiting[ObjectIdentifier(waker)] = waker
            await waker.wait()
        }
        waiting[ObjectIdentifier(waker)] = nil
    }

    func add(_ client: MigrationClient) { clients[ObjectIdentifier(client)] = client }
    func remove(_ client: MigrationClient) { clients[ObjectIdentifier(client)] = nil }

    /// Reads no further command, answers those that came, and ends the sessions.
    func hold() {
        isHolding = true
        for client in clients.values { client.hold() }
    }

    /// Clients are served by `listener` from here on.
    func release(to listener: ListenerState) {
        isHolding = false
        serving = listener
        for client in clients.values { client.release() }
        for waker in waiting.values { waker.wake() }
    }

    /// Keys that were written and whose writes are answered, and what is left.
    func takeDirty() -> MigrationKeys {
        var keys = MigrationKeys()
        keys.remainder = dirty.take { database, key in
            keys.keys.append(MigrationKey(database: database, name: key.withUnsafeBufferPointer { Array($0) }))
        }
        return keys
    }
}

/// A key in its database.
struct MigrationKey: Hashable, Sendable {
    let database: UInt32
    let name: [UInt8]
}

/// Keys that a worker hands over.
struct MigrationKeys: Sendable {
    var keys: [MigrationKey] = []
    var remainder = DirtyKeys.Remainder()
}
