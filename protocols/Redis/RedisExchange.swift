// Pairs what a server sends with the commands that asked for it.

/// A command that got its reply.
package struct RedisAnswer: Equatable, Sendable {
    package var command: RedisCommand
    /// The time given with the command, nil when more commands waited than are remembered one by one.
    package var startedAt: UInt64?
    /// Whether the server may have held the reply back on purpose.
    package var mayBlock: Bool
    /// The error's code, nil when the reply is none.
    package var errorCode: RedisErrorCode?

    package init(command: RedisCommand, startedAt: UInt64?, mayBlock: Bool = false, errorCode: RedisErrorCode? = nil) {
        self.command = command
        self.startedAt = startedAt
        self.mayBlock = mayBlock
        self.errorCode = errorCode
    }
}

/// What a reply turned out to be.
package enum RedisOutcome: Equatable, Sendable {
    /// The only or last reply of a command.
    case answered(RedisAnswer)
    /// One of several confirmations of a command that is still to get more.
    case confirmed(RedisCommand)
    /// Something the server sends on its own: a push, a message, a MONITOR line.
    case pushed
    /// A reply that nothing asked for, as a server sends that refuses or closes the connection.
    case unmatched
    /// A reply on a connection whose replies are no longer paired (`isAdrift`).
    case untracked
}

/// The order of commands and replies on one connection, and the modes that change it.
///
/// Modes that the server enters when it reads a command (CLIENT REPLY, MULTI) follow the requests; modes that show in
/// replies (protocol version, subscriptions, MONITOR) follow the replies, so that a pipeline is read correctly.
/// See LIFECYCLE.md.
package struct RedisExchange: Sendable {
    private var pending = RedisPendingRuns()
    /// Commands whose reply, or last confirmation, is still to come.
    package private(set) var pendingCount = 0

    // Following the requests.
    private var isReplyOff = false
    private var skipsNextReply = false
    /// Whether a MULTI was sent whose EXEC, DISCARD or RESET was not.
    package private(set) var isInTransaction = false
    private var transactionSubscribes = false
    /// The version a HELLO in the transaction asks for.
    private var transactionVersion: UInt8 = 0
    /// Whether the transaction holds what leaves its EXEC with more or fewer replies than it announces.
    private var transactionMiscounts = false
    /// Commands waiting that may change subscriptions or the protocol version, and what they will leave.
    private var pendingChanges = 0
    private var expected = (subscriptions: RedisSubscriptions(), protocolVersion: UInt8(2))
    /// Whether the server will close after the replies that are owed: QUIT, or `POST` and `Host:` for a command.
    package private(set) var isClosing = false

    // Following the replies.
    /// The protocol version of the replies from here on: 2 or 3.
    package private(set) var protocolVersion: UInt8 = 2
    private var subscriptions = RedisSubscriptions()
    /// Whether a MONITOR stream runs.
    package private(set) var isMonitoring = false
    /// Whether replies are no longer paired with commands, because the order can no longer be known.
    package private(set) var isAdrift = false

    package init() {}

    /// Whether messages may arrive for channels, patterns or shard channels.
    package var isSubscribed: Bool { subscriptions.isAny }

    /// Error replies that would answer every command still waiting.
    ///
    /// One when that can no longer be known, so that the client hears of the failure at all.
    package var repliesOwed: Int { isAdrift ? 1 : pendingCount }

    /// Whether the oldest waiting command may be held back by the server on purpose.
    package var isBlocked: Bool { pending.first?.mayBlock ?? false }

    /// A command has gone to the server.
    ///
    /// `now` is its time in nanoseconds. Returns whether a reply is awaited.
    @discardableResult
    package mutating func commandReceived(_ request: RedisRequest, at now: UInt64) -> Bool {
        let isSilenced = isReplyOff || skipsNextReply
        skipsNextReply = false
        guard !isClosing, !isAdrift else { return false }
        if request.effect != .none { return specialReceived(request, isSilenced: isSilenced, at: now) }
        if isSilenced { return false }
        return awaitPlain(request, at: now)
    }

    /// A request without a command has gone to the server: no reply, but it counts as the one CLIENT REPLY SKIP skips.
    package mutating func emptyReceived() {
        skipsNextReply = false
    }

    /// A reply has come from the server.
    package mutating func replyReceived(_ reply: RedisReply) -> RedisOutcome {
        guard let run = pending.first, run.kind == .plain, !reply.isPush, !subscriptions.isAny, !isMonitoring else {
            return specialReplied(reply)
        }
        pending.takeOne()
        pendingCount &-= 1
        if !pending.isEmpty { settle() }
        return .answered(
            RedisAnswer(
                command: run.command, startedAt: run.startedAt, mayBlock: run.mayBlock, errorCode: reply.errorCode))
    }

    /// Stops pairing for good, as when a framer is lost.
    package mutating func stop() {
        isAdrift = true
        pending.removeAll()
        pendingCount = 0
        pendingChanges = 0
    }
}

