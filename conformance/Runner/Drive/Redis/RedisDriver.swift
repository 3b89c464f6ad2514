// The driver of the Redis wire.

import Capabilities

/// Drives Redis with hiredis, and with bytes of its own for what hiredis does not send.
package struct RedisDriver: Driver {
    package let wire = "redis"
    package let clients = ["hiredis", "raw"]
    package let types: Set<String> = [
        "simple", "error", "set", "map", "push", "double", "big-number", "verbatim", "attribute", "null-array",
    ]
    package var actions: Set<String> { RedisAction.keys }

    /// Keys that one round of cleaning asks for.
    private static let scanCount = "1000"

    package init() {}

    package func check(_ action: Tree, client: String) throws(SuiteProblem) {
        try RedisAction.check(action, client: client)
    }

    // MARK: The target

    package func survey(_ target: Target, deadline: Deadline) throws(DriverFailure) -> TargetFacts {
        let connection = try open(target, isRaw: true, options: nil, deadline: deadline)
        defer { connection.close() }
        let info = try connection.ask("INFO", deadline: deadline)
        guard case .bytes = info.unwrapped, let text = info.asText else {
            throw DriverFailure(.unreachable, "INFO is answered with \(ValueText.short(info))")
        }
        let fields = Self.fields(text)
        var facts = TargetFacts(product: "redis", version: fields["redis_version"] ?? "0")
        if fields["redis_mode"] == "cluster" {
            facts.features.insert("cluster")
        } else {
            facts.features.insert("standalone")
        }
        let section = try connection.ask("INFO", "fairlead", deadline: deadline)
        if let text = section.asText, text.contains("fairlead_backend:") {
            let stated = Self.fields(text)
            facts.product = "fairlead-\(stated["fairlead_adapter"] ?? "private")"
            facts.capabilities = Self.capabilities(stated)
            facts.features.formUnion(Self.standIns(facts.capabilities))
        }
        for (feature, command) in Self.probes {
            let reply = try connection.ask("COMMAND", "INFO", command, deadline: deadline)
            if case .list(let entries) = reply.unwrapped, entries.contains(where: { !$0.isNull }) {
                facts.features.insert(feature)
            }
        }
        if case .typed("error", _) = try connection.ask("HELLO", "3", deadline: deadline) {
        } else {
            facts.features.insert("resp3")
        }
        return facts
    }

    /// Features that a command stands for.
    private static let probes = [
        ("streams", "XADD"), ("scripting", "EVAL"), ("functions", "FUNCTION"), ("acl", "ACL"), ("geo", "GEOADD"),
        ("hyperloglog", "PFADD"), ("bitmaps", "SETBIT"), ("sharded-pubsub", "SPUBLISH"), ("monitor", "MONITOR"),
        ("config", "CONFIG"), ("tracking", "CLIENT"), ("dump", "DUMP"), ("sort", "SORT"), ("multi", "MULTI"),
    ]

    private static func fields(_ text: String) -> [String: String] {
        var fields: [String: String] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { fields[String(parts[0])] = String(parts[1]) }
        }
        return fields
    }

    /// `fairlead_kv.get:native` and its like in the section of INFO.
    private static func capabilities(_ fields: [String: String]) -> [String: String] {
        var stated: [String: String] = [:]
        for capability in Capability.allCases {
            if let support = fields["fairlead_\(capability.name)"] {
                stated[capability.name] = String(support.prefix { $0.isLetter })
            }
        }
        return stated
    }

    /// Features of a private backend that does something else where clients ask for lists, conditions or counters.
    private static func standIns(_ stated: [String: String]) -> [String] {
        func has(_ capability: Capability) -> Bool { stated[capability.name].map { $0 != "refused" } ?? false }
        return [
            ("queues", has(.queuePut) && !has(.listPush)),
            ("locks", has(.lockAcquire) && !has(.keyValueConditionalSet) && !has(.keyValueCompareAndSet)),
            ("sequences", has(.sequenceNext) && !has(.keyValueIncrement)),
        ].filter(\.1).map(\.0)
    }

    // MARK: Scopes

    package func variables(of scope: Scope) -> [String: String] { ["p": prefix(scope)] }

    private func prefix(_ scope: Scope) -> String { "fairlead:\(scope.run):\(scope.number):" }

    package func open(_ scope: Scope, on target: Target, deadline: Deadline) throws(DriverFailure) {}

    /// Deletes what carries the case's prefix, in database 0 and in those that the case says it uses.
    package func close(_ scope: Scope, on target: Target, deadline: Deadline) throws(DriverFailure) {
        let connection = try open(target, isRaw: true, options: nil, deadline: deadline)
        defer { connection.close() }
        let databases = scope.options?["databases"]?.list?.compactMap(\.text) ?? [nil]
        for database in databases {
            if let database { _ = try connection.ask("SELECT", database, deadline: deadline) }
            var cursor = "0"
            repeat {
                let page = try connection.ask(
                    "SCAN", cursor, "MATCH", Self.escaped(prefix(scope)) + "*", "COUNT", Self.scanCount,
                    deadline: deadline)
                // A backend without SCAN keeps what its cases delete themselves.
                guard case .list(let parts) = page, parts.count == 2, case .list(let keys) = parts[1] else { return }
                for case .bytes(let key) in keys {
                    _ = try connection.ask([Array("DEL".utf8), key], deadline: deadline)
                }
                cursor = parts[0].asText ?? "0"
            } while cursor != "0"
        }
    }

    private static func escaped(_ prefix: String) -> String {
        String(prefix.flatMap { "*?[]\\".contains($0) ? ["\\", $0] : [$0] })
    }

    // MARK: Connections

    package func connect(
        _ target: Target, client: String, options: Tree?, scope: Scope, deadline: Deadline
    ) throws(DriverFailure) -> any DriverConnection {
        try open(target, isRaw: client == "raw", options: options, deadline: deadline)
    }

    private func open(
        _ target: Target, isRaw: Bool, options: Tree?, deadline: Deadline
    ) throws(DriverFailure) -> RedisConnection {
        let connection = try RedisConnection(target, isRaw: isRaw, deadline: deadline)
        do throws(DriverFailure) {
            if let password = target.password, options?["login"]?.text != "none" {
                let user = target.user.flatMap { $0.isEmpty ? nil : $0 } ?? "default"
                let reply = try connection.ask("AUTH", user, password, deadline: deadline)
                guard reply == .typed("simple", .text("OK")) else {
                    throw DriverFailure(.unreachable, "the login is refused: \(ValueText.short(reply))")
                }
            }
            if options?["protocol"]?.integer == 3 {
                let reply = try connection.ask("HELLO", "3", deadline: deadline)
                if case .typed("error", _) = reply {
                    throw DriverFailure(.unable, "the target does not speak RESP3: \(ValueText.short(reply))")
                }
            }
            if let database = target.database ?? options?["database"]?.text, database != "0" {
                _ = try connection.ask("SELECT", database, deadline: deadline)
            }
        } catch {
            connection.close()
            throw error
        }
        return connection
    }

    package func refusedCapability(in value: Value) -> String? {
        guard case .typed("error", let inner) = value, let text = inner.asText,
            let mark = text.firstRange(of: "UNSUPPORTED ")
        else { return nil }
        return text[mark.upperBound...].split(separator: ":").first.map(String.init)
    }
}
