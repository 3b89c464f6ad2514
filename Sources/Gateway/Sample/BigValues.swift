// Which keys move the most bytes in one command, in a bounded table.

import RedisWire

/// The keys whose commands or replies were the largest.
struct BigValues {
    static let capacity = 64
    /// Bytes of a command or reply below which it is not kept.
    static let least: UInt64 = 1024
    /// Nanoseconds after which a key that was not seen again is forgotten: it may long be gone.
    static let memory: UInt64 = 3_600_000_000_000

    struct Value: Sendable {
        /// Of the whole command or reply on the wire.
        var bytes: UInt64
        var command: RedisCommand
        /// Whether it was the reply.
        var isReply: Bool
        /// Nanoseconds of the worker's clock.
        var seen: UInt64
    }

    private var keys = SampledKeys(capacity: BigValues.capacity)
    private var values: [Value]

    init() {
        let none = Value(bytes: 0, command: .unknown, isReply: false, seen: 0)
        values = Array(repeating: none, count: Self.capacity)
    }

    /// A command, or a reply, with the key of `length` bytes that begins with `key`.
    mutating func note(_ key: Span<UInt8>, length: Int, moved value: Value) {
        guard value.bytes >= Self.least else { return shrink(key, length: length, value) }
        let hash = SampledKey.hash(key)
        if let place = keys.place(of: key, length: length, hash: hash) {
            replace(place, by: value)
        } else if !keys.isFull {
            values[keys.append(key, length: length, hash: hash)] = value
        } else {
            var least = 0
            for place in values.indices where weight(place, value.seen) < weight(least, value.seen) { least = place }
            guard weight(least, value.seen) < value.bytes else { return }
            keys.replace(least, by: key, length: length, hash: hash)
            values[least] = value
        }
    }

    /// A value that was large and is so no longer is forgotten.
    private mutating func shrink(_ key: Span<UInt8>, length: Int, _ value: Value) {
        guard keys.count > 0 else { return }
        if let place = keys.place(of: key, length: length, hash: SampledKey.hash(key)) { replace(place, by: value) }
    }

    private mutating func replace(_ place: Int, by value: Value) {
        let known = values[place]
        let isSame = known.command == value.command && known.isReply == value.isReply
        if isSame && Self.whole.contains(value.command) || value.bytes >= weight(place, value.seen) {
            values[place] = value
        }
    }

    /// Commands that move all of a value, so that their latest word on its size is the true one.
    private static let whole = ["get", "set", "getset", "getdel", "setex", "hgetall", "smembers"].map {
        RedisCommand($0)
    }

    private func weight(_ place: Int, _ now: UInt64) -> UInt64 {
        now &- values[place].seen > Self.memory && now > values[place].seen ? 0 : values[place].bytes
    }

    /// What is known now, the largest first.
    func snapshot(now: UInt64) -> [(SampledKey, Value)] {
        (0..<keys.count).filter { weight($0, now) >= Self.least }.map { (keys[$0], values[$0]) }
            .sorted { $0.1.bytes > $1.1.bytes }
    }
}