// MARK: - Requests

extension RedisExchange {
    @inline(__always)
    private mutating func awaitPlain(_ request: RedisRequest, at now: UInt64) -> Bool {
        pendingCount &+= 1
        let mayBlock = request.mayBlock && !isInTransaction
        if !pending.appendPlain(request.command, mayBlock: mayBlock, at: now) { stop() }
        return true
    }

    private mutating func specialReceived(_ request: RedisRequest, isSilenced: Bool, at now: UInt64) -> Bool {
        let isRefused =
            pendingChanges > 0
            ? expected.subscriptions.isAny && expected.protocolVersion == 2
            : subscriptions.isAny && protocolVersion == 2
        if isRefused { return refusedReceived(request, isSilenced: isSilenced, at: now) }
        switch request.effect {
        case .replyOn where !isInTransaction:
            isReplyOff = false
            return awaitPlain(request, at: now)
        case .replyOff where !isInTransaction:
            isReplyOff = true
            return false
        case .replySkip where !isInTransaction:
            skipsNextReply = !isReplyOff
            return false
        case .replyOn, .replyOff, .replySkip:
            transactionMiscounts = true
        case .multi:
            isInTransaction = true
        case .discard:
            endTransaction()
        case .exec:
            return execReceived(request, isSilenced: isSilenced, at: now)
        case .subscribe where request.argumentCount > 1, .unsubscribe:
            if !isInTransaction { return changeReceived(request, isSilenced: isSilenced, at: now) }
            transactionSubscribes = true
            // A confirmation for each name comes, but EXEC's array counts one element for the command.
            if request.argumentCount != 2 { transactionMiscounts = true }
        case .hello where isInTransaction:
            if request.helloVersion != 0 { transactionVersion = request.helloVersion }
        case .hello:
            expectChange()
            if request.helloVersion != 0 { expected.protocolVersion = request.helloVersion }
            return awaitSpecial(.hello, request, isSilenced: isSilenced, at: now)
        case .monitor where !isInTransaction:
            return awaitSpecial(.monitor, request, isSilenced: isSilenced, at: now)
        case .replicate where !isInTransaction:
            return awaitSpecial(.replicate, request, isSilenced: isSilenced, at: now)
        case .reset:
            return resetReceived(request, isSilenced: isSilenced, at: now)
        case .quit:
            isClosing = true
        case .crossProtocol:
            isClosing = true
            return false
        case .unanswered:
            if !isInTransaction { return false }
            // Queued it is answered, and then EXEC's array lacks an element.
            transactionMiscounts = true
        case .none, .subscribe, .monitor, .replicate:
            break
        }
        return isSilenced ? false : awaitPlain(request, at: now)
    }

