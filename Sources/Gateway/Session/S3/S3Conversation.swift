// One S3 client: its requests in turn, each forwarded to an upstream and answered.

import Reactor
import S3Wire
import Wire

/// The state of one client connection and of the one request that is under way on it.
///
/// A client may send requests ahead. What it sends behind the current request is kept, at most one read of it, and the
/// client is not read again until the current request is answered: memory stays bounded and answers stay in order.
final class S3Conversation {
    let session: Session
    let client: Socket
    let waker: Waker
    let worker: Worker
    let metrics: ListenerMetrics
    private let usage: S3Usage?

    /// What was received from the client and belongs to no message yet: a body's start, or requests sent ahead.
    var ahead = KeptBytes()
    /// The head of the current request as it came, or what there is of it.
    var head = KeptBytes()
    private var scanner = S3HeadScanner(.client)

    var exchange = S3Exchange()
    var requestBody = S3Framer(.none, side: .client)
    var upstream: Socket?
    /// Whether the upstream has served other requests, so that it may have been closed while this one was sent.
    private var isReused = false
    private var answer = S3Answer()

    init(_ session: Session) {
        self.session = session
        client = session.client
        waker = session.waker
        worker = session.worker
        metrics = session.metrics
        usage = session.usage as? S3Usage
    }

    // MARK: Requests in turn

    /// Serves requests until either side is done; what is left to do is to close the client.
    func serve() async {
        defer { upstream?.close() }
        while await receiveHead() {
            guard await forward() else { return }
        }
    }

    /// What one look at the client's bytes came to.
    private enum HeadStep {
        case incomplete
        /// The request has begun; it is on its way if an idle upstream was there.
        case begun
        case broken(WireError)
    }

    /// Waits for the next request and begins it; false when the session is over.
    private func receiveHead() async -> Bool {
        let settings = session.listener.configuration
        waker.setDeadline(after: settings.idleTimeout?.nanoseconds)
        var isDripping = false
        while true {
            var step = HeadStep.incomplete
            if !ahead.isEmpty {
                step = beginAhead()
            } else {
                do throws(IOError) {
                    switch try client.receive() {
                    case .bytes(let count):
                        metrics.bytesFromClients &+= UInt64(count)
                        step = begin(received: count)
                    case .end:
                        if !scanner.isAtBoundary { noteClientLost() }
                        await deliver()
                        return false
                    case .nothing:
                        guard await pause(isDripping: isDripping) else { return false }
                        continue
                    }
                } catch {
                    if !scanner.isAtBoundary { noteClientLost() }
                    return false
                }
            }
            switch step {
            case .begun: return true
            case .broken(let error):
                await refuse(error)
                return false
            case .incomplete:
                if !isDripping, !scanner.isAtBoundary {
                    isDripping = true
                    waker.setDeadline(after: settings.handshakeTimeout.nanoseconds)
                }
            }
        }
    }

    /// Waits for the client between two reads of a head; false when the session is over.
    private func pause(isDripping: Bool) async -> Bool {
        if waker.isCancelled { return false }
        if client.hasWriteFailed || client.isHungUp { return false }
        // Of a client that has moved, half a request is nothing that was promised.
        if client.isRetired || !isDripping && session.local.isDraining {
            await deliver()
            return false
        }
        if waker.hasTimedOut {
            if isDripping {
                await refuseSlowHead()
            } else if !client.hasQueued {
                session.note(GatewayFailure(.idle, "no request came for the idle-timeout"))
            } else {
                session.note(GatewayFailure(.idle, "the client took no byte for the idle-timeout"))
                client.reset()
            }
            return false
        }
        let queued = client.queuedCount
        await waker.wait()
        // A client that still takes its last answer is not idle.
        if !isDripping, client.queuedCount != queued {
            waker.setDeadline(after: session.listener.configuration.idleTimeout?.nanoseconds)
        }
        return true
    }

    private func begin(received count: Int) -> HeadStep {
        worker.withReceived(count) { bytes in
            var offset = 0
            let step = begin(bytes, at: &offset)
            if offset < count { ahead.append(bytes.extracting(droppingFirst: offset)) }
            return step
        }
    }

