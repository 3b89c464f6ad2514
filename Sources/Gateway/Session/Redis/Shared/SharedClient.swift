// One client of a shared backend: its commands travel with those of others, or on a connection of its own.

import Reactor
import RedisWire

/// A client's session in shared mode; see protocols/Redis/LIFECYCLE.md, "Many clients on one connection".
final class SharedClient: Pump {
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

    private static let patience = UInt64(RedisLimits.partialPatience.maximum) * 1_000_000

    let session: Session
    let client: Socket
    let waker: Waker
    let worker: Worker
    let metrics: ListenerMetrics
    private let upstreams: SharedUpstreams
    private let idleTimeout: UInt64?
    let responseTimeout: UInt64?
    @exclusivity(unchecked) var upstream: SharedUpstream
    var outcome = Outcome.cancelled

    // What goes to the shared connection.
    /// Replies that the shared connection owes.
    @exclusivity(unchecked) private(set) var owed = 0
    /// How many it may owe; it doubles each time that all were delivered.
    @exclusivity(unchecked) private(set) var window = 16
    /// What the client has sent and is not passed on: a part of a command, or what there is no room for.
    @exclusivity(unchecked) var held: [UInt8] = []
    /// Whether `held` may begin with a whole command.
    @exclusivity(unchecked) var holdsWhole = false
    /// Looks at the command that is not whole.
    @exclusivity(unchecked) var looks = 0
    /// Nanoseconds of the worker's clock after which it is no longer waited for.
    @exclusivity(unchecked) private var partialEnd = UInt64.max
    @exclusivity(unchecked) var needsOwn = false
    @exclusivity(unchecked) private var isWaitingForRoom = false
    /// Whether the session is to be woken when replies were delivered.
    @exclusivity(unchecked) var isStalled = false
    @exclusivity(unchecked) private var lastMoved: UInt64
    /// The shared connection that brought the last reply, by its number; zero before any.
    @exclusivity(unchecked) private(set) var lastGeneration = 0
    private var hasGone = false
    private var isCut = false
    private var isLoginRefused = false

    // What goes to a connection of its own.
    @exclusivity(unchecked) var own: OwnConnection?
    /// The last own connection, which holds nothing, until the next command shows whether it is wanted again.
    @exclusivity(unchecked) private(set) var parked: Socket?
    /// Whether nobody else may have it.
    private var isParkedMarked = false
    var labels: [[UInt8]] = []
    /// Whether the shared connection is to become this client's own.
    var isHeir = false
    private var inherited: Socket?
    @exclusivity(unchecked) var smallRepliesDue = 0
    /// Nanoseconds of the worker's clock by which the own connection has to answer.
    @exclusivity(unchecked) var answerDue = UInt64.max

    init(_ session: Session, _ upstreams: SharedUpstreams) {
        self.session = session
        self.upstreams = upstreams
        client = session.client
        waker = session.waker
        worker = session.worker
        metrics = session.metrics
        idleTimeout = session.listener.configuration.idleTimeout?.nanoseconds
        responseTimeout = session.backend.configuration.responseTimeout?.nanoseconds
        lastMoved = session.worker.now
        upstream = upstreams.join(RedisIdentity())
    }

    // MARK: The steps of the session

    func step() -> Bool {
        if waker.isCancelled { return over(.cancelled) }
        if isCut || client.hasWriteFailed || client.isHungUp && !client.isReadable { return over(.clientFailed) }
        if isLoginRefused { return over(.loginRefused) }
        let now = worker.now
        if partialEnd <= now {
            looks = RedisLimits.partialLooks.maximum
            holdsWhole = true
        }
        let isOver = own == nil ? stepShared() : stepOwn()
        if isOver { return true }
        if answerDue <= now, own != nil {
            return over(.ownFailed(GatewayFailure(.silent, "\(session.backend.label) did not answer in time")))
        }
        let idleEnd = idleTimeout.map { Self.sum(lastMoved, $0) } ?? .max
        if idleEnd <= now { return over(.idle) }
        partialEnd = held.isEmpty || holdsWhole || needsOwn ? .max : min(partialEnd, Self.sum(now, Self.patience))
        let deadline = min(idleEnd, partialEnd, own == nil ? .max : answerDue)
        if deadline != waker.deadline { waker.setDeadline(at: deadline) }
        return false
    }

    func over(_ outcome: Outcome) -> Bool {
        self.outcome = outcome
        return true
    }

    static func sum(_ now: UInt64, _ timeout: UInt64) -> UInt64 {
        let (sum, overflowed) = now.addingReportingOverflow(timeout)
        return overflowed ? .max : sum
    }

    func moved() { lastMoved = worker.now }

