// One connection that carries the stateless commands of many clients, and gives each its replies.

import Reactor
import RedisWire
import Wire

/// The shared connection of one worker for one identity of one backend.
///
/// Whole commands go out as they came, all of one turn of the worker in one send; replies come back in the same order
/// and go to their owners as they came. A client never learns more of the others than the time they take.
final class SharedUpstream: Pump, TurnEnding, @unchecked Sendable {
    let identity: RedisIdentity
    private let backend: Backend
    private let resolver: Resolver
    private let waker: Waker
    private let worker: Worker
    private let responseTimeout: UInt64?
    private unowned let upstreams: SharedUpstreams
    private let isBounded: Bool
    private let pendingLimit: Int
    private let outgoingLimit: Int
    private let hasByteLimit: Bool

    @exclusivity(unchecked) private var socket: Socket?
    @exclusivity(unchecked) private var framer = RedisReplyFramer()
    @exclusivity(unchecked) private var owed = OwedReplies()
    /// The newest of `owed` whose commands still lie here: no byte of them was written.
    @exclusivity(unchecked) private var unsent = 0
    @exclusivity(unchecked) private var outgoing: [UInt8] = []
    @exclusivity(unchecked) private var isFlushDue = false
    /// Whether the owner of the oldest owed reply has got a part of it.
    @exclusivity(unchecked) private var isMidReply = false
    @exclusivity(unchecked) private var failure: GatewayFailure?
    /// Those who have more to send than is taken now, in the order in which they are let in again.
    @exclusivity(unchecked) private var waiting: [SharingClient] = []
    /// When the backend has been silent for too long, and when spares and the use of this connection are looked at.
    @exclusivity(unchecked) private var answerDue = UInt64.max
    @exclusivity(unchecked) private var sweepDue = UInt64.max
    /// When it is looked at whether the backend owes replies and is silent, where somebody wants to know.
    @exclusivity(unchecked) private var silenceDue = UInt64.max
    /// When the backend has last said something.
    @exclusivity(unchecked) private var heardAt: UInt64 = 0
    private let mindsSilence: Bool
    /// The client that is to have this very connection, once it is through with everybody's replies.
    @exclusivity(unchecked) private var heir: SharedClient?
    /// Counts the connections, so that a client knows whether the one that it last used is still the same.
    private(set) var generation = 0
    /// Clients that have this identity now.
    var clientCount = 0
    /// Connections of single clients, waiting for the next that needs one.
    let spares: SpareConnections

    /// Bytes that may lie here before clients have to wait, unless the configuration says at which they are refused.
    private static let outgoingLimit = 1 << 20
    private static let readsPerTurn = 8
    /// Nanoseconds that a connection without owed replies and without clients is kept, and spares are.
    private static let patience: UInt64 = 10_000_000_000
    /// Nanoseconds without a word after which a backend that owes replies is silent.
    private static let silence: UInt64 = 1_000_000_000

    init(
        _ backend: Backend, as identity: RedisIdentity, _ local: WorkerState, among upstreams: SharedUpstreams
    ) {
        self.upstreams = upstreams
        let settings = backend.configuration
        isBounded = settings.pendingCommands != nil || settings.pendingBytes != nil || backend.breaker != nil
        pendingLimit = settings.pendingCommands ?? .max
        hasByteLimit = settings.pendingBytes != nil
        outgoingLimit = settings.pendingBytes ?? Self.outgoingLimit
        mindsSilence = upstreams.onSilence != nil
        self.backend = backend
        self.identity = identity
        resolver = local.resolver
        worker = local.worker
        waker = Waker(worker: local.worker)
        responseTimeout = backend.configuration.responseTimeout?.nanoseconds
        spares = SpareConnections(waker: waker)
    }

    // MARK: What clients do

