// From bytes to operations: what a session does with the commands that have come.

import Capabilities
import Reactor
import RedisWire

/// A command that was read and has not begun.
enum RedisHeldCommand {
    case translated(RedisTranslation, RedisCommand, UInt64, isSilent: Bool)
    case session(RedisSessionCommand, RedisCommandLine, isSilent: Bool)
    case queue(RedisCommandLine, RedisCommandEntry, isSilent: Bool)
    case refused(RedisErrorText, RedisCommand, isSilent: Bool)
}

extension RedisTranslator {
    /// Does what can be done with what has come; true when there is more to do at once.
    func takeCommands(_ group: inout DiscardingTaskGroup) async -> Bool {
        var reads = 0
        passDue = .max
        while end == nil {
            writeFinished()
            if let held {
                guard mayStart(held) else {
                    readAhead()
                    return false
                }
                self.held = nil
                await start(held, &group)
                continue
            }
            if out.bytes.count > Self.collected { flush() }
            guard !session.client.isCongested else { return false }
            guard mayRead() else {
                readAhead()
                return false
            }
            switch readCommand(&reads) {
            case .commandRead: if let command = take() { await afterOthers(command, &group) }
            case .nothingRead: client.skipped()
            case nil: return reads > Self.readsPerTurn
            }
        }
        return false
    }

    /// The next command or nothing; nil when no more has come or others shall have their turn.
    private func readCommand(_ reads: inout Int) -> RedisCommandReader.Event? {
        while true {
            if !kept.isEmpty {
                var offset = kept.start
                let event = read(kept.bytes.span, &offset)
                kept.remove(upTo: offset)
                if event != nil || end != nil { return event }
            }
            guard session.client.isReadable else { return nil }
            reads += 1
            guard reads <= Self.readsPerTurn else { return nil }
            switch receive() {
            case .bytes(let count):
                let event = session.worker.withReceived(count) { bytes in
                    var offset = 0
                    let event = read(bytes, &offset)
                    if offset < bytes.count { kept.append(bytes.extracting(offset...)) }
                    return event
                }
                if event != nil || end != nil { return event }
            case .nothing, .end: return nil
            }
        }
    }

    private func receive() -> Received {
        do throws(IOError) {
            let received = try session.client.receive()
            if case .bytes(let count) = received { session.metrics.bytesFromClients &+= UInt64(count) }
            if case .end = received { hasClientEnded = true }
            return received
        } catch {
            end = .clientLost
            return .end
        }
    }

    private func read(_ bytes: Span<UInt8>, _ offset: inout Int) -> RedisCommandReader.Event? {
        do throws(RedisProtocolError) {
            return try reader.next(bytes, at: &offset)
        } catch {
            held = nil
            end = .protocolBroken(error)
            return nil
        }
    }

    /// Reads what comes while a command waits, so that a client that goes away is noticed.
    private func readAhead() {
        while session.client.isReadable, kept.count < Self.readAhead, end == nil {
            guard case .bytes(let count) = receive() else { return }
            session.worker.withReceived(count) { kept.append($0) }
        }
    }

    /// Answers the command that was read where that takes no waiting; otherwise the command that is still to be done.
    ///
    /// Nothing here is asynchronous, because each such call would cost a frame of the task.
    private func take() -> RedisHeldCommand? {
        let command = reader.line.command
        if command == .post || command == .host {
            end = .crossProtocol
            return nil
        }
        usage?.received(reader.line)
        let isSilent = client.startCommand(command)
        do throws(RedisErrorText) {
            let entry = try admit(reader.line)
            if transaction.isOpen, entry.isQueuedInMulti {
                return .queue(reader.line, entry, isSilent: isSilent)
            }
            switch entry.action {
            case .session(let action):
                return .session(action, reader.line, isSilent: isSilent)
            case .translate(let translate):
                context.mayWait = true
                context.database = client.database
                let translation = standIn(try translate(reader.line, context))
                if slots.isEmpty, case .perform(let operation, let shape) = translation,
                    let result = performAtOnce(operation)
                {
                    let reply = RedisPendingReply(
                        command: command, shape: shape, startedAt: session.worker.now, isSilent: isSilent,
                        isReadOnly: operation.isReadOnly)
                    write(result, reply)
                    return nil
                }
                if case .perform(let operation, let shape) = translation {
                    let reply = RedisPendingReply(
                        command: command, shape: shape, startedAt: session.worker.now, isSilent: isSilent,
                        isReadOnly: operation.isReadOnly)
                    if begin(operation, reply) { return nil }
                }
                return .translated(translation, command, session.worker.now, isSilent: isSilent)
            }
        } catch {
            return .refused(error, command, isSilent: isSilent)
        }
    }

    /// What comes of `operation` when it is answered at once; nil when it has to be awaited.
    private func performAtOnce(_ operation: Operation) -> Result<Answer, Failure>? {
        do throws(Failure) {
            let call = CallContext(database: client.database, now: context.now)
            guard let answer = try gate.performAtOnce(operation, call) else { return nil }
            return .success(answer)
        } catch {
            return .failure(error)
        }
    }

