// What a connection does when time has passed: overdue answers, idleness, and the question whether it lives.

import Reactor

extension MultiplexConnection {
    func lookAtDeadlines() {
        let now = worker.now
        if state == .leaving, table.count == abandonedCount {
            // Nothing is owed; what is still queued, nobody takes.
            return end(.unavailable("the connection was used up"))
        }
        var next = UInt64.max
        var late: [Exchange] = []
        table.forEach { exchange in
            if exchange.deadline > now {
                next = min(next, exchange.deadline)
            } else if !exchange.isAbandoned || table.isInOrder {
                late.append(exchange)
            }
        }
        for exchange in late where ending == nil || !exchange.isAbandoned { overdue(exchange) }
        if let idleTimeout = configuration.idleTimeout {
            let end = (table.count == 0 ? max(lastAsked, lastHeard) : now).later(by: idleTimeout)
            if end <= now { leave() } else { next = min(next, end) }
        }
        if state == .ready, let interval = configuration.keepAlive {
            let isQuiet = lastHeard.later(by: interval) <= now
            if isQuiet, keepAlive?.isOver ?? true,
                let exchange = multiplexer.delegate.makeKeepAlive()
            {
                keepAlive = exchange
                submit(exchange)
                next = min(next, exchange.deadline)
            }
            next = min(next, (isQuiet ? now : lastHeard).later(by: interval))
        }
        waker.setDeadline(at: next)
    }

    func overdue(_ exchange: Exchange) {
        if !exchange.isAbandoned {
            let failure: MultiplexFailure = mayHaveLeft(exchange) ? .timedOut : .unavailable("it was not sent in time")
            fail(exchange, failure)
        }
        if table.isInOrder {
            // Its answer could still come, and would be taken for the next one's.
            end(.indeterminate("an earlier answer of \(multiplexer.endpoint) was overdue"))
            return
        }
        overdueInSilence += 1
        if exchange === keepAlive || overdueInSilence >= Self.overdueInSilenceLimit {
            end(.indeterminate("\(multiplexer.endpoint) has gone silent"))
        } else if abandonedCount * 2 >= table.capacity {
            leave()
        }
    }
}
