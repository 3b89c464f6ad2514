// Operations on lists.

/// An operation on lists; a list without items is gone.
///
/// Negative positions count from the end.
public enum ListOperation: Sendable, Equatable {
    /// `integer`: the new length; with `onlyIfPresent` zero, and nothing done, when there is no list. Several values
    /// are pushed one after another, so the last one ends up outermost.
    case push(key: [UInt8], values: [[UInt8]], ListSide, onlyIfPresent: Bool)
    /// Without a count `bytes`, with one `list`; `missing` when there is no list.
    case pop(key: [UInt8], ListSide, count: Int64?)
    /// `integer`.
    case length(key: [UInt8])
    /// `list` of `bytes`.
    case range(key: [UInt8], first: Int64, last: Int64)
    /// `bytes`, or `missing`.
    case item(key: [UInt8], index: Int64)
    /// `done`; fails with `noSuchKey` or `indexOutOfRange`.
    case setItem(key: [UInt8], index: Int64, value: [UInt8])
    /// `integer`: the new length, -1 when the pivot is not there, zero when there is no list.
    case insert(key: [UInt8], before: Bool, pivot: [UInt8], value: [UInt8])
    /// `integer`: how many; up to `count` from the left, from the right when negative, all when zero.
    case remove(key: [UInt8], value: [UInt8], count: Int64)
    /// `done`.
    case trim(key: [UInt8], first: Int64, last: Int64)
    /// Without a count `integer` or `missing`, with one `list` of `integer` (zero means all). `rank` is not zero; from
    /// the right when negative. At most `limit` items are looked at, all when zero.
    case position(key: [UInt8], value: [UInt8], rank: Int64, count: Int64?, limit: Int64)
    /// `bytes`, or `missing` when the source is empty. With `wait` it waits for an item.
    case move(from: [UInt8], to: [UInt8], take: ListSide, put: ListSide, wait: Wait?)
    /// `taken` with a `list` from the first of `keys` that has items, or `missing`. With `wait` it waits for an item.
    case popFirst(keys: [[UInt8]], ListSide, count: Int64, wait: Wait?)
}

/// An end of a list.
public enum ListSide: Sendable, Equatable {
    case left, right
}

/// How long an operation may wait, in milliseconds; zero is for ever.
///
/// It ends early when its task is cancelled.
public struct Wait: Sendable, Equatable {
    public var milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }
}
