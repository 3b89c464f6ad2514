// One exchange between a client and an upstream: both bodies stream at once, until both are complete.

import Reactor
import S3Wire
import Wire

/// How an exchange left its relay.
enum S3RelayEnd {
    /// Both messages are complete, or given up in good order.
    case over
    /// The backend went away; what it had sent is in the client's queue.
    case lost(String)
    case failed(GatewayFailure)
    case clientGone
}

/// Moves the bytes of one exchange.
struct S3Relay {
    private let conversation: S3Conversation
    private let client: Socket
    private let upstream: Socket
    private let waker: Waker
    private let worker: Worker
    private let metrics: ListenerMetrics

    /// Reads of one side before the other sessions of the worker get their turn.
    private static let readsPerTurn = 4
    /// Bytes of a request's body that are still passed on once its answer is complete.
    ///
    /// What remains beyond them costs the connections; Go's net/http server draws the same line
    /// (maxPostHandlerReadBytes).
    private static let drainedBytes = 256 * 1024
    /// Nanoseconds for which a body is waited for once its answer is complete, or for the answer once the backend
    /// takes no more.
    private static let drainTime: UInt64 = 2_000_000_000

    init(_ conversation: S3Conversation, _ upstream: Socket) {
        self.conversation = conversation
        self.upstream = upstream
        client = conversation.client
        waker = conversation.waker
        worker = conversation.worker
        metrics = conversation.metrics
    }

    /// What one turn of the loop did.
    private struct Turn {
        var moved = false
        var mustYield = false
    }

    /// Relays until the exchange is over or cannot go on.
    func run(_ answer: inout S3Answer) async -> S3RelayEnd {
        let session = conversation.session
        var watch = S3Watch(
            idle: session.listener.configuration.idleTimeout?.nanoseconds,
            response: session.backend.configuration.responseTimeout?.nanoseconds,
            isPatient: conversation.exchange.command.mayFailInsideBody, now: worker.now)
        var queued = (client: 0, upstream: 0)
        var drainEnd = UInt64.max
        var drainable = Self.drainedBytes
        while true {
            var turn = Turn()
            do throws(S3Break) {
                try passRequest(&turn, drainable: &drainable)
                try passAnswer(&answer, &turn)
            } catch {
                return end(error)
            }
            if conversation.exchange.isOver { return .over }
            if client.hasWriteFailed || client.isHungUp { return .clientGone }
            if waker.isCancelled { return .failed(GatewayFailure(.shuttingDown, "the gateway is shutting down")) }

            let mustHurry =
                conversation.exchange.awaitsRequestBody
                || upstream.hasWriteFailed && conversation.exchange.mayAnswerWithError
            drainEnd = mustHurry ? min(drainEnd, worker.now &+ Self.drainTime) : .max
            if conversation.exchange.awaitsRequestBody, mustAbandon(answer, drainable: drainable, until: drainEnd) {
                conversation.exchange.requestBodyAbandoned(payload: conversation.requestBody.payload)
                return .over
            }
            let queuedNow = (client: client.queuedCount, upstream: upstream.queuedCount)
            if queuedNow != queued {
                queued = queuedNow
                turn.moved = true
            }
            answer.isOwed = isBackendsTurn
            watch.waits(for: isBackendsTurn ? .backend : .client, moved: turn.moved, now: worker.now)
            waker.setDeadline(at: min(watch.deadline, drainEnd))
            if waker.hasTimedOut { return timedOut(watch, drainEnd) }
            if turn.mustYield { waker.wake() }
            await waker.wait()
        }
    }

    /// Whether it is the backend that has to move next.
    private var isBackendsTurn: Bool {
        if client.isCongested { return false }
        return conversation.requestBody.isEnded || upstream.hasQueued || conversation.exchange.awaitsContinue
    }

    /// Whether the rest of the body is not worth waiting for, its answer being complete.
    private func mustAbandon(_ answer: borrowing S3Answer, drainable: Int, until end: UInt64) -> Bool {
        if !answer.keepsAlive || upstream.hasWriteFailed || upstream.hasEnded || upstream.isHungUp { return true }
        if case .length = conversation.requestBody.framing, let rest = conversation.requestBody.skippable,
            rest > drainable
        {
            return true
        }
        return drainable <= 0 || client.hasEnded || end <= worker.now
    }

    private func timedOut(_ watch: S3Watch, _ drainEnd: UInt64) -> S3RelayEnd {
        let backend = conversation.session.backend
        if drainEnd <= worker.now { return .lost("it takes no more of the request and does not answer") }
        guard watch.awaited == .backend else {
            return .failed(GatewayFailure(.idle, "the client sent and took no byte for the idle-timeout"))
        }
        if backend.configuration.responseTimeout != nil {
            return .failed(backend.fellSilent(at: worker.now))
        }
        return .failed(GatewayFailure(.idle, "\(backend.label) was silent for the listener's idle-timeout"))
    }

