// Operations on keys and on values that are bytes.

/// An operation on keys; a key that holds something other than bytes fails with `wrongType` where bytes are needed.
///
/// Times are in milliseconds; absolute ones count from 1970.
public enum KeyValueOperation: Sendable, Equatable {
    /// `bytes`, or `missing`.
    case get(key: [UInt8])
    /// `versioned`, or `missing`.
    case getVersioned(key: [UInt8])
    /// `list` of `bytes` and `missing`, in the order of the keys; a key of another type is `missing`.
    case getMany(keys: [[UInt8]])
    /// `done`, or `missing` when the condition did not hold; with `returnsOld` the old value as `bytes`, or `missing`.
    case set(key: [UInt8], value: [UInt8], SetOptions)
    /// `flag`: false, with nothing done, when `onlyIfAllAbsent` and one of them is there.
    case setMany([Pair], onlyIfAllAbsent: Bool)
    /// `bytes`, or `missing`; the key's expiry becomes `expiry`.
    case getAndExpire(key: [UInt8], Expiry)
    /// `bytes`, or `missing`.
    case getAndDelete(key: [UInt8])
    /// `integer`: how many there were.
    case delete(keys: [[UInt8]])
    /// `flag`: whether it was there with this version.
    case deleteVersion(key: [UInt8], Version)
    /// `integer`: how many are there; a key that is named twice counts twice.
    case exists(keys: [[UInt8]])
    /// `integer`: as `exists`; they count as used just now.
    case touch(keys: [[UInt8]])
    /// `bytes` with `string`, `list`, `set`, `zset` or `hash`, or `missing`.
    case type(key: [UInt8])
    /// `integer`: the new length in bytes.
    case append(key: [UInt8], value: [UInt8])
    /// `integer`: the length in bytes, zero when there is no such key.
    case length(key: [UInt8])
    /// `bytes` from `first` to `last`, both included; negative positions count from the end.
    case range(key: [UInt8], first: Int64, last: Int64)
    /// `integer`: the new length; zero bytes fill a gap.
    case overwrite(key: [UInt8], offset: Int64, value: [UInt8])
    /// `integer`: the sum; a missing key counts as zero.
    case increment(key: [UInt8], by: Int64)
    /// `bytes`: the sum as text; `by` is a finite decimal number as text.
    case incrementFloat(key: [UInt8], by: [UInt8])
    /// `flag`: whether the expiry was set; a time that has passed deletes the key.
    case expire(key: [UInt8], at: Int64, ExpireCondition)
    /// `integer` with the time of expiry, `done` when it has none, or `missing`.
    case expiry(key: [UInt8])
    /// `flag`: whether there was an expiry to take away.
    case persist(key: [UInt8])
    /// `flag`: false when `onlyIfAbsent` and the target is there; fails with `noSuchKey`.
    case rename(from: [UInt8], to: [UInt8], onlyIfAbsent: Bool)
    /// `flag`: false when there is no source, or the target is there and not to be replaced.
    case copy(from: [UInt8], to: [UInt8], toDatabase: Int?, replaces: Bool)
    /// `page` of keys as `bytes`; a key that stays for the whole scan comes at least once.
    case scan(cursor: UInt64, match: [UInt8]?, count: Int, type: [UInt8]?)
    /// `list` of keys as `bytes`.
    case keys(match: [UInt8])
    /// `bytes` with a key, or `missing`.
    case randomKey
    /// `integer`: how many keys there are.
    case count
    /// `done`.
    case clear(everyDatabase: Bool)
}

/// How a value is set.
public struct SetOptions: Sendable, Equatable {
    public var condition: SetCondition
    public var expiry: Expiry
    /// Whether the answer is the old value.
    public var returnsOld: Bool

    public init(_ condition: SetCondition = .always, expiry: Expiry = .never, returnsOld: Bool = false) {
        self.condition = condition
        self.expiry = expiry
        self.returnsOld = returnsOld
    }
}

/// When a value is set.
public enum SetCondition: Sendable, Equatable {
    case always
    /// Only when there is no such key.
    case absent
    /// Only when there is such a key.
    case present
    /// Only when the key's version is this one.
    case version(Version)
}

/// What becomes of a key's time to live.
public enum Expiry: Sendable, Equatable {
    /// It has none afterwards.
    case never
    /// It stays as it is.
    case kept
    /// The key goes at this time, in milliseconds since 1970.
    case at(Int64)
}

/// When an expiry is set.
public enum ExpireCondition: Sendable, Equatable {
    case always
    /// Only when there is none.
    case ifNone
    /// Only when there is one; with `later` or `earlier`, only when the new one is that.
    case ifSome
    /// Only when it is later than the one there is; none counts as infinitely late.
    case ifLater
    /// Only when it is earlier than the one there is; none counts as infinitely late.
    case ifEarlier
    /// Both `ifSome` and `ifLater`.
    case ifSomeAndLater
    /// Both `ifSome` and `ifEarlier`.
    case ifSomeAndEarlier

    /// Whether an expiry at `time` is set where there is one at `present`, or none.
    public func holds(for time: Int64, over present: Int64?) -> Bool {
        switch self {
        case .always: true
        case .ifNone: present == nil
        case .ifSome: present != nil
        case .ifLater, .ifSomeAndLater: present.map { time > $0 } ?? false
        case .ifEarlier: present.map { time < $0 } ?? true
        case .ifSomeAndEarlier: present.map { time < $0 } ?? false
        }
    }
}
