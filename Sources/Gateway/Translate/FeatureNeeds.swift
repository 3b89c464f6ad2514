// What a feature of a usage profile needs of a private backend.

import Capabilities
import PostgresWire
import S3Wire

/// What has to be there for a feature to work behind a translator.
package enum FeatureNeed: Equatable, Sendable {
    /// The gateway does it itself, whatever is behind it.
    case nothing
    /// All of these, in the plainest form of it.
    case capabilities(CapabilitySet)
    /// The same, and what of it is refused whatever the backend can do.
    case partly(CapabilitySet, String)
    /// No capability stands for it: translators refuse it by name.
    case refused
    /// No capability tells: only cases can.
    case untold
}

/// What features need, by the names that profiles give them.
package enum FeatureNeeds {
    /// What `feature`, such as `redis.option.set.px`, needs.
    package static func of(_ feature: String) -> FeatureNeed {
        let parts = feature.split(separator: ".", maxSplits: 2).map(String.init)
        guard parts.count == 3 else { return .untold }
        switch parts[0] {
        case "redis": return RedisFeatureNeeds.of(parts[1], parts[2])
        case "s3": return S3FeatureNeeds.of(parts[1], parts[2])
        case "postgres": return PostgresFeatureNeeds.of(parts[1], parts[2])
        default: return .untold
        }
    }
}

extension FeatureNeeds {
    /// Whether `feature` is about scripts, so that cases show of its commands what they show of it.
    package static func isScript(_ feature: String) -> Bool { feature.hasSuffix("-script") }

    /// Why `feature` is refused whatever a backend can do, in words.
    package static func refusal(of feature: String) -> String {
        isScript(feature)
            ? RedisFeatureNeeds.scriptGap : "no capability stands for it: every private backend refuses it"
    }

    /// How a configuration gets `capability`, which a backend of these `abilities` refuses; nil when it cannot.
    package static func remedy(for capability: Capability, in abilities: [String: ManifestEntry]) -> String? {
        if abilities[capability.name]?.support == .ignored {
            return "gaps: { \(capability.name): ignore }, if the application can do without its effect"
        }
        guard let rule = Emulation.rules.first(where: { $0.capability == capability }) else { return nil }
        let isPossible = rule.needs.members.allSatisfy { need in
            abilities[need.name].map { $0.support == .native || $0.support == .emulated } ?? false
        }
        return isPossible ? "gaps: { \(capability.name): emulate }: \(rule.how)" : nil
    }
}
