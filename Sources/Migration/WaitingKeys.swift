// The keys of one client's commands that wait at the server, until they are answered.

/// Keys in the order in which their commands will be answered; it keeps its memory, so that a command that is answered at
/// once costs no allocation.
package struct WaitingKeys {
    private struct Key {
        let database: UInt32
        let count: Int
    }

    /// Bytes of keys, and keys, that are kept at a time.
    package static let byteLimit = 4096
    package static let keyLimit = 512

    private var keys: [Key] = []
    private var bytes: [UInt8] = []
    /// Those before are handed out.
    private var firstKey = 0
    private var firstByte = 0

    package init() {}

    /// Keys that are kept.
    package var count: Int { keys.count - firstKey }

    /// Puts a key behind the others; false when there is no room for it.
    package mutating func append(_ key: Span<UInt8>, database: UInt32) -> Bool {
        let size = bytes.count - firstByte
        guard count < Self.keyLimit, key.count <= Self.byteLimit - size else { return false }
        if firstKey >= Self.keyLimit || firstByte >= Self.byteLimit { moveUp() }
        key.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        keys.append(Key(database: database, count: key.count))
        return true
    }

    /// Puts the keys of `other` behind the others; false, and none is put there, when there is no room for all.
    package mutating func append(all other: WaitingKeys) -> Bool {
        var start = other.firstByte
        for (place, key) in other.keys[other.firstKey...].enumerated() {
            guard append(other.bytes.span.extracting(start..<(start + key.count)), database: key.database) else {
                removeLast(place)
                return false
            }
            start += key.count
        }
        return true
    }

    /// Takes back the `count` keys that were put in last.
    package mutating func removeLast(_ count: Int) {
        for _ in 0..<min(count, self.count) { bytes.removeLast(keys.removeLast().count) }
    }

    /// Hands out and forgets the `count` oldest keys.
    package mutating func removeFirst(_ count: Int, _ body: (_ database: UInt32, _ key: Span<UInt8>) -> Void) {
        for _ in 0..<min(count, self.count) {
            let key = keys[firstKey]
            body(key.database, bytes.span.extracting(firstByte..<(firstByte + key.count)))
            firstKey += 1
            firstByte += key.count
        }
        if firstKey == keys.count { removeAll() }
    }

    package mutating func removeAll() {
        keys.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
        firstKey = 0
        firstByte = 0
    }

    /// Gives the room of those that are handed out to those that come.
    private mutating func moveUp() {
        keys.removeFirst(firstKey)
        bytes.removeFirst(firstByte)
        firstKey = 0
        firstByte = 0
    }
}
