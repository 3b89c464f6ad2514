// One connection to a backend: from its opening to its loss, again and again.

import Reactor

/// A connection of a ``Multiplexer``; adapters see it in ``MultiplexDelegate``.
///
/// Its task connects and logs in, then sleeps while the worker calls ``step()`` at every wake-up: what came is cut into
/// frames and given to the exchanges, and what was written since is sent.
package final class MultiplexConnection: Pump, @unchecked Sendable {
    enum State {
        /// Nobody needs it, or it waits before it tries again.
        case closed
        case opening
        case ready
        /// It takes no further requests and ends when those it has are answered.
        case leaving
    }

    /// Reads of one step; then the worker's other sessions have their turn.
    static let readsPerStep = 4
    /// Buffers that grew beyond this are given back when they are empty.
    static let keptCapacity = 64 * 1024
    /// So many overdue answers without a byte in between, and the backend is taken for gone.
    static let overdueInSilenceLimit = 3
    /// How often a repeatable exchange is tried.
    static let attempts = 3

    /// Its place among the multiplexer's connections, from zero.
    package let index: Int
    unowned(unsafe) let multiplexer: Multiplexer
    /// Keeps it alive for an adapter that still holds a connection; ``Multiplexer/close()`` ends the cycle.
    private let keeper: Multiplexer
    let worker: Worker
    let waker: Waker

    @exclusivity(unchecked) var state = State.closed
    @exclusivity(unchecked) var isWanted = false
    @exclusivity(unchecked) var backoff: Backoff
    /// Why it is over; nil while it is not.
    @exclusivity(unchecked) var ending: MultiplexFailure?

    @exclusivity(unchecked) var socket: Socket?
    @exclusivity(unchecked) var codec: (any FrameCodec)?
    @exclusivity(unchecked) var kept = FrameBuffer()
    /// Bytes of an incomplete frame that have to be there before the codec looks again.
    @exclusivity(unchecked) var needed = 0
    @exclusivity(unchecked) var output = OutputBuffer()
    /// All bytes that were given to the socket since the connection was opened.
    @exclusivity(unchecked) var handedOver = 0

    @exclusivity(unchecked) var table: PendingTable
    /// Exchanges without an answer whose bytes are still in ``output``.
    @exclusivity(unchecked) var unanswered: [Exchange] = []
    @exclusivity(unchecked) var abandonedCount = 0
    /// Answers that became overdue, by id, since the last byte came.
    @exclusivity(unchecked) var overdueInSilence = 0
    @exclusivity(unchecked) var keepAlive: Exchange?
    @exclusivity(unchecked) var lastHeard: UInt64 = 0
    @exclusivity(unchecked) var lastAsked: UInt64 = 0
    /// Whether this connection has answered anything since it was opened.
    @exclusivity(unchecked) var hasAnswered = false

    init(of multiplexer: Multiplexer, index: Int) {
        self.multiplexer = multiplexer
        keeper = multiplexer
        self.index = index
        worker = multiplexer.worker
        waker = Waker(worker: multiplexer.worker)
        backoff = Backoff(multiplexer.configuration)
        table = PendingTable(multiplexer.configuration)
    }

    var configuration: MultiplexConfiguration { _read { yield multiplexer.configuration } }

    // MARK: What the multiplexer asks

    /// Whether it is logged in and takes requests.
    package var isReady: Bool { state == .ready }
    /// Whether it will be logged in soon, unless that fails.
    var isOpening: Bool { state == .opening || isWanted && canOpen }
    /// Whether asking for it opens it now, or once it has left.
    var canOpen: Bool {
        guard !waker.isCancelled else { return false }
        return state == .closed && backoff.isOver(worker.now) || state == .leaving
    }
    /// Exchanges whose answers are owed, with those whose callers have gone.
    var pendingCount: Int { table.count }

    var hasRoom: Bool {
        guard state == .ready, ending == nil, !table.isFull, let socket else { return false }
        return output.count &+ socket.queuedCount <= configuration.queuedBytes
    }

    /// Whether an exchange that it takes now is answered after all that it has.
    var keepsOrder: Bool { table.isInOrder && hasRoom }

    /// Asks for it to be opened.
    func open() {
        guard !isWanted else { return }
        isWanted = true
        waker.wake()
    }

    // MARK: Exchanges

    /// Submits an exchange on this connection and on no other: an answer to a push, for example.
    package func submit(_ exchange: Exchange) {
        multiplexer.begin(exchange)
        guard socket != nil, ending == nil, !table.isFull else {
            return multiplexer.settle(exchange, .unavailable("the connection is closed or full"))
        }
        take(exchange)
    }

    /// Writes the exchange's request; it leaves at the end of the turn.
    func take(_ exchange: Exchange) {
        exchange.state = .pending
        exchange.connection = self
        exchange.outputStart = handedOver &+ output.count
        exchange.attempts += 1
        if exchange.expectsAnswer {
            guard let id = table.insert(exchange) else {
                return multiplexer.settle(exchange, .unavailable("the connection is full"))
            }
            exchange.id = id
            if exchange.deadline < waker.deadline, state == .ready { waker.setDeadline(at: exchange.deadline) }
            exchange.encode(id: id, into: &output)
        } else {
            unanswered.append(exchange)
            exchange.encode(id: 0, into: &output)
        }
        lastAsked = worker.now
        waker.wake()
    }

    /// Performs an exchange during the handshake, in which nothing else goes on.
    package func perform(_ exchange: Exchange) async throws(MultiplexFailure) {
        submit(exchange)
        while !exchange.isOver {
            let isEnding = step()
            if exchange.isOver { break }
            if isEnding { throw ending ?? .cancelled }
            do throws(IOError) { try waker.check("the handshake") } catch { throw .unavailable(error.description) }
            await waker.wait()
        }
        if let failure = exchange.failure { throw failure }
    }

    /// Leaves a pending exchange to itself: what comes for it is dropped.
    func abandon(_ exchange: Exchange, _ failure: MultiplexFailure) {
        if exchange.expectsAnswer { abandonedCount += 1 }
        exchange.isAbandoned = true
        if exchange.timeout == .never, table.isInOrder, exchange.expectsAnswer {
            end(.indeterminate("its stream was ended by its reader"))
        }
        exchange.end(failure, counters: &multiplexer.counters)
    }

    /// Gives the connection up; what is pending on it fails with the reason.
    package func close(_ reason: MultiplexFailure) { end(reason) }

    func end(_ reason: MultiplexFailure) {
        guard ending == nil else { return }
        ending = reason
        waker.wake()
    }

    // MARK: The steady state

    package func step() -> Bool {
        guard let socket else { return true }
        receive(socket)
        if waker.isCancelled { end(.cancelled) }
        if ending == nil, state != .opening, waker.hasTimedOut { lookAtDeadlines() }
        if !multiplexer.waitingRoom.isEmpty, hasRoom { multiplexer.admitWaiting() }
        if ending == nil { flush(socket) }
        if socket.hasWriteFailed, !socket.isReadable {
            end(.indeterminate(lost(socket.writeError)))
        }
        if state == .leaving, table.count == abandonedCount, !socket.hasQueued {
            end(.unavailable("the connection was used up"))
        }
        return ending != nil
    }

    // MARK: Sending

    func flush(_ socket: Socket) {
        guard output.count > 0, !socket.isCongested else { return }
        handedOver &+= output.count
        socket.send(output.bytes.span)
        output.removeAll(keeping: Self.keptCapacity)
        guard !unanswered.isEmpty, !socket.hasWriteFailed else { return }
        let sent = unanswered
        unanswered.removeAll(keepingCapacity: true)
        for exchange in sent where !exchange.isOver {
            exchange.state = .over
            exchange.end(nil, counters: &multiplexer.counters)
        }
    }

    /// How many bytes may have left since the connection was opened.
    ///
    /// A socket that has failed has dropped its queue, and one with TLS may have sent a part of a record that it still
    /// counts as queued: then everything that was handed over may have.
    var leftBytes: Int {
        guard let socket, !socket.hasWriteFailed, !socket.isEncrypted else { return handedOver }
        return handedOver &- socket.queuedCount
    }

    /// Whether a byte of the request may have left; one without bytes waits for what comes unasked.
    @inline(__always)
    func mayHaveLeft(_ exchange: Exchange) -> Bool {
        exchange.outputStart < leftBytes || exchange.outputStart == handedOver && output.count == 0
    }
}
