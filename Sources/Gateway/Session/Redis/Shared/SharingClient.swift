// A client whose commands travel with those of others, or on a connection of its own: what all such clients have.

import Reactor
import RedisWire

/// A session with a part in shared connections; ``SharedClient`` has one of them at a time, ``RoutedClient`` several.
///
/// Shared connections know their clients by this class, so what they call for each reply is final and inlined, and only
/// replies that carry a ticket, which a plain client never asks for, go through the subclass.
class SharingClient: Pump {
    /// Why the pump has stopped.
    enum Outcome {
        /// The next command needs a connection of its own, and every reply before it is delivered.
        case needsOwn
        /// The client has ended and has everything that it was owed.
        case finished
        case clientFailed
        case idle, cancelled
        /// Its user is gone or has another password, and the server would have closed its connection.
        case loginRefused
        /// The client's own connection has ended.
        case ownClosed
        case ownFailed(GatewayFailure)
    }

    /// What becomes of a command while the client has a connection of its own.
    enum OwnVerdict {
        /// It goes there.
        case pass
        /// It waits, with all that follow, until every reply before it is here.
        case hold
        /// It is looked at again when more of it has come.
        case wait
    }

    private static let patience = UInt64(RedisLimits.partialPatience.maximum) * 1_000_000

    final let session: Session
    final let client: Socket
    final let waker: Waker
    final let worker: Worker
    final let metrics: ListenerMetrics
    final let usage: RedisUsage?
    private let idleTimeout: UInt64?
    final var outcome = Outcome.cancelled

    // What goes to shared connections.
    /// Replies that shared connections owe.
    @exclusivity(unchecked) final var owed = 0
    /// How many they may owe; it doubles each time that all were delivered.
    @exclusivity(unchecked) final var window = 16
    /// What the client has sent and is not passed on: a part of a command, or what there is no room for.
    @exclusivity(unchecked) final var held: [UInt8] = []
    /// Whether `held` may begin with a whole command.
    @exclusivity(unchecked) final var holdsWhole = false
    /// Looks at the command that is not whole.
    @exclusivity(unchecked) final var looks = 0
    /// Nanoseconds of the worker's clock after which it is no longer waited for.
    @exclusivity(unchecked) private final var partialEnd = UInt64.max
    @exclusivity(unchecked) final var needsOwn = false
    /// Whether the session is to be woken when replies were delivered.
    @exclusivity(unchecked) final var isStalled = false
    @exclusivity(unchecked) final var lastMoved: UInt64
    /// Whether the log has the loss of what was under way since the last reply.
    @exclusivity(unchecked) final var hasNotedLoss = false

    // What WAIT is about.
    /// The number of the shared connection that carried the last command that may have written; zero when there was none,
    /// and ``ownWrite`` when it was a connection of its own.
    @exclusivity(unchecked) final var lastWrite = 0
    /// That own connection, and that shared connection when the client has left it.
    @exclusivity(unchecked) final var ownWriter: Socket?
    @exclusivity(unchecked) final var writer: SharedUpstream?
    /// Whether everything goes over a connection of its own until RESET, because it has asked about its writes.
    final var staysApart = false
    final var hasGone = false
    final var isCut = false
    final var isLoginRefused = false

    // What goes to a connection of its own.
    @exclusivity(unchecked) final var own: OwnConnection?
    /// Whether commands go to shared connections although there is an own one, which keeps its state meanwhile.
    @exclusivity(unchecked) final var isAway = false
    /// Whether the client has one for as long as it lives.
    final var keepsOwn = false
    /// Whether it has one because clients of its host do not read as fast as a shared connection brings large replies.
    final let readsSlowly: Bool
    final var labels: [[UInt8]] = []
    @exclusivity(unchecked) final var smallRepliesDue = 0
    /// Nanoseconds of the worker's clock by which the own connection has to answer.
    @exclusivity(unchecked) final var answerDue = UInt64.max

    /// Nanoseconds of the worker's clock at which a command that a rate limit holds back may pass.
    @exclusivity(unchecked) final var passDue = UInt64.max
    /// Nanoseconds of the worker's clock at which a command is to be sent again.
    @exclusivity(unchecked) final var resendDue = UInt64.max

    init(_ session: Session) {
        self.session = session
        client = session.client
        waker = session.waker
        worker = session.worker
        metrics = session.metrics
        usage = session.usage as? RedisUsage
        idleTimeout = session.listener.configuration.idleTimeout?.nanoseconds
        lastMoved = session.worker.now
        readsSlowly = session.listener.slowReaders.contains(session.peer)
        if readsSlowly { smallRepliesDue = RedisLimits.smallReplies.maximum }
    }

