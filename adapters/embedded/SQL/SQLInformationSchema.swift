// The relations of information_schema, and what they say of columns.

import Capabilities

/// The standard's names for what is in a database (manual, "The Information Schema").
enum SQLInformationSchema {
    static let definitions: [(String, String)] = [
        (
            "information_schema.schemata",
            """
            catalog_name name, schema_name name, schema_owner name, default_character_set_catalog name, \
            default_character_set_schema name, default_character_set_name name, sql_path varchar
            """
        ),
        (
            "information_schema.tables",
            """
            table_catalog name, table_schema name, table_name name, table_type varchar, self_referencing_column_name \
            name, reference_generation varchar, user_defined_type_catalog name, user_defined_type_schema name, \
            user_defined_type_name name, is_insertable_into varchar(3), is_typed varchar(3), commit_action varchar
            """
        ),
        (
            "information_schema.columns",
            """
            table_catalog name, table_schema name, table_name name, column_name name, ordinal_position int, \
            column_default varchar, is_nullable varchar(3), data_type varchar, character_maximum_length int, \
            character_octet_length int, numeric_precision int, numeric_precision_radix int, numeric_scale int, \
            datetime_precision int, interval_type varchar, interval_precision int, character_set_catalog name, \
            character_set_schema name, character_set_name name, collation_catalog name, collation_schema name, \
            collation_name name, domain_catalog name, domain_schema name, domain_name name, udt_catalog name, \
            udt_schema name, udt_name name, scope_catalog name, scope_schema name, scope_name name, \
            maximum_cardinality int, dtd_identifier name, is_self_referencing varchar(3), is_identity varchar(3), \
            identity_generation varchar, identity_start varchar, identity_increment varchar, identity_maximum \
            varchar, identity_minimum varchar, identity_cycle varchar(3), is_generated varchar, \
            generation_expression varchar, is_updatable varchar(3)
            """
        ),
        (
            "information_schema.views",
            """
            table_catalog name, table_schema name, table_name name, view_definition varchar, check_option varchar, \
            is_updatable varchar(3), is_insertable_into varchar(3), is_trigger_updatable varchar(3), \
            is_trigger_deletable varchar(3), is_trigger_insertable_into varchar(3)
            """
        ),
        (
            "information_schema.check_constraints",
            """
            constraint_catalog name, constraint_schema name, constraint_name name, check_clause varchar
            """
        ),
        (
            "information_schema.table_constraints",
            """
            constraint_catalog name, constraint_schema name, constraint_name name, table_catalog name, table_schema \
            name, table_name name, constraint_type varchar, is_deferrable varchar(3), initially_deferred varchar(3), \
            enforced varchar(3), nulls_distinct varchar(3)
            """
        ),
        (
            "information_schema.key_column_usage",
            """
            constraint_catalog name, constraint_schema name, constraint_name name, table_catalog name, table_schema \
            name, table_name name, column_name name, ordinal_position int, position_in_unique_constraint int
            """
        ),
        (
            "information_schema.constraint_column_usage",
            """
            table_catalog name, table_schema name, table_name name, column_name name, constraint_catalog name, \
            constraint_schema name, constraint_name name
            """
        ),
        (
            "information_schema.referential_constraints",
            """
            constraint_catalog name, constraint_schema name, constraint_name name, unique_constraint_catalog name, \
            unique_constraint_schema name, unique_constraint_name name, match_option varchar, update_rule varchar, \
            delete_rule varchar
            """
        ),
        (
            "information_schema.sequences",
            """
            sequence_catalog name, sequence_schema name, sequence_name name, data_type varchar, numeric_precision \
            int, numeric_precision_radix int, numeric_scale int, start_value varchar, minimum_value varchar, \
            maximum_value varchar, increment varchar, cycle_option varchar(3)
            """
        ),
        (
            "information_schema.triggers",
            """
            trigger_catalog name, trigger_schema name, trigger_name name, event_manipulation varchar, \
            event_object_catalog name, event_object_schema name, event_object_table name, action_order int, \
            action_condition varchar, action_statement varchar, action_orientation varchar, action_timing varchar
            """
        ),
        (
            "information_schema.routines",
            """
            specific_catalog name, specific_schema name, specific_name name, routine_catalog name, routine_schema \
            name, routine_name name, routine_type varchar, data_type varchar, routine_definition varchar
            """
        ),
    ]