    private func beginAhead() -> HeadStep {
        // Taken out for the time being, because nothing else may touch it while its bytes are looked at.
        var bytes = KeptBytes()
        swap(&bytes, &ahead)
        var offset = bytes.start
        let step = begin(bytes.bytes.span, at: &offset)
        bytes.remove(upTo: offset)
        swap(&bytes, &ahead)
        return step
    }

    /// Looks for the end of a head in `bytes`; with it the request begins, and goes out if it can at once.
    private func begin(_ bytes: Bytes, at offset: inout Int) -> HeadStep {
        let start = offset
        do throws(WireError) {
            guard let length = try scanner.next(bytes, at: &offset) else {
                head.append(bytes.extracting((offset - min(scanner.headLength, offset - start))..<offset))
                return .incomplete
            }
            let isWhole = length <= offset - start
            head.append(bytes.extracting((isWhole ? offset - length : start)..<offset))
            let kept = head.bytes
            let request = try S3RequestHead(kept.span)
            let resource = S3Resource(request, kept.span, baseDomains: session.listener.baseDomains)
            let command = S3Command(request, kept.span, for: resource)
            exchange.requestHeadReceived(request, command: command, at: worker.now)
            usage?.received(request, command, in: kept.span)
            requestBody = S3Framer(request.framing, side: .client)
            answer = S3Answer()
            takeUpstream(isRepeatable: request.mayBeSentAgain)
            guard let upstream else { return .begun }
            let bodyStart = offset
            try passBody(bytes, at: &offset)
            if isWhole {
                upstream.send(bytes.extracting((bodyStart - length)..<offset))
            } else {
                upstream.send(kept.span)
                upstream.send(bytes.extracting(bodyStart..<offset))
            }
            return .begun
        } catch {
            offset = bytes.count
            return .broken(error)
        }
    }

    /// Follows the request's body to its end or that of `bytes`.
    func passBody(_ bytes: Bytes, at offset: inout Int) throws(WireError) {
        guard offset < bytes.count, !requestBody.isEnded else { return }
        exchange.requestBodyStarted()
        if let end = try requestBody.next(bytes, at: &offset) { exchange.requestBodyEnded(end, at: worker.now) }
    }

    // MARK: The upstream

    /// Takes an idle upstream if there is one.
    private func takeUpstream(isRepeatable: Bool) {
        isReused = false
        // What cannot be sent again asks first whether the upstream is still there.
        let pool = session.local.upstreams
        guard let idle = pool.take(session.backend, for: waker, probes: !isRepeatable) else { return }
        metrics.upstreamsReused &+= 1
        isReused = true
        upstream = idle
    }

    /// Forwards the request that has begun and its answer; false when the session is over.
    private func forward() async -> Bool {
        while true {
            if upstream == nil {
                do throws(GatewayFailure) {
                    let fresh = try await session.connect()
                    upstream = fresh
                    fresh.send(head.bytes)
                } catch {
                    await fail(error)
                    return false
                }
            }
            guard let upstream else { return false }
            let relay = S3Relay(self, upstream)
            switch await relay.run(&answer) {
            case .over: return await settle()
            case .lost(let detail):
                upstream.close()
                self.upstream = nil
                guard isReused, exchange.mayBeSentAgain, !answer.hasBegun else {
                    await fail(.lost(session.backend, detail))
                    return false
                }
                // It was closed while idle and has seen nothing of this request, or its answer would have begun.
                isReused = false
                session.log(.debug, "the request is sent again: an idle upstream was closed")
            case .failed(let failure):
                await fail(failure)
                return false
            case .clientGone:
                noteClientLost()
                breakOff(.clientGone)
                return false
            }
        }
    }

    /// Ends an exchange whose messages are complete; false when the client's connection ends with it.
    private func settle() async -> Bool {
        guard let outcome = exchange.outcome else { return false }
        record(outcome)
        if let upstream {
            if outcome.upstreamClosing == nil {
                session.local.upstreams.giveBack(upstream, of: session.backend)
            } else {
                upstream.close()
            }
            self.upstream = nil
        }
        head.removeAll()
        exchange = S3Exchange()
        guard outcome.clientClosing != nil else { return true }
        await sayLastWords()
        return false
    }

