// Operations on the fields of a hash.

/// An operation on the hash at `key`; a hash without fields is gone.
public struct HashOperation: Sendable, Equatable {
    public var key: [UInt8]
    public var action: HashAction

    public init(_ key: [UInt8], _ action: HashAction) {
        self.key = key
        self.action = action
    }
}

/// What is done with a hash.
public enum HashAction: Sendable, Equatable {
    /// `integer`: how many fields are new.
    case set([Pair])
    /// `flag`: whether it was set.
    case setIfAbsent(field: [UInt8], value: [UInt8])
    /// `bytes`, or `missing`.
    case get(field: [UInt8])
    /// `list` of `bytes` and `missing`.
    case getMany(fields: [[UInt8]])
    /// `pairs`.
    case all
    /// `list` of `bytes`.
    case fields
    /// `list` of `bytes`.
    case values
    /// `integer`.
    case count
    /// `flag`.
    case contains(field: [UInt8])
    /// `integer`: the value's length in bytes, zero when there is none.
    case valueLength(field: [UInt8])
    /// `integer`: how many there were.
    case delete(fields: [[UInt8]])
    /// `integer`: the sum.
    case increment(field: [UInt8], by: Int64)
    /// `bytes`: the sum as text; `by` is a finite decimal number as text.
    case incrementFloat(field: [UInt8], by: [UInt8])
    /// Without a count `bytes` or `missing`; with one `pairs` (values empty unless asked for): distinct fields for a
    /// positive count, any for a negative one.
    case random(count: Int64?, withValues: Bool)
    /// `page` of fields and values in turn, as `bytes`.
    case scan(cursor: UInt64, match: [UInt8]?, count: Int)
}