    /// What `columns` says of a type.
    static func facts(_ type: SQLDeclaredType) -> [(String, SQLValue)] {
        func number(_ name: String, _ value: Int?) -> (String, SQLValue) {
            (name, value.map { .integer(Int64($0)) } ?? .null)
        }
        var facts: [(String, SQLValue)] = [
            ("data_type", .text(type.type.item == nil ? SQLDeclaredType(type: type.type).formatted : "ARRAY")),
            ("udt_name", .text(type.type.catalogName)),
        ]
        switch type.type {
        case .text, .boundedText, .fixedText:
            // Any character has four bytes at most, and the longest text that there is has a gigabyte.
            facts += [
                number("character_maximum_length", type.length),
                number("character_octet_length", type.length.map { $0 * 4 } ?? 1 << 30),
            ]
        case .int16, .int32, .int64, .float32, .float64:
            let bits: [SQLType: Int] = [.int16: 16, .int32: 32, .int64: 64, .float32: 24, .float64: 53]
            facts += [
                number("numeric_precision", bits[type.type]), number("numeric_precision_radix", 2),
                number("numeric_scale", type.type.isWhole ? 0 : nil),
            ]
        case .numeric:
            facts += [
                number("numeric_precision", type.precision), number("numeric_precision_radix", 10),
                number("numeric_scale", type.scale),
            ]
        case .date: facts.append(number("datetime_precision", 0))
        case .time, .timestamp, .timestampWithZone: facts.append(number("datetime_precision", 6))
        default: break
        }
        return facts
    }
}

extension SQLCatalogContents {
    func insert(_ table: String, _ values: [(String, SQLValue)]) throws(SQLFailure) {
        let names = values.map(\.0).joined(separator: ",")
        let marks = values.map { _ in "?" }.joined(separator: ",")
        _ = try connection.rows("INSERT INTO \(table) (\(names)) VALUES (\(marks))", values.map(\.1))
    }

    /// The same where all that is told is text.
    func insert(_ table: String, texts: [(String, String)]) throws(SQLFailure) {
        try insert(table, texts.map { ($0.0, SQLValue.text($0.1)) })
    }

    /// What foreign keys refer to: the key's index, and the constraint that it is of.
    func referentials() throws(SQLFailure) {
        let keys = try connection.rows(
            """
            SELECT c.oid, c.conname, n.nspname, c.confrelid, c.conkey, c.confkey, c.confupdtype, c.confdeltype, t.relname, \
            tn.nspname FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace \
            JOIN pg_catalog.pg_class t ON t.oid = c.confrelid JOIN pg_catalog.pg_namespace tn ON tn.oid = t.relnamespace \
            WHERE c.contype = 'f'
            """)
        for key in keys {
            let targets = Self.places(key[5])
            for (place, target) in targets.enumerated() {
                let column = try connection.rows(
                    "SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = ?1 AND attnum = ?2",
                    [key[3], .integer(target)])
                guard place == targets.firstIndex(of: target), let name = column.first?[0].string else { continue }
                try insert(
                    "information_schema.constraint_column_usage",
                    texts: [
                        ("table_catalog", database), ("table_schema", key[9].string ?? ""),
                        ("table_name", key[8].string ?? ""), ("column_name", name), ("constraint_catalog", database),
                        ("constraint_schema", key[2].string ?? ""), ("constraint_name", key[1].string ?? ""),
                    ])
            }
            let unique = try connection.rows(
                """
                SELECT c.conname, n.nspname, c.conindid, c.conkey FROM pg_catalog.pg_constraint c \
                JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace \
                WHERE c.conrelid = ?1 AND c.contype IN ('p', 'u') ORDER BY c.contype
                """, [key[3]]
            ).first { Set(Self.places($0[3])) == Set(targets) }
            try refer(key, to: unique, targets)
        }
    }

    private func refer(_ key: [SQLValue], to unique: [SQLValue]?, _ targets: [Int64]) throws(SQLFailure) {
        let words = ["a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"]
        try insert(
            "information_schema.referential_constraints",
            [
                ("constraint_catalog", .text(database)), ("constraint_schema", key[2]), ("constraint_name", key[1]),
                ("unique_constraint_catalog", unique == nil ? .null : .text(database)),
                ("unique_constraint_schema", unique?[1] ?? .null), ("unique_constraint_name", unique?[0] ?? .null),
                ("match_option", .text("NONE")), ("update_rule", .text(words[key[6].string ?? ""] ?? "NO ACTION")),
                ("delete_rule", .text(words[key[7].string ?? ""] ?? "NO ACTION")),
            ])
        guard let unique else { return }
        _ = try connection.rows(
            "UPDATE pg_catalog.pg_constraint SET conindid = ?1 WHERE oid = ?2", [unique[2], key[0]])
        func number(_ name: String) -> SQLValue { .integer(SQLCatalogTables.numbers[name] ?? 0) }
        try insert(
            "pg_catalog.pg_depend",
            [
                number("pg_constraint"), key[0], .integer(0), number("pg_class"), unique[2], .integer(0), .text("n"),
            ])
        let order = Self.places(unique[3])
        for (place, target) in targets.enumerated() {
            guard let position = order.firstIndex(of: target) else { continue }
            _ = try connection.rows(
                """
                UPDATE information_schema.key_column_usage SET position_in_unique_constraint = ?1 \
                WHERE constraint_schema = ?2 AND constraint_name = ?3 AND ordinal_position = ?4
                """, [.integer(Int64(position + 1)), key[2], key[1], .integer(Int64(place + 1))])
        }
    }

    /// The numbers of an array's text.
    private static func places(_ array: SQLValue) -> [Int64] {
        (array.string ?? "").split { !$0.isNumber }.compactMap { Int64($0) }
    }
}
