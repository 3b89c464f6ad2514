// The life of a connection: opened when it is wanted, logged in, served, lost, and waited for.

import Reactor

extension MultiplexConnection {
    /// Opens the connection whenever it is wanted, until the waker is cancelled.
    func run() async {
        while !waker.isCancelled {
            isWanted = isWanted || index == 0 && multiplexer.isKeptOpen
            guard isWanted else {
                waker.setDeadline(after: nil)
                await waker.wait()
                continue
            }
            guard backoff.isOver(worker.now) else {
                waker.setDeadline(at: backoff.end)
                await waker.wait()
                continue
            }
            isWanted = false
            if let failure = await openAndLogIn() {
                multiplexer.counters.connectFailures += 1
                backoff.failed(now: worker.now)
                closed(failure, wasReady: false)
            } else {
                await serve()
            }
        }
        closed(.unavailable("the gateway stops"), wasReady: false)
    }

    func openAndLogIn() async -> MultiplexFailure? {
        state = .opening
        waker.setDeadline(after: configuration.connectTimeout)
        do throws(IOError) {
            socket = try await multiplexer.endpoint.connect(waker: waker)
        } catch {
            return .unavailable("cannot connect to \(multiplexer.endpoint): \(error)")
        }
        codec = multiplexer.delegate.makeCodec()
        do throws(MultiplexFailure) {
            try await multiplexer.delegate.handshake(self)
        } catch {
            return .unavailable("cannot log in at \(multiplexer.endpoint): \(error.reason)")
        }
        return ending.map { .unavailable("cannot log in at \(multiplexer.endpoint): \($0.reason)") }
    }

    func serve() async {
        state = .ready
        hasAnswered = false
        lastHeard = worker.now
        lastAsked = worker.now
        multiplexer.counters.opened += 1
        let first = min(configuration.keepAlive ?? .max, configuration.idleTimeout ?? .max)
        waker.setDeadline(after: first == .max ? nil : first)
        multiplexer.admitWaiting()
        await waker.run(self)
        let failure = ending ?? .cancelled
        let isOurs = state == .leaving || waker.isCancelled
        if !isOurs { multiplexer.counters.lost += 1 }
        if hasAnswered || isOurs { backoff.succeeded() } else { backoff.lostUnanswered(now: worker.now) }
        closed(failure, wasReady: true)
    }

    /// Closes the socket and fails what was pending.
    func closed(_ failure: MultiplexFailure, wasReady: Bool) {
        let left = leftBytes
        socket?.close()
        socket = nil
        codec = nil
        state = .closed
        var owed = unanswered
        table.forEach { owed.append($0) }
        resetAccounts()
        // Backwards, so that what is put back into the waiting room comes in its old order.
        for exchange in owed.reversed() where !exchange.isOver && canRepeat(exchange, left) {
            multiplexer.repeatFirst(exchange)
        }
        for exchange in owed where exchange.state == .pending {
            exchange.state = .over
            guard !exchange.isAbandoned else { continue }
            exchange.end(
                exchange.outputStart < left ? .indeterminate(failure.reason) : .unavailable(failure.reason),
                counters: &multiplexer.counters)
        }
        if wasReady { multiplexer.delegate.connectionLost(self, failure) }
        multiplexer.connectionEnded(.unavailable(failure.reason))
    }

    func canRepeat(_ exchange: Exchange, _ left: Int) -> Bool {
        exchange.isRepeatable && exchange.outputStart >= left && exchange.attempts < Self.attempts
            && !waker.isCancelled
    }

    func resetAccounts() {
        ending = nil
        kept = FrameBuffer()
        needed = 0
        output.removeAll(keeping: Self.keptCapacity)
        handedOver = 0
        unanswered = []
        abandonedCount = 0
        overdueInSilence = 0
        keepAlive = nil
        table = PendingTable(configuration)
    }
}

extension MultiplexFailure {
    /// What happened, for a person.
    package var reason: String {
        switch self {
        case .unavailable(let reason), .indeterminate(let reason), .protocolBroken(let reason): reason
        case .timedOut: "no answer in time"
        case .cancelled: "the gateway stops"
        }
    }
}