    // MARK: What subclasses say

    /// One step of a client that has no connection of its own, or is away from it; true when the work is over.
    func stepShared() -> Bool { over(.finished) }

    /// Goes back to the shared connections of whom the client now is; `own` holds nothing any more.
    func share(after own: OwnConnection) {}

    /// What becomes of a whole command that is next while the client has `own`.
    func verdict(_ command: RedisWholeCommand, in bytes: Span<UInt8>, on own: OwnConnection) -> OwnVerdict {
        if asksElsewhere(command, own) { return .hold }
        let isShared =
            own.pin.holdsNothing && RedisLimits.sharedCommand.allows(command.range.count)
            && RedisSharing.of(command, in: bytes) == .shared
        // It waits until the replies before it are here, and then goes with those of others.
        return isShared ? .hold : .pass
    }

    /// What becomes of a command at `offset` that is too long, or too oddly spelled, to be held until it is whole.
    func verdict(oddAt offset: Int, in bytes: Span<UInt8>, on own: OwnConnection) -> OwnVerdict { .pass }

    /// The shared connection of the client that has this number, if it is open.
    func sharedUpstream(numbered generation: Int) -> SharedUpstream? { nil }

    /// Where the next command that needs a connection of its own would go without a new one.
    var parkedSocket: Socket? { nil }

    /// What is held is not for `own`, which has nothing to answer; whether it can be dealt with elsewhere meanwhile.
    func leaves(_ own: OwnConnection) -> Bool { false }

    /// Bytes of the reply to the command with `ticket`; they end it when `reply` says what it was.
    func received(_ bytes: Span<UInt8>, _ ticket: OwedTicket, _ reply: RedisReply?) {}

    /// The command with `ticket` was not answered and never will be; `isCut` when a part of its reply was received.
    func failed(_ reply: [UInt8], _ failure: GatewayFailure, isCut: Bool, _ ticket: OwedTicket) {}

    /// The client's own connection has answered with an error.
    func ownAnswered(_ code: RedisErrorCode) {}

    /// There is room again on `upstream`.
    func letIn(_ upstream: SharedUpstream) { waker.wake() }

    // MARK: The steps of the session

    final func step() -> Bool {
        if waker.isCancelled { return over(.cancelled) }
        // What a client that is gone has sent is not waited for.
        let isGone = client.isHungUp && (!client.isReadable || passDue != .max)
        if isCut || client.hasWriteFailed || isGone { return over(.clientFailed) }
        if isLoginRefused { return over(.loginRefused) }
        let now = worker.now
        if partialEnd <= now {
            looks = RedisLimits.partialLooks.maximum
            holdsWhole = true
            partialEnd = .max
        }
        passDue = .max
        let isOver = own == nil || isAway ? stepShared() : stepOwn()
        if isOver { return true }
        if answerDue <= now, let own {
            return over(.ownFailed(own.backend.fellSilent(at: now)))
        }
        let idleEnd = idleTimeout.map { Self.sum(lastMoved, $0) } ?? .max
        if idleEnd <= now { return over(.idle) }
        partialEnd = held.isEmpty || holdsWhole || needsOwn ? .max : min(partialEnd, Self.sum(now, Self.patience))
        // Of more than three numbers min would make an array at every step.
        let deadline = min(min(idleEnd, partialEnd), own == nil ? .max : answerDue, min(passDue, resendDue))
        if deadline != waker.deadline { waker.setDeadline(at: deadline) }
        return false
    }

    final func over(_ outcome: Outcome) -> Bool {
        self.outcome = outcome
        return true
    }

    static func sum(_ now: UInt64, _ timeout: UInt64) -> UInt64 {
        let (sum, overflowed) = now.addingReportingOverflow(timeout)
        return overflowed ? .max : sum
    }

    final func moved() { lastMoved = worker.now }

    // MARK: What the client has sent and is not passed on

    final func hold(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { held.append(contentsOf: $0) }
    }

    /// Holds what is left of `bytes`, which were held before.
    final func keep(_ bytes: inout [UInt8], from passed: Int) {
        if passed == bytes.count {
            // An idle client holds no memory for what it has sent.
            bytes.removeAll(keepingCapacity: bytes.capacity <= 1024)
        } else if passed > 0 {
            bytes.removeSubrange(..<passed)
        }
        swap(&bytes, &held)
    }
}
