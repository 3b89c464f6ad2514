// What hashes, lists, sets and sorted sets have in common as the value of a key.

/// A value with parts; one without any is never kept.
protocol Collection: AnyObject {
    init(generation: UInt64)
    /// A copy that shares its parts until they change.
    init(_ other: Self, generation: UInt64)
    /// Which snapshots it is older than; see ``StoreState/generation``.
    var generation: UInt64 { get }
    /// Bytes of memory, roughly.
    var size: Int { get }
    var isEmpty: Bool { get }
    var value: Value { get }
    /// The collection in `value`; nil when that is of another type.
    static func take(_ value: Value) -> Self?
}

extension HashValue: Collection {
    var isEmpty: Bool { fields.isEmpty }
    var value: Value { .hash(self) }
    static func take(_ value: Value) -> HashValue? { if case .hash(let hash) = value { hash } else { nil } }
}

extension ListValue: Collection {
    var isEmpty: Bool { items.isEmpty }
    var value: Value { .list(self) }
    static func take(_ value: Value) -> ListValue? { if case .list(let list) = value { list } else { nil } }
}

extension SetValue: Collection {
    var isEmpty: Bool { members.isEmpty }
    var value: Value { .set(self) }
    static func take(_ value: Value) -> SetValue? { if case .set(let set) = value { set } else { nil } }
}

extension SortedSetValue: Collection {
    var isEmpty: Bool { scores.isEmpty }
    var value: Value { .sortedSet(self) }
    static func take(_ value: Value) -> SortedSetValue? { if case .sortedSet(let set) = value { set } else { nil } }
}

/// A collection that is open for a change; see ``Database/open(_:_:_:creates:)``.
struct OpenCollection<C: Collection> {
    let value: C
    let index: Int
    let hash: UInt32
    let sizeBefore: Int
    let isNew: Bool
}
