// The steady state of a relay: one step a wake-up.

import Reactor

/// Moves bytes both ways at each wake-up and knows when that is over.
final class RelayPump: Pump {
    private let observer: any RelayObserver
    private(set) var end = RelayEnd.cancelled
    private let relay: Relay
    private let waker: Waker
    @exclusivity(unchecked) private var watch: RelayWatch

    init(_ relay: Relay, _ observer: any RelayObserver) {
        self.relay = relay
        self.observer = observer
        waker = relay.client.waker
        watch = RelayWatch(
            idleTimeout: relay.idleTimeout, responseTimeout: relay.responseTimeout, now: waker.worker.now)
        // A front may have sent the first request before the relay began.
        watch.moved(replies: false, isAwaitingReply: observer.isAwaitingReply, now: waker.worker.now)
    }

    var deadline: UInt64 { watch.deadline }

    func step() -> Bool {
        var turn = RelayTurn()
        do throws(IOError) {
            try turn.forwardRequests(of: relay, observer)
        } catch {
            return over(.clientFailed)
        }
        do throws(IOError) {
            try turn.forwardReplies(of: relay, observer)
        } catch {
            return over(.backendFailed(error))
        }
        if turn.repliesMoved { relay.breaker?.answered() }
        let client = relay.client
        if client.hasWriteFailed || client.isHungUp && !client.isReadable { return over(.clientFailed) }
        if waker.isCancelled { return over(.cancelled) }
        if relay.upstream.hasEnded, !client.hasQueued { return over(.backendClosed) }
        if turn.requestsMoved || turn.repliesMoved {
            watch.moved(
                replies: turn.repliesMoved, isAwaitingReply: observer.isAwaitingReply, now: waker.worker.now)
            waker.setDeadline(at: watch.deadline)
        } else if waker.hasTimedOut {
            return over(watch.isSilent(now: waker.worker.now) ? .silent : .idle)
        }
        if turn.mustYield { waker.wake() }
        return false
    }

    private func over(_ end: RelayEnd) -> Bool {
        self.end = end
        return true
    }
}
