// The replies that are owed while commands run side by side, in the order of the commands.

import Capabilities
import RedisWire

/// A reply that is owed.
struct RedisReplySlot {
    /// The keys that the operation touches.
    var keys: OperationKeys
    var isReadOnly: Bool
    var isPublish: Bool
    /// Whether the service has begun it, so that another may be begun to follow it; otherwise a task awaits it.
    var isBegun = false
    var pending: RedisPendingReply
    /// The answer, once there is one.
    var result: Result<Answer, Failure>? = nil
}

/// What spelling a reply takes, besides the answer.
struct RedisPendingReply {
    var command: RedisCommand
    var shape: RedisReplyShape
    /// What is said instead when the operation only looked whether a key has the right type.
    var refusal: RedisErrorText?
    var whenMissing: RedisFixedReply?
    /// The script whose errors are told as such.
    var script: RedisLoadedScript?
    /// When the command was read, in nanoseconds of the worker's clock.
    var startedAt: UInt64
    /// Whether CLIENT REPLY keeps it from the client.
    var isSilent: Bool
    /// Whether it may be lost if the backend cannot commit.
    var isReadOnly: Bool
}

/// A ring of owed replies; ids count up and are never used again.
struct RedisReplySlots {
    /// Commands of one client that run at the same time.
    static let limit = 64

    private var ring: [RedisReplySlot?] = []
    private var firstID: UInt64 = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }
    var isFull: Bool { count >= Self.limit }

    /// Owes one more reply; the id under which its answer is given.
    mutating func append(_ slot: RedisReplySlot) -> UInt64 {
        if ring.isEmpty { ring = Array(repeating: nil, count: Self.limit) }
        let id = firstID &+ UInt64(count)
        ring[Int(id % UInt64(Self.limit))] = slot
        count += 1
        return id
    }

    mutating func finish(_ id: UInt64, _ result: Result<Answer, Failure>) {
        ring[Int(id % UInt64(Self.limit))]?.result = result
    }

    /// The oldest reply, if its answer has come.
    mutating func popFinished() -> (RedisPendingReply, Result<Answer, Failure>)? {
        let place = Int(firstID % UInt64(Self.limit))
        guard count > 0, let slot = ring[place], let result = slot.result else { return nil }
        ring[place] = nil
        firstID &+= 1
        count -= 1
        if count == 0, ring.count > 0 { ring.removeAll(keepingCapacity: true) }
        return (slot.pending, result)
    }

    /// Takes back the reply that was owed last.
    mutating func removeLast() {
        count -= 1
        ring[Int((firstID &+ UInt64(count)) % UInt64(Self.limit))] = nil
    }

    /// What `operation` would have to wait for among those that have not been answered.
    func conflict(of operation: Operation) -> RedisSlotConflict {
        guard count > 0 else { return .none }
        let keys = operation.keys
        let isReadOnly = operation.isReadOnly
        let isPublish = if case .publish = operation { true } else { false }
        var conflict = RedisSlotConflict.none
        for offset in 0..<count {
            let place = Int((firstID &+ UInt64(offset)) % UInt64(Self.limit))
            guard let slot = ring[place], slot.result == nil else { continue }
            if isReadOnly, slot.isReadOnly { continue }
            // An adapter gives messages to its backend in the order of the calls.
            if isPublish, slot.isPublish { continue }
            guard keys.meet(slot.keys) else { continue }
            guard slot.isBegun else { return .awaited }
            conflict = .begun
        }
        return conflict
    }
}

/// What an operation that touches the keys of others has to wait for.
enum RedisSlotConflict {
    /// No other touches its keys, or none changes anything.
    case none
    /// All that do were begun: it may be begun too where the service keeps their order.
    case begun
    /// A task awaits one that does.
    case awaited
}

extension RedisReplySlot {
    init(_ operation: Operation, _ reply: RedisPendingReply) {
        let isPublish = if case .publish = operation { true } else { false }
        self.init(
            keys: operation.keys, isReadOnly: reply.isReadOnly, isPublish: isPublish, pending: reply, result: nil)
    }
}
