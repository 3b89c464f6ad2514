// The session of a Redis client whose backend speaks something else.

import Capabilities
import Glibc
import Reactor
import RedisWire

/// Reads commands, has their operations performed and sends the replies in order, once each turn of the worker.
///
/// Everything here belongs to the worker's thread. An operation that is answered at once is performed in place; any other
/// runs as a child task, so that pipelined commands run side by side, unless they touch what one before them writes.
final class RedisTranslator: @unchecked Sendable {
    let session: Session
    let usage: RedisUsage?
    let gate: Gate
    @exclusivity(unchecked) var reader = RedisCommandReader()
    @exclusivity(unchecked) var out = RedisReplyWriter()
    @exclusivity(unchecked) var slots = RedisReplySlots()
    @exclusivity(unchecked) var client = RedisClientState()
    @exclusivity(unchecked) var transaction = RedisTransactionState()
    @exclusivity(unchecked) var subscriptions = RedisSubscriptionState()
    /// What is known of operations before they are translated.
    @exclusivity(unchecked) var context = RedisTranslationContext()
    /// Items of queues that the client has moved to a list and not removed from it, by that list.
    @exclusivity(unchecked) var reserved: [[UInt8]: [RedisReservedItem]] = [:]
    /// What it may send in a second; nil where that is not limited.
    @exclusivity(unchecked) var limits: ClientLimits?
    /// Nanoseconds of the worker's clock at which the next command may be read, where it is held back.
    @exclusivity(unchecked) var passDue = UInt64.max
    @exclusivity(unchecked) var isDelayed = false
    /// Nanoseconds of the worker's clock by which the client has to have sent something.
    @exclusivity(unchecked) private var idleEnd = UInt64.max
    /// Why the session ends, once it does.
    @exclusivity(unchecked) var end: RedisSessionEnd?

    /// Bytes that came but were not read by the reader yet.
    @exclusivity(unchecked) var kept = KeptBytes()
    /// The command that waits for others to be answered.
    @exclusivity(unchecked) var held: RedisHeldCommand?
    /// Where in `out` replies stand whose writes are not committed yet.
    @exclusivity(unchecked) var uncommitted: [Range<Int>] = []
    /// What was collected is sent at the end of the worker's turn.
    @exclusivity(unchecked) var isDeparting = false
    /// An operation in flight may wait for as long as its client likes.
    @exclusivity(unchecked) var isBlocked = false
    @exclusivity(unchecked) var hasClientEnded = false

    /// Whether the backend lacks something for which it has something else.
    let hasStandIns: Bool

    /// Reads of the socket before the worker's other sessions get their turn.
    static let readsPerTurn = 4
    /// Reply bytes that are collected before they are sent.
    static let collected = 256 * 1024
    /// Bytes read ahead of a command that has to wait.
    static let readAhead = 1024 * 1024
    /// Bytes that may wait for a subscriber (redis.conf: client-output-buffer-limit pubsub 32mb).
    static let subscriberBacklog = 32 * 1024 * 1024

    init(_ session: Session, _ gate: Gate) {
        self.session = session
        usage = session.usage as? RedisUsage
        self.gate = gate
        hasStandIns =
            gate.permits(.queuePut) && !gate.permits(.listPush)
            || gate.permits(.lockAcquire) && !gate.permits(.keyValueConditionalSet)
            || gate.permits(.sequenceNext) && !gate.permits(.keyValueIncrement)
        limits = ClientLimits(session.listener, session.local)
        context.databases = gate.redisDatabases
        context.scripts = gate.backend.scripts
        client.isLoggedIn = session.listener.configuration.users.isEmpty
        reader.isAuthenticated = client.isLoggedIn
    }

    /// Serves the client until one side is done; closing the socket is the caller's part.
    func serve() async {
        let idle = session.listener.configuration.idleTimeout?.nanoseconds
        idleEnd = deadline(after: idle)
        session.waker.setDeadline(at: idleEnd)
        let end = await withDiscardingTaskGroup { group in
            let end = await converse(idle, &group)
            group.cancelAll()
            return end
        }
        await unsubscribeFromEverything()
        await say(end)
    }

    private func converse(_ idle: UInt64?, _ group: inout DiscardingTaskGroup) async -> RedisSessionEnd {
        let waker = session.waker
        while true {
            context.now = Self.timeOfDay()
            let received = session.metrics.bytesFromClients
            let hasMore = await takeCommands(&group)
            let hasReceived = session.metrics.bytesFromClients != received
            if let end = end ?? whyItEnds(hasMore: hasMore, hasReceived: hasReceived) {
                flush()
                return end
            }
            flushAtEndOfTurn()
            if hasReceived { idleEnd = deadline(after: idle) }
            let deadline = min(idleEnd, passDue)
            if deadline != waker.deadline { waker.setDeadline(at: deadline) }
            if hasMore { waker.wake() }
            await waker.wait()
        }
    }

    private func whyItEnds(hasMore: Bool, hasReceived: Bool) -> RedisSessionEnd? {
        let socket = session.client
        if socket.hasWriteFailed || socket.isHungUp && (!socket.isReadable || passDue != .max) { return .clientLost }
        if session.waker.isCancelled { return .cancelled }
        if hasClientEnded, isBlocked || slots.isEmpty && held == nil && !hasMore { return .clientEnded }
        return !hasReceived && idleEnd <= session.worker.now ? .idle : nil
    }

    private func deadline(after timeout: UInt64?) -> UInt64 {
        timeout.map { SharingClient.sum(session.worker.now, $0) } ?? .max
    }

    /// Milliseconds since 1970.
    private static func timeOfDay() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
