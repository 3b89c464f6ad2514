// A capability call as data, so that it can be checked, queued, emulated, forwarded and measured alike.

/// One call to a backend's keys, values, buses, queues or locks.
public enum Operation: Sendable, Equatable {
    case keyValue(KeyValueOperation)
    case hash(HashOperation)
    case list(ListOperation)
    case set(SetOperation)
    case sortedSet(SortedSetOperation)
    case publish(channel: [UInt8], payload: [UInt8])
    case inspectBus(BusInspection)
    case queue(QueueOperation)
    case lock(LockOperation)
    case sequence(name: [UInt8], count: Int64)
}

/// What every call carries besides its operation.
public struct CallContext: Sendable, Equatable {
    /// The database of the session, from zero.
    public var database: Int
    /// The time of day in milliseconds since 1970, read once a wake-up: operations with a relative time count from it.
    public var now: Int64

    public init(database: Int = 0, now: Int64) {
        self.database = database
        self.now = now
    }
}
