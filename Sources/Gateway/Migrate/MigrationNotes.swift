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
    /// Whether a script or function was called with keys since this was last asked: it may write others.
    var hasSeenScripts = false
    private var clients: [ObjectIdentifier: any MigrationClient] = [:]
    private var waiting: [ObjectIdentifier: Waker] = [:]
    /// Whether keys are objects in buckets.
    private let isOfObjects: Bool

    private let scope: MigrationScope

    /// - Parameter scope: the keys that move.
    init(serving: ListenerState, _ scope: MigrationScope) {
        self.serving = serving
        self.scope = scope
        isOfObjects = serving.front.wire == .s3
    }

    var clientCount: Int { clients.count }

    /// Waits while clients are held; then they are counted in, or the session is over.
    func admit(_ waker: Waker) async {
        while isHolding, !waker.isCancelled {
            waiting[ObjectIdentifier(waker)] = waker
            await waker.wait()
        }
        waiting[ObjectIdentifier(waker)] = nil
    }

    func add(_ client: any MigrationClient) { clients[ObjectIdentifier(client)] = client }
    /// The client is gone, or nothing that it does matters any more.
    func remove(_ client: any MigrationClient) { clients[ObjectIdentifier(client)] = nil }

    /// Follows the client at `socket` from here on.
    func follow(_ socket: Socket) {
        let client: any MigrationClient =
            isOfObjects ? S3MigrationClient(socket, self) : RedisMigrationClient(socket, self)
        socket.add(tap: client)
    }

    /// Reads no further command, answers those that came, and ends the sessions.
    func hold() {
        isHolding = true
        for client in clients.values { client.hold() }
    }

    /// What clients have not sent to its end is given up, and by force also what is not answered.
    func giveUp(byForce: Bool) { for client in clients.values { client.giveUp(byForce: byForce) } }

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
        keys.hasSeenScripts = hasSeenScripts
        hasSeenScripts = false
        if dirty.isHeldUp { for client in clients.values { client.letGoOfQueued() } }
        keys.remainder = dirty.take { database, key in
            guard let name = scope.ownName(of: key, in: database) else { return }
            keys.keys.append(
                isOfObjects ? S3MigrationName.key(name) : MigrationKey(part: .database(database), name: name))
        }
        return keys
    }
}

/// Keys that a worker hands over.
struct MigrationKeys: Sendable {
    var keys: [MigrationKey] = []
    var remainder = DirtyKeys.Remainder()
    var hasSeenScripts = false
}
