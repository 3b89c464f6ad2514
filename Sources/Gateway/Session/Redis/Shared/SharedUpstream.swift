// One connection that carries the stateless commands of many clients, and gives each its replies.

import Reactor
import RedisWire
import Synchronization
import Wire

/// The shared connection of one worker for one identity of one backend.
///
/// Whole commands go out as they came, all of one turn of the worker in one send; replies come back in the same order
/// and go to their owners as they came. A client never learns more of the others than the time they take.
final class SharedUpstream: Pump, TurnEnding, @unchecked Sendable {
    let identity: RedisIdentity
    let backend: Backend
    private let resolver: Resolver
    let waker: Waker
    let worker: Worker
    let responseTimeout: UInt64?
    unowned let upstreams: SharedUpstreams
    let isBounded: Bool
    let pendingLimit: Int
    let outgoingLimit: Int
    let hasByteLimit: Bool

    @exclusivity(unchecked) var socket: Socket?
    @exclusivity(unchecked) var framer = RedisReplyFramer()
    @exclusivity(unchecked) var owed = OwedReplies()
    /// The newest of `owed` whose commands still lie here: no byte of them was written.
    @exclusivity(unchecked) var unsent = 0
    @exclusivity(unchecked) var outgoing: [UInt8] = []
    @exclusivity(unchecked) var isFlushDue = false
    /// Whether the owner of the oldest owed reply has got a part of it.
    @exclusivity(unchecked) var isMidReply = false
    @exclusivity(unchecked) var failure: GatewayFailure?
    /// Those who have more to send than is taken now, in the order in which they are let in again.
    @exclusivity(unchecked) var waiting: [SharingClient] = []
    /// When the backend has been silent for too long, and when spares and the use of this connection are looked at.
    @exclusivity(unchecked) var answerDue = UInt64.max
    @exclusivity(unchecked) var sweepDue = UInt64.max
    /// When it is looked at whether the backend owes replies and is silent, where somebody wants to know.
    @exclusivity(unchecked) var silenceDue = UInt64.max
    /// When the backend has last said something.
    @exclusivity(unchecked) var heardAt: UInt64 = 0
    let mindsSilence: Bool
    /// Whether its connection takes nothing but WAIT and WAITAOF any more: it blocks for them, so the others have a new one.
    @exclusivity(unchecked) private(set) var isRetired = false
    /// The number of the connection, which no other of this process has; zero before the first.
    private(set) var generation = 0
    /// Clients that have this identity now, or whose last write went over this connection.
    var clientCount = 0
    /// Connections of single clients, waiting for the next that needs one.
    let spares: SpareConnections

    /// Bytes that may lie here before clients have to wait, unless the configuration says at which they are refused.
    private static let outgoingLimit = 1 << 20
    private static let generations = Atomic(0)
    static let readsPerTurn = 8
    /// Nanoseconds that a connection without owed replies and without clients is kept, and spares are.
    static let patience: UInt64 = 10_000_000_000
    /// Nanoseconds without a word after which a backend that owes replies is silent.
    static let silence: UInt64 = 1_000_000_000

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
            if isRetired { break }
        }
        // Those who are left hear that the gateway stops.
        unsent = 0
        fail(owed.count, GatewayFailure(.shuttingDown, "the gateway is shutting down"))
        letIn()
        spares.closeAll()
    }

    /// Ends the connection and its task; on the worker's thread.
    func cancel() { waker.cancel() }

    /// Whether the connection stands.
    var isOpen: Bool { socket != nil }

    private func use(_ opened: Socket) async {
        opened.settle()
        socket = opened
        generation = Self.generations.add(1, ordering: .relaxed).newValue
        framer = RedisReplyFramer()
        isMidReply = false
        failure = nil
        answerDue = .max
        silenceDue = .max
        sweepLater()
        flush()
        letIn()
        await waker.run(self)
        opened.close()
        socket = nil
        guard let failure else { return }
        if isRetired {
            unsent = 0
            outgoing.removeAll()
        }
        fail(owed.count - unsent, failure)
    }

    /// Takes commands that are about the writes of its connection, and nothing else from here on.
    func retire() {
        guard !isRetired else { return }
        flush()
        isRetired = true
        upstreams.retire(self)
        letIn()
        waker.wake()
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

    func letIn() {
        guard !waiting.isEmpty, accepts || isRetired else { return }
        let admitted = waiting
        waiting.removeAll(keepingCapacity: true)
        for client in admitted { client.letIn(self) }
    }
}
