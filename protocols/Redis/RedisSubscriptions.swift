// How many subscriptions a connection has, read from the server's own confirmations.

/// The subscriptions of one connection, counted per family.
struct RedisSubscriptions: Equatable, Sendable {
    enum Family: UInt8, Sendable { case channels, patterns, shards }

    /// A confirmation: which command it confirms and the total it states.
    struct Change: Equatable, Sendable {
        var command: RedisCommand
        var family: Family
        var total: Int64
    }

    private var channels: Int64 = 0
    private var patterns: Int64 = 0
    private var shards: Int64 = 0
    /// Whether a transaction changed them out of our sight.
    var isUncertain = false

    @inline(__always)
    var isAny: Bool { channels | patterns | shards != 0 || isUncertain }

    func count(of family: Family) -> Int64 {
        switch family {
        case .channels: channels
        case .patterns: patterns
        case .shards: shards
        }
    }

    /// Channels and patterns are stated as one total, shard channels as their own (redis src/pubsub.c).
    mutating func apply(_ change: Change) {
        let total = max(0, change.total)
        switch change.family {
        case .channels: channels = max(0, total &- patterns)
        case .patterns: patterns = max(0, total &- channels)
        case .shards: shards = total
        }
    }

    /// What `command` with so many names will leave at most, its names being new or known as they should be.
    mutating func expect(_ command: RedisCommand, names: Int) {
        let names = Int64(names)
        switch command {
        case .subscribe: channels &+= names
        case .psubscribe: patterns &+= names
        case .ssubscribe: shards &+= names
        case .unsubscribe: channels = names == 0 ? 0 : max(0, channels &- names)
        case .punsubscribe: patterns = names == 0 ? 0 : max(0, patterns &- names)
        case .sunsubscribe: shards = names == 0 ? 0 : max(0, shards &- names)
        default: break
        }
    }

    private static let subscribe = RedisText("subscribe")
    private static let unsubscribe = RedisText("unsubscribe")
    private static let psubscribe = RedisText("psubscribe")
    private static let punsubscribe = RedisText("punsubscribe")
    private static let ssubscribe = RedisText("ssubscribe")
    private static let sunsubscribe = RedisText("sunsubscribe")
    private static let message = RedisText("message")
    private static let pmessage = RedisText("pmessage")
    private static let smessage = RedisText("smessage")

    /// The change `reply` confirms, nil when it has not the shape: a name of the six, a subject, a total.
    static func change(in reply: RedisReply) -> Change? {
        guard reply.elementCount == 3, reply.endsWithInteger else { return nil }
        let total = reply.lastInteger
        switch reply.text {
        case subscribe: return Change(command: .subscribe, family: .channels, total: total)
        case unsubscribe: return Change(command: .unsubscribe, family: .channels, total: total)
        case psubscribe: return Change(command: .psubscribe, family: .patterns, total: total)
        case punsubscribe: return Change(command: .punsubscribe, family: .patterns, total: total)
        case ssubscribe: return Change(command: .ssubscribe, family: .shards, total: total)
        case sunsubscribe: return Change(command: .sunsubscribe, family: .shards, total: total)
        default: return nil
        }
    }

    /// Whether `reply` has the shape of a message to a RESP2 subscriber.
    static func isMessage(_ reply: RedisReply) -> Bool {
        guard reply.kind == 0x2A else { return false }
        return switch reply.text {
        case message, smessage: reply.elementCount == 3
        case pmessage: reply.elementCount == 4
        default: false
        }
    }
}
