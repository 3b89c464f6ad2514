// One client whose commands go to several backends, and whose replies come back in the order of its commands.

import Reactor
import RedisWire

/// A client's session where a router decides for each command; see protocols/Redis/LIFECYCLE.md, "One client, several backends".
final class RoutedClient: SharingClient, TurnEnding, @unchecked Sendable {
    /// A transaction as far as no backend knows of it.
    enum Transaction {
        /// None, or one that the client's own connection has.
        case none
        /// MULTI was answered; the first command behind it decides which backend hears of it.
        case begun
        /// It can no longer be executed; no backend has it.
        case spoiled
    }

    /// What the session has to do on the client's own connection before the next command.
    enum Errand {
        case none
        /// Get one that leads to ``wanted``.
        case connect
        /// Get rid of the transaction.
        case discard
    }

    /// The shared connection of a lane that the client uses.
    private struct Use {
        let lane: RoutedLane
        let upstream: SharedUpstream
        var isWaitingForRoom = false
    }

    let router: any RedisRouter
    /// Who may come in, where the gateway asks; nil where the backends do.
    let door: GatewayDoor?
    let denials: RedisDenials?
    /// What it may send in a second; nil where that is not limited.
    @exclusivity(unchecked) var limits: ClientLimits?
    /// Who the client is to the backends.
    private(set) var identity: RedisIdentity
    /// Who the client is to the router.
    var user = RoutedState.defaultUser
    var isLoggedIn: Bool

    @exclusivity(unchecked) private var uses: [Use?] = []
    @exclusivity(unchecked) var slots = ReplySlots()
    /// Commands that are sent again when their time has come.
    @exclusivity(unchecked) var later = LaterCommands()
    /// Bytes of replies that wait for others.
    @exclusivity(unchecked) var buffered = 0
    /// What leaves for the client at the end of the worker's turn.
    @exclusivity(unchecked) private var outgoing: [UInt8] = []
    @exclusivity(unchecked) private var isFlushDue = false
    /// What stands for the command that was taken last, and is looked at next.
    var substitute: [UInt8] = []
    /// Whether the session ends once everything is delivered.
    var isLeaving = false

    /// Whether the loss of what was under way is in the log already.
    var hasNotedFailure = false
    /// Whether a rate limit holds the next command back.
    var isDelayed = false
    var transaction = Transaction.none
    var errand = Errand.none
    /// Where the next own connection is to lead.
    var wanted: RoutedLane?
    /// Where ``own`` leads.
    var ownLane: RoutedLane?
    /// The own connection that holds something, while one command has another.
    var aside: (own: OwnConnection, lane: RoutedLane)?
    /// Whether that command is on its way.
    var isAsideServed = false
    /// Commands that went elsewhere since the own connection was left.
    @exclusivity(unchecked) var sentAway = 0
    /// The last own connection, which holds nothing, until the next command shows whether it is wanted again.
    private var parked: (socket: Socket, lane: RoutedLane, isMarked: Bool)?

    /// Bytes of a reply that leave by themselves.
    private static let largePiece = 16 * 1024

    init(_ session: Session, _ router: any RedisRouter, _ door: GatewayDoor?) {
        self.router = router
        self.door = door
        denials = session.listener.denials
        limits = ClientLimits(session.listener, session.local)
        isLoggedIn = door == nil || door?.asksNobody == true
        identity = RedisIdentity()
        super.init(session)
        keepsOwn = router.keepsOwn || readsSlowly
    }

    override func stepShared() -> Bool { stepRouted() }

    // MARK: Who it is

    /// What the router goes by.
    var state: RoutedState { RoutedState(user: user, database: (own?.pin.identity ?? identity).database) }

    /// The identity at `lane`: with the login that the gateway has for it, where it has one.
    func identity(at lane: RoutedLane) -> RedisIdentity {
        guard door != nil else { return identity }
        var identity = identity
        identity.login = lane.backend.login
        return identity
    }

    /// Is somebody else from the next command on; what is owed still comes.
    func become(_ next: RedisIdentity) {
        guard next != identity else { return }
        // The parked connection is who the client was, and goes back to where such are; that may join a lane once more.
        unpark()
        leaveLanes()
        identity = next
        guard door == nil else { return }
        user = next.login.map { $0.user ?? RoutedState.defaultUser } ?? RoutedState.defaultUser
    }

    private func leaveLanes() {
        for use in uses {
            guard let use else { continue }
            part(from: use.upstream)
        }
        uses = []
    }

    // MARK: Lanes

    /// The shared connection to `lane`, joined at first use.
    func upstream(of lane: RoutedLane) -> SharedUpstream {
        if lane.index < uses.count, let use = uses[lane.index], use.lane === lane { return use.upstream }
        while uses.count <= lane.index { uses.append(nil) }
        if let other = uses[lane.index] { part(from: other.upstream) }
        let upstream = lane.upstreams.join(identity(at: lane))
        uses[lane.index] = Use(lane: lane, upstream: upstream)
        return upstream
    }

    /// Whether `lane` takes one more command now; else the client is woken when it does.
    func accepts(_ lane: RoutedLane) -> Bool {
        let upstream = upstream(of: lane)
        if upstream.accepts { return true }
        isStalled = true
        if upstream.isRetired {
            // What is still under way there comes first.
            guard owed == 0 else { return false }
            part(from: upstream)
            uses[lane.index] = nil
            return self.upstream(of: lane).accepts
        }
        if uses[lane.index]?.isWaitingForRoom == false {
            uses[lane.index]?.isWaitingForRoom = true
            upstream.waitForRoom(self)
        }
        return false
    }

