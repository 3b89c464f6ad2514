// INFO and CONFIG GET.

import Capabilities
import RedisWire

extension RedisTranslator {
    /// Answers INFO with the sections that were asked for.
    func info(_ sections: [[UInt8]]) async {
        let everything: [StaticString] = ["all", "default", "everything"]
        let isAll = sections.isEmpty || sections.contains { section in everything.contains { section.isWord($0) } }
        var parts: [String] = []
        func isWanted(_ name: StaticString) -> Bool { isAll || sections.contains { $0.isWord(name) } }
        if isWanted("server") {
            parts.append(
                """
                # Server
                redis_version:\(Self.serverVersion)
                redis_mode:standalone
                run_id:\(session.label)
                """)
        }
        if isWanted("clients") {
            let settings = session.listener.configuration
            parts.append(
                """
                # Clients
                connected_clients:\(session.listener.sessionCount)
                maxclients:\(settings.connections)
                """)
        }
        if isWanted("persistence") { parts.append("# Persistence\nloading:0") }
        if isWanted("replication") { parts.append("# Replication\nrole:master\nconnected_slaves:0") }
        if isWanted("keyspace") { parts.append(await keyspace()) }
        if isWanted("fairlead") { parts.append(capabilities) }
        let text = parts.joined(separator: "\n\n")
        out.verbatim(Array(text.isEmpty ? "".utf8 : (text + "\n").utf8).flatMap { $0 == 0x0A ? [0x0D, 0x0A] : [$0] })
    }

    private func keyspace() async -> String {
        let operation = Operation.keyValue(.count)
        guard gate.permits(operation.needs) else { return "# Keyspace" }
        if let databases = gate.service.keyspaces(context.now) {
            let lines = databases.map {
                "db\($0.database):keys=\($0.keys),expires=\($0.expiring),avg_ttl=\($0.meanTimeToLive)"
            }
            return (["# Keyspace"] + lines).joined(separator: "\n")
        }
        let call = CallContext(database: client.database, now: context.now)
        guard case .integer(let count)? = try? await gate.perform(operation, call), count > 0 else {
            return "# Keyspace"
        }
        return "# Keyspace\ndb\(client.database):keys=\(count),expires=0,avg_ttl=0"
    }

    /// What the backend behind this listener can do, and how.
    private var capabilities: String {
        var lines = [
            "# Fairlead", "fairlead_backend:\(gate.backend.name)", "fairlead_adapter:\(gate.manifest.adapter)",
        ]
        for capability in Capability.allCases where capability.family != .object && capability.family != .sql {
            let entry = gate.manifest[capability]
            let name = "fairlead_\(capability.name)"
            lines.append("\(name):\(entry.support.rawValue)")
            let bounds = entry.bounds.map { "\($0.key.rawValue)=\($0.value)" }.sorted().joined(separator: ",")
            let weakenings = entry.weakenings.map(\.rawValue).sorted().joined(separator: ",")
            // A note comes from an adapter, and a line is one line.
            let note = entry.note.split(whereSeparator: \.isNewline).joined(separator: " ")
            for (word, text) in [("bounds", bounds), ("weakenings", weakenings), ("note", note)] where !text.isEmpty {
                lines.append("\(name).\(word):\(text)")
            }
        }
        return lines.joined(separator: "\n")
    }

    /// Answers CONFIG GET; everything else of CONFIG is refused, because the gateway's settings are in its file.
    func config(_ arguments: [[UInt8]]) throws(RedisErrorText) {
        if arguments[0].isWord("help") { return out.write(.help("config")) }
        guard arguments[0].isWord("get") else {
            throw gate.redisRefusal(of: "config|\(String(decoding: arguments[0], as: UTF8.self).lowercased())")
        }
        let globs = arguments[1...].map { RedisGlob($0) }
        let found = parameters.filter { parameter in globs.contains { $0.matches(Array(parameter.name.utf8)) } }
        out.map(found.count)
        for (name, value) in found {
            out.bulk(name)
            out.bulk(value)
        }
    }

    /// The parameters that clients ask for, as they are here.
    private var parameters: [(name: String, value: String)] {
        let settings = session.listener.configuration
        let isKept = !gate.manifest[.keyValueSet].weakenings.contains(.notDurable)
        let isEvicting = [Capability.keyValueGet, .keyValueSet].contains {
            gate.manifest[$0].weakenings.contains(.evicting)
        }
        return [
            ("appendonly", isKept ? "yes" : "no"),
            ("databases", String(context.databases)),
            ("maxclients", String(settings.connections)),
            ("maxmemory", "0"),
            ("maxmemory-policy", isEvicting ? "allkeys-lru" : "noeviction"),
            ("proto-max-bulk-len", String(RedisLimits.translatedBulk.maximum)),
            ("save", ""),
            ("timeout", String(settings.idleTimeout.map { $0.components.seconds } ?? 0)),
        ]
    }
}