    /// Whether a client may send more now; if not, it asks for ``waitForRoom(_:)``.
    var accepts: Bool {
        // Where a bound says at how many bytes commands are refused, nobody is held back before.
        if hasByteLimit { return heir == nil && bytesToSend < outgoingLimit }
        return outgoing.count < outgoingLimit && heir == nil && socket?.isCongested != true
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

    /// Lets `client` have this connection when every reply on it is delivered; commands that come meanwhile get a new one.
    ///
    /// False when there is none, or it is promised already.
    func bequeath(to client: SharedClient) -> Bool {
        guard socket != nil, heir == nil else { return false }
        heir = client
        waker.wake()
        return true
    }

    /// Forgets what `client` has asked for, because it goes.
    func forget(_ client: SharingClient) {
        waiting.removeAll { $0 === client }
        guard heir === client else { return }
        heir = nil
        flush()
        waker.wake()
    }

    func turnEnds() {
        isFlushDue = false
        guard heir == nil else { return }
        flush()
    }

    private func flush() {
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

    private func expectAnswer(within timeout: UInt64) {
        let (sum, overflowed) = worker.now.addingReportingOverflow(timeout)
        answerDue = overflowed ? .max : sum
        setDeadline()
    }

    private func listen(since time: UInt64) {
        heardAt = time
        silenceDue = time &+ Self.silence
        setDeadline()
    }

    private func setDeadline() { waker.setDeadline(at: min(answerDue, sweepDue, silenceDue)) }

    // MARK: The life of the connection

    /// Connects when somebody has sent something, and again after each failure, until cancelled or no longer of use.
    func run() async {
        while !waker.isCancelled {
            if owed.isEmpty {
                waker.setDeadline(after: Self.patience)
                await waker.wait()
                spares.sweep()
                letIn()
                if waker.hasTimedOut, owed.isEmpty, clientCount == 0 { break }
                continue
            }
            do throws(GatewayFailure) {
                let opened = try await RedisOpening.open(backend, as: identity, resolver, waker: waker)
                owed.first?.owner._withUnsafeGuaranteedRef { $0.metrics.upstreamsOpened += 1 }
                await use(opened)
            } catch {
                unsent = 0
                outgoing.removeAll()
                fail(owed.count, error)
            }
            letIn()
        }
        // Those who are left hear that the gateway stops.
        unsent = 0
        fail(owed.count, GatewayFailure(.shuttingDown, "the gateway is shutting down"))
        letIn()
        spares.closeAll()
    }

    /// Ends the connection and its task; on the worker's thread.
    func cancel() { waker.cancel() }

    private func use(_ opened: Socket) async {
        socket = opened
        generation += 1
        framer = RedisReplyFramer()
        isMidReply = false
        failure = nil
        answerDue = .max
        silenceDue = .max
        sweepLater()
        flush()
        letIn()
        await waker.run(self)
        if let failure {
            opened.close()
            socket = nil
            fail(owed.count - unsent, failure)
        } else if let heir, let socket {
            // Nothing is owed on it: what else waits here was not written.
            self.socket = nil
            self.heir = nil
            heir.inherits(socket)
        } else {
            opened.close()
            socket = nil
        }
        heir?.inherits(nil)
        heir = nil
    }

    /// Answers the `count` oldest commands with `failure`, each once and in order.
    private func fail(_ count: Int, _ failure: GatewayFailure) {
        guard count > 0 else { return }
        let reply = RedisErrorReply.compose(failure.message)
        for _ in 0..<count {
            guard let entry = owed.removeFirst() else { break }
            upstreams.pending &-= 1
            let isCut = isMidReply
            isMidReply = false
            entry.owner._withUnsafeGuaranteedRef {
                guard entry.ticket.isNone else { return $0.failed(reply, failure, isCut: isCut, entry.ticket) }
                $0.failed(reply, failure, isCut: isCut)
            }
        }
    }

    private func letIn() {
        guard !waiting.isEmpty, accepts else { return }
        let admitted = waiting
        waiting.removeAll(keepingCapacity: true)
        for client in admitted { client.letIn(self) }
    }

    // MARK: Replies

    func step() -> Bool {
        guard let socket else { return true }
        var reads = 0
        receiving: while socket.isReadable {
            guard reads < Self.readsPerTurn else {
                waker.wake()
                break
            }
            reads += 1
            do throws(IOError) {
                switch try socket.receive() {
                case .bytes(let count):
                    failure = worker.withReceived(count) { deliver($0) }
                    if failure != nil { return true }
                case .nothing: break receiving
                case .end: break receiving
                }
            } catch {
                return over(.lost(backend, "\(error)"))
            }
        }
        return isOver(socket, hasRead: reads > 0)
    }

    private func isOver(_ socket: Socket, hasRead: Bool) -> Bool {
        if hasRead { backend.breaker?.answered() }
        if socket.hasEnded { return over(.lost(backend, "it closed the connection")) }
        if let error = socket.writeError { return over(.lost(backend, "\(error)")) }
        if waker.isCancelled { return over(GatewayFailure(.shuttingDown, "the gateway is shutting down")) }
        let isQuiet = owed.count == unsent
        if heir != nil, isQuiet, framer.isAtBoundary, !socket.hasQueued { return true }
        if let responseTimeout {
            if isQuiet {
                answerDue = .max
            } else if hasRead {
                expectAnswer(within: responseTimeout)
            } else if answerDue <= worker.now {
                return over(backend.fellSilent(at: worker.now))
            }
        }
        if hasRead { heardAt = worker.now }
        if silenceDue <= worker.now, let failure = isSilent(owes: !isQuiet) { return over(failure) }
        if sweepDue <= worker.now {
            spares.sweep()
            if isQuiet, clientCount == 0 { return true }
            sweepLater()
        }
        letIn()
        return false
    }

    /// Tells who wants to know of a backend that owes replies and says nothing; why it is no longer waited for, once it has been replaced.
    private func isSilent(owes: Bool) -> GatewayFailure? {
        guard owes else {
            silenceDue = .max
            return nil
        }
        guard heardAt &+ Self.silence <= worker.now else {
            listen(since: heardAt)
            return nil
        }
        if upstreams.waitsUntil <= worker.now {
            return .lost(backend, "it does not answer, and another node has taken its place")
        }
        upstreams.onSilence?()
        silenceDue = worker.now &+ Self.silence
        setDeadline()
        return nil
    }

    private func sweepLater() {
        sweepDue = worker.now &+ Self.patience
        setDeadline()
    }

    private func over(_ failure: GatewayFailure) -> Bool {
        self.failure = failure
        return true
    }

    /// Gives each part of `bytes` to the client that it belongs to; says what is wrong when it belongs to nobody.
    ///
    /// Whose the bytes are is settled before one of them is passed on.
    private func deliver(_ bytes: Span<UInt8>) -> GatewayFailure? {
        var offset = 0
        // What goes to `owner` in one piece: whole replies, and at the end of the buffer a part of one.
        var start = 0
        var count = 0
        var owner: Unmanaged<SharingClient>?
        while offset < bytes.count {
            guard let entry = owed.first, owed.count > unsent, !(framer.isAtBoundary && bytes[offset] == 0x3E) else {
                pass(bytes.extracting(start..<offset), count, to: owner)
                return GatewayFailure(.backendProtocol, "\(backend.label) sent what nobody had asked for")
            }
            if owner?.toOpaque() != entry.owner.toOpaque() {
                pass(bytes.extracting(start..<offset), count, to: owner)
                start = offset
                count = 0
                owner = entry.owner
            }
            let begin = offset
            do throws(WireError) {
                guard let reply = try framer.next(bytes, at: &offset) else {
                    isMidReply = true
                    if !entry.ticket.isNone {
                        entry.owner._withUnsafeGuaranteedRef {
                            $0.received(bytes.extracting(begin..<offset), entry.ticket, nil)
                        }
                        return nil
                    }
                    break
                }
                isMidReply = false
                _ = owed.removeFirst()
                upstreams.pending &-= 1
                count &+= 1
                entry.owner._withUnsafeGuaranteedRef {
                    $0.answered(entry, reply, now: worker.now)
                    guard !entry.ticket.isNone else { return }
                    // Its replies come from several connections, so each is given by itself.
                    $0.received(bytes.extracting(begin..<offset), entry.ticket, reply)
                    start = offset
                    count = 0
                }
            } catch {
                pass(bytes.extracting(start..<begin), count, to: owner)
                return GatewayFailure(.backendProtocol, "\(backend.label) broke the protocol: \(error)")
            }
        }
        pass(bytes.extracting(start..<offset), count, to: owner)
        return nil
    }

    @inline(__always)
    private func pass(_ bytes: Span<UInt8>, _ replies: Int, to owner: Unmanaged<SharingClient>?) {
        guard bytes.count > 0, let owner else { return }
        owner._withUnsafeGuaranteedRef { $0.delivered(bytes, replies: replies, generation: generation) }
    }
}
