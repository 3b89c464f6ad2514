// The manifest that the verdicts of a report support, in the words of adapter.yaml.

import Capabilities

extension Report {
    /// What the verdicts support of each capability; what no case was run for stays as it is declared.
    package var supported: [(capability: Capability, entry: ManifestEntry, isProven: Bool)] {
        Capability.allCases.compactMap { capability in
            let evidence = CapabilityEvidence(capability, in: self)
            guard !evidence.cases.isEmpty else {
                guard let declared = capabilities[capability.name], declared.support != .refused else { return nil }
                return (capability, declared, false)
            }
            let entry = evidence.supported
            return entry.support == .refused ? nil : (capability, entry, true)
        }
    }

    /// The same as the `capabilities:` of an adapter.yaml.
    package func supportedManifest() -> String {
        var lines = ["# What the verdicts of \(name) support; what is not named is refused.", "capabilities:"]
        let supported = supported
        if supported.isEmpty { lines = ["# The verdicts of \(name) support nothing.", "capabilities: {}"] }
        for (capability, entry, isProven) in supported {
            lines.append("  \(capability.name): \(entry.asYAML)" + (isProven ? "" : "  # no case was run: as declared"))
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension CapabilityEvidence {
    /// The entry that the cases support.
    fileprivate var supported: ManifestEntry {
        var entry = ManifestEntry(declared.support == .refused ? .native : declared.support)
        if works, entry.support == .ignored { entry.support = .native }
        for one in cases where one.verdict != .identical {
            // A promise that a weakening takes back is kept in part, and that is what the entry then says.
            let weakenings = Weakening.allCases.filter { one.tags.contains($0.rawValue) }
            if one.shortBound != nil {
                // What is less than the suite expects is a bound to declare.
                continue
            } else if one.verdict == .differs, !weakenings.isEmpty {
                entry.weakenings.formUnion(weakenings)
            } else if one.verdict == .refused, let refused = one.refusedCapability, refused != capability.name {
                continue
            } else if one.verdict == .refused, weakenings.contains(where: declared.weakenings.contains) {
                entry.weakenings.formUnion(weakenings.filter(declared.weakenings.contains))
            } else if declared.support != .ignored {
                return ManifestEntry(.refused)
            }
        }
        // A case that is refused for another capability's sake says nothing of this one.
        guard cases.contains(where: { $0.verdict == .identical || $0.verdict == .differs }) else {
            return declared
        }
        for weakening in declared.weakenings {
            let asked = cases.filter { $0.tags.contains(weakening.rawValue) }
            if asked.isEmpty || asked.contains(where: { $0.verdict != .identical }) {
                entry.weakenings.insert(weakening)
            }
        }
        entry.bounds = declared.bounds
        for (kind, found) in limits {
            if !found.isOpen || found.value > declared.bounds[kind] ?? .max { entry.bounds[kind] = Int(found.value) }
        }
        return entry
    }
}

extension ManifestEntry {
    fileprivate var asYAML: String {
        var parts: [String] = []
        if !bounds.isEmpty {
            let list = bounds.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue): \($0.value)" }
            parts.append("bounds: { \(list.joined(separator: ", ")) }")
        }
        if !weakenings.isEmpty {
            parts.append("weakenings: [\(weakenings.map(\.rawValue).sorted().joined(separator: ", "))]")
        }
        return parts.isEmpty
            ? support.rawValue : "{ support: \(support.rawValue), \(parts.joined(separator: ", ")) }"
    }
}
