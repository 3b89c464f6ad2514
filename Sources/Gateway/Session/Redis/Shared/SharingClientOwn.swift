// How a client's commands travel on a connection of its own, and when that is over.

import Reactor
import RedisWire
import Wire

extension SharingClient {
    private static let readsPerTurn = 4

    final func stepOwn() -> Bool {
        guard let own else { return false }
        do throws(IOError) {
            try takeRequests(for: own)
        } catch {
            return over(.clientFailed)
        }
        do throws(IOError) {
            try takeReplies(of: own)
        } catch {
            return over(.ownFailed(.lost(own.backend, "\(error)")))
        }
        if own.socket.hasEnded, !client.hasQueued { return over(.ownClosed) }
        guard own.isIdle else { return false }
        if own.pin.holdsNothing, holdsWhole || !keepsOwn {
            release(own)
            return stepShared()
        }
        guard holdsWhole else { return false }
        if asksElsewhere { return over(.needsOwn) }
        guard leaves(own) else {
            // The reply has made the connection hold something, and what waited for its end belongs on it now.
            holdsWhole = false
            waker.wake()
            return false
        }
        isAway = true
        return stepShared()
    }

    /// Goes back to the shared connections of whom the client now is.
    private final func release(_ own: OwnConnection) {
        self.own = nil
        answerDue = .max
        labels = own.pin.labels
        // Only RESET lets one go that was kept for WAIT.
        staysApart = false
        smallRepliesDue = readsSlowly ? RedisLimits.smallReplies.maximum : 0
        share(after: own)
        holdsWhole = !held.isEmpty
        looks = 0
    }

    // MARK: Requests

    private final func takeRequests(for own: OwnConnection) throws(IOError) {
        if !held.isEmpty, !own.socket.isCongested { passHeld(to: own) }
        var reads = 0
        // What is held whole waits for the shared connection.
        while client.isReadable, !own.socket.isCongested, !holdsWhole {
            guard reads < Self.readsPerTurn else { return waker.wake() }
            reads += 1
            switch try client.receive() {
            case .bytes(let count):
                metrics.bytesFromClients &+= UInt64(count)
                moved()
                if held.isEmpty {
                    worker.withReceived(count) { bytes in
                        let passed = pass(bytes, to: own)
                        if passed < count { hold(bytes.extracting(passed..<count)) }
                    }
                } else {
                    worker.withReceived(count) { hold($0) }
                    passHeld(to: own)
                }
            case .nothing: return
            case .end:
                if !held.isEmpty { passHeld(to: own) }
            }
        }
        // Where it is given back, that ends the session; where it is kept, the backend has to hear of the end.
        if client.hasEnded, held.isEmpty, !own.isFinished, keepsOwn || !(own.pin.holdsNothing && own.isIdle) {
            own.isFinished = true
            own.socket.finish()
        }
    }

    private final func passHeld(to own: OwnConnection) {
        var bytes: [UInt8] = []
        swap(&bytes, &held)
        let passed = pass(bytes.span, to: own)
        keep(&bytes, from: passed)
    }

    /// Sends what is at the start of `bytes` and belongs on the client's own connection; how many bytes that is.
    private final func pass(_ bytes: Span<UInt8>, to own: OwnConnection) -> Int {
        var offset = 0
        holdsWhole = false
        while offset < bytes.count {
            if own.isStreaming || own.hasLostRequests {
                stream(bytes, at: &offset, to: own)
                continue
            }
            switch RedisWholeCommand.find(in: bytes, at: offset) {
            case .whole(let command):
                switch verdict(command, in: bytes, on: own) {
                case .pass: break
                case .hold, .wait:
                    holdsWhole = true
                    own.socket.send(bytes.extracting(0..<offset))
                    return offset
                }
                looks = 0
                note(command, in: bytes, to: own)
                offset = command.range.upperBound
            case .partial:
                looks += 1
                let isWaitedFor =
                    RedisLimits.partialLooks.allows(looks) && !client.hasEnded
                    && RedisLimits.sharedCommand.allows(bytes.count &- offset)
                if isWaitedFor || !streams(bytes, at: offset, to: own) {
                    own.socket.send(bytes.extracting(0..<offset))
                    return offset
                }
            case .irregular:
                guard streams(bytes, at: offset, to: own) else {
                    own.socket.send(bytes.extracting(0..<offset))
                    return offset
                }
            }
        }
        own.socket.send(bytes)
        expectAnswer(of: own, isNew: false)
        return offset
    }

