// Upstreams that wait for their next request, on one worker.

import Reactor

/// The idle upstreams of one worker, per backend; the one used last is taken first.
///
/// A backend closes idle connections when it likes. The pool watches them and lets go of those that were closed,
/// that sent something nobody asked for, or that have waited for their backend's idle-connection-timeout.
package final class UpstreamPool {
    private struct Idle {
        let socket: Socket
        let expiry: UInt64
    }

    private let worker: Worker
    private let waker: Waker
    private var idle: [[Idle]]
    private var isClosed = false

    init(worker: Worker, backendCount: Int) {
        self.worker = worker
        waker = Waker(worker: worker)
        idle = Array(repeating: [], count: backendCount)
    }

    /// How many upstreams wait, over all backends.
    package var count: Int { idle.reduce(0) { $0 + $1.count } }

    /// Takes an idle upstream of `backend` for the session of `waker`; nil when there is none.
    ///
    /// With `probes` the system is asked once more whether the backend has closed it; else only what events have said
    /// counts. Whoever cannot repeat a request pays that call to make the race as short as it can be.
    package func take(_ backend: Backend, for waker: Waker, probes: Bool) -> Socket? {
        while let entry = idle[backend.index].popLast() {
            let socket = entry.socket
            if entry.expiry <= worker.now || isDead(socket) || probes && !socket.isQuiet() {
                socket.close()
                continue
            }
            socket.waker = waker
            return socket
        }
        return nil
    }

    /// Keeps `socket`, which has nothing owed either way, for a later request.
    package func giveBack(_ socket: Socket, of backend: Backend) {
        let settings = backend.configuration
        guard !isClosed, idle[backend.index].count < settings.idleConnections, !isDead(socket), !socket.hasQueued,
            !socket.hasWriteFailed
        else {
            socket.close()
            return
        }
        socket.waker = waker
        let expiry = worker.now &+ settings.idleConnectionTimeout.nanoseconds
        idle[backend.index].append(Idle(socket: socket, expiry: expiry))
        waker.setDeadline(at: min(waker.deadline, expiry))
    }

    /// Closes the idle upstreams and keeps none from now on.
    package func closeAll() {
        isClosed = true
        for backend in idle.indices {
            for entry in idle[backend] { entry.socket.close() }
            idle[backend] = []
        }
    }

    /// Lets go of dead and expired upstreams until the task is cancelled; one such task a worker.
    func sweep() async {
        await withTaskCancellationHandler {
            while !waker.isCancelled {
                waker.setDeadline(at: removeDead())
                await waker.wait()
            }
        } onCancel: { [waker] in
            waker.cancel()
        }
        closeAll()
    }

    /// Whether an idle socket was closed by its backend, or got something that nobody asked for.
    private func isDead(_ socket: Socket) -> Bool {
        // A full last read leaves a socket readable that has nothing more; only then is the system asked.
        socket.isHungUp || socket.isReadable && !socket.isQuiet()
    }

    /// Removes what cannot be used again; when the next one expires.
    private func removeDead() -> UInt64 {
        var next = UInt64.max
        for backend in idle.indices {
            idle[backend].removeAll { entry in
                let mustGo = entry.expiry <= worker.now || isDead(entry.socket)
                if mustGo { entry.socket.close() } else { next = min(next, entry.expiry) }
                return mustGo
            }
        }
        return next
    }
}
