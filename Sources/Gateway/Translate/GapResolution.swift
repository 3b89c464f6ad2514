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
    /// Done by the service in part; the gateway does the operations that the service does not have.
    private(set) var completed = CapabilitySet()
    /// Whether values carry their expiry, because the backend has none.
    private(set) var keepsExpiryBeside = false
    /// Whether the backend has expiries, and cannot keep one when a value is changed.
    private var cannotKeepExpiry: Bool {
        direct.contains(.keyValueTTL) && manifest[.keyValueTTL].weakenings.contains(.partial) && !manifest.keepsExpiry
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
        hideListsBehindQueues()
        permitted = direct.union(ignored)
        complete(gaps)
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
        if keepsExpiryBeside, permitted.contains(.keyValueCount) {
            refuse(
                .keyValueCount, "keys whose time is over would be counted, for their expiry is kept beside the value")
        }
        tellOfTransactions()
        tellOfLocks()
    }

    /// Where SET with NX and a time takes a lock, whose lock it is.
    private mutating func tellOfLocks() {
        guard permitted.contains(.lockAcquire), !permitted.contains(.keyValueConditionalSet) else { return }
        let note = manifest[.lockAcquire].note
        manifest[.lockAcquire].note =
            (note.isEmpty ? "" : "\(note); ")
            + "SET with NX and a time takes it under the value and a mark of this gateway process: no other gateway gives it "
            + "to the same value, and none but this one releases or extends it"
    }

    private mutating func refuse(_ capability: Capability, _ note: String) {
        manifest[capability] = ManifestEntry(.refused, note: note)
        direct.remove(capability)
        permitted.remove(capability)
    }

    /// Where queues stand in for lists, whatever else lists can do would find nothing of what is in a queue.
    private mutating func hideListsBehindQueues() {
        guard !direct.contains(.listPush), direct.contains(.queuePut) else { return }
        for capability in [Capability.listPop, .listRange, .listEdit, .listMove, .listBlocking]
        where direct.contains(capability) {
            refuse(capability, "a list is a queue here, and this form has no place in one")
        }
    }

    /// Adds the operations that the service does not have to capabilities that it has in part.
    private mutating func complete(_ gaps: [Capability: GapPolicy]) {
        for rule in Emulation.rules
        where manifest.incomplete.contains(rule.capability) && direct.contains(rule.capability)
            && !completed.contains(rule.capability) && mayEmulate(rule, gaps[rule.capability])
        {
            completed.insert(rule.capability)
            let whole = entry(of: rule)
            var entry = manifest[rule.capability]
            entry.support = .emulated
            entry.weakenings.remove(.partial)
            entry.weakenings.formUnion(whole.weakenings)
            entry.note = "in part \(whole.note)"
            manifest[rule.capability] = entry
        }
    }

    /// Nothing that the gateway does itself can be a step of a transaction.
    private mutating func tellOfTransactions() {
        let emulated = permitted.subtracting(direct.union(ignored)).union(completed)
        guard direct.contains(.keyValueTransaction), !emulated.isEmpty else { return }
        let note = manifest[.keyValueTransaction].note
        manifest[.keyValueTransaction].weakenings.insert(.partial)
        manifest[.keyValueTransaction].note =
            (note.isEmpty ? "" : "\(note); ")
            + (keepsExpiryBeside
                ? "commands on keys and strings are refused in it, for their expiry is kept beside the value"
                : "what the gateway emulates is refused in it")
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
