// Exchanges that have no connection yet.

import Reactor

/// The queue of those who wait, and the clock that ends their waiting.
final class WaitingRoom: Pump {
    let waker: Waker
    private let limit: Int
    unowned(unsafe) var counts: Multiplexer?
    @exclusivity(unchecked) private var queue = Ring<Exchange>()

    init(worker: Worker, limit: Int) {
        waker = Waker(worker: worker)
        self.limit = limit
    }

    /// How many wait; callers that have gone count until their turn comes.
    var count: Int { queue.count }
    var isEmpty: Bool { queue.isEmpty }

    /// Lets `exchange` wait, until its deadline; false when there is no place.
    func add(_ exchange: Exchange) -> Bool {
        guard queue.count < limit else { return false }
        exchange.state = .waiting
        queue.append(exchange)
        watch(exchange.deadline)
        return true
    }

    /// Lets `exchange` wait in front of all others; it has had a place, so the limit does not count.
    func putBack(_ exchange: Exchange) {
        exchange.state = .waiting
        queue.prepend(exchange)
        watch(exchange.deadline)
    }

    /// The next one that still wants to.
    func takeFirst() -> Exchange? {
        while let exchange = queue.popFirst() { if !exchange.isOver { return exchange } }
        return nil
    }

    private func watch(_ deadline: UInt64) {
        if deadline < waker.deadline { waker.setDeadline(at: deadline) }
    }

    /// Ends the waiting of those whose time is over.
    func step() -> Bool {
        guard !waker.isCancelled else { return true }
        guard waker.hasTimedOut, let counts else { return false }
        let now = waker.worker.now
        var next = UInt64.max
        var late: [Exchange] = []
        queue.removeAll { exchange in
            if exchange.isOver { return true }
            if exchange.deadline <= now {
                late.append(exchange)
                return true
            }
            next = min(next, exchange.deadline)
            return false
        }
        waker.setDeadline(at: next)
        // Whoever hears of it may submit something new, so the queue has to be in order before.
        for exchange in late {
            counts.settle(exchange, .unavailable("no connection to \(counts.endpoint) had room in time"))
        }
        return false
    }
}
