// One of the numbered databases: keys, their values, expiries and versions.

import Capabilities

/// A key and what is under it.
struct Entry: Keyed {
    let key: [UInt8]
    var value: Value
    /// When it goes, in milliseconds since 1970; `.max` for never.
    var expiry: Int64
    /// The number of its last change.
    var version: UInt64
}

/// The keys of one database; everything happens under the store's lock.
final class Database {
    let number: Int
    /// The state lives as long as its databases.
    unowned(unsafe) let state: StoreState
    @exclusivity(unchecked) var table = ByteTable<Entry>()
    /// How many keys have an expiry, and a time before which none of them goes.
    @exclusivity(unchecked) var expiringCount = 0
    @exclusivity(unchecked) var earliestExpiry = Int64.max
    /// The sum of their times: of keys that are not to be counted one by one the mean is known all the same.
    @exclusivity(unchecked) private var expirySum = Int128.zero
    /// The number of the last deletion among the keys that share 13 bits of hash: the mark of keys that are not there.
    @exclusivity(unchecked) private var deletions: ContiguousArray<UInt64> = []
    /// Where ``sweep(_:chunks:deletions:)`` goes on.
    @exclusivity(unchecked) private var sweepChunk = 0
    @exclusivity(unchecked) private var sweepEarliest = Int64.max

    private static let deletionShift: UInt32 = 32 - 13

    init(number: Int, state: StoreState) {
        self.number = number
        self.state = state
    }

    // MARK: Finding

    /// The index of `key`; one whose time has passed is deleted on the way.
    @inline(__always)
    func find(_ key: [UInt8], _ hash: UInt32, _ now: Int64) -> Int? {
        guard let index = table.find(key, hash) else { return nil }
        guard table[index].expiry <= now else { return index }
        delete(at: index, hash)
        return nil
    }

    @inline(__always)
    func find(_ key: [UInt8], _ now: Int64) -> Int? { find(key, SeededHash.of(key), now) }

    /// What the key is now, whether or not it is there.
    func mark(of key: [UInt8], _ now: Int64) -> Version {
        let hash = SeededHash.of(key)
        if let index = find(key, hash, now) { return Version(table[index].version) }
        return Version(deletions.isEmpty ? 0 : deletions[Int(hash >> Self.deletionShift)])
    }

    // MARK: Changing

    /// Adds a key that is not there.
    @discardableResult
    func insert(_ key: [UInt8], _ hash: UInt32, _ value: Value, expiry: Int64 = .max) -> Int {
        state.memory += MemorySize.entry + MemorySize.bytes(key) + value.size
        if expiry != .max { noteExpiry(expiry) }
        switch value {
        case .list, .sortedSet: state.keyAppeared(key, in: number)
        default: break
        }
        return table.insert(
            Entry(key: key, value: value, expiry: expiry, version: state.nextVersion()), hash)
    }

    /// Gives a key that is there another value.
    func replace(_ index: Int, _ value: Value) {
        state.memory += value.size - table[index].value.size
        table[index].value = value
        table[index].version = state.nextVersion()
        switch value {
        case .list, .sortedSet: state.keyAppeared(table[index].key, in: number)
        default: break
        }
    }

    /// Sets or takes away the expiry; `.max` for none.
    func setExpiry(_ index: Int, _ expiry: Int64) {
        forgetExpiry(table[index].expiry)
        table[index].expiry = expiry
        if expiry != .max { noteExpiry(expiry) }
    }

    private func noteExpiry(_ expiry: Int64) {
        expiringCount += 1
        expirySum += Int128(expiry)
        earliestExpiry = min(earliestExpiry, expiry)
        sweepEarliest = min(sweepEarliest, expiry)
    }

    private func forgetExpiry(_ expiry: Int64) {
        guard expiry != .max else { return }
        expiringCount -= 1
        expirySum -= Int128(expiry)
    }

    /// Takes a key out without a word to the journal.
    @discardableResult
    func remove(at index: Int, _ hash: UInt32) -> Entry {
        let entry = table.remove(at: index, hash)
        state.memory -= MemorySize.entry + MemorySize.bytes(entry.key) + entry.value.size
        forgetExpiry(entry.expiry)
        // The last key has moved here, perhaps behind the sweep.
        if index < table.count { sweepEarliest = min(sweepEarliest, table[index].expiry) }
        noteDeletion(hash)
        return entry
    }

    private func noteDeletion(_ hash: UInt32) {
        if deletions.isEmpty { deletions = ContiguousArray(repeating: 0, count: 1 << 13) }
        deletions[Int(hash >> Self.deletionShift)] = state.nextVersion()
    }

