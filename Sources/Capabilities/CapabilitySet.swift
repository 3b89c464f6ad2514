// A set of capabilities as two machine words, so that what a request needs is checked without a look-up.

/// Capabilities, each in or out.
public struct CapabilitySet: Sendable, Hashable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0

    public init() {}

    public init(_ capabilities: Capability...) {
        for capability in capabilities { insert(capability) }
    }

    public mutating func insert(_ capability: Capability) {
        let ordinal = capability.ordinal
        if ordinal < 64 { low |= 1 << UInt64(ordinal) } else { high |= 1 << UInt64(ordinal - 64) }
    }

    public mutating func remove(_ capability: Capability) {
        self = subtracting(CapabilitySet(capability))
    }

    public func contains(_ capability: Capability) -> Bool {
        let ordinal = capability.ordinal
        return ordinal < 64 ? low >> UInt64(ordinal) & 1 == 1 : high >> UInt64(ordinal - 64) & 1 == 1
    }

    public func union(_ other: CapabilitySet) -> CapabilitySet {
        var union = self
        union.low |= other.low
        union.high |= other.high
        return union
    }

    public func isSubset(of other: CapabilitySet) -> Bool {
        low & ~other.low == 0 && high & ~other.high == 0
    }

    /// Those that are in here and not in `other`.
    public func subtracting(_ other: CapabilitySet) -> CapabilitySet {
        var rest = self
        rest.low &= ~other.low
        rest.high &= ~other.high
        return rest
    }

    /// Those that are in both.
    public func intersection(_ other: CapabilitySet) -> CapabilitySet {
        var both = self
        both.low &= other.low
        both.high &= other.high
        return both
    }

    public var isEmpty: Bool { low == 0 && high == 0 }

    /// The members in the vocabulary's order.
    public var members: [Capability] { Capability.allCases.filter(contains) }
}
