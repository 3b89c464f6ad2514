// Operations on buses, queues and locks.

/// A question about who listens on a bus.
public enum BusInspection: Sendable, Equatable {
    /// `list` of `bytes`: channels with subscribers, those that match when a pattern is given.
    case channels(match: [UInt8]?)
    /// `list` of `integer`: the number of subscribers of each channel.
    case subscriberCounts(channels: [[UInt8]])
    /// `integer`: how many distinct patterns there are.
    case patternCount
}

/// A message on a bus, as a subscriber gets it.
public struct BusMessage: Sendable, Equatable {
    public var channel: [UInt8]
    public var payload: [UInt8]
    /// The pattern that let it through; nil for a subscription to the channel itself.
    public var pattern: [UInt8]?

    public init(channel: [UInt8], payload: [UInt8], pattern: [UInt8]? = nil) {
        self.channel = channel
        self.payload = payload
        self.pattern = pattern
    }
}

/// What a subscription names.
public enum BusTopic: Sendable, Hashable {
    case channel([UInt8])
    /// A glob as Redis has it: `*`, `?`, `[a-c]`, `\` before a character that means itself.
    case pattern([UInt8])
}

/// An operation on queues: an item stays with whoever reserved it until it is acknowledged, released or its time is up.
public enum QueueOperation: Sendable, Equatable {
    /// `bytes`: the item's id.
    case put(queue: [UInt8], payload: [UInt8], delayMilliseconds: Int64)
    /// `pairs` with one pair, id and payload, or `missing`.
    case reserve(queue: [UInt8], visibilityMilliseconds: Int64, wait: Wait?)
    /// `flag`: whether it was still reserved.
    case acknowledge(queue: [UInt8], id: [UInt8])
    /// `flag`: whether it was still reserved; it can be reserved again after the delay.
    case release(queue: [UInt8], id: [UInt8], delayMilliseconds: Int64)
}

/// An operation on a lock; the owner is whatever bytes the holder chose.
public enum LockOperation: Sendable, Equatable {
    /// `flag`: whether it is held by `owner` now.
    case acquire(name: [UInt8], owner: [UInt8], ttlMilliseconds: Int64)
    /// `flag`: whether `owner` held it.
    case release(name: [UInt8], owner: [UInt8])
    /// `flag`: whether `owner` holds it, and now for so long.
    case extend(name: [UInt8], owner: [UInt8], ttlMilliseconds: Int64)
}