    /// Has the backend begin `operation`; false, with nothing done, when it has to be awaited or to wait for others.
    private func begin(_ operation: Operation, _ reply: RedisPendingReply) -> Bool {
        guard !isBlocked, !slots.isFull, !operation.waits else { return false }
        let conflict = slots.conflict(of: operation)
        guard conflict != .awaited else { return false }
        var slot = RedisReplySlot(operation, reply)
        slot.isBegun = true
        let id = slots.append(slot)
        let call = CallContext(database: client.database, now: context.now)
        if gate.begin(operation, call, PendingOperation(self, id: id, followsOthers: conflict == .begun)) {
            return true
        }
        slots.removeLast()
        return false
    }

    /// The idiom in place of an operation that the backend cannot perform, where there is one.
    private func standIn(_ translation: RedisTranslation) -> RedisTranslation {
        guard hasStandIns, case .perform(let operation, let shape) = translation else { return translation }
        if case .keyValue(.delete(let keys)) = operation, takesLocks, haveLocks(keys, client.database) {
            return .idiom(.deleteWithLocks(keys), shape)
        }
        return RedisIdiom.standIn(for: operation, now: context.now) { gate.permits($0) } ?? translation
    }

    private func afterOthers(_ command: RedisHeldCommand, _ group: inout DiscardingTaskGroup) async {
        if mayStart(command) { await start(command, &group) } else { held = command }
    }

    private func mayStart(_ command: RedisHeldCommand) -> Bool {
        if slots.isEmpty { return true }
        guard !isBlocked, !slots.isFull, case .translated(let translation, _, _, _) = command else { return false }
        switch translation {
        case .perform(let operation, _), .refuse(_, let operation, _):
            return !operation.waits && slots.conflict(of: operation) == .none
        case .reply, .idiom, .unsupported: return false
        }
    }

    private func start(_ command: RedisHeldCommand, _ group: inout DiscardingTaskGroup) async {
        switch command {
        case .refused(let error, let command, let isSilent):
            write(error, command, isSilent: isSilent)
        case .queue(let line, let entry, let isSilent):
            silenced(isSilent) { queue(line, entry) }
        case .session(let action, let line, let isSilent):
            let start = session.worker.now
            let before = out.bytes.count
            subscriptions.holdsMessages = true
            client.showsThisReply = false
            await perform(action, line)
            usage?.answeredHere(user: client.isLoggedIn ? client.user : nil)
            settle(line.command, from: before, startedAt: start, isSilent: isSilent && !client.showsThisReply)
            releaseMessages()
        case .translated(let translation, let command, let startedAt, let isSilent):
            let reply = RedisPendingReply(
                command: command, shape: .status, startedAt: startedAt, isSilent: isSilent, isReadOnly: true)
            await start(translation, reply, &group)
        }
    }

    private func start(
        _ translation: RedisTranslation, _ reply: RedisPendingReply, _ group: inout DiscardingTaskGroup
    ) async {
        var reply = reply
        switch translation {
        case .perform(let operation, let shape):
            reply.shape = shape
            await start(operation, reply, &group)
        case .refuse(let error, let operation, let whenMissing):
            reply.refusal = error
            reply.whenMissing = whenMissing
            await start(operation, reply, &group)
        case .reply(let fixed):
            let before = out.bytes.count
            out.write(fixed)
            settle(reply.command, from: before, startedAt: reply.startedAt, isSilent: reply.isSilent)
        case .unsupported(let name):
            write(gate.redisRefusal(of: name), reply.command, isSilent: reply.isSilent)
        case .idiom(let idiom, let shape):
            reply.shape = shape
            reply.isReadOnly = false
            if case .script(let script, _, _) = idiom { reply.script = script }
            isBlocked = idiom.waits
            let call = CallContext(database: client.database, now: context.now)
            run(RedisReplySlot(keys: .any, isReadOnly: false, isPublish: false, pending: reply), &group) { [self] in
                await perform(idiom, call)
            }
        }
    }

    private func start(
        _ operation: Operation, _ reply: RedisPendingReply, _ group: inout DiscardingTaskGroup
    ) async {
        var reply = reply
        reply.isReadOnly = operation.isReadOnly
        let call = CallContext(database: client.database, now: context.now)
        if gate.answersAtOnce(operation) {
            let result = await perform(operation, call)
            if slots.isEmpty {
                write(result, reply)
            } else {
                slots.finish(slots.append(RedisReplySlot(operation, reply)), result)
            }
            return
        }
        if begin(operation, reply) { return }
        isBlocked = operation.waits
        run(RedisReplySlot(operation, reply), &group) { [self] in await perform(operation, call) }
    }

    /// Runs `work` beside the session's other commands; its reply takes the next place.
    private func run(
        _ slot: RedisReplySlot, _ group: inout DiscardingTaskGroup,
        _ work: @escaping @Sendable () async -> Result<Answer, Failure>
    ) {
        let id = slots.append(slot)
        group.addImmediateTask { [self] in
            let result = await work()
            slots.finish(id, result)
            session.waker.wake()
        }
    }

    private func perform(_ operation: Operation, _ call: CallContext) async -> Result<Answer, Failure> {
        do throws(Failure) {
            return .success(try await gate.perform(operation, call))
        } catch {
            return .failure(error)
        }
    }
}
