// Operations on sets.

/// An operation on sets; a set without members is gone.
public enum SetOperation: Sendable, Equatable {
    /// `integer`: how many are new.
    case add(key: [UInt8], members: [[UInt8]])
    /// `integer`: how many there were.
    case remove(key: [UInt8], members: [[UInt8]])
    /// `list` of `flag`.
    case contains(key: [UInt8], members: [[UInt8]])
    /// `list` of `bytes`.
    case members(key: [UInt8])
    /// `integer`.
    case count(key: [UInt8])
    /// Without a count `bytes` or `missing`, with one `list`.
    case pop(key: [UInt8], count: Int64?)
    /// Without a count `bytes` or `missing`; with one `list`: distinct members for a positive count, any for a negative.
    case random(key: [UInt8], count: Int64?)
    /// `flag`: whether the member was there.
    case move(from: [UInt8], to: [UInt8], member: [UInt8])
    /// `list` of `bytes`; with `store` the result replaces that key and the answer is `integer`.
    case combine(SetCombination, keys: [[UInt8]], store: [UInt8]?)
    /// `integer`: the size of the intersection, counted up to `limit` (zero: all).
    case intersectionCount(keys: [[UInt8]], limit: Int64)
    /// `page` of `bytes`.
    case scan(key: [UInt8], cursor: UInt64, match: [UInt8]?, count: Int)
}

/// How sets become one.
public enum SetCombination: Sendable, Equatable {
    case union, intersection
    /// The first without the others.
    case difference
}
