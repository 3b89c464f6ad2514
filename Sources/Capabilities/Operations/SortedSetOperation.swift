// Operations on sorted sets.

/// An operation on sorted sets: members in the order of their scores, equal scores in the order of the bytes.
public enum SortedSetOperation: Sendable, Equatable {
    /// `integer`: how many are new, with `countsChanges` new or changed. With `increments` and one member `double`: the
    /// new score, or `missing` when a condition kept it; fails with `notFinite`.
    case add(key: [UInt8], [ScoredMember], SortedSetAddOptions)
    /// `integer`: how many there were.
    case remove(key: [UInt8], members: [[UInt8]])
    /// `integer`: how many there were.
    case removeRange(key: [UInt8], SortedSetRange)
    /// `list` of `double` and `missing`.
    case scores(key: [UInt8], members: [[UInt8]])
    /// `integer` or `missing`; with `withScore` a `list` of `integer` and `double`, or `missing`.
    case rank(key: [UInt8], member: [UInt8], reversed: Bool, withScore: Bool)
    /// `integer`.
    case count(key: [UInt8])
    /// `integer`: how many are in the range.
    case countRange(key: [UInt8], SortedSetRange)
    /// `scored`.
    case range(key: [UInt8], SortedSetSlice)
    /// `integer`: how many there are now at `to`, which is replaced.
    case storeRange(from: [UInt8], to: [UInt8], SortedSetSlice)
    /// `scored`: the lowest, or highest, up to `count`.
    case pop(key: [UInt8], highest: Bool, count: Int64)
    /// `taken` with `scored` from the first of `keys` that has members, or `missing`. With `wait` it waits for one.
    case popFirst(keys: [[UInt8]], highest: Bool, count: Int64, wait: Wait?)
    /// Without a count `bytes` or `missing`; with one `scored`: distinct for a positive count, any for a negative.
    case random(key: [UInt8], count: Int64?)
    /// `scored` in order; with `store` the result replaces that key and the answer is `integer`. Sets count as sorted
    /// sets whose scores are 1. `weights` is empty or has one number for each key; a difference takes none.
    case combine(
        SetCombination, keys: [[UInt8]], weights: [Double], aggregate: ScoreAggregate, store: [UInt8]?)
    /// `integer`: the size of the intersection, counted up to `limit` (zero: all).
    case intersectionCount(keys: [[UInt8]], limit: Int64)
    /// `page` of members as `bytes` and scores as `double` in turn.
    case scan(key: [UInt8], cursor: UInt64, match: [UInt8]?, count: Int)
}

/// How members are added.
public struct SortedSetAddOptions: Sendable, Equatable {
    /// Members that are there are left alone.
    public var onlyNew = false
    /// Members that are not there are left out.
    public var onlyPresent = false
    /// A score changes only to a higher one; new members are added all the same.
    public var onlyHigher = false
    /// A score changes only to a lower one; new members are added all the same.
    public var onlyLower = false
    /// The answer counts changed scores as well.
    public var countsChanges = false
    /// The score is added to the one there is.
    public var increments = false

    public init() {}
}

/// A part of a sorted set.
public enum SortedSetRange: Sendable, Equatable {
    /// Positions, both included; negative ones count from the end.
    case ranks(first: Int64, last: Int64)
    case scores(from: ScoreBound, to: ScoreBound)
    /// Members by their bytes; meant for sets whose scores are all equal.
    case members(from: MemberBound, to: MemberBound)
}

/// An end of a range of scores.
public struct ScoreBound: Sendable, Equatable {
    public var score: Double
    public var isExcluded: Bool

    public init(_ score: Double, isExcluded: Bool = false) {
        self.score = score
        self.isExcluded = isExcluded
    }
}

/// An end of a range of members.
public enum MemberBound: Sendable, Equatable {
    case lowest, highest
    case included([UInt8])
    case excluded([UInt8])
}

/// A range, its direction and which part of it is wanted.
public struct SortedSetSlice: Sendable, Equatable {
    /// From low to high in any case: `reversed` turns the result around, and ranks count from the highest then.
    public var range: SortedSetRange
    public var reversed: Bool
    /// How many of the range are skipped.
    public var offset: Int64
    /// How many are given at most; negative for all.
    public var limit: Int64

    public init(_ range: SortedSetRange, reversed: Bool = false, offset: Int64 = 0, limit: Int64 = -1) {
        self.range = range
        self.reversed = reversed
        self.offset = offset
        self.limit = limit
    }
}

/// What becomes of the scores of a member that is in several sets.
public enum ScoreAggregate: Sendable, Equatable {
    case sum, minimum, maximum
}