    /// A RESP2 subscriber may only change its subscriptions, ping, reset and quit; all else gets an error.
    private mutating func refusedReceived(_ request: RedisRequest, isSilenced: Bool, at now: UInt64) -> Bool {
        switch request.effect {
        case .subscribe where request.argumentCount > 1, .unsubscribe:
            return changeReceived(request, isSilenced: isSilenced, at: now)
        case .reset:
            return resetReceived(request, isSilenced: isSilenced, at: now)
        case .crossProtocol:
            isClosing = true
            return false
        case .quit:
            isClosing = true
        // Should we have taken it for subscribed wrongly, the reply tells.
        case .hello where !isSilenced:
            expectChange()
            return awaitSpecial(.hello, request, isSilenced: false, at: now)
        case .monitor where !isSilenced:
            return awaitSpecial(.refusedMonitor, request, isSilenced: false, at: now)
        default: break
        }
        return isSilenced ? false : awaitPlain(request, at: now)
    }

    private mutating func changeReceived(_ request: RedisRequest, isSilenced: Bool, at now: UInt64) -> Bool {
        let names = request.argumentCount &- 1
        expectChange()
        expected.subscriptions.expect(request.command, names: names)
        // Confirmations are pushed, and CLIENT REPLY does not silence what is pushed.
        return awaitSpecial(
            request.effect == .subscribe ? .subscribe : .unsubscribe, request, isSilenced: isSilenced, count: names,
            at: now)
    }

    private mutating func resetReceived(_ request: RedisRequest, isSilenced: Bool, at now: UInt64) -> Bool {
        endTransaction()
        expectChange()
        expected = (RedisSubscriptions(), 2)
        // RESET ends OFF before it answers; a SKIP that was given for it holds.
        let isSkipped = isSilenced && !isReplyOff
        isReplyOff = false
        return awaitSpecial(.reset, request, isSilenced: isSkipped, at: now)
    }

    private mutating func expectChange() {
        if pendingChanges == 0 { expected = (subscriptions, protocolVersion) }
        pendingChanges &+= 1
    }

    private mutating func execReceived(_ request: RedisRequest, isSilenced: Bool, at now: UInt64) -> Bool {
        let subscribes = transactionSubscribes
        let version = transactionVersion
        let miscounts = transactionMiscounts
        endTransaction()
        if miscounts {
            // The server's array then has fewer elements than it says, or replies follow it that belong inside.
            stop()
            return false
        }
        if subscribes || version != 0 {
            var request = request
            request.helloVersion = version
            expectChange()
            if version != 0 { expected.protocolVersion = version }
            if subscribes { expected.subscriptions.isUncertain = true }
            return awaitSpecial(
                subscribes ? .execSubscribing : .execHello, request, isSilenced: isSilenced, at: now)
        }
        return isSilenced ? false : awaitPlain(request, at: now)
    }

    private mutating func endTransaction() {
        isInTransaction = false
        transactionSubscribes = false
        transactionVersion = 0
        transactionMiscounts = false
    }

    private mutating func awaitSpecial(
        _ kind: RedisPendingRun.Kind, _ request: RedisRequest, isSilenced: Bool, count: Int = 1, at now: UInt64
    ) -> Bool {
        let run = RedisPendingRun(
            kind: kind, command: request.command, isSilenced: isSilenced, helloVersion: request.helloVersion,
            count: count, startedAt: now)
        if !isSilenced { pendingCount &+= 1 }
        if !pending.append(run) { stop() }
        settle()
        return !isSilenced
    }
}

// MARK: - Replies

extension RedisExchange {
    /// Applies runs at the head that get no reply.
    private mutating func settle() {
        while let run = pending.first {
            switch run.kind {
            case .monitor where isMonitoring:
                // The server ignores MONITOR from a client that monitors already.
                if !run.isSilenced { pendingCount &-= 1 }
            case .monitor where run.isSilenced: isMonitoring = true
            case .hello where run.isSilenced:
                if run.helloVersion != 0 { protocolVersion = run.helloVersion }
            case .reset where run.isSilenced: resetCompleted()
            case .execSubscribing where run.isSilenced, .execHello where run.isSilenced: execCompleted(run)
            case .replicate where run.isSilenced:
                stop()
                return
            default: return
            }
            removeFirst(run)
        }
    }

