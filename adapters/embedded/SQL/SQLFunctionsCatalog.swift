// Functions that go with the catalogue.

import Capabilities

extension SQLiteFunctions {
    static let catalogue: [(String, Int32, Bool, Body)] = [
        (
            "format_type", 2, true,
            { _, v in
                guard let number = v[0].integer else { return .null }
                guard let type = SQLType(rawValue: UInt32(truncatingIfNeeded: number)) else { return .text("???") }
                let modifier = Int32(truncatingIfNeeded: v[1].integer ?? -1)
                return .text(SQLDeclaredType(type: type, modifier: modifier).formatted)
            }
        ),
        (
            "pg_get_userbyid", 1, true,
            { connection, v in
                v[0].integer == 10 ? .text(connection.settings.user) : .text("unknown (OID=\(v[0].integer ?? 0))")
            }
        ),
        (
            "pg_table_is_visible", 1, false,
            { connection, v throws(SQLFailure) in
                let rows = try connection.rows(
                    """
                    SELECT n.nspname, c.relname FROM pg_catalog.pg_class c \
                    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ?1
                    """, [v[0]])
                guard let row = rows.first, let schema = row[0].string, let name = row[1].string else { return .null }
                return .integer(try SQLPathResolver(connection).isVisible(schema, name) ? 1 : 0)
            }
        ),
        ("pg_type_is_visible", 1, true, { _, _ in .integer(1) }),
        ("pg_function_is_visible", 1, true, { _, _ in .integer(1) }),
        ("pg_get_expr", 2, true, { _, v in v[0] }),
        ("pg_get_expr", 3, true, { _, v in v[0] }),
        ("pg_get_indexdef", 1, false, { connection, v throws(SQLFailure) in try indexDefinition(connection, v) }),
        ("pg_get_indexdef", 3, false, { connection, v throws(SQLFailure) in try indexDefinition(connection, v) }),
        (
            "pg_get_constraintdef", 1, false,
            { connection, v throws(SQLFailure) in try constraintDefinition(connection, v) }
        ),
        (
            "pg_get_constraintdef", 2, false,
            { connection, v throws(SQLFailure) in try constraintDefinition(connection, v) }
        ),
        ("pg_get_viewdef", 1, false, { connection, v throws(SQLFailure) in try viewDefinition(connection, v) }),
        ("pg_get_viewdef", 2, false, { connection, v throws(SQLFailure) in try viewDefinition(connection, v) }),
        ("pg_partition_ancestors", 1, true, { _, _ in .null }),
        ("obj_description", -1, true, { _, _ in .null }),
        ("col_description", 2, true, { _, _ in .null }),
        ("shobj_description", 2, true, { _, _ in .null }),
        ("pg_encoding_to_char", 1, true, { _, v in v[0].integer == 6 ? .text("UTF8") : .text("") }),
        ("has_table_privilege", -1, true, { _, _ in .integer(1) }),
        ("has_schema_privilege", -1, true, { _, _ in .integer(1) }),
        ("has_database_privilege", -1, true, { _, _ in .integer(1) }),
        (
            "array_to_string", 2, true,
            { _, v throws(SQLFailure) in
                guard case .text(let text) = v[0], let separator = v[1].string else { return .null }
                let json = SQLValue.text(try SQLCast.arrayAsJSON(text)).string ?? "[]"
                guard json != "[]" else { return .text("") }
                return .text(
                    json.dropFirst().dropLast().split(separator: ",").map { String($0).trimming("\"") }.joined(
                        separator: separator))
            }
        ),
        (
            "to_regclass", 1, false,
            { connection, v throws(SQLFailure) in
                guard let name = v[0].string, let number = try SQLCatalog.number(of: name, on: connection) else {
                    return .null
                }
                return .integer(number)
            }
        ),
        (
            "fairlead_regclass", 1, false,
            { connection, v throws(SQLFailure) in
                guard let number = v[0].integer else { return v[0] }
                let rows = try connection.rows(
                    """
                    SELECT n.nspname, c.relname FROM pg_catalog.pg_class c \
                    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ?1
                    """, [.integer(number)])
                guard let row = rows.first, let schema = row[0].string, let name = row[1].string else {
                    return .text(String(number))
                }
                let isVisible = try SQLPathResolver(connection).isVisible(schema, name)
                return .text(isVisible ? name : "\(schema).\(name)")
            }
        ),
        (
            "fairlead_discard", 1, false,
            { connection, v throws(SQLFailure) in
                if v[0].integer == 1 { connection.locks.releaseSession(connection.advisoryLocks, connection.owner) }
                connection.hasDiscarded = true
                return .null
            }
        ),
        (
            "fairlead_restart", 1, false,
            { connection, v throws(SQLFailure) in
                let isTemporary =
                    !(try connection.rows(
                        "SELECT 1 FROM temp.sqlite_master WHERE type = 'table' AND name = ?1", [v[0]])).isEmpty
                let schema = isTemporary ? "temp" : "main"
                // There is no such table before the first column that counts up by itself.
                let found = try connection.rows(
                    "SELECT 1 FROM \(schema).sqlite_master WHERE name = 'sqlite_sequence'")
                guard !found.isEmpty else { return .null }
                _ = try connection.rows("DELETE FROM \(schema).sqlite_sequence WHERE name = ?1", [v[0]])
                return .null
            }
        ),
        (
            "fairlead_fail_unless", 3, false,
            { _, v throws(SQLFailure) in
                guard v[0].integer == 1 else { throw SQLFailure(v[1].string ?? "", v[2].string ?? "") }
                return .integer(1)
            }
        ),
        (
            "fairlead_require", 2, false,
            { _, v throws(SQLFailure) in
                guard v[0].integer == 1 else { throw .refused(.sqlQuery, v[1].string ?? "") }
                return .integer(1)
            }
        ),
    ]

    private static func indexDefinition(_ connection: SQLiteConnection, _ v: [SQLValue]) throws(SQLFailure) -> SQLValue
    {
        let rows = try connection.rows(
            "SELECT fairlead_definition FROM pg_catalog.pg_index WHERE indexrelid = ?1", [v[0]])
        guard let definition = rows.first?.first else { return .null }
        guard v.count == 3, let column = v[1].integer, column > 0, let text = definition.string,
            let list = text.components(after: " USING btree (")?.components(before: ")")
        else { return definition }
        let names = list.split(separator: ",")
        return column <= names.count ? .text(names[Int(column) - 1].drop { $0 == " " }.description) : .text("")
    }

    private static func constraintDefinition(_ connection: SQLiteConnection, _ v: [SQLValue]) throws(SQLFailure)
        -> SQLValue
    {
        let rows = try connection.rows(
            "SELECT fairlead_definition FROM pg_catalog.pg_constraint WHERE oid = ?1", [v[0]])
        return rows.first?.first ?? .null
    }

    private static func viewDefinition(_ connection: SQLiteConnection, _ v: [SQLValue]) throws(SQLFailure) -> SQLValue {
        let rows = try connection.rows(
            """
            SELECT definition FROM pg_catalog.pg_views v JOIN pg_catalog.pg_class c ON c.relname = v.viewname \
            WHERE c.oid = ?1 OR c.relname = ?1
            """, [v[0]])
        return rows.first?.first ?? .null
    }
}
