// What a capability call gives back.

/// The answer to an operation; which cases an operation gives is told where the operation is defined.
public enum Answer: Sendable, Equatable {
    /// It was done and there is nothing to tell.
    case done
    /// There is no such thing: no key, no field, no member, or a condition did not hold.
    case missing
    case flag(Bool)
    case integer(Int64)
    case double(Double)
    case bytes([UInt8])
    /// A value and the version that compare-and-set takes.
    case versioned([UInt8], Version)
    /// Answers in the order of what was asked for.
    case list([Answer])
    /// Names and values: the fields of a hash, a key and what was popped from it.
    case pairs([Pair])
    /// Members with their scores.
    case scored([ScoredMember])
    /// One page of a scan; the cursor is zero on the last one.
    case page(cursor: UInt64, [Answer])
    /// Items taken from the key that had some.
    indirect case taken(key: [UInt8], Answer)
}

/// A name and its value.
public struct Pair: Sendable, Equatable {
    public var name: [UInt8]
    public var value: [UInt8]

    public init(_ name: [UInt8], _ value: [UInt8]) {
        self.name = name
        self.value = value
    }
}

/// A member of a sorted set.
public struct ScoredMember: Sendable, Equatable {
    public var member: [UInt8]
    public var score: Double

    public init(_ member: [UInt8], score: Double) {
        self.member = member
        self.score = score
    }
}

/// What a key's value was at one time, as the backend marks it: a counter, an ETag, a revision.
public struct Version: Sendable, Hashable {
    public var bytes: [UInt8]

    public init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// The big-endian bytes of `number`.
    public init(_ number: UInt64) {
        bytes = withUnsafeBytes(of: number.bigEndian) { Array($0) }
    }
}
