// What the catalogue says of constraints.

import Capabilities

extension SQLCatalogContents {
    /// A constraint of a table.
    struct Constraint {
        var number: Int64
        var name: String
        /// `p`, `u`, `f` or `c` (pg_constraint.h).
        var kind: String
        var columns: [Column]
        /// As pg_get_constraintdef gives it.
        var definition: String
        /// The index that keeps it.
        var index: Int64 = 0
        /// The table that a foreign key refers to, and the places of its columns there.
        var target: Int64 = 0
        var targets: [Int64] = []
        /// What ON UPDATE and ON DELETE do, a letter each; spaces where it is no foreign key.
        var actions = [" ", " "]
    }

    func constraint(_ constraint: Constraint, of table: Int64, _ tableName: String) throws(SQLFailure) {
        let (schema, shown) = SQLSchemaName.split(tableName)
        let zero = SQLValue.integer(0)
        func array(_ places: [Int64]) -> SQLValue { .text("{\(places.map(String.init).joined(separator: ","))}") }
        try insert(
            "pg_catalog.pg_constraint",
            [
                .integer(constraint.number), .text(constraint.name), .integer(namespaces[schema] ?? 2200),
                .text(constraint.kind), zero, zero, .integer(1), .integer(table), zero, .integer(constraint.index),
                zero,
                .integer(constraint.target), .text(constraint.actions[0]), .text(constraint.actions[1]),
                .text(constraint.kind == "f" ? "s" : " "),
                array(constraint.columns.map(\.place)), constraint.kind == "f" ? array(constraint.targets) : .null,
                .null, .text(constraint.definition),
            ])
        let of = [
            ("constraint_catalog", database), ("constraint_schema", schema), ("constraint_name", constraint.name),
            ("table_catalog", database), ("table_schema", schema), ("table_name", shown),
        ]
        let words = ["p": "PRIMARY KEY", "u": "UNIQUE", "f": "FOREIGN KEY"]
        try insert(
            "information_schema.table_constraints",
            texts: of + [
                ("constraint_type", words[constraint.kind] ?? "CHECK"), ("is_deferrable", "NO"),
                ("initially_deferred", "NO"), ("enforced", "YES"),
            ] + (constraint.kind == "u" ? [("nulls_distinct", "YES")] : []))
        for (place, column) in constraint.columns.enumerated() {
            let name = [("column_name", column.name)]
            if constraint.kind != "f" { try insert("information_schema.constraint_column_usage", texts: of + name) }
            guard constraint.kind != "c" else { continue }
            try insert(
                "information_schema.key_column_usage",
                (of + name).map { ($0.0, SQLValue.text($0.1)) } + [("ordinal_position", .integer(Int64(place + 1)))])
        }
    }

    func checks(
        _ checks: [SQLShownText.Check], _ number: Int64, _ table: String, _ columns: [Column]
    ) throws(SQLFailure) {
        for (place, check) in checks.enumerated() {
            try constraint(
                Constraint(
                    number: number + 4_000_000_000 + Int64(place) * 100_000, name: check.name, kind: "c",
                    columns: columns.filter { check.columns.contains($0.name) },
                    definition: "CHECK ((\(check.condition)))"),
                of: number, table)
            try insert(
                "information_schema.check_constraints",
                texts: [
                    ("constraint_catalog", database), ("constraint_schema", SQLSchemaName.split(table).schema),
                    ("constraint_name", check.name), ("check_clause", "((\(check.condition)))"),
                ])
        }
    }

    func foreignKeys(_ number: Int64, _ table: String, _ text: SQLShownText?) throws(SQLFailure) {
        let rows = try connection.rows(
            """
            SELECT f.id, f."table", f."from", f."to", f.on_update, f.on_delete, t.cid, m.rowid + \(SQLCatalog.firstNumber) \
            FROM pragma_foreign_key_list(?1) f LEFT JOIN pragma_table_info(?1) t ON t.name = f."from" \
            LEFT JOIN main.sqlite_master m ON m.name = f."table" AND m.type = 'table' ORDER BY f.id, f.seq
            """, [.text(table)])
        var next = rows.startIndex
        while next < rows.endIndex {
            let id = rows[next][0]
            let parts = rows[next...].prefix { $0[0] == id }
            next += parts.count
            let target = parts.first?[1].string ?? ""
            let (schema, bare) = SQLSchemaName.split(target)
            let shownTarget = schema == "public" ? bare : "\(schema).\(bare)"
            let columns = parts.map { $0[2].string ?? "" }
            var targets = parts.compactMap { $0[3].string }
            if targets.isEmpty {
                targets = try connection.rows(
                    "SELECT name FROM pragma_table_info(?1) WHERE pk ORDER BY pk", [.text(target)]
                )
                .compactMap { $0[0].string }
            }
            var definition =
                "FOREIGN KEY (\(columns.map(SQLText.shown).joined(separator: ", "))) REFERENCES \(shownTarget)(\(targets.map(SQLText.shown).joined(separator: ", ")))"
            if let action = parts.first?[4].string, action != "NO ACTION" { definition += " ON UPDATE \(action)" }
            if let action = parts.first?[5].string, action != "NO ACTION" { definition += " ON DELETE \(action)" }
            let known = parts.enumerated().map { place, part in
                Column(name: columns[place], place: (part[6].integer ?? 0) + 1, type: SQLDeclaredType(type: .unknown))
            }
            try constraint(
                Constraint(
                    number: number + 3_500_000_000 + (id.integer ?? 0) * 100_000,
                    name: text?.constraintName("foreign", columns)
                        ?? "\(SQLSchemaName.bare(table))_\(columns.joined(separator: "_"))_fkey",
                    kind: "f", columns: known,
                    definition: definition, target: parts.first?[7].integer ?? 0,
                    targets: try places(of: targets, in: target),
                    actions: [4, 5].map { Self.action(parts.first?[$0].string ?? "") }),
                of: number, table)
        }
    }

    private func places(of columns: [String], in table: String) throws(SQLFailure) -> [Int64] {
        let known = try connection.rows("SELECT name, cid FROM pragma_table_info(?1)", [.text(table)])
        return columns.compactMap { name in known.first { $0[0].string == name }?[1].integer.map { $0 + 1 } }
    }

    /// The letter of an action (pg_constraint.h, FKCONSTR_ACTION_…).
    private static func action(_ words: String) -> String {
        switch words {
        case "RESTRICT": "r"
        case "CASCADE": "c"
        case "SET NULL": "n"
        case "SET DEFAULT": "d"
        default: "a"
        }
    }
}
