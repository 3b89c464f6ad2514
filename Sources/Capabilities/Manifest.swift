// What an adapter declares, capability by capability, and how a deployment narrows it.

/// How a capability is provided.
public enum Support: String, Sendable, CaseIterable {
    /// The backend does it itself.
    case native
    /// The adapter, or the gateway, does it with other capabilities.
    case emulated
    /// It is accepted and has no effect; only where the configuration agrees, and counted.
    case ignored
    /// It is answered with an error that names it. What a manifest does not mention is refused.
    case refused
}

/// A promise of the vocabulary that a backend does not keep in full.
public enum Weakening: String, Sendable, CaseIterable {
    /// A request for several keys can be done in part, and others can see it half done.
    case notAtomic = "not-atomic"
    /// What was answered can be lost when the backend stops or runs out of room.
    case notDurable = "not-durable"
    /// Times are rounded to whole seconds.
    case wholeSeconds = "whole-seconds"
    /// A message may come twice.
    case atLeastOnce = "at-least-once"
    /// A message may be lost.
    case atMostOnce = "at-most-once"
    /// What was written may not be read back at once.
    case eventuallyConsistent = "eventually-consistent"
    /// Values may be dropped to make room.
    case evicting = "evicting"
    /// Items come in no order, or not in the one that they were written in.
    case unordered = "unordered"
    /// Some of it is refused by name, or left out of the answer; the note says what.
    case partial = "partial"
}

/// The size or count that a bound is about.
public enum BoundKind: String, Sendable, CaseIterable {
    case keyBytes = "key-bytes"
    case valueBytes = "value-bytes"
    case batch
    case databases
    case expirySeconds = "expiry-seconds"
    case parts
    case pageItems = "page-items"
}

/// What a manifest says of one capability.
public struct ManifestEntry: Sendable, Equatable {
    public var support: Support
    /// The most of each kind that the backend takes; a request beyond it is refused and names the bound.
    public var bounds: [BoundKind: Int]
    /// Promises that hold in part only.
    public var weakenings: Set<Weakening>
    /// One sentence for a person; empty when there is nothing to add.
    public var note: String

    public init(
        _ support: Support, bounds: [BoundKind: Int] = [:], weakenings: Set<Weakening> = [], note: String = ""
    ) {
        self.support = support
        self.bounds = bounds
        self.weakenings = weakenings
        self.note = note
    }

    static let refused = ManifestEntry(.refused)
}

/// What an adapter, or a deployment of it, can do.
public struct Manifest: Sendable, Equatable {
    /// The adapter's name.
    public let adapter: String
    /// Whether the adapter has yet to say what it can do, so that the entries stand for nothing but that.
    public var isPending = false
    /// Capabilities that are partial because the service does not have all of their operations, as ``Service/performs(_:)``
    /// tells; the gateway does the others where it can.
    public var incomplete = CapabilitySet()
    /// Whether a value can be changed and keep its expiry, although `kv.ttl` is partial: it lacks something else then.
    public var keepsExpiry = false
    private var entries: [Capability: ManifestEntry]

    public init(adapter: String, _ entries: [Capability: ManifestEntry] = [:]) {
        self.adapter = adapter
        self.entries = entries
    }

    /// The entry of `capability`; refused when the manifest does not mention it.
    public subscript(capability: Capability) -> ManifestEntry {
        get { entries[capability] ?? .refused }
        set { entries[capability] = newValue }
    }

    /// The capabilities that are mentioned, in the vocabulary's order.
    public var mentioned: [Capability] { Capability.allCases.filter { entries[$0] != nil } }

    /// The capabilities of `family` that are not refused.
    public func supported(in family: CapabilityFamily) -> [Capability] {
        Capability.allCases.filter { $0.family == family && self[$0].support != .refused }
    }

    /// The same with `capability` refused, because of `reason`.
    public func refusing(_ capability: Capability, because reason: String) -> Manifest {
        var manifest = self
        manifest[capability] = ManifestEntry(.refused, note: reason)
        return manifest
    }
}
