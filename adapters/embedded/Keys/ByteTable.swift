// A hash table of elements under byte strings: for keys, fields, members and whatever else has a name.

/// What a ``ByteTable`` holds.
protocol Keyed {
    /// Never changes while the element is in a table.
    var key: [UInt8] { get }
}

/// Elements in dense chunks, found through open addressing.
///
/// A slot holds 32 bits of the hash and the element's index. The home of an element is the high bits of its hash, so
/// growing keeps the order of the slots: a scan's cursor is a place in the range of hashes, and whatever stays in the
/// table for a whole scan is met, however often the table changes its size in between. Probing is linear and removal
/// shifts back, so there are no tombstones.
///
/// It is a value: a copy shares the chunks, and a change after it copies the chunk that it touches. That is what lets a
/// snapshot be taken in no time.
struct ByteTable<Element: Keyed> {
    private static var chunkBits: Int { 8 }
    private static var chunkSize: Int { 1 << chunkBits }
    /// Up to so many elements are compared one by one and need no slots.
    private static var smallCount: Int { 8 }

    private(set) var chunks: [ContiguousArray<Element>] = []
    /// The element's index plus one below 32 bits of hash; zero is free; empty while the table is small.
    private var slots: ContiguousArray<UInt64> = []
    private(set) var count = 0
    /// 32 less the number of bits that choose a slot.
    private var shift: UInt32 = 32

    init() {}

    var isEmpty: Bool { count == 0 }

    subscript(index: Int) -> Element {
        @inline(__always)
        _read { yield chunks[index >> Self.chunkBits][index & (Self.chunkSize - 1)] }
        @inline(__always)
        _modify { yield &chunks[index >> Self.chunkBits][index & (Self.chunkSize - 1)] }
    }

    // MARK: Finding

    func find(_ key: [UInt8]) -> Int? { find(key, SeededHash.of(key)) }

    func find(_ key: [UInt8], _ hash: UInt32) -> Int? {
        guard !slots.isEmpty else {
            guard count > 0 else { return nil }
            return chunks[0].firstIndex { Bytes.equal($0.key, key) }
        }
        let mask = slots.count - 1
        var slot = Int(hash >> shift)
        while true {
            let word = slots[slot]
            if word == 0 { return nil }
            if UInt32(truncatingIfNeeded: word >> 32) == hash {
                let index = Int(word & 0xFFFF_FFFF) - 1
                if Bytes.equal(self[index].key, key) { return index }
            }
            slot = (slot + 1) & mask
        }
    }

    func contains(_ key: [UInt8]) -> Bool { find(key) != nil }

    // MARK: Changing

    /// Adds an element whose key is not there; the answer is its index.
    @discardableResult
    mutating func insert(_ element: Element) -> Int { insert(element, SeededHash.of(element.key)) }

    @discardableResult
    mutating func insert(_ element: Element, _ hash: UInt32) -> Int {
        let index = count
        if index & (Self.chunkSize - 1) == 0 {
            var chunk = ContiguousArray<Element>()
            if index > 0 { chunk.reserveCapacity(Self.chunkSize) }
            chunks.append(chunk)
        }
        chunks[chunks.count - 1].append(element)
        count += 1
        if slots.isEmpty {
            if count > Self.smallCount { index32() }
        } else if count * 4 > slots.count * 3 {
            place(hash, index)
            resize(to: shift - 1)
        } else {
            place(hash, index)
        }
        return index
    }

    @discardableResult
    mutating func remove(_ key: [UInt8]) -> Element? {
        let hash = SeededHash.of(key)
        return find(key, hash).map { remove(at: $0, hash) }
    }

