// Decides, once for each worker and backend, how each capability is provided.

import Capabilities

/// The effective manifest of a backend and the sets that its gate asks.
struct GapResolution {
    private(set) var manifest: Manifest
    /// Done by the service itself.
    private(set) var direct = CapabilitySet()
    /// Done by the service or by the gateway's emulation, or ignored.
    private(set) var permitted = CapabilitySet()
    private(set) var ignored = CapabilitySet()
    /// Whether values carry their expiry, because the backend has none.
    private(set) var keepsExpiryBeside = false
    /// Whether the backend has expiries, and cannot keep one when a value is changed.
    private var cannotKeepExpiry: Bool {
        direct.contains(.keyValueTTL) && manifest[.keyValueTTL].weakenings.contains(.partial)
    }

    /// - Parameter gaps: the configuration's wishes, over what `declared` says.
    init(_ declared: Manifest, gaps: [Capability: GapPolicy]) {
        manifest = declared
        for capability in Capability.allCases {
            switch (declared[capability].support, gaps[capability]) {
            case (.native, .refuse?), (.emulated, .refuse?), (.ignored, .refuse?):
                manifest[capability] = ManifestEntry(.refused, note: "the configuration refuses it")
            case (.native, _), (.emulated, _): direct.insert(capability)
            case (.ignored, .ignore?) where capability.canBeIgnored: ignored.insert(capability)
            case (.ignored, _):
                manifest[capability] = ManifestEntry(
                    .refused, note: "it would be ignored, and the configuration does not allow that")
            case (.refused, _): break
            }
        }
        permitted = direct.union(ignored)
        // An emulation may stand on another one, so that one pass is not enough.
        var grows = true
        while grows {
            grows = false
            for rule in Emulation.rules where !permitted.contains(rule.capability) {
                guard mayEmulate(rule, gaps[rule.capability]) else { continue }
                permitted.insert(rule.capability)
                manifest[rule.capability] = entry(of: rule)
                if rule.capability == .keyValueTTL { keepsExpiryBeside = true }
                grows = true
            }
        }
    }

    private func entry(of rule: Emulation) -> ManifestEntry {
        // What is written is written by a set.
        let bounds = manifest[.keyValueSet].bounds.filter { rule.capability.description.bounds.contains($0.key) }
        let lost = cannotKeepExpiry ? rule.lostWithoutKeeping ?? [] : []
        let note = lost.isEmpty ? "" : "; a value that has no expiry to keep can be made and not changed"
        return ManifestEntry(
            .emulated, bounds: bounds, weakenings: rule.weakenings.union(lost),
            note: "by the gateway: \(rule.how)\(note)")
    }

    private func mayEmulate(_ rule: Emulation, _ policy: GapPolicy?) -> Bool {
        if policy == .refuse { return false }
        if cannotKeepExpiry, rule.lostWithoutKeeping == nil { return false }
        if rule.mustBeAskedFor, policy != .emulate { return false }
        return rule.needs.isSubset(of: direct)
    }
}
