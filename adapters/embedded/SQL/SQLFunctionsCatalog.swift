// Functions that go with the catalogue.

import Capabilities

extension SQLiteFunctions {
    static let catalogue: [(String, Int32, Bool, Body)] = [
        (
            "format_type", 2, true,
            { _, v in
                guard let number = v[0].integer else { return .null }
                guard number != 0 else { return .text("-") }
                guard let type = UInt32(exactly: number).flatMap(SQLType.init(rawValue:)) else { return .text("???") }
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
        ("pg_collation_is_visible", 1, true, { _, _ in .integer(1) }),
        // The numbers of an int2vector, which stand with spaces between them, or of an array: as a JSON array, where their
        // subscripts begin, and one of them.
        (
            "fairlead_vector", 1, true,
            { _, v in .text("[\(vector(v[0]).numbers.map(String.init).joined(separator: ","))]") }
        ),
        ("fairlead_vector_start", 1, true, { _, v in .integer(vector(v[0]).start) }),
        (
            "fairlead_vector_item", 2, true,
            { _, v in
                let (numbers, start) = vector(v[0])
                guard let place = v[1].integer.map({ $0 - start }), place >= 0, place < numbers.count else {
                    return .null
                }
                return .integer(numbers[Int(place)])
            }
        ),
        (
            "fairlead_array_item", 2, true,
            { _, v throws(SQLFailure) in
                guard case .text(let text) = v[0], let place = v[1].integer else { return .null }
                let items = try SQLArrayText.items(text)
                guard place >= 1, place <= items.count else { return .null }
                return items[Int(place) - 1].map { .text($0) } ?? .null
            }
        ),
        // A row of two numbers, as a text, and one of them.
        (
            "fairlead_pair", 2, true,
            { _, v in .text("(\(v[0].string ?? ""),\(v[1].string ?? ""))") }
        ),
        (
            "fairlead_field", 2, true,
            { _, v in
                let fields = (v[0].string ?? "").dropFirst().dropLast().split(
                    separator: ",", omittingEmptySubsequences: false)
                guard let place = v[1].integer, place >= 1, place <= fields.count else { return .null }
                return Int64(fields[Int(place) - 1]).map { .integer($0) } ?? .null
            }
        ),
        ("pg_function_is_visible", 1, true, { _, _ in .integer(1) }),
        ("pg_get_expr", 2, true, { _, v in v[0] }),
        (
            "pg_get_expr", 3, true,
            { _, v in
                // With fewer parentheses where it is to be read by people.
                guard v[2].integer == 1, let text = v[0].string, text.hasPrefix("("), text.hasSuffix(")") else {
                    return v[0]
                }
                return SQLShownText(text)?.isGroup == true ? .text(String(text.dropFirst().dropLast())) : v[0]
            }
        ),
        (
            "to_regtype", 1, true,
            { _, v in
                guard let type = v[0].string.flatMap({ SQLType.named($0) }) else { return .null }
                return .integer(Int64(type.rawValue))
            }
        ),
        // Nothing tells how much of the one file a relation takes.
        ("pg_table_size", 1, true, { _, _ in .null }),
        ("pg_size_pretty", 1, true, { _, v in v[0].integer.map { .text(prettySize($0)) } ?? .null }),
        ("pg_get_function_result", 1, true, { _, _ in .null }),
        ("pg_get_function_arguments", 1, true, { _, _ in .null }),
        ("pg_tablespace_location", 1, true, { _, _ in .text("") }),
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
                if let name = SQLCatalogTables.numbers.first(where: { $0.value == number })?.key { return .text(name) }
                guard let (schema, name) = try relation(number, on: connection) else { return .text(String(number)) }
                let isVisible = try SQLPathResolver(connection).isVisible(schema, name)
                return .text(isVisible ? name : "\(schema).\(name)")
            }
        ),
        (
            "fairlead_registered", 2, true,
            { _, v in
                guard let number = v[0].integer,
                    let type = v[1].integer.flatMap({ SQLType(rawValue: UInt32(truncatingIfNeeded: $0)) })
                else { return v[0] }
                return type.registeredName(number).map { .text($0) } ?? v[0]
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

    /// A number of bytes in the largest unit that leaves ten or more of it (dbsize.c, pg_size_pretty).
    private static func prettySize(_ bytes: Int64) -> String {
        guard bytes.magnitude >= 10_240 else { return "\(bytes) bytes" }
        var half = bytes >> 9
        for unit in ["kB", "MB", "GB", "TB"] {
            if half.magnitude < 20_479 || unit == "TB" { return "\((half + (half < 0 ? -1 : 1)) / 2) \(unit)" }
            half >>= 10
        }
        return ""
    }

    private static func vector(_ value: SQLValue) -> (numbers: [Int64], start: Int64) {
        let text = value.string ?? ""
        let numbers = text.split { !$0.isNumber && $0 != "-" }.compactMap { Int64($0) }
        return (numbers, text.hasPrefix("{") ? 1 : 0)
    }

    /// The schema and the name of a relation, of SQLite's own list where it has it: the catalogue may not be filled.
    private static func relation(
        _ number: Int64, on connection: SQLiteConnection
    ) throws(SQLFailure) -> (schema: String, name: String)? {
        let own = try connection.rows(
            "SELECT name FROM main.sqlite_master WHERE rowid = ?1 AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
            [.integer(number &- SQLCatalog.firstNumber)])
        if let stored = own.first?.first?.string { return SQLSchemaName.split(stored) }
        let rows = try connection.rows(
            """
            SELECT n.nspname, c.relname FROM pg_catalog.pg_class c \
            JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ?1
            """, [.integer(number)])
        guard let row = rows.first, let schema = row[0].string, let name = row[1].string else { return nil }
        return (schema, name)
    }

    private static func indexDefinition(_ connection: SQLiteConnection, _ v: [SQLValue]) throws(SQLFailure) -> SQLValue
    {
        let rows = try connection.rows(
            "SELECT fairlead_definition FROM pg_catalog.pg_index WHERE indexrelid = ?1", [v[0]])
        guard let definition = rows.first?.first else { return .null }
        guard v.count == 3, let column = v[1].integer, let text = definition.string else { return definition }
        guard column > 0 else {
            // With fewer parentheses where it is to be read by people.
            guard v[2].integer == 1, let condition = text.components(after: " WHERE (") else { return definition }
            return .text("\(text.dropLast(condition.count + 1))\(condition.dropLast())")
        }
        let keys = SQLShownText(text)?.index?.keys ?? []
        return .text(column <= keys.count ? keys[Int(column) - 1].text : "")
    }

    private static func constraintDefinition(_ connection: SQLiteConnection, _ v: [SQLValue]) throws(SQLFailure)
        -> SQLValue
    {
        let rows = try connection.rows(
            "SELECT fairlead_definition FROM pg_catalog.pg_constraint WHERE oid = ?1", [v[0]])
        guard let definition = rows.first?.first?.string else { return .null }
        // With fewer parentheses where it is to be read by people.
        let isPretty = v.count > 1 && v[1].integer == 1
        guard isPretty, definition.hasPrefix("CHECK ((") else { return .text(definition) }
        return .text("CHECK (\(definition.dropFirst(8).dropLast(2)))")
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
