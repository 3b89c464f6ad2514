// From answers to bytes: replies in order, committed and sent once a turn of the worker.

import Capabilities
import Reactor
import RedisWire

extension RedisTranslator: Departing {
    /// Writes the replies whose turn has come.
    func writeFinished() {
        while let (reply, result) = slots.popFinished() {
            write(result, reply)
            if slots.isEmpty { isBlocked = false }
        }
    }

    func write(_ result: Result<Answer, Failure>, _ reply: RedisPendingReply) {
        let before = out.bytes.count
        switch result {
        case .success(let answer):
            if let refusal = reply.refusal {
                write(refusal, whenMissing: reply.whenMissing, answer, reply.command)
            } else {
                write(answer, reply.shape, reply.command)
            }
        case .failure(let failure):
            let text = gate.redisError(failure, reply.command)
            error(reply.script?.error(failure, text) ?? text, reply.command)
        }
        if !reply.isReadOnly { uncommitted.append(before..<out.bytes.count) }
        settle(reply.command, from: before, startedAt: reply.startedAt, isSilent: reply.isSilent)
    }

    /// Writes an answer, or that the backend gave one that fits no reply.
    func write(_ answer: Answer, _ shape: RedisReplyShape, _ command: RedisCommand) {
        guard !out.write(answer, shape) else { return }
        error(gate.redisError(.protocolBroken("its answer does not fit the command"), command), command)
    }

    /// Writes what is said after the key was looked at: `answer` tells whether it is there, and what it holds.
    func write(
        _ refusal: RedisErrorText, whenMissing: RedisFixedReply?, _ answer: Answer, _ command: RedisCommand
    ) {
        if let whenMissing, answer == .missing || answer == .integer(0) {
            out.write(whenMissing)
        } else if refusal == .notFiniteSum, case .bytes(let value) = answer, (try? RedisArgument.isFinite(value)) == nil
        {
            // A value that is no number is seen before a sum that is none.
            error(.notAFloat, command)
        } else {
            error(refusal, command)
        }
    }

    /// Counts a command whose reply is written from `start` on, or takes the reply away from a client that wants none.
    func settle(_ command: RedisCommand, from start: Int, startedAt: UInt64, isSilent: Bool) {
        session.metrics.record(command: Int(command.rawValue), nanoseconds: session.worker.now &- startedAt)
        if isSilent { silence(from: start) }
    }

    private func silence(from start: Int) {
        out.bytes.removeLast(out.bytes.count - start)
        if let last = uncommitted.last, last.upperBound > start {
            uncommitted[uncommitted.count - 1] = start..<start
        }
    }

    func silenced(_ isSilent: Bool, _ body: () -> Void) {
        let before = out.bytes.count
        body()
        if isSilent { silence(from: before) }
    }

    func write(_ text: RedisErrorText, _ command: RedisCommand, isSilent: Bool) {
        let before = out.bytes.count
        error(text, command)
        settle(command, from: before, startedAt: session.worker.now, isSilent: isSilent)
    }

    /// Writes and counts an error.
    func error(_ text: RedisErrorText, _ command: RedisCommand) {
        session.metrics.count(code: text.code, command: Int(command.rawValue))
        out.error(text.bytes)
    }

    /// Says that what was written since `start` stands for something that a commit may still refuse.
    func mustCommit(from start: Int) { uncommitted.append(start..<out.bytes.count) }

    /// Has what was collected committed and sent when the worker's other sessions have had their turn.
    func flushAtEndOfTurn() {
        guard !isDeparting, !out.bytes.isEmpty || !uncommitted.isEmpty else { return }
        isDeparting = true
        if gate.departures.add(self) { session.worker.atEndOfTurn(gate.departures) }
    }

    /// Commits what was written and sends what was collected, now.
    func flush() {
        flushAtEndOfTurn()
        if isDeparting { gate.departures.leave() }
    }

    func depart(_ failure: Failure?) {
        isDeparting = false
        if !uncommitted.isEmpty { committed(failure) }
        guard !out.bytes.isEmpty else { return }
        session.metrics.bytesFromBackends &+= UInt64(out.bytes.count)
        session.client.send(out.bytes)
        out.bytes.removeAll(keepingCapacity: out.bytes.capacity <= 16 * 1024)
        // The session sleeps meanwhile and shall hear of it.
        if session.client.hasWriteFailed { session.waker.wake() }
    }

    /// Takes back, after a commit that failed, what stands for a change.
    private func committed(_ failure: Failure?) {
        if let failure {
            let text = gate.redisError(failure, .unknown)
            var replies = RedisReplyWriter()
            var end = 0
            for range in uncommitted {
                replies.bytes += out.bytes[end..<range.lowerBound]
                if !range.isEmpty { replies.error(text.bytes) }
                end = range.upperBound
            }
            out.bytes = replies.bytes + out.bytes[end...]
            session.note(GatewayFailure(.lost, "backend '\(gate.backend.name)' could not commit: \(text.text)"))
        }
        uncommitted.removeAll(keepingCapacity: true)
    }
}

extension RedisTranslator: OperationCaller {
    func operationEnded(_ id: UInt64, _ result: Result<Answer, Failure>) {
        slots.finish(id, result)
        session.waker.wake()
    }
}
