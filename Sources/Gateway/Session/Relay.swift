// Two sockets joined: what one receives, the other sends, both ways, unchanged.

import Reactor

/// Looks at bytes on their way; it cannot change them.
protocol RelayObserver: AnyObject {
    /// Bytes from the client were passed to the upstream.
    func clientSent(_ bytes: Span<UInt8>)
    /// Bytes from the upstream were passed to the client.
    func backendSent(_ bytes: Span<UInt8>)
    /// Whether the backend owes the client an answer; decides whose silence is counted.
    var isAwaitingReply: Bool { get }
}

/// Why a relay ended.
enum RelayEnd: Equatable {
    /// The backend closed and everything it sent was delivered.
    case backendClosed
    /// The connection to the backend broke; what it had sent is in the client's queue.
    case backendFailed(IOError)
    /// The client's connection broke.
    case clientFailed
    /// Neither side sent anything for the idle time-out.
    case idle
    /// The backend owed an answer and was silent for the response time-out.
    case silent
    /// The session was cancelled.
    case cancelled
}

/// Relays bytes between a client and its upstream until one of them is done.
struct Relay {
    let client: Socket
    let upstream: Socket
    let metrics: ListenerMetrics
    /// Nanoseconds without a byte either way after which the relay ends; nil for never.
    var idleTimeout: UInt64?
    /// Nanoseconds without a byte from the backend while it owes an answer; nil for never.
    var responseTimeout: UInt64?
    /// What hears that the backend answers; nil where nothing asks.
    var breaker: CircuitBreaker?

    /// Nanoseconds for which a client may still send after its backend has closed: what it had under way is
    /// delivered, but a client that never closes does not keep the session.
    private static let lingering: UInt64 = 5_000_000_000

    /// Relays until one side is done; the caller closes both sockets.
    ///
    /// When the backend has closed, everything it sent is on its way to the client, but the client has not been told
    /// of the end: the caller may add words of its own, and then lets ``linger()`` say it.
    func run(_ observer: any RelayObserver) async -> RelayEnd {
        let pump = RelayPump(self, observer)
        client.waker.setDeadline(at: pump.deadline)
        await client.waker.run(pump)
        return pump.end
    }

    /// Honours the client's half of the connection after the backend has closed its own.
    ///
    /// The client hears the end and what it still sends is passed on, until it closes too, the backend takes no more,
    /// or the time is over.
    func linger() async {
        let waker = client.waker
        client.finish()
        waker.setDeadline(after: Self.lingering)
        let observer = NoObserver()
        while !waker.isCancelled, !waker.hasTimedOut, !client.hasWriteFailed, !client.isHungUp {
            if !client.hasQueued, client.hasEnded || upstream.isGone { return }
            var turn = RelayTurn()
            do throws(IOError) {
                try turn.forwardRequests(of: self, observer)
            } catch {
                return
            }
            if turn.mustYield { waker.wake() }
            await waker.wait()
        }
    }
}

/// Looks at nothing.
final class NoObserver: RelayObserver {
    var isAwaitingReply: Bool { false }
    func clientSent(_ bytes: Span<UInt8>) {}
    func backendSent(_ bytes: Span<UInt8>) {}
}