    /// Whether a command that cannot be held until it is whole may pass as it comes.
    private final func streams(_ bytes: Span<UInt8>, at offset: Int, to own: OwnConnection) -> Bool {
        switch verdict(oddAt: offset, in: bytes, on: own) {
        case .pass: own.isStreaming = true
        case .hold: holdsWhole = true
        case .wait: break
        }
        return own.isStreaming
    }

    private final func note(_ command: RedisWholeCommand, in bytes: Span<UInt8>, to own: OwnConnection) {
        var place = 0
        let frame = bytes.extracting(command.range)
        let event = try? own.requests.next(frame, at: &place)
        guard case .commandReceived(let request) = event, own.requests.isAtBoundary else {
            // Both read the same bytes, and the stricter of the two has understood them.
            loseRequests(of: own, "a command was read in two ways")
            return
        }
        usage?.received(
            request, in: frame, endingAt: frame.count, pending: owed, words: own.requests.words)
        wrote(request.command, on: own)
        let isAwaited = own.pin.sends(request, command, in: bytes, at: worker.now)
        usage?.sent(request.command, replyAt: isAwaited ? own.pin.pendingCount : nil)
    }

    /// Follows a command to its end without holding it.
    private final func stream(_ bytes: Span<UInt8>, at offset: inout Int, to own: OwnConnection) {
        guard !own.hasLostRequests else {
            offset = bytes.count
            return
        }
        do throws(WireError) {
            guard let event = try own.requests.next(bytes, at: &offset) else { return }
            own.isStreaming = false
            looks = 0
            switch event {
            case .commandReceived(let request):
                usage?.received(
                    request, in: bytes, endingAt: offset, pending: owed, words: own.requests.words)
                wrote(request.command, on: own)
                let isAwaited = own.pin.sends(request, nil, in: bytes, at: worker.now)
                usage?.sent(request.command, replyAt: isAwaited ? own.pin.pendingCount : nil)
            case .emptyReceived: own.pin.sendsNothing()
            }
        } catch {
            loseRequests(of: own, "\(error)")
            offset = bytes.count
        }
    }

    private final func loseRequests(of own: OwnConnection, _ reason: String) {
        own.hasLostRequests = true
        own.pin.lose()
        metrics.count(framingLost: "client")
        session.log(.notice, "framing lost: bytes pass on unobserved", ["side": "client", "reason": "\(reason)"])
    }

    // MARK: Replies

    private final func takeReplies(of own: OwnConnection) throws(IOError) {
        let upstream = own.socket
        var reads = 0
        while upstream.isReadable, !client.isCongested {
            guard reads < Self.readsPerTurn else { return waker.wake() }
            reads += 1
            switch try upstream.receive() {
            case .bytes(let count):
                metrics.bytesFromBackends &+= UInt64(count)
                moved()
                worker.withReceived(count) { bytes in
                    client.send(bytes)
                    follow(bytes, of: own)
                }
            case .end, .nothing: break
            }
        }
        if reads > 0 { own.backend.breaker?.answered() }
        expectAnswer(of: own, isNew: reads > 0)
    }

    private final func follow(_ bytes: Span<UInt8>, of own: OwnConnection) {
        guard !own.hasLostReplies else { return }
        var offset = 0
        var start = 0
        do throws(WireError) {
            while let reply = try own.replies.next(bytes, at: &offset) {
                // One that has come in pieces is not looked at, and its command keeps the connection.
                let didNothing =
                    own.pin.isOnTrial && reply.errorCode == .err
                    && RedisErrorReply.saysNotUnderstood(bytes.extracting(start..<offset))
                start = offset
                let outcome = own.pin.receives(reply, didNothing: didNothing)
                if let code = reply.errorCode { ownAnswered(code) }
                metrics.note(outcome, now: worker.now)
                usage?.received(outcome, reply)
                if case .unmatched = outcome { own.hasSpokenUnasked = true }
            }
        } catch {
            own.hasLostReplies = true
            own.pin.lose()
            metrics.count(framingLost: "backend")
            session.log(.notice, "framing lost: bytes pass on unobserved", ["side": "server", "reason": "\(error)"])
        }
    }

    private final func expectAnswer(of own: OwnConnection, isNew: Bool) {
        guard let responseTimeout = own.responseTimeout else { return }
        if !own.pin.isAwaitingReply {
            answerDue = .max
        } else if isNew || answerDue == .max {
            answerDue = Self.sum(worker.now, responseTimeout)
        }
    }
}