    // MARK: Request

    /// What stops an exchange in the middle.
    private enum S3Break: Error {
        case client(WireError)
        case server(WireError)
        case clientEnded
        case clientGone
        case lost(String)
    }

    private func end(_ cause: S3Break) -> S3RelayEnd {
        let backend = conversation.session.backend
        let passed = conversation.requestBody.payload
        return switch cause {
        case .client(let error): .failed(GatewayFailure(.clientProtocol, "\(error.detail) (\(error.code))"))
        case .server(let error):
            .failed(
                GatewayFailure(.backendProtocol, "\(backend.label) sent no valid HTTP: \(error.detail) (\(error.code))")
            )
        case .clientEnded:
            .failed(GatewayFailure(.clientLost, "the client closed after \(passed) bytes of the request's body"))
        case .clientGone: .clientGone
        case .lost(let detail): .lost(detail)
        }
    }

    private func passRequest(_ turn: inout Turn, drainable: inout Int) throws(S3Break) {
        guard !conversation.requestBody.isEnded, conversation.exchange.isUnderWay else { return }
        let payload = conversation.requestBody.payload
        defer {
            if conversation.exchange.awaitsRequestBody { drainable -= conversation.requestBody.payload - payload }
        }
        if !conversation.ahead.isEmpty { try passAhead(&turn) }
        var reads = 0
        while client.isReadable, !conversation.requestBody.isEnded, !upstream.isCongested, !upstream.hasWriteFailed {
            guard reads < Self.readsPerTurn else {
                turn.mustYield = true
                return
            }
            reads += 1
            let received: Received
            do throws(IOError) {
                received = try client.receive()
            } catch {
                throw .clientGone
            }
            switch received {
            case .bytes(let count):
                turn.moved = true
                metrics.bytesFromClients &+= UInt64(count)
                try worker.withReceived(count) { bytes throws(S3Break) in
                    let offset = try pass(bytes, from: 0)
                    if offset < count { conversation.ahead.append(bytes.extracting(droppingFirst: offset)) }
                }
            case .end: throw .clientEnded
            case .nothing: return
            }
        }
    }

    private func passAhead(_ turn: inout Turn) throws(S3Break) {
        var bytes = KeptBytes()
        swap(&bytes, &conversation.ahead)
        bytes.remove(upTo: try pass(bytes.bytes.span, from: bytes.start))
        swap(&bytes, &conversation.ahead)
        turn.moved = true
    }

    /// Sends what of `bytes` from `start` belongs to the body; where it ends.
    private func pass(_ bytes: Bytes, from start: Int) throws(S3Break) -> Int {
        var offset = start
        do throws(WireError) {
            try conversation.passBody(bytes, at: &offset)
        } catch {
            throw .client(error)
        }
        upstream.send(bytes.extracting(start..<offset))
        return offset
    }

    // MARK: Answer

    private func passAnswer(_ answer: inout S3Answer, _ turn: inout Turn) throws(S3Break) {
        var reads = 0
        while upstream.isReadable, !client.isCongested, !conversation.exchange.hasAnswered {
            guard reads < Self.readsPerTurn else {
                turn.mustYield = true
                return
            }
            reads += 1
            let received: Received
            do throws(IOError) {
                received = try upstream.receive()
            } catch {
                throw .lost("\(error)")
            }
            switch received {
            case .bytes(let count):
                turn.moved = true
                metrics.bytesFromBackends &+= UInt64(count)
                conversation.session.backend.breaker?.answered()
                do throws(WireError) {
                    try worker.withReceived(count) { bytes throws(WireError) in
                        try answer.take(bytes, &conversation.exchange, to: client, at: worker.now)
                    }
                } catch {
                    throw .server(error)
                }
            case .end:
                turn.moved = true
                guard !upstream.wasTruncated else { throw .lost("\(IOError.truncated)") }
                guard answer.finish(&conversation.exchange, at: worker.now) else {
                    throw .lost(answer.hasBegun ? "it closed within its answer" : "it closed before it answered")
                }
            case .nothing: return
            }
        }
    }
}

extension S3Exchange {
    /// Whether the response is complete, whatever the request's body does.
    fileprivate var hasAnswered: Bool { isOver || awaitsRequestBody }
    /// Whether a body may still be passed on.
    fileprivate var isUnderWay: Bool { !isOver && !isIdle }
}
