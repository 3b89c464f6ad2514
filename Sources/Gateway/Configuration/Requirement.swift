// What traffic needs of the backend that it leads to: a contract that is checked before a socket is bound.

import Capabilities

/// A capability that has to be there, and perhaps a promise of it that must not be weakened.
package struct Requirement: Sendable, Equatable, CustomStringConvertible {
    package let capability: Capability
    /// What must not be among the capability's weakenings.
    package var strength: Weakening?

    package init(_ capability: Capability, _ strength: Weakening? = nil) {
        self.capability = capability
        self.strength = strength
    }

    /// As the configuration writes it: `kv.ttl`, or `kv.ttl/whole-seconds`.
    package var description: String {
        strength.map { "\(capability.name)/\($0.rawValue)" } ?? capability.name
    }

    init(parsing text: String) throws(ValueError) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let capability = Capability(rawValue: parts[0]) else {
            let clause = NearestWord.clause(for: parts[0], among: Capability.allCases.map(\.name))
            throw ValueError("\"\(parts[0])\" is no capability\(clause); adapters/CAPABILITIES.md lists all")
        }
        self.init(capability)
        guard parts.count == 2 else { return }
        guard let strength = Weakening(rawValue: parts[1]) else {
            let known = Weakening.allCases.map(\.rawValue)
            let clause = NearestWord.clause(for: parts[1], among: known)
            throw ValueError("\"\(parts[1])\" is no weakening\(clause); there are: \(known.joined(separator: ", "))")
        }
        self.strength = strength
    }

    /// Why a backend that declares `entry` does not meet this; nil when it does.
    func shortfall(_ entry: ManifestEntry) -> String? {
        switch entry.support {
        case .refused: return "\(self) (it is refused\(entry.note.isEmpty ? "" : ": \(entry.note)"))"
        case .ignored: return "\(self) (it has no effect there)"
        case .native, .emulated:
            guard let strength, entry.weakenings.contains(strength) else { return nil }
            return "\(self) (it is \(strength.rawValue) there)"
        }
    }
}

extension ConfigurationDecoder {
    /// The contract of a listener or a route.
    mutating func requirements(_ key: ConfigurationKey, in section: ConfigurationSection) -> [Requirement] {
        words(key, in: section) { text throws(ValueError) in try Requirement(parsing: text) } ?? []
    }
}
