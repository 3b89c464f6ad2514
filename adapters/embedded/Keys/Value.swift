// What a key can hold, and how much memory that is taken to be.

import Capabilities

/// The value of a key.
///
/// Collections are objects, so that a change happens in place; `generation` tells whether a snapshot still reads the
/// object, which is copied then (its parts are shared until they change).
enum Value {
    case bytes([UInt8])
    /// Bytes that are a whole number, as `increment` leaves them.
    case integer(Int64)
    case hash(HashValue)
    case list(ListValue)
    case set(SetValue)
    case sortedSet(SortedSetValue)

    /// The name of the type, as `type` answers it.
    var typeName: StaticString {
        switch self {
        case .bytes, .integer: "string"
        case .hash: "hash"
        case .list: "list"
        case .set: "set"
        case .sortedSet: "zset"
        }
    }

    /// The bytes of a value that is bytes; nil of collections.
    var string: [UInt8]? {
        switch self {
        case .bytes(let bytes): bytes
        case .integer(let number): Numbers.text(of: number)
        default: nil
        }
    }

    /// Bytes of memory, roughly.
    var size: Int {
        switch self {
        case .bytes(let bytes): MemorySize.bytes(bytes)
        case .integer: 0
        case .hash(let hash): hash.size
        case .list(let list): list.size
        case .set(let set): set.size
        case .sortedSet(let set): set.size
        }
    }

    var isEmptyCollection: Bool {
        switch self {
        case .bytes, .integer: false
        case .hash(let hash): hash.fields.isEmpty
        case .list(let list): list.items.isEmpty
        case .set(let set): set.members.isEmpty
        case .sortedSet(let set): set.scores.isEmpty
        }
    }
}

/// What things are taken to weigh, for the bound on memory: payload and the allocator's and the tables' shares.
enum MemorySize {
    /// A key of a database without its name and its value.
    static let entry = 56
    /// A field, a member or an item without its bytes.
    static let element = 24

    /// An array of bytes on the heap.
    @inline(__always)
    static func bytes(_ bytes: [UInt8]) -> Int { bytes.isEmpty ? 0 : 32 + (bytes.count + 15) & ~15 }
}

struct Field: Keyed {
    let key: [UInt8]
    var value: [UInt8]
}

struct Member: Keyed {
    let key: [UInt8]
}

struct Score: Keyed {
    let key: [UInt8]
    var score: Double
}

final class HashValue {
    @exclusivity(unchecked) var fields: ByteTable<Field>
    @exclusivity(unchecked) var size = 0
    let generation: UInt64

    init(generation: UInt64) {
        fields = ByteTable()
        self.generation = generation
    }

    init(_ other: HashValue, generation: UInt64) {
        fields = other.fields
        size = other.size
        self.generation = generation
    }

    /// Whether the field is new.
    func set(_ field: [UInt8], _ value: [UInt8]) -> Bool {
        let hash = SeededHash.of(field)
        size += MemorySize.bytes(value)
        if let index = fields.find(field, hash) {
            size -= MemorySize.bytes(fields[index].value)
            fields[index].value = value
            return false
        }
        size += MemorySize.element + MemorySize.bytes(field)
        fields.insert(Field(key: field, value: value), hash)
        return true
    }

    func get(_ field: [UInt8]) -> [UInt8]? { fields.find(field).map { fields[$0].value } }

    func remove(_ field: [UInt8]) -> Bool {
        guard let removed = fields.remove(field) else { return false }
        size -= MemorySize.element + MemorySize.bytes(field) + MemorySize.bytes(removed.value)
        return true
    }
}

final class ListValue {
    @exclusivity(unchecked) private(set) var items: Ring<[UInt8]>
    @exclusivity(unchecked) private(set) var size = 0
    let generation: UInt64

    init(generation: UInt64) {
        items = Ring()
        self.generation = generation
    }

    init(_ other: ListValue, generation: UInt64) {
        items = other.items
        size = other.size
        self.generation = generation
    }

    func push(_ item: [UInt8], _ side: ListSide) {
        size += MemorySize.element + MemorySize.bytes(item)
        if side == .left { items.prepend(item) } else { items.append(item) }
    }

    func pop(_ side: ListSide) -> [UInt8]? {
        guard let item = side == .left ? items.popFirst() : items.popLast() else { return nil }
        size -= MemorySize.element + MemorySize.bytes(item)
        return item
    }

    func set(_ index: Int, _ item: [UInt8]) {
        guard let old = items[index] else { return }
        size += MemorySize.bytes(item) - MemorySize.bytes(old)
        items[index] = item
    }

    func insert(_ item: [UInt8], at index: Int) {
        size += MemorySize.element + MemorySize.bytes(item)
        items.insert(item, at: index)
    }

    /// Takes the items at `indexes`, which rise, out.
    func remove(at indexes: [Int]) {
        var next = 0
        items.filter { index, item in
            guard next < indexes.count, indexes[next] == index else { return true }
            next += 1
            size -= MemorySize.element + MemorySize.bytes(item)
            return false
        }
    }
}

final class SetValue {
    @exclusivity(unchecked) private(set) var members: ByteTable<Member>
    @exclusivity(unchecked) private(set) var size = 0
    let generation: UInt64

    init(generation: UInt64) {
        members = ByteTable()
        self.generation = generation
    }

    init(_ other: SetValue, generation: UInt64) {
        members = other.members
        size = other.size
        self.generation = generation
    }

    /// Whether the member is new.
    func insert(_ member: [UInt8]) -> Bool {
        let hash = SeededHash.of(member)
        guard members.find(member, hash) == nil else { return false }
        size += MemorySize.element + MemorySize.bytes(member)
        members.insert(Member(key: member), hash)
        return true
    }

    func remove(_ member: [UInt8]) -> Bool {
        guard members.remove(member) != nil else { return false }
        size -= MemorySize.element + MemorySize.bytes(member)
        return true
    }
}

final class SortedSetValue {
    @exclusivity(unchecked) private(set) var scores: ByteTable<Score>
    @exclusivity(unchecked) private(set) var order: OrderedMembers
    @exclusivity(unchecked) private(set) var size = 0
    let generation: UInt64

    init(generation: UInt64) {
        scores = ByteTable()
        order = OrderedMembers()
        self.generation = generation
    }

    init(_ other: SortedSetValue, generation: UInt64) {
        scores = other.scores
        order = other.order
        size = other.size
        self.generation = generation
    }

    func score(_ member: [UInt8]) -> Double? { scores.find(member).map { scores[$0].score } }

    /// Gives `member` this score, whether or not it is there.
    func set(_ member: [UInt8], _ score: Double) {
        let hash = SeededHash.of(member)
        if let index = scores.find(member, hash) {
            // The array that is there is used again, so that both tables go on sharing it.
            let old = ScoredMember(scores[index].key, score: scores[index].score)
            order.remove(old)
            scores[index].score = score
            order.insert(ScoredMember(old.member, score: score))
        } else {
            size += 2 * MemorySize.element + MemorySize.bytes(member)
            scores.insert(Score(key: member, score: score), hash)
            order.insert(ScoredMember(member, score: score))
        }
    }

    func remove(_ member: [UInt8]) -> Bool {
        guard let removed = scores.remove(member) else { return false }
        size -= 2 * MemorySize.element + MemorySize.bytes(member)
        order.remove(ScoredMember(removed.key, score: removed.score))
        return true
    }
}
