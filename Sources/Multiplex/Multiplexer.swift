// The connections of one worker to one backend, shared by all of the worker's sessions.

import Reactor

/// Carries the exchanges of many callers over few connections; all of it belongs to the worker's thread.
///
/// - A request goes to the open connection that owes the fewest answers, is written there at once and leaves with all
///   others of the same turn in one send. With none open, one is opened and the request waits for it.
/// - While every connection is in its back-off, requests fail at once: `unavailable`, with the reason of the last failure.
/// - A request waits for a place while connections open or are full, at most ``MultiplexConfiguration/waiting`` of them;
///   further ones are `unavailable` at once. Waiting counts into the request's time.
/// - Nothing is sent twice, but for an exchange that says it is repeatable and of which no byte has left.
/// - With answers in order, an overdue answer closes its connection, so that no late answer can meet another request. By
///   id its slot stays taken until the late answer has come and was dropped. A connection half of whose slots are taken
///   so takes no further requests and closes when the others are answered; one that says nothing while three answers
///   become overdue is closed at once.
/// - A caller that goes away leaves its exchange behind: the answer is still read, and dropped. An exchange says whether
///   its caller's cancellation ends it; without that its time-out does, and ``close()``.
///
/// It has to be closed with ``close()``; its connections keep it alive until then.
package final class Multiplexer: @unchecked Sendable {
    package let endpoint: MultiplexEndpoint
    package let configuration: MultiplexConfiguration
    let delegate: any MultiplexDelegate
    package let worker: Worker
    @exclusivity(unchecked) package internal(set) var counters = MultiplexCounters()

    @exclusivity(unchecked) private var connections: [MultiplexConnection] = []
    @exclusivity(unchecked) var waitingRoom: WaitingRoom
    @exclusivity(unchecked) private var tasks: [Task<Void, Never>] = []
    @exclusivity(unchecked) private var isClosed = false
    /// Why the last connection could not be opened, or was lost.
    @exclusivity(unchecked) package internal(set) var lastFailure: MultiplexFailure?

    /// Whether the first connection is opened now and again after each loss, without a request that asks for it.
    package var isKeptOpen = false {
        didSet { if isKeptOpen { connections.first?.open() } }
    }

    /// Opens nothing yet; call it on the worker's thread.
    package init(
        to endpoint: MultiplexEndpoint, _ configuration: MultiplexConfiguration, delegate: any MultiplexDelegate,
        worker: Worker
    ) {
        assert(worker.isCurrent, "connections belong to their worker's thread")
        self.endpoint = endpoint
        self.configuration = configuration
        self.delegate = delegate
        self.worker = worker
        waitingRoom = WaitingRoom(worker: worker, limit: configuration.waiting)
        waitingRoom.counts = self
        connections = (0..<max(1, configuration.connections)).map { MultiplexConnection(of: self, index: $0) }
        let room = waitingRoom
        tasks = [Task(executorPreference: worker) { await room.waker.run(room) }]
        for connection in connections {
            tasks.append(
                Task(executorPreference: worker) { [self] in
                    await connection.run()
                    // Keeps this alive for as long as its connections.
                    withExtendedLifetime(self) {}
                })
        }
    }

    // MARK: Exchanges

    /// Submits an exchange and waits until it is over.
    package func perform(_ exchange: Exchange) async throws(MultiplexFailure) {
        submit(exchange)
        guard !exchange.isCancellable else { return try await wait(for: exchange) }
        if !exchange.isOver { await withUnsafeContinuation { exchange.continuation = $0 } }
        if let failure = exchange.failure { throw failure }
    }

    /// Submits an exchange without waiting; ``Exchange/finished()`` tells when it is over, if not ``wait(for:)``.
    package func submit(_ exchange: Exchange) {
        begin(exchange)
        guard !isClosed else { return settle(exchange, .unavailable("the gateway stops")) }
        if waitingRoom.isEmpty, let connection = connectionWithRoom() {
            connection.take(exchange)
        } else if !canWait {
            settle(exchange, .unavailable(refusal))
        } else if !waitingRoom.add(exchange) {
            settle(exchange, .unavailable("\(waitingRoom.count) requests wait for \(endpoint) already"))
        }
    }

    /// Counts an exchange and starts its time.
    func begin(_ exchange: Exchange) {
        assert(worker.isCurrent && exchange.state == .new, "an exchange is submitted once, on its worker")
        counters.requests &+= 1
        exchange.deadline =
            switch exchange.timeout {
            case .usual: worker.now.later(by: configuration.responseTimeout)
            case .nanoseconds(let time): worker.now.later(by: time)
            case .never: .max
            }
    }

    /// Waits until an exchange that was submitted is over; one caller only.
    package func wait(for exchange: Exchange) async throws(MultiplexFailure) {
        if !exchange.isOver {
            if exchange.isCancellable {
                await waitUnlessCancelled(for: exchange)
            } else {
                await withUnsafeContinuation { exchange.continuation = $0 }
            }
        }
        if let failure = exchange.failure { throw failure }
    }

    /// Waits until `exchange` is over, and abandons it when the caller's task is cancelled.
    private func waitUnlessCancelled(for exchange: Exchange) async {
        let abandoned = Abandoned(exchange: exchange, multiplexer: self)
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                if exchange.isOver { continuation.resume() } else { exchange.continuation = continuation }
            }
        } onCancel: {
            abandoned.multiplexer.worker.submit { abandoned.multiplexer.abandon(abandoned.exchange) }
        }
    }

    /// Ends the caller's interest in an exchange: it fails as `cancelled`, and what comes for it is dropped.
    ///
    /// One without a time-out whose answers come in order closes its connection, because nothing else would end it.
    package func abandon(_ exchange: Exchange) {
        guard !exchange.isOver else { return }
        if exchange.state == .pending {
            exchange.connection?.abandon(exchange, .cancelled)
        } else {
            settle(exchange, .cancelled)
        }
    }

    // MARK: What is there

    /// Whether an exchange that is submitted now is sent after all others that are not over, on the same connection, and
    /// answered after them.
    package var keepsOrder: Bool {
        guard connections.count == 1, let only = connections.first else { return false }
        return only.keepsOrder && waitingRoom.isEmpty
    }

    /// Exchanges whose answers are owed.
    package var pending: Int { connections.reduce(0) { $0 + $1.pendingCount } }
    /// Exchanges that wait for a place on a connection.
    package var waiting: Int { waitingRoom.count }
    /// Connections that are logged in.
    package var open: Int { connections.count { $0.isReady } }

    // MARK: Placing

    /// The connection that owes the fewest answers and takes another; opens a further one when that one is busy.
    private func connectionWithRoom() -> MultiplexConnection? {
        var best: MultiplexConnection?
        var closed: MultiplexConnection?
        for connection in connections {
            if connection.hasRoom {
                if connection.pendingCount == 0 { return connection }
                if best.map({ connection.pendingCount < $0.pendingCount }) ?? true { best = connection }
            } else if closed == nil, connection.canOpen {
                closed = connection
            }
        }
        closed?.open()
        return best
    }

    /// Whether a connection is there, or may soon be.
    private var canWait: Bool { connections.contains { $0.isReady || $0.isOpening } }

    private var refusal: String {
        guard case .unavailable(let reason)? = lastFailure else { return "no connection to \(endpoint)" }
        return reason
    }

    /// Gives those who wait their places, as far as there are any.
    func admitWaiting() {
        while !waitingRoom.isEmpty, let connection = connectionWithRoom() {
            guard let exchange = waitingRoom.takeFirst() else { return }
            connection.take(exchange)
        }
    }

    /// Lets an exchange that has left nothing behind wait again, before all others.
    func repeatFirst(_ exchange: Exchange) { waitingRoom.putBack(exchange) }

    /// Called when a connection has ended or could not be opened.
    func connectionEnded(_ failure: MultiplexFailure) {
        lastFailure = failure
        guard !waitingRoom.isEmpty else { return }
        // One that can be opened at once is.
        admitWaiting()
        guard !canWait else { return }
        while let exchange = waitingRoom.takeFirst() { settle(exchange, .unavailable(refusal)) }
    }

    /// Ends an exchange that is on no connection.
    func settle(_ exchange: Exchange, _ failure: MultiplexFailure) {
        exchange.state = .over
        exchange.end(failure, counters: &counters)
    }

    // MARK: The end

    /// Fails everything that is under way, closes the connections and returns when they are closed.
    package func close() async {
        guard !isClosed else { return }
        isClosed = true
        while let exchange = waitingRoom.takeFirst() { settle(exchange, .unavailable("the gateway stops")) }
        waitingRoom.waker.cancel()
        for connection in connections { connection.waker.cancel() }
        for task in tasks { await task.value }
        tasks = []
        connections = []
    }
}

/// An exchange on its way to the worker's thread, to be abandoned there.
private struct Abandoned: @unchecked Sendable {
    let exchange: Exchange
    let multiplexer: Multiplexer
}

extension Exchange {
    /// Tells the caller, if it is still there.
    func end(_ failure: MultiplexFailure?, counters: inout MultiplexCounters) {
        storedFailure = failure
        switch failure {
        case nil: counters.answered &+= 1
        case .cancelled: break
        case .timedOut:
            counters.timeouts += 1
            counters.failures += 1
        default: counters.failures += 1
        }
        finished()
        guard let continuation else { return }
        self.continuation = nil
        continuation.resume()
    }
}
