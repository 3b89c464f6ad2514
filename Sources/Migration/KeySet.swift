// A bounded set of keys, each in its database, that keeps its memory.

/// Keys in the order in which they were first inserted.
///
/// What it may need is reserved at once: inserting allocates nothing, so a session may do it for each command.
package struct KeySet: Sendable {
    package let keyLimit: Int
    package let byteLimit: Int
    /// Places in `ends`, counted from 1, by hash with linear probing.
    ///
    /// Zero is free; at most half of them are taken.
    private var table: [UInt32]
    private var ends: [Int] = []
    private var databases: [UInt32] = []
    private var bytes: [UInt8] = []

    /// An empty set with room for `keyLimit` keys (at most 2^24) of `byteLimit` bytes in all.
    package init(keyLimit: Int, byteLimit: Int) {
        self.keyLimit = min(max(keyLimit, 1), 1 << 24)
        self.byteLimit = max(byteLimit, 0)
        var size = 2
        while size < 2 * self.keyLimit { size *= 2 }
        table = [UInt32](repeating: 0, count: size)
        ends.reserveCapacity(self.keyLimit)
        databases.reserveCapacity(self.keyLimit)
        bytes.reserveCapacity(self.byteLimit)
    }

    package var count: Int { ends.count }
    package var isEmpty: Bool { ends.isEmpty }

    /// Puts a key in, unless it is in; false when there is no room for it.
    package mutating func insert(_ key: Span<UInt8>, database: UInt32) -> Bool {
        var place = start(of: key, database)
        while table[place] != 0 {
            if holds(key, database, at: Int(table[place]) - 1) { return true }
            place = (place + 1) & (table.count - 1)
        }
        guard ends.count < keyLimit, key.count <= byteLimit - bytes.count else { return false }
        key.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        ends.append(bytes.count)
        databases.append(database)
        table[place] = UInt32(ends.count)
        return true
    }

    package func forEach(_ body: (_ database: UInt32, _ key: Span<UInt8>) -> Void) {
        for index in ends.indices { body(databases[index], bytes.span.extracting(range(index))) }
    }

    package mutating func removeAll() {
        guard !isEmpty else { return }
        for place in table.indices { table[place] = 0 }
        ends.removeAll(keepingCapacity: true)
        databases.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    private func range(_ index: Int) -> Range<Int> { (index == 0 ? 0 : ends[index - 1])..<ends[index] }

    /// Where to look first; the hash is seeded for each process, so whoever picks keys cannot make them meet.
    private func start(of key: Span<UInt8>, _ database: UInt32) -> Int {
        var hasher = Hasher()
        hasher.combine(database)
        key.withUnsafeBufferPointer { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        return hasher.finalize() & (table.count - 1)
    }

    private func holds(_ key: Span<UInt8>, _ database: UInt32, at index: Int) -> Bool {
        let range = range(index)
        guard databases[index] == database, range.count == key.count else { return false }
        for offset in 0..<key.count where bytes[range.lowerBound + offset] != key[offset] { return false }
        return true
    }
}