    /// Drops the oldest run, which is `run`.
    private mutating func removeFirst(_ run: RedisPendingRun) {
        pending.removeFirst()
        switch run.kind {
        case .subscribe, .unsubscribe, .hello, .reset, .execSubscribing, .execHello: pendingChanges &-= 1
        default: break
        }
    }

    private mutating func specialReplied(_ reply: RedisReply) -> RedisOutcome {
        if isAdrift { return .untracked }
        if reply.isPush { protocolVersion = 3 }
        if isMonitoring, reply.kind == 0x2B, reply.text.byte(at: 0) &- 0x30 < 10 { return .pushed }
        if let change = subscriptionChange(in: reply) { return changeConfirmed(change) }
        if reply.isPush { return .pushed }
        if protocolVersion == 2, subscriptions.isAny, RedisSubscriptions.isMessage(reply) { return .pushed }
        // A silenced command that should have been confirmed was refused instead, which was silenced as well.
        while let run = pending.first, run.isSilenced {
            removeFirst(run)
            settle()
        }
        guard let run = pending.first else { return .unmatched }
        return complete(run, with: reply)
    }

    private mutating func complete(_ run: RedisPendingRun, with reply: RedisReply) -> RedisOutcome {
        let isTracked = run.kind != .untracked
        if run.kind == .plain || run.kind == .untracked { pending.takeOne() } else { removeFirst(run) }
        switch run.kind {
        case .plain, .untracked, .replicate: break
        // Anything but a confirmation is the whole answer: an error, or QUEUED in a transaction we missed.
        case .subscribe, .unsubscribe: break
        case .hello:
            if reply.kind == 0x25 { protocolVersion = 3 }
            if reply.kind == 0x2A { protocolVersion = 2 }
        case .monitor, .refusedMonitor:
            isMonitoring = isMonitoring || !reply.isError
        case .reset:
            if !reply.isError { resetCompleted() }
        case .execSubscribing, .execHello:
            if reply.kind == 0x2A, reply.elementCount > 0 { execCompleted(run) }
        }
        pendingCount &-= 1
        settle()
        if run.kind == .replicate, !reply.isError { stop() }
        return .answered(
            RedisAnswer(
                command: run.command, startedAt: isTracked ? run.startedAt : nil, mayBlock: run.mayBlock,
                errorCode: reply.errorCode))
    }

    private func subscriptionChange(in reply: RedisReply) -> RedisSubscriptions.Change? {
        guard reply.isPush || (reply.kind == 0x2A && protocolVersion == 2) else { return nil }
        let isExpected: Bool
        switch pending.first?.kind {
        case .subscribe, .unsubscribe: isExpected = true
        default: isExpected = false
        }
        guard reply.isPush || isExpected || subscriptions.isAny else { return nil }
        return RedisSubscriptions.change(in: reply)
    }

    private mutating func changeConfirmed(_ change: RedisSubscriptions.Change) -> RedisOutcome {
        subscriptions.apply(change)
        while let run = pending.first, run.isSilenced, run.command != change.command {
            // Refused in silence, as above.
            removeFirst(run)
            settle()
        }
        guard let run = pending.first, run.kind == .subscribe || run.kind == .unsubscribe,
            run.command == change.command
        else { return .pushed }
        let isLast = run.count == 0 ? subscriptions.count(of: change.family) == 0 : run.count == 1
        if !isLast {
            if run.count > 1 { pending.takeOne() }
            return run.isSilenced ? .pushed : .confirmed(run.command)
        }
        removeFirst(run)
        if !run.isSilenced { pendingCount &-= 1 }
        settle()
        if run.isSilenced { return .pushed }
        return .answered(RedisAnswer(command: run.command, startedAt: run.startedAt))
    }

    private mutating func execCompleted(_ run: RedisPendingRun) {
        if run.helloVersion != 0 { protocolVersion = run.helloVersion }
        if run.kind == .execSubscribing { subscriptions.isUncertain = true }
    }

    private mutating func resetCompleted() {
        protocolVersion = 2
        subscriptions = RedisSubscriptions()
        isMonitoring = false
    }
}
