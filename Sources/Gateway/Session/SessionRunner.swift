// The life of a session around its front: counted in, served, closed, counted out.

import Logging
import Reactor
import Synchronization

/// Runs sessions; the same for every front.
enum SessionRunner {
    private static let lastID = Atomic<UInt64>(0)
    /// Connections beyond the limit that are still told why; more are closed without a word.
    private static let politeExcess = 256

    static func run(
        _ connection: AcceptedConnection, listener: ListenerState, local: WorkerState, logger: Logger
    ) async {
        let waker = Waker(worker: local.worker)
        let count = listener.enter()
        defer { listener.leave() }
        let metrics = local.metrics[listener.index]
        var listener = listener
        // The listener's own sessions, not those by which a migration or a shadow asks in its name.
        let moving = local.migrationNotes(listener.index)
        if let moving {
            await moving.admit(waker)
            guard !waker.isCancelled else { return }
            listener = moving.serving
        }
        guard let client = try? Socket.accept(connection, waker: waker) else { return }
        defer { client.close() }
        // From here on it is known to be here: nobody is left behind when the data has moved.
        moving?.follow(client)
        let session = Session(
            id: lastID.add(1, ordering: .relaxed).newValue, client: client, peer: connection.peer,
            listener: listener, local: local, logger: logger)
        metrics.sessionsOpened += 1
        local.add(waker)
        defer {
            local.remove(waker)
            session.usage?.end()
            metrics.sessionsClosed += 1
        }
        await withTaskCancellationHandler {
            let limit = listener.configuration.connections
            if count <= limit {
                session.log(.debug, "session opened")
                await listener.front.serve(session)
            } else {
                let failure = GatewayFailure(
                    .tooManyConnections, "listener '\(listener.name)' has reached its limit of \(limit) connections")
                session.note(failure)
                if count <= limit + politeExcess { await listener.front.refuse(session, because: failure) }
            }
        } onCancel: {
            waker.cancel()
        }
        session.log(.debug, "session closed")
    }
}
