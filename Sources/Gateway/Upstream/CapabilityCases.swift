// Which cases of a report on a trusted server are about a capability, and whether they show it.

import Capabilities

/// The cases about one capability on one wire: those that say to prove one of these names, or that are of one of these suites.
struct CapabilityCases {
    /// In lower case.
    private let names: Set<String>
    private let suites: Set<String>

    init(_ capability: Capability, of wire: WireProtocol) {
        suites = Self.suites[capability] ?? []
        switch wire {
        case .redis: names = Self.patterns[capability] ?? Self.redisNames(capability)
        case .s3:
            let operations = S3FeatureNeeds.operations(needing: capability)
            names = Self.alone(operations.map { ($0.name.lowercased(), $0.isAlone) })
        case .postgres: names = []
        }
    }

    /// Why a server with these `runs` does not meet `requirement`; nil when it does.
    ///
    /// It does when each command that the cases prove has one that holds, and none about the promise fails.
    func shortfall(_ requirement: Requirement, _ runs: [ReportHead.Case]) -> String? {
        var held: Set<String> = []
        var failed: [String: ReportHead.Case] = [:]
        for one in runs {
            for name in commands(of: one) {
                if one.holds { held.insert(name) } else if failed[name] == nil { failed[name] = one }
            }
        }
        if let broken = failed.filter({ !held.contains($0.key) }).min(by: { $0.key < $1.key }) {
            return "\(requirement) (\(broken.key): \(Self.reason(broken.value)))"
        }
        guard !held.isEmpty else { return "\(requirement) (no case is about it)" }
        guard let strength = requirement.strength,
            let weak = runs.first(where: {
                !$0.holds && ($0.tags ?? []).contains(strength.rawValue) && !commands(of: $0).isEmpty
            })
        else { return nil }
        return "\(requirement) (\(Self.reason(weak)))"
    }

    private static func reason(_ one: ReportHead.Case) -> String {
        let reason = one.reason ?? ""
        return reason.isEmpty ? "case \(one.id) \(one.verdict)" : "case \(one.id) \(one.verdict): \(reason)"
    }

    /// What `one` proves of this capability.
    private func commands(of one: ReportHead.Case) -> [String] {
        let proves = one.proves ?? []
        return suites.contains(one.suite) ? proves : proves.filter { names.contains($0.lowercased()) }
    }

    // MARK: Names

    /// The commands whose plainest form needs the capability and nothing else; where there are none, all that need it.
    private static func redisNames(_ capability: Capability) -> Set<String> {
        alone(
            RedisCommandSet.shared.entries.filter { $0.needs.contains(capability) }.map {
                ($0.name, $0.needs.members.count == 1)
            })
    }

    private static func alone(_ names: [(name: String, isAlone: Bool)]) -> Set<String> {
        let alone = names.filter(\.isAlone).map(\.name)
        return Set(alone.isEmpty ? names.map(\.name) : alone)
    }

    /// What clients of a Redis server do where others have locks, queues, sequences and versions.
    private static let patterns: [Capability: Set<String>] = [
        .keyValueDatabases: ["select"], .keyValueTransaction: ["multi", "exec"], .keyValueCompareAndSet: ["watch"],
        .lockAcquire: ["set"], .lockRelease: ["eval"], .lockExtend: ["eval"],
        .queuePut: ["lpush"], .queueReserve: ["rpop", "rpoplpush"], .queueRelease: ["rpoplpush"],
        .queueAcknowledge: ["lrem"], .sequenceNext: ["incr"],
    ]

    /// What is no command of its own.
    private static let suites: [Capability: Set<String>] = [
        .objectRange: ["s3/ranges"], .objectConditional: ["s3/conditionals"], .objectMetadata: ["s3/metadata"],
        .sqlQuery: ["postgres/simple-query"], .sqlParameters: ["postgres/extended-query"],
        .sqlPrepared: ["postgres/prepared"], .sqlTransaction: ["postgres/transactions"],
        .sqlCursor: ["postgres/portals"], .sqlCopy: ["postgres/copy"],
    ]
}
