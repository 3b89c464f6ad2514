// The driver of the PostgreSQL wire.

import Capabilities

/// Drives PostgreSQL with libpq, and with messages and bytes of its own for what libpq does not send.
package struct PostgresDriver: Driver {
    package let wire = "postgres"
    package let clients = ["libpq", "raw"]
    package let types: Set<String> = PostgresMessage.types.union(["single", "sync", "aborted", "empty"])
    package var actions: Set<String> { LibpqAction.keys.union(PostgresRawAction.keys) }

    package init() {}

    package func check(_ action: Tree, client: String) throws(SuiteProblem) {
        if client == "raw" { try PostgresRawAction.check(action) } else { try LibpqAction.check(action) }
    }

    // MARK: The target

    package func survey(_ target: Target, deadline: Deadline) throws(DriverFailure) -> TargetFacts {
        let connection = try PostgresRawConnection.loggedIn(target, deadline: deadline)
        defer { connection.close() }
        let stated = connection.parameters
        let version = stated["server_version"] ?? "0"
        // `15.8 (Debian 15.8-0+deb12u1)`, `18beta1`: the number alone can be compared.
        var facts = TargetFacts(
            product: "postgresql", version: String(version.prefix { $0.isNumber || $0 == "." }))
        if stated["is_superuser"] == "on" { facts.features.insert("superuser") }
        if stated["server_encoding"] == "UTF8" { facts.features.insert("utf8") }
        facts.features.insert(
            try PostgresRawConnection.offersTLS(target, deadline: deadline) ? "ssl" : "no-ssl")
        if stated["fairlead.backend"] != nil {
            try surveyPrivate(connection, &facts, deadline)
        } else {
            try surveySettings(connection, &facts, deadline)
        }
        return facts
    }

    /// What a backend behind Fairlead's translator can do.
    private func surveyPrivate(
        _ connection: PostgresRawConnection, _ facts: inout TargetFacts, _ deadline: Deadline
    ) throws(DriverFailure) {
        facts.product = "fairlead-private"
        for row in try connection.rows("TABLE fairlead.capabilities", deadline: deadline) ?? [] where row.count >= 2 {
            if let name = row[0], let support = row[1] { facts.capabilities[name] = support }
        }
    }

    private func surveySettings(
        _ connection: PostgresRawConnection, _ facts: inout TargetFacts, _ deadline: Deadline
    ) throws(DriverFailure) {
        let names = ["wal_level", "max_wal_senders", "max_prepared_transactions"]
        var settings: [String: String] = [:]
        for row in try connection.rows(
            "SELECT name, setting FROM pg_settings WHERE name IN (\(names.map { "'\($0)'" }.joined(separator: ", ")))",
            deadline: deadline) ?? []
        {
            if row.count == 2, let name = row[0] { settings[name] = row[1] }
        }
        if settings["max_prepared_transactions"] ?? "0" != "0" { facts.features.insert("prepared-transactions") }
        if try connection.rows("SELECT '<a/>'::xml", deadline: deadline) != nil { facts.features.insert("xml") }
        let role = try connection.rows(
            "SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user", deadline: deadline)
        if role?.first?.first == "t", settings["wal_level"] != "minimal", settings["max_wal_senders"] ?? "0" != "0" {
            facts.features.insert("replication")
            if settings["wal_level"] == "logical" { facts.features.insert("logical-replication") }
        }
        try surveyAuthentication(connection, &facts, deadline)
    }

    /// How roles that cases make will be asked who they are: by the first rule for everybody, or the one for databases
    /// that are called as the role is.
    private func surveyAuthentication(
        _ connection: PostgresRawConnection, _ facts: inout TargetFacts, _ deadline: Deadline
    ) throws(DriverFailure) {
        // Only a superuser sees the rules; nobody else can make roles for them either.
        let rules = try connection.rows(
            """
            SELECT auth_method, database::text FROM pg_hba_file_rules
            WHERE type IN ('host', 'hostnossl') AND user_name::text = '{all}' AND error IS NULL ORDER BY line_number
            """, deadline: deadline)
        for rule in rules ?? [] where rule.count == 2 {
            guard let method = rule[0] else { continue }
            if rule[1] == "{sameuser}" { facts.features.insert("auth-\(method)-sameuser") }
            if rule[1] == "{all}" {
                facts.features.insert("auth-\(method)")
                // With md5 in a rule it is the role's secret that decides.
                if ["md5", "scram-sha-256"].contains(method) { facts.features.insert("login-scram") }
                if method == "md5" { facts.features.insert("login-md5") }
                break
            }
        }
    }

    // MARK: Scopes

    package func variables(of scope: Scope) -> [String: String] {
        ["p": PostgresPlace(scope).prefix, "schema": PostgresPlace(scope).schema]
    }

    package func open(_ scope: Scope, on target: Target, deadline: Deadline) throws(DriverFailure) {
        let connection = try PostgresRawConnection.loggedIn(target, deadline: deadline)
        defer { connection.close() }
        try PostgresPlace(scope).make(connection, deadline: deadline)
    }

    package func close(_ scope: Scope, on target: Target, deadline: Deadline) throws(DriverFailure) {
        let connection = try PostgresRawConnection.loggedIn(target, deadline: deadline)
        defer { connection.close() }
        try PostgresPlace(scope).remove(connection, deadline: deadline)
    }

    // MARK: Connections

    package func connect(
        _ target: Target, client: String, options: Tree?, scope: Scope, deadline: Deadline
    ) throws(DriverFailure) -> any DriverConnection {
        let options = try PostgresOptions(options)
        guard client == "raw" else {
            let connection = LibpqConnection(target)
            guard options.logsIn else { return connection }
            let answer = try connection.open(options.words, deadline: deadline)
            if case .typed("error", let inner) = answer {
                throw DriverFailure(.unreachable, ValueText.short(inner["message"] ?? inner), answer: answer)
            }
            return connection
        }
        guard options.logsIn else { return try PostgresRawConnection(target, withTLS: false, deadline: deadline) }
        return try PostgresRawConnection.loggedIn(target, options.words, deadline: deadline)
    }

    package func refusedCapability(in value: Value) -> String? {
        if case .list(let values) = value { return values.lazy.compactMap { refusedCapability(in: $0) }.first }
        guard case .typed("error", let inner) = value, let text = inner["message"]?.asText,
            let mark = text.firstRange(of: "UNSUPPORTED ")
        else { return nil }
        return text[mark.upperBound...].split(separator: ":").first.map(String.init)
    }
}

/// How a connection is opened: `login: none`, or words of a connection string (libpq) or of a StartupMessage (raw).
struct PostgresOptions {
    var logsIn = true
    var words: [(name: String, value: [UInt8])] = []

    init(_ tree: Tree?) throws(DriverFailure) {
        for entry in tree?.entries ?? [] {
            if entry.key == "login" {
                guard entry.value.text == "none" else { throw DriverFailure(.mistaken, "login takes none") }
                logsIn = false
            } else {
                do throws(SuiteProblem) { words.append((entry.key, try Payload.bytes(entry.value))) } catch {
                    throw DriverFailure(.mistaken, error.message)
                }
            }
        }
    }
}