    private func record(_ outcome: S3Outcome) {
        let command = Int(outcome.command.rawValue)
        metrics.record(
            command: command, nanoseconds: outcome.endedAt &- outcome.startedAt,
            requestBytes: UInt64(outcome.requestBytes), responseBytes: UInt64(outcome.responseBytes))
        if outcome.status != 0 {
            metrics.count(
                code: S3StatusText[outcome.status], command: command, failed: outcome.result == .failed)
        }
        switch outcome.upstreamClosing {
        case .unsolicitedBytes?, .forbiddenBodyAnnounced?:
            metrics.count(failure: outcome.upstreamClosing.map(\.label.description) ?? "")
        default: break
        }
    }

    // MARK: Failures

    /// Tells the client of a failure if the answer has not begun; if it has, cuts it so that it cannot look complete.
    private func fail(_ failure: GatewayFailure) async {
        session.note(failure)
        guard exchange.mayAnswerWithError else {
            breakOff(S3CloseReason(failure.cause))
            client.reset()
            return
        }
        let code = failure.cause == .idle && answer.isOwed ? .gatewayTimeout : S3ErrorCode(failure.cause)
        reply(code, failure.message)
        breakOff(S3CloseReason(failure.cause), answered: code)
        await sayLastWords()
    }

    /// Ends the exchange and its upstream without an answer of the backend's.
    private func breakOff(_ reason: S3CloseReason, answered code: S3ErrorCode? = nil) {
        upstream?.close()
        upstream = nil
        exchange.brokenOff(reason, answered: code, at: worker.now)
        if let outcome = exchange.outcome { record(outcome) }
    }

    /// Answers bytes that are no request; nothing of them reaches the backend.
    private func refuse(_ error: WireError) async {
        session.note(GatewayFailure(.clientProtocol, "\(error)"))
        let code = S3ErrorCode(error)
        reply(code, "\(error.detail) (\(error.code))")
        if exchange.isIdle {
            metrics.count(code: S3StatusText[UInt16(code.status)], command: Int(S3Command.unknown.rawValue))
        } else {
            breakOff(.clientBrokeRule, answered: code)
        }
        await sayLastWords()
    }

    private func refuseSlowHead() async {
        let limit = session.listener.configuration.handshakeTimeout
        let failure = GatewayFailure(.handshakeTimedOut, "receiving a request's head took longer than \(limit)")
        session.note(failure)
        reply(.requestTimeout, failure.message)
        metrics.count(code: S3StatusText[408], command: Int(S3Command.unknown.rawValue))
        await sayLastWords()
    }

    private func noteClientLost() {
        session.note(GatewayFailure(.clientLost, "the client went away before its request was answered"))
    }

    private func reply(_ code: S3ErrorCode, _ message: String) {
        var resource: [UInt8] = []
        let head = head.bytes
        // What is no request has no path either; its method may still be seen.
        if let request = try? S3RequestHead(head.span) { resource = head.span.array(request.path) }
        let isHead = head.count > 4 && head.span.equals("HEAD ", in: 0..<5)
        let reply = S3ErrorReply(
            code, message: message, resource: resource, requestID: session.label, answersHead: isHead)
        client.send(reply.bytes)
    }

    // MARK: The end

    /// Waits until the client has taken what is queued for it, as long as it takes any.
    private func deliver() async {
        let patience = session.listener.configuration.idleTimeout?.nanoseconds
        waker.setDeadline(after: patience)
        var left = client.queuedCount
        while client.hasQueued, !client.hasWriteFailed, !client.isHungUp {
            if waker.isCancelled || waker.hasTimedOut { return client.reset() }
            await waker.wait()
            if client.queuedCount != left {
                left = client.queuedCount
                waker.setDeadline(after: patience)
            }
        }
    }

    /// Lets the client read the last answer, then closes.
    private func sayLastWords() async {
        ahead.removeAll()
        await deliver()
        await client.closeAfterLastWords()
    }
}