    func delete(at index: Int, _ hash: UInt32) {
        state.journal.delete(number, table[index].key)
        remove(at: index, hash)
    }

    /// Whether there was such a key.
    func delete(_ key: [UInt8], _ now: Int64) -> Bool {
        let hash = SeededHash.of(key)
        guard let index = find(key, hash, now) else { return false }
        delete(at: index, hash)
        return true
    }

    /// Empties the database without a word to the journal.
    func clear() {
        table.forEachHash { noteDeletion($0) }
        table.forEach { state.memory -= MemorySize.entry + MemorySize.bytes($0.key) + $0.value.size }
        table = ByteTable()
        (expiringCount, expirySum) = (0, 0)
        earliestExpiry = .max
    }

    /// nil where it holds no keys.
    func facts(_ now: Int64) -> KeyspaceFacts? {
        guard table.count > 0 else { return nil }
        let mean = expiringCount > 0 ? expirySum / Int128(expiringCount) - Int128(now) : 0
        return KeyspaceFacts(
            database: number, keys: table.count, expiring: expiringCount, meanTimeToLive: Int64(clamping: max(0, mean)))
    }

    /// Gives every key a new version: those that were counted while a log was replayed may have been given out before.
    func renumber() {
        for index in 0..<table.count { table[index].version = state.nextVersion() }
        deletions = []
    }

    // MARK: Collections

    /// The collection at `key` for reading; nil when there is no such key.
    func collection<C: Collection>(_: C.Type, _ key: [UInt8], _ now: Int64) throws(Failure) -> C? {
        guard let index = find(key, now) else { return nil }
        guard let collection = C.take(table[index].value) else { throw .wrongType }
        return collection
    }

    /// The collection at `key` for a change, after which ``close(_:_:changed:)`` has to be called before anything else.
    func open<C: Collection>(
        _: C.Type, _ key: [UInt8], _ now: Int64, creates: Bool
    ) throws(Failure) -> OpenCollection<C>? {
        let hash = SeededHash.of(key)
        if let index = find(key, hash, now) {
            guard var value = C.take(table[index].value) else { throw .wrongType }
            if value.generation != state.generation {
                value = C(value, generation: state.generation)
                table[index].value = value.value
            }
            return OpenCollection(value: value, index: index, hash: hash, sizeBefore: value.size, isNew: false)
        }
        guard creates else { return nil }
        let value = C(generation: state.generation)
        return OpenCollection(value: value, index: 0, hash: hash, sizeBefore: 0, isNew: true)
    }

    /// Ends the change of a collection: it goes when it is empty.
    func close<C: Collection>(_ open: OpenCollection<C>, _ key: [UInt8], changed: Bool) {
        if open.isNew {
            if !open.value.isEmpty { insert(key, open.hash, open.value.value) }
            return
        }
        guard changed else { return }
        state.memory += open.value.size - open.sizeBefore
        if open.value.isEmpty {
            remove(at: open.index, open.hash)
        } else {
            table[open.index].version = state.nextVersion()
        }
    }

    /// Puts a whole collection at `key` in the place of whatever is there; an empty one only takes that away.
    func store<C: Collection>(_ value: C, at key: [UInt8], _ now: Int64) {
        let hash = SeededHash.of(key)
        if let index = find(key, hash, now) { delete(at: index, hash) }
        guard !value.isEmpty else { return }
        insert(key, hash, value.value)
        state.journal.whole(number, key, value.value)
    }

    // MARK: Expiry

    /// Deletes keys whose time has passed, looking at up to `chunks` chunks of keys and deleting up to `deletions`;
    /// the answer is whether there may be more to do now.
    func sweep(_ now: Int64, chunks: Int, deletions: Int) -> Bool {
        guard expiringCount > 0, earliestExpiry <= now else { return false }
        var due: [[UInt8]] = []
        var looks = 0
        while looks < chunks, sweepChunk < table.chunks.count, due.count < deletions {
            for entry in table.chunks[sweepChunk] where entry.expiry != .max {
                if entry.expiry <= now {
                    due.append(entry.key)
                } else {
                    sweepEarliest = min(sweepEarliest, entry.expiry)
                }
            }
            sweepChunk += 1
            looks += 1
        }
        for key in due { _ = find(key, now) }
        guard sweepChunk >= table.chunks.count else { return true }
        earliestExpiry = sweepEarliest
        sweepEarliest = .max
        sweepChunk = 0
        return earliestExpiry <= now
    }
}
