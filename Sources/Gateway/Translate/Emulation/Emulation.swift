// What the gateway can do with other capabilities, as data.

import Capabilities

/// One capability that the gateway provides where a backend lacks it.
struct Emulation {
    let capability: Capability
    /// What the backend has to do itself for it.
    let needs: CapabilitySet
    /// What of the vocabulary's promise is lost.
    var weakenings: Set<Weakening> = []
    /// Whether the configuration has to ask for it, because it changes what is stored.
    var mustBeAskedFor = false
    /// What more is lost where the backend has expiries and cannot keep one when it changes a value; nil for everything.
    var lostWithoutKeeping: Set<Weakening>? = []
    /// How it is done, for the manifest.
    let how: String

    private static let compareAndSet = CapabilitySet(
        .keyValueGet, .keyValueSet, .keyValueConditionalSet, .keyValueCompareAndSet)

    private static let loop = "get and compare-and-set, in a loop"

    static let rules = [
        Emulation(
            capability: .keyValueTTL, needs: compareAndSet, mustBeAskedFor: true,
            how: "the expiry is kept beside the value"),
        Emulation(capability: .keyValueExists, needs: CapabilitySet(.keyValueGet), how: "by getting the value"),
        Emulation(capability: .keyValueIncrement, needs: compareAndSet, lostWithoutKeeping: nil, how: loop),
        Emulation(capability: .keyValueIncrementFloat, needs: compareAndSet, lostWithoutKeeping: nil, how: loop),
        Emulation(capability: .keyValueAppend, needs: compareAndSet, lostWithoutKeeping: nil, how: loop),
        Emulation(
            capability: .keyValueRange, needs: compareAndSet, lostWithoutKeeping: [.partial],
            how: "get, and compare-and-set to change it"),
        // The first rule for a capability that applies is the one that counts.
        Emulation(
            capability: .keyValueRange, needs: CapabilitySet(.keyValueGet), weakenings: [.partial],
            lostWithoutKeeping: [.partial], how: "get; parts of a value are read and not written"),
        Emulation(
            capability: .keyValueExchange, needs: compareAndSet.union(CapabilitySet(.keyValueDelete)), how: loop),
        Emulation(
            capability: .keyValueMultiKey, needs: CapabilitySet(.keyValueGet), weakenings: [.notAtomic],
            how: "one key after another"),
    ]
}