    override func sharedUpstream(numbered generation: Int) -> SharedUpstream? {
        uses.lazy.compactMap { $0?.upstream }.first { $0.isOpen && $0.generation == generation }
    }

    override var parkedSocket: Socket? { parked?.socket }

    override func ownAnswered(_ code: RedisErrorCode) { router.noticed(code) }

    override func letIn(_ upstream: SharedUpstream) {
        for index in uses.indices where uses[index]?.upstream === upstream { uses[index]?.isWaitingForRoom = false }
        waker.wake()
    }

    // MARK: What leaves for the client

    /// Sends `bytes` to the client behind what was given before.
    func emit(_ bytes: Span<UInt8>) {
        if bytes.count >= Self.largePiece {
            flush()
            client.send(bytes)
            return
        }
        bytes.withUnsafeBufferPointer { outgoing.append(contentsOf: $0) }
        guard !isFlushDue else { return }
        isFlushDue = true
        worker.atEndOfTurn(self)
    }

    func turnEnds() {
        isFlushDue = false
        flush()
    }

    func flush() {
        guard !outgoing.isEmpty else { return }
        outgoing.withUnsafeBufferPointer { client.send($0.span) }
        outgoing.removeAll(keepingCapacity: outgoing.capacity <= Self.largePiece)
        // Who has got everything may have ended; and what is left unread is looked at.
        if client.hasEnded || client.hasWriteFailed { waker.wake() }
    }

    var hasOutgoing: Bool { !outgoing.isEmpty }
    /// Bytes that the client has not taken, wherever they lie.
    var backlog: Int { client.queuedCount + outgoing.count + buffered }

    // MARK: The own connection between two uses

    override func share(after own: OwnConnection) {
        let lane = ownLane
        ownLane = nil
        isAway = false
        adopt(own.pin.identity)
        if own.pin.wasReset, door?.asksNobody == false {
            user = RoutedState.defaultUser
            isLoggedIn = false
        }
        if let aside {
            self.own = aside.own
            ownLane = aside.lane
            self.aside = nil
            isAway = true
        }
        // RESET has also taken away the login that the gateway has at the backend.
        guard let lane, !own.pin.wasReset || door == nil else { return own.socket.close() }
        parked = (own.socket, lane, own.pin.isMarked)
    }

    /// Is who its own connection has been made.
    private func adopt(_ identity: RedisIdentity) {
        var next = identity
        if door != nil { next.login = nil }
        become(next)
    }

    override func verdict(_ command: RedisWholeCommand, in bytes: Span<UInt8>, on own: OwnConnection) -> OwnVerdict {
        if aside != nil {
            defer { isAsideServed = true }
            return isAsideServed ? .hold : passing(command, in: bytes)
        }
        // What it changes decides where the next command goes.
        if own.pin.isChanging { return .hold }
        adopt(own.pin.identity)
        if asksElsewhere(command, own) { return .hold }
        guard RedisLimits.sharedCommand.allows(command.range.count),
            case .own(let lane) = place(command, in: bytes), lane === ownLane
        else { return .hold }
        return passing(command, in: bytes)
    }

    override func verdict(oddAt offset: Int, in bytes: Span<UInt8>, on own: OwnConnection) -> OwnVerdict {
        if aside != nil {
            defer { isAsideServed = true }
            return isAsideServed ? .hold : passingOdd()
        }
        if own.pin.isExclusive, denials == nil { return passingOdd() }
        if own.pin.isChanging { return .hold }
        adopt(own.pin.identity)
        switch odd(bytes, at: offset) {
        case .lane(let lane): return lane === ownLane ? passingOdd() : .hold
        case .unfinished: return .wait
        case .spelled, .nothing, .refused: return .hold
        }
    }

    override func leaves(_ own: OwnConnection) -> Bool {
        adopt(own.pin.identity)
        sentAway = 0
        return true
    }

    // MARK: What shared connections bring

    override func received(_ bytes: Span<UInt8>, _ ticket: OwedTicket, _ reply: RedisReply?) {
        take(bytes, ticket, reply)
    }

    override func failed(_ reply: [UInt8], _ failure: GatewayFailure, isCut: Bool, _ ticket: OwedTicket) {
        miss(reply, failure, isPartial: isCut, ticket)
    }

    /// Lets go of the parked connection.
    func unpark() {
        guard let parked else { return }
        self.parked = nil
        if parked.isMarked || keepsOwn || !parked.socket.isQuiet() { return parked.socket.close() }
        upstream(of: parked.lane).spares.giveBack(parked.socket)
    }

    func takeParked(_ lane: RoutedLane) -> Socket? {
        guard let parked, parked.lane === lane, parked.socket.isQuiet() else {
            unpark()
            return nil
        }
        self.parked = nil
        return parked.socket
    }

    var hasDeadParked: Bool { parked.map { $0.socket.isReadable || $0.socket.isHungUp } ?? false }
    var hasParked: Bool { parked != nil }

    /// Lets go of the own connection and of what it holds.
    func dropOwn() {
        own?.socket.close()
        own = nil
        aside?.own.socket.close()
        aside = nil
        ownLane = nil
        isAway = false
        answerDue = .max
    }

    /// Lets go of everything; replies that are still to come are dropped.
    func leave() {
        flush()
        limits?.giveBack()
        dropOwn()
        unpark()
        leaveLanes()
        forgetLater()
        leaveShared()
    }
}
