// What a case of PostgreSQL lives in: a schema of its own, and names that begin with its prefix.

import Glibc

/// The names of one case, and how they come and go.
struct PostgresPlace {
    let schema: String
    /// Begins the names of roles, databases and slots, which stand in no schema.
    var prefix: String { "\(schema)_" }

    init(_ scope: Scope) { schema = "fl_\(scope.run)_\(scope.number)" }

    /// Makes the schema; a backend that has none, and says so, is used without.
    func make(_ connection: PostgresRawConnection, deadline: Deadline) throws(DriverFailure) {
        guard let error = try connection.run("CREATE SCHEMA \(schema)", deadline: deadline) else { return }
        if error["sqlstate"] == .text("0A000") { return }
        throw DriverFailure(.mistaken, "the schema cannot be made: \(ValueText.short(error))")
    }

    /// Removes everything that carries the names of the case.
    func remove(_ connection: PostgresRawConnection, deadline: Deadline) throws(DriverFailure) {
        // A connection that was cut may still hold its locks, until the server sees that nobody listens.
        guard try connection.run("SET lock_timeout = '1s'", deadline: deadline) == nil else { return }
        var left = try statements(connection, deadline)
        while !left.isEmpty {
            var failed: [String] = []
            for statement in left where try connection.run(statement, deadline: deadline) != nil {
                failed.append(statement)
            }
            // Without an end that is the deadline's: what cannot be dropped now may be free soon.
            left = failed
            guard !left.isEmpty else { return }
            if deadline.hasPassed { return }
            usleep(20_000)
        }
    }

    /// What removes what is left; of a backend without PostgreSQL's catalogs only tables are known.
    private func statements(
        _ connection: PostgresRawConnection, _ deadline: Deadline
    ) throws(DriverFailure) -> [String] {
        if let found = try connection.rows(leftovers, deadline: deadline) {
            return found.compactMap { $0.first ?? nil }
        }
        let tables = try connection.rows(
            "SELECT table_name FROM information_schema.tables WHERE starts_with(table_name, '\(prefix)')",
            deadline: deadline)
        return (tables ?? []).compactMap { row in row.first.flatMap { $0 }.map { "DROP TABLE IF EXISTS \"\($0)\"" } }
    }

    /// Finds what is left, as statements that remove it, in an order that works.
    private var leftovers: String {
        """
        SELECT statement FROM (
          SELECT 1 AS place, format('ROLLBACK PREPARED %L', gid) AS statement FROM pg_prepared_xacts
            WHERE starts_with(gid, '\(prefix)') AND database = current_database()
          UNION ALL SELECT 2, format('DROP DATABASE IF EXISTS %I WITH (FORCE)', datname) FROM pg_database
            WHERE starts_with(datname, '\(prefix)')
          UNION ALL SELECT 3, format('DROP PUBLICATION IF EXISTS %I', pubname) FROM pg_publication
            WHERE starts_with(pubname, '\(prefix)')
          UNION ALL SELECT 4, format('DROP SCHEMA IF EXISTS %I CASCADE', nspname) FROM pg_namespace
            WHERE nspname = '\(schema)'
          UNION ALL SELECT 5, format('DROP OWNED BY %I', rolname) FROM pg_roles WHERE starts_with(rolname, '\(prefix)')
          UNION ALL SELECT 6, format('DROP ROLE IF EXISTS %I', rolname) FROM pg_roles
            WHERE starts_with(rolname, '\(prefix)')
          UNION ALL SELECT 7, format('SELECT pg_drop_replication_slot(%L)', slot_name) FROM pg_replication_slots
            WHERE starts_with(slot_name, '\(prefix)') AND NOT active AND NOT temporary
        ) AS found ORDER BY place
        """
    }
}
