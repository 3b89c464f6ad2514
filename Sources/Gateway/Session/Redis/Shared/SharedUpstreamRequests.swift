// What clients send over a shared connection: whose it is, what is too much, and when it leaves.

import RedisWire
import Wire

extension SharedUpstream {
    /// Whether a client may send more now; if not, it asks for ``waitForRoom(_:)``.
    var accepts: Bool {
        // Where a bound says at how many bytes commands are refused, nobody is held back before.
        if hasByteLimit { return !isRetired && bytesToSend < outgoingLimit }
        return outgoing.count < outgoingLimit && !isRetired && socket?.isCongested != true
    }

    private var bytesToSend: Int { outgoing.count + (socket?.queuedCount ?? 0) }

    /// What a command that comes now is answered with, because too many are under way already; nil: it may go.
    @inline(__always)
    var overload: RedisOverload? { isBounded ? boundedOverload : nil }

    private var boundedOverload: RedisOverload? {
        if upstreams.pending >= pendingLimit {
            return RedisOverload(
                reason: "pending-commands",
                message:
                    "\(backend.label) has \(upstreams.pending) commands under way on this worker (pending-commands)")
        }
        if hasByteLimit, bytesToSend >= outgoingLimit {
            return RedisOverload(
                reason: "pending-bytes",
                message: "\(backend.label) has more than \(outgoingLimit) bytes of commands to take (pending-bytes)")
        }
        if let breaker = backend.breaker, upstreams.pending >= breaker.commands(at: worker.now) {
            return RedisOverload(
                reason: "slow-start",
                message: "\(backend.label) has just recovered and takes few commands at a time (slow-start)")
        }
        return nil
    }

    /// Wakes `client` when there is room again, after those who have asked before.
    func waitForRoom(_ client: SharingClient) {
        waiting.append(client)
        // While a connection is being opened its end lets everybody in.
        if accepts { waker.wake() }
    }

    /// Notes that the bytes that are submitted next hold a command of `client`.
    @inline(__always)
    func owe(_ client: SharingClient, _ command: RedisCommand, _ ticket: OwedTicket = OwedTicket()) {
        owed.append(
            OwedReply(owner: .passUnretained(client), ticket: ticket, command: command, startedAt: worker.now))
        unsent &+= 1
        upstreams.pending &+= 1
    }

    /// Takes the bytes of commands that were noted; they leave at the end of the worker's turn.
    @inline(__always)
    func submit(_ commands: Span<UInt8>) {
        commands.withUnsafeBufferPointer { outgoing.append(contentsOf: $0) }
        guard !isFlushDue else { return }
        isFlushDue = true
        worker.atEndOfTurn(self)
        if socket == nil { waker.wake() }
    }

    /// Forgets what `client` has asked for, because it goes.
    func forget(_ client: SharingClient) {
        waiting.removeAll { $0 === client }
    }

    func turnEnds() {
        isFlushDue = false
        flush()
    }

    func flush() {
        guard let socket, !outgoing.isEmpty else { return }
        // Not as an array: a second reference to it would make the next one a new one.
        outgoing.withUnsafeBufferPointer { socket.send($0.span) }
        let isLarge = outgoing.capacity > outgoingLimit
        outgoing.removeAll(keepingCapacity: !isLarge)
        unsent = 0
        if let responseTimeout, answerDue == .max { expectAnswer(within: responseTimeout) }
        if mindsSilence, silenceDue == .max { listen(since: worker.now) }
        if socket.hasWriteFailed || !waiting.isEmpty { waker.wake() }
    }
}
