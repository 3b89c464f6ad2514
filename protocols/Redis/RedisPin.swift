// Follows the connection that one client of a shared backend has for itself, and knows when it no longer needs it.

import Wire

/// What a client's own connection holds that a shared one could not, in the order of its requests and replies.
package struct RedisPin: Sendable {
    private var exchange = RedisExchange()
    /// Who the client is, as far as the server has answered.
    package private(set) var identity: RedisIdentity
    /// What commands that wait will make of it, oldest first.
    private var changes: [(command: RedisCommand, change: RedisIdentityChange)] = []
    /// CLIENT SETINFO as the client sent it, newest last, for its next own connection.
    package private(set) var labels: [[UInt8]] = []
    private var waitingLabels: [[UInt8]?] = []
    private var waitingSubscriptions = 0
    private var isWatching = false
    private var isAsking = false
    private var isReadOnly = false
    /// Something was left behind that only RESET takes away.
    private var isKept = false
    /// Replies can no longer be told apart with certainty, so nothing takes it away.
    package private(set) var isLost = false
    /// Whether the connection may be in another database than ``identity`` says, until RESET: a SELECT could not be read, or
    /// belongs to a transaction.
    package private(set) var isDatabaseUntold = false
    /// Whether something was left behind at any time: the connection is nobody else's, ever.
    package private(set) var isMarked = false
    /// Replies until that of the one command that ``isKept`` is because of; zero when it is settled.
    private var repliesToTrial = 0
    private var smallRepliesDue = 0
    private let mindsSizes: Bool
    /// Whether RESET has taken away what the connection was opened with.
    package private(set) var wasReset = false

    /// `mindsSizes` keeps the connection while replies are large, `isKept` until RESET.
    package init(
        identity: RedisIdentity, labels: [[UInt8]] = [], smallRepliesDue: Int = 0, mindsSizes: Bool = true,
        isKept: Bool = false
    ) {
        self.isKept = isKept
        isMarked = isKept
        self.mindsSizes = mindsSizes
        self.identity = identity
        self.labels = labels
        self.smallRepliesDue = smallRepliesDue
        if identity.version == 3 { adoptVersion() }
    }

    /// The opening has brought the connection to RESP3 before the client's commands came.
    private mutating func adoptVersion() {
        exchange.commandReceived(RedisRequest(command: .hello, effect: .hello, helloVersion: 3), at: 0)
        _ = exchange.replyReceived(RedisReply(kind: 0x25))
    }

    /// Whether the connection is kept because of a command that may turn out to have done nothing.
    package var isOnTrial: Bool { repliesToTrial > 0 }

    /// Whether the client may send on a shared connection again once all replies are here.
    package var holdsNothing: Bool {
        !isLost && !isKept && !isWatching && !isAsking && !isReadOnly && waitingSubscriptions == 0
            && smallRepliesDue == 0 && !exchange.isInTransaction && !exchange.isSubscribed && !exchange.isMonitoring
            && !exchange.isAdrift && !exchange.isClosing
    }
    /// Whether a command waits that may make the client another user, or take it to another database or version.
    package var isChanging: Bool { !changes.isEmpty }
    /// Whether a transaction is open.
    package var isInTransaction: Bool { exchange.isInTransaction }
    /// Whether nothing of the client can go elsewhere meanwhile: its connection talks by itself in the place of replies,
    /// or replies can no longer be told apart.
    package var isExclusive: Bool {
        isLost || exchange.isAdrift || exchange.isMonitoring || exchange.isClosing || waitingSubscriptions > 0
            || exchange.isSubscribed && exchange.protocolVersion == 2
    }
    /// Commands whose replies are still to come.
    package var pendingCount: Int { exchange.pendingCount }
    package var repliesOwed: Int { exchange.repliesOwed }
    package var isAwaitingReply: Bool { exchange.pendingCount > 0 && !exchange.isBlocked }
    /// Whether the end of the connection leaves a command unanswered.
    package var isOwed: Bool { !exchange.isClosing && !exchange.isAdrift && exchange.pendingCount > 0 }
    package var isClosing: Bool { exchange.isClosing || exchange.isAdrift }

    /// A command goes to the server; `whole` says where in `bytes` when it lies there whole.
    ///
    /// Returns whether a reply is awaited.
    @discardableResult
    package mutating func sends(
        _ request: RedisRequest, _ whole: RedisWholeCommand?, in bytes: Bytes, at now: UInt64
    ) -> Bool {
        guard !isLost else { return exchange.commandReceived(request, at: now) }
        let command = request.command
        let sharing = whole.map { RedisSharing.of($0, in: bytes) } ?? RedisSharing.atMost(command)
        isAsking = command == .asking
        switch sharing {
        case .shared: break
        // Its reply must not be taken for that of a label.
        case .alone: if command == .client { waitsForOther() }
        case .keeps: keepOnTrial(command)
        case .pins: pin(command, request, whole, in: bytes)
        }
        if request.effect == .replyOn || request.effect == .replyOff || request.effect == .replySkip { lose() }
        return exchange.commandReceived(request, at: now)
    }

    /// The gateway has opened or discarded a transaction in the client's name, and the server has agreed.
    package mutating func transactionBecame(open: Bool, at now: UInt64) {
        let effect: RedisEffect = open ? .multi : .discard
        exchange.commandReceived(RedisRequest(command: open ? .multi : .discard, effect: effect), at: now)
        _ = exchange.replyReceived(RedisReply(kind: 0x2B))
        if !open { isWatching = false }
    }

    /// A request without a command goes to the server.
    package mutating func sendsNothing() { exchange.emptyReceived() }

    /// A reply has come; `didNothing` when its text says that the server has not carried the command out, see
    /// ``RedisErrorReply/saysNotUnderstood(_:)``.
    package mutating func receives(_ reply: RedisReply, didNothing: Bool = false) -> RedisOutcome {
        let outcome = exchange.replyReceived(reply)
        if repliesToTrial > 0, case .answered = outcome { judge(didNothing: didNothing) }
        if smallRepliesDue > 0 {
            smallRepliesDue = isLarge(reply) ? RedisLimits.smallReplies.maximum : smallRepliesDue &- 1
        } else if isLarge(reply) {
            smallRepliesDue = RedisLimits.smallReplies.maximum
        }
        guard case .answered(let answer) = outcome else { return outcome }
        switch answer.command {
        case .subscribe, .psubscribe, .ssubscribe, .unsubscribe, .punsubscribe, .sunsubscribe:
            waitingSubscriptions = max(0, waitingSubscriptions - 1)
        case .client: labelAnswered(answer)
        case .auth, .hello, .select, .reset: changeAnswered(answer)
        case .exec, .discard, .unwatch:
            // Refused for a right that the user lacks, it has ended nothing.
            if let code = answer.errorCode, code.name.description != "EXECABORT" { keep() }
        default: break
        }
        return outcome
    }

    /// Gives up following: what passes from here on is the client's and the server's alone.
    package mutating func lose() {
        exchange.stop()
        isLost = true
        isMarked = true
        repliesToTrial = 0
        // No reply is paired any more, so nothing is waited for.
        changes = []
        waitingLabels = []
    }

    private func isLarge(_ reply: RedisReply) -> Bool {
        mindsSizes && reply.byteCount > UInt64(RedisLimits.sharedReply.maximum)
    }

    // MARK: - Requests

    private mutating func waitsForOther() {
        guard waitingLabels.count < RedisLimits.pendingRuns.maximum else { return lose() }
        waitingLabels.append(nil)
    }

    private mutating func keep() {
        isKept = true
        isMarked = true
        repliesToTrial = 0
    }

    /// A command is sent of which it is not known what it leaves behind; if the server does not know it either, that is nothing.
    private mutating func keepOnTrial(_ command: RedisCommand) {
        let isFirst =
            !isKept && !isMarked && !exchange.isInTransaction && !exchange.isSubscribed && waitingSubscriptions == 0
        keep()
        // Later ones of a pipeline keep it too.
        if isFirst { repliesToTrial = exchange.pendingCount + 1 }
    }

    private mutating func judge(didNothing: Bool) {
        repliesToTrial -= 1
        guard repliesToTrial == 0, didNothing else { return }
        isKept = false
        isMarked = false
    }

    private mutating func pin(
        _ command: RedisCommand, _ request: RedisRequest, _ whole: RedisWholeCommand?, in bytes: Bytes
    ) {
        switch command {
        case .watch: isWatching = true
        case .unwatch where !exchange.isInTransaction: isWatching = false
        case .exec where exchange.isInTransaction, .discard where exchange.isInTransaction: isWatching = false
        case .readonly: isReadOnly = true
        case .readwrite: isReadOnly = false
        case .subscribe, .psubscribe, .ssubscribe, .unsubscribe, .punsubscribe, .sunsubscribe:
            // In a transaction its confirmation is inside of EXEC's reply.
            if exchange.isInTransaction { keep() } else { waitingSubscriptions += 1 }
        case .client:
            guard let whole, whole.range.count <= RedisLimits.keptLogin.maximum, !exchange.isInTransaction else {
                return keep()
            }
            guard waitingLabels.count < RedisLimits.pendingRuns.maximum else { return lose() }
            isMarked = true
            // Another mark than that of the trial.
            repliesToTrial = 0
            waitingLabels.append(bytes.array(whole.range))
        case .auth, .hello, .select, .reset: change(command, whole, in: bytes)
        default: break
        }
    }

    private mutating func change(_ command: RedisCommand, _ whole: RedisWholeCommand?, in bytes: Bytes) {
        guard changes.count < RedisLimits.pendingRuns.maximum else { return lose() }
        let change = RedisIdentityChange.of(whole, in: bytes)
        // A transaction answers QUEUED first and does it later; a subscriber's error looks like any other.
        guard let change, !exchange.isInTransaction || change == .reset else {
            keep()
            if command == .select || command == .reset { isDatabaseUntold = true }
            changes.append((command, .none))
            return
        }
        changes.append((command, change))
        guard change == .reset else { return }
        isKept = false
        isDatabaseUntold = false
        isWatching = false
        isAsking = false
        isReadOnly = false
    }

    // MARK: - Replies

    private mutating func changeAnswered(_ answer: RedisAnswer) {
        guard !changes.isEmpty else { return lose() }
        let first = changes.removeFirst()
        guard first.command == answer.command else { return lose() }
        guard answer.errorCode == nil else {
            // What RESET was thought to have taken away is still there.
            if first.change == .reset { lose() }
            return
        }
        identity = first.change.applied(to: identity)
        if first.change == .reset { wasReset = true }
    }

    private mutating func labelAnswered(_ answer: RedisAnswer) {
        // Other forms of CLIENT keep the connection, so their replies need no pairing.
        guard !isKept, !waitingLabels.isEmpty else { return }
        guard let label = waitingLabels.removeFirst(), answer.errorCode == nil else { return }
        labels.append(label)
        if labels.count > 2 { labels.removeFirst() }
    }
}
