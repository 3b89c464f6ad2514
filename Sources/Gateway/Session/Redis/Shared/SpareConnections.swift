// Connections that clients of a shared backend had for themselves and left as they found them.

import Reactor

/// Spare connections of one identity on one worker; the one used last is taken first.
final class SpareConnections {
    private struct Spare {
        let socket: Socket
        let expiry: UInt64
    }

    private static let most = 16
    /// Nanoseconds that one is kept.
    private static let patience: UInt64 = 10_000_000_000

    private let waker: Waker
    private var spares: [Spare] = []
    private var isClosed = false

    /// `waker` is woken by what happens to a spare, and then lets ``sweep()`` look.
    init(waker: Waker) { self.waker = waker }

    /// A spare for the client of `waker`; nil when there is none that lives.
    func take(for waker: Waker) -> Socket? {
        while let spare = spares.popLast() {
            guard spare.socket.isQuiet() else {
                spare.socket.close()
                continue
            }
            spare.socket.waker = waker
            return spare.socket
        }
        return nil
    }

    /// Keeps `socket`, on which nothing is owed and nothing was left behind.
    func giveBack(_ socket: Socket) {
        guard !isClosed, spares.count < Self.most, !socket.hasQueued, !socket.hasWriteFailed, socket.isQuiet() else {
            return socket.close()
        }
        socket.waker = waker
        spares.append(Spare(socket: socket, expiry: waker.worker.now &+ Self.patience))
    }

    /// Lets go of those that have waited too long or were closed.
    func sweep() {
        let now = waker.worker.now
        spares.removeAll { spare in
            let mustGo = spare.expiry <= now || !spare.socket.isQuiet()
            if mustGo { spare.socket.close() }
            return mustGo
        }
    }

    func closeAll() {
        isClosed = true
        for spare in spares { spare.socket.close() }
        spares = []
    }
}