    /// Takes the element at `index` out; the last element gets its index.
    @discardableResult
    mutating func remove(at index: Int, _ hash: UInt32) -> Element {
        let last = count - 1
        if !slots.isEmpty {
            free(slot(of: index, hash))
            if index != last {
                let moved = slot(of: last, SeededHash.of(self[last].key))
                slots[moved] = slots[moved] & ~0xFFFF_FFFF | UInt64(index + 1)
            }
        }
        let element = chunks[chunks.count - 1].removeLast()
        if chunks[chunks.count - 1].isEmpty { chunks.removeLast() }
        count = last
        var removed = element
        if index != last { swap(&self[index], &removed) }
        shrinkIfSparse()
        return removed
    }

    private mutating func shrinkIfSparse() {
        guard !slots.isEmpty, count * 8 < slots.count else { return }
        if count <= Self.smallCount / 2 {
            slots = []
            shift = 32
        } else if slots.count > 32 {
            resize(to: shift + 1)
        }
    }

    private func slot(of index: Int, _ hash: UInt32) -> Int {
        let mask = slots.count - 1
        var slot = Int(hash >> shift)
        while Int(slots[slot] & 0xFFFF_FFFF) != index + 1 { slot = (slot + 1) & mask }
        return slot
    }

    @inline(__always)
    private mutating func place(_ hash: UInt32, _ index: Int) {
        let mask = slots.count - 1
        var slot = Int(hash >> shift)
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = UInt64(hash) << 32 | UInt64(index + 1)
    }

    private mutating func free(_ slot: Int) {
        let mask = slots.count - 1
        var hole = slot
        var next = (slot + 1) & mask
        while slots[next] != 0 {
            let home = Int(UInt32(truncatingIfNeeded: slots[next] >> 32) >> shift)
            // It may move back only as far as its home.
            if (next &- home) & mask >= (next &- hole) & mask {
                slots[hole] = slots[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        slots[hole] = 0
    }

    /// Gives a table that was small its slots.
    private mutating func index32() {
        slots = ContiguousArray(repeating: 0, count: 32)
        shift = 27
        for index in 0..<count { place(SeededHash.of(self[index].key), index) }
    }

    private mutating func resize(to newShift: UInt32) {
        let old = slots
        slots = ContiguousArray(repeating: 0, count: 1 << Int(32 - newShift))
        shift = newShift
        for word in old where word != 0 {
            place(UInt32(truncatingIfNeeded: word >> 32), Int(word & 0xFFFF_FFFF) - 1)
        }
    }

    // MARK: Walking

    /// Shows every element, in no order that means something.
    @inline(__always)
    func forEach(_ body: (Element) -> Void) {
        for chunk in chunks { for element in chunk { body(element) } }
    }

    /// Shows the elements of a few slots, at least about `wanted` elements or ten times so many slots; the answer is
    /// the cursor to go on with, zero at the end.
    func scan(from cursor: UInt64, wanted: Int, _ visit: (Int) -> Void) -> UInt64 {
        guard !slots.isEmpty else {
            for index in 0..<count { visit(index) }
            return 0
        }
        guard cursor <= UInt64(UInt32.max) else { return 0 }
        let mask = slots.count - 1
        var bucket = Int(UInt32(cursor) >> shift)
        var visited = 0
        var looks = 0
        repeat {
            var slot = bucket
            while slots[slot] != 0 {
                if Int(slots[slot] >> 32) >> Int(shift) == bucket {
                    visit(Int(slots[slot] & 0xFFFF_FFFF) - 1)
                    visited += 1
                }
                slot = (slot + 1) & mask
            }
            bucket += 1
            looks += 1
        } while bucket < slots.count && visited < wanted && looks / 10 < wanted
        return bucket == slots.count ? 0 : UInt64(bucket) << UInt64(shift)
    }

    /// The 32-bit hashes of all elements, without computing them where that can be helped.
    func forEachHash(_ body: (UInt32) -> Void) {
        if slots.isEmpty {
            forEach { body(SeededHash.of($0.key)) }
        } else {
            for word in slots where word != 0 { body(UInt32(truncatingIfNeeded: word >> 32)) }
        }
    }
}