    /// Moves to the shared connection of another identity.
    func become(_ identity: RedisIdentity) {
        guard identity != upstream.identity else { return }
        upstream.forget(self)
        isWaitingForRoom = false
        upstream.clientCount -= 1
        upstream = upstreams.join(identity)
        lastGeneration = 0
    }

    /// Keeps an own connection at hand; nobody else may have it when it `isMarked`.
    func park(_ socket: Socket, isMarked: Bool) {
        parked = socket
        isParkedMarked = isMarked
    }

    /// Lets go of the parked connection.
    func unpark() {
        guard let socket = takeParked() else { return }
        if isParkedMarked { socket.close() } else { upstream.spares.giveBack(socket) }
    }

    func takeParked() -> Socket? {
        guard let socket = parked else { return nil }
        parked = nil
        if socket.isQuiet() { return socket }
        socket.close()
        return nil
    }

    /// Lets go of everything; replies that are still to come are dropped.
    func leave() {
        own?.socket.close()
        own = nil
        takeInherited()?.close()
        unpark()
        upstream.forget(self)
        upstream.clientCount -= 1
        guard owed > 0 else { return }
        // The shared connection knows this client by its address until it has paid what it owes.
        hasGone = true
        _ = Unmanaged.passRetained(self)
    }

    // MARK: Inheriting the shared connection

    /// Nothing is owed on the shared connection any more: it is this client's, or gone when nil.
    func inherits(_ socket: Socket?) {
        isHeir = false
        inherited = socket
        socket?.waker = waker
        waker.wake()
    }

    func takeInherited() -> Socket? {
        defer { inherited = nil }
        return inherited
    }

    // MARK: What the shared connection brings

    /// Whether one more command may be sent on the shared connection now.
    @inline(__always)
    var hasRoom: Bool { owed < window && upstream.accepts && !client.isCongested }

    /// Asks to be woken when there is room.
    func waitForRoom() {
        isStalled = true
        // Its own replies wake it, and its own socket; the connection has to be asked.
        guard !upstream.accepts, !isWaitingForRoom else { return }
        isWaitingForRoom = true
        upstream.waitForRoom(self)
    }

    /// There is room again.
    func letIn() {
        isWaitingForRoom = false
        waker.wake()
    }

    @inline(__always)
    func owes(_ command: RedisCommand) {
        owed &+= 1
        upstream.owe(self, command)
    }

    /// A reply has come to its end; its bytes follow with ``delivered(_:replies:)``.
    @inline(__always)
    func answered(_ entry: OwedReply, _ reply: RedisReply, now: UInt64) {
        metrics.record(command: Int(entry.command.rawValue), nanoseconds: now &- entry.startedAt)
        if let code = reply.errorCode {
            metrics.count(code: code.name.description, command: Int(entry.command.rawValue))
        }
        if reply.byteCount > UInt64(RedisLimits.sharedReply.maximum) {
            smallRepliesDue = RedisLimits.smallReplies.maximum
        }
    }

    /// Bytes that belong to this client, with so many ends of replies among them.
    @inline(__always)
    func delivered(_ bytes: Span<UInt8>, replies: Int) {
        if !hasGone, !isCut {
            client.send(bytes)
            metrics.bytesFromBackends &+= UInt64(bytes.count)
            lastMoved = worker.now
            lastGeneration = upstream.generation
            if client.queuedCount > RedisLimits.sharedBacklog.maximum { cut() }
        }
        paid(replies)
    }

    /// A command was not answered and never will be; `isCut` when a part of its reply was delivered.
    func failed(_ reply: [UInt8], _ failure: GatewayFailure, isCut: Bool) {
        if !hasGone, !self.isCut {
            session.note(failure)
            lastGeneration = -1
            if isCut {
                reset()
            } else if failure.cause == .loginRefused {
                isLoginRefused = true
                waker.wake()
            } else if !isLoginRefused {
                client.send(reply)
            }
        }
        paid(1)
    }

    @inline(__always)
    private func paid(_ replies: Int) {
        owed &-= replies
        if owed == 0 {
            if window < RedisLimits.sharedWindow.maximum { window &*= 2 }
            if isStalled { waker.wake() }
            if hasGone { Unmanaged.passUnretained(self).release() }
        } else if isStalled, !needsOwn, owed <= window / 2 {
            waker.wake()
        }
    }

    /// Ends a client that does not read: what waits for it has reached its bound, and nobody else may wait for it.
    private func cut() {
        session.note(
            GatewayFailure(
                .clientLost, "the client left \(RedisLimits.sharedBacklog.maximum) bytes of replies unread"))
        reset()
    }

    /// A reset keeps what the client has from looking complete.
    private func reset() {
        isCut = true
        client.reset()
        waker.wake()
    }
}
