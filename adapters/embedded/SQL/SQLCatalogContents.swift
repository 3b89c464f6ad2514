// Fills the catalogue with what is in the database now.

import CSQLite
import Capabilities

/// Reads SQLite's own tables and writes the catalogue's.
struct SQLCatalogContents {
    private let connection: SQLiteConnection
    private let owner: String
    private let database: String
    /// The numbers of the schemas that were made, by name.
    private var namespaces: [String: Int64] = [:]

    private init(_ connection: SQLiteConnection) {
        self.connection = connection
        owner = connection.settings.user
        database = connection.settings.database
    }

    /// Brings the catalogue up to date, unless nothing has changed since `version`; the version it has now.
    static func refresh(on connection: SQLiteConnection, since version: Int64?) throws(SQLFailure) -> Int64? {
        let now = try connection.rows("PRAGMA main.schema_version").first?.first?.integer
        if let now, now == version { return now }
        var contents = SQLCatalogContents(connection)
        try contents.clear()
        try contents.fillSchemas()
        try contents.fill()
        try contents.markForeignKeys()
        return now
    }

    private func clear() throws(SQLFailure) {
        try connection.execute("DELETE FROM pg_catalog.pg_namespace WHERE oid >= \(SQLCatalog.firstNumber)")
        try connection.execute(
            "DELETE FROM information_schema.schemata WHERE schema_name NOT IN ('public', 'pg_catalog', 'information_schema')"
        )
        for table in [
            "pg_class", "pg_attribute", "pg_attrdef", "pg_index", "pg_constraint", "pg_tables", "pg_views",
            "pg_indexes",
        ] {
            try connection.execute("DELETE FROM pg_catalog.\(table)")
        }
        for table in ["tables", "columns", "views", "table_constraints", "key_column_usage"] {
            try connection.execute("DELETE FROM information_schema.\(table)")
        }
    }

    private func insert(_ table: String, _ values: [SQLValue]) throws(SQLFailure) {
        let marks = values.map { _ in "?" }.joined(separator: ",")
        _ = try connection.rows("INSERT INTO \(table) VALUES (\(marks))", values)
    }

    private mutating func fillSchemas() throws(SQLFailure) {
        let markers = try connection.rows(
            "SELECT rowid + \(SQLCatalog.firstNumber), name FROM main.sqlite_master WHERE type = 'view' AND name LIKE '%' || char(31)"
        )
        for marker in markers {
            guard let number = marker[0].integer, let stored = marker[1].string else { continue }
            let (schema, _) = SQLSchemaName.split(stored)
            namespaces[schema] = number
            try insert("pg_catalog.pg_namespace", [.integer(number), .text(schema), .integer(10), .null])
            try insert("information_schema.schemata", [database, schema, owner].map { .text($0) })
        }
    }

    private func fill() throws(SQLFailure) {
        let objects = try connection.rows(
            """
            SELECT rowid + \(SQLCatalog.firstNumber), type, name, tbl_name, sql FROM main.sqlite_master \
            WHERE type IN ('table','view') AND name NOT LIKE 'sqlite\\_%' \
            AND name NOT LIKE '%' || char(31) ORDER BY rowid
            """)
        for object in objects {
            guard let number = object[0].integer, let name = object[2].string else { continue }
            let (schema, shown) = SQLSchemaName.split(name)
            let isView = object[1].string == "view"
            let isSequence = isView && object[4].string.flatMap { SQLSequence(definition: $0) } != nil
            try relation(
                number, name, kind: isSequence ? "S" : isView ? "v" : "r",
                columns: try columns(number, name, object[4].string ?? ""))
            if isSequence { continue }
            if isView {
                let definition = SQLSchemaName.shown(definition: object[4].string?.components(after: " AS ") ?? "")
                try insert("pg_catalog.pg_views", [schema, shown, owner, definition].map { .text($0) })
                try insert("information_schema.views", [database, schema, shown, definition].map { .text($0) })
            } else {
                try indexes(number, name)
                try foreignKeys(number, name)
                try insert(
                    "pg_catalog.pg_tables",
                    [
                        .text(schema), .text(shown), .text(owner), .null, .integer(1), .integer(0), .integer(0),
                        .integer(0),
                    ])
            }
            try insert(
                "information_schema.tables",
                [database, schema, shown, isView ? "VIEW" : "BASE TABLE", isView ? "NO" : "YES"].map { .text($0) })
        }
    }

    /// psql asks for foreign keys only where there are triggers, which PostgreSQL keeps them by.
    private func markForeignKeys() throws(SQLFailure) {
        try connection.execute(
            """
            UPDATE pg_catalog.pg_class SET relhastriggers = 1 WHERE oid IN (SELECT conrelid FROM pg_catalog.pg_constraint \
            WHERE contype = 'f' UNION SELECT confrelid FROM pg_catalog.pg_constraint WHERE contype = 'f')
            """)
    }

    private func relation(_ number: Int64, _ name: String, kind: String, columns: Int) throws(SQLFailure) {
        let hasIndex =
            try connection.rows(
                "SELECT 1 FROM pragma_table_info(?1) WHERE pk UNION SELECT 1 FROM pragma_index_list(?1)", [.text(name)])
        let zero = SQLValue.integer(0)
        let (schema, shown) = SQLSchemaName.split(name)
        try insert(
            "pg_catalog.pg_class",
            [
                .integer(number), .text(shown), .integer(namespaces[schema] ?? 2200), zero, zero, .integer(10),
                .integer(kind == "i" ? 403 : kind == "r" ? 2 : 0), .integer(number), zero, zero, .integer(-1), zero,
                zero,
                .integer(kind == "r" && !hasIndex.isEmpty ? 1 : 0), zero, .text("p"), .text(kind),
                .integer(Int64(columns)), zero, zero, zero, zero, zero, zero, .integer(1),
                .text(kind == "r" ? "d" : "n"), zero, .null, .null, .null,
            ])
    }

    private func columns(_ number: Int64, _ table: String, _ definition: String) throws(SQLFailure) -> Int {
        // A view may read what is no more.
        let rows =
            (try? connection.rows(
                "SELECT cid, name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1)",
                [.text(table)])) ?? []
        let (schema, shown) = SQLSchemaName.split(table)
        let told = SQLViewTypes.read(definition)
        for (index, row) in rows.enumerated() {
            guard let place = row[0].integer, let name = row[1].string else { continue }
            var type = SQLDeclaredType.declared(row[2].string ?? "")
            if let told, told.count == rows.count, told[index].type != .unknown {
                type = SQLDeclaredType(type: told[index].type, modifier: told[index].modifier)
            }
            if type.isSerial { type.type = SQLColumnRule.width(of: name, in: definition) }
            let isKey = row[5].integer ?? 0 > 0
            let counted = row[4].string.flatMap { SQLSequence.read(fallback: $0) }
            let identity = counted?.identity ?? (type.isSerial && isKey ? "d" : "")
            let isIdentity = !identity.isEmpty
            let isNotNull = row[3].integer == 1 || isKey
            let fallback = isIdentity ? nil : defaultText(row[4].string, counted?.id)
            try insert(
                "pg_catalog.pg_attribute",
                [
                    .integer(number), .text(name), .integer(Int64(type.type.rawValue)), .integer(-1),
                    .integer(place + 1),
                    .integer(Int64(type.modifier)), .integer(isNotNull ? 1 : 0), .integer(fallback == nil ? 0 : 1),
                    .text(identity), .text(row[6].integer ?? 0 > 1 ? "s" : ""), .integer(0), .integer(0),
                    .integer(0), .integer(-1), .text("p"), .null, .null, .integer(0),
                ])
            if let fallback {
                try insert(
                    "pg_catalog.pg_attrdef",
                    [.integer(number * 10_000 + place), .integer(number), .integer(place + 1), .text(fallback)])
            }
            try insert(
                "information_schema.columns",
                [
                    .text(database), .text(schema), .text(shown), .text(name), .integer(place + 1),
                    fallback.map { .text($0) } ?? .null, .text(isNotNull ? "NO" : "YES"),
                    .text(SQLDeclaredType(type: type.type).formatted), type.length.map { .integer(Int64($0)) } ?? .null,
                    type.precision.map { .integer(Int64($0)) } ?? .null,
                    type.scale.map { .integer(Int64($0)) } ?? .null,
                    .text(type.type.catalogName), .text(isIdentity ? "YES" : "NO"),
                ])
        }
        return rows.count
    }

    /// A column's default as PostgreSQL shows it.
    private func defaultText(_ fallback: String?, _ sequence: String?) -> String? {
        guard let sequence, let found = try? connection.sequence(id: sequence) else { return fallback }
        return "nextval('\(found.shown)'::regclass)"
    }

    // MARK: Indexes and constraints

    private func indexes(_ number: Int64, _ table: String) throws(SQLFailure) {
        let list = try connection.rows(
            """
            SELECT l.name, l."unique", l.origin, m.rowid + \(SQLCatalog.firstNumber), m.sql \
            FROM pragma_index_list(?1) l JOIN main.sqlite_master m ON m.name = l.name AND m.type = 'index' ORDER BY l.seq
            """, [.text(table)])
        var hasPrimary = false
        for row in list {
            guard let given = row[0].string, let index = row[3].integer else { continue }
            let columns = try connection.rows("SELECT name, cid FROM pragma_index_info(?1)", [.text(given)])
            let names = columns.map { $0[0].string ?? "expression" }
            let isPrimary = row[2].string == "pk" || given == "\(table)_pkey"
            hasPrimary = hasPrimary || isPrimary
            let origin = row[2].string
            let name =
                given.hasPrefix("sqlite_")
                ? (isPrimary ? "\(table)_pkey" : "\(table)_\(names.joined(separator: "_"))_key") : given
            try index2(
                index, name, of: number, table, names, places: columns.map { ($0[1].integer ?? -1) + 1 },
                isUnique: row[1].integer == 1, isPrimary: isPrimary,
                isConstraint: isPrimary || origin == "u", sql: row[4].string)
        }
        if !hasPrimary {
            let key = try connection.rows(
                "SELECT name, cid FROM pragma_table_info(?1) WHERE pk ORDER BY pk", [.text(table)])
            if !key.isEmpty {
                try index2(
                    number + 1_000_000_000, "\(table)_pkey", of: number, table, key.map { $0[0].string ?? "" },
                    places: key.map { ($0[1].integer ?? 0) + 1 }, isUnique: true, isPrimary: true, isConstraint: true,
                    sql: nil)
            }
        }
    }

    private func index2(
        _ number: Int64, _ name: String, of table: Int64, _ tableName: String, _ columns: [String], places: [Int64],
        isUnique: Bool, isPrimary: Bool, isConstraint: Bool, sql: String?
    ) throws(SQLFailure) {
        try relation(number, name, kind: "i", columns: columns.count)
        let (schema, shown) = SQLSchemaName.split(tableName)
        let index = SQLSchemaName.bare(name)
        let list = columns.joined(separator: ", ")
        let condition = sql?.components(after: " WHERE ").map { " WHERE \($0)" } ?? ""
        let definition =
            "CREATE \(isUnique ? "UNIQUE " : "")INDEX \(index) ON \(schema).\(shown) USING btree (\(list))\(condition)"
        let flag: (Bool) -> SQLValue = { .integer($0 ? 1 : 0) }
        let count = SQLValue.integer(Int64(columns.count))
        let keys = places.map(String.init).joined(separator: " ")
        try insert(
            "pg_catalog.pg_index",
            [
                .integer(number), .integer(table), count, count, flag(isUnique), flag(isPrimary), flag(false),
                flag(true),
                flag(false), flag(true), flag(true), flag(true), flag(false), .text(keys), .null,
                condition.isEmpty ? .null : .text(condition), .null, .text(definition),
            ])
        try insert("pg_catalog.pg_indexes", [.text(schema), .text(shown), .text(index), .null, .text(definition)])
        guard isConstraint else { return }
        try constraint(
            number + 2_000_000_000, name, isPrimary ? "p" : "u", of: table, tableName, index: number, foreign: 0,
            columns, "{" + places.map(String.init).joined(separator: ",") + "}",
            "\(isPrimary ? "PRIMARY KEY" : "UNIQUE") (\(list))")
    }

    private func constraint(
        _ number: Int64, _ name: String, _ kind: String, of table: Int64, _ tableName: String, index: Int64,
        foreign: Int64,
        _ columns: [String], _ keys: String, _ definition: String
    ) throws(SQLFailure) {
        let (schema, shown) = SQLSchemaName.split(tableName)
        let constraint = SQLSchemaName.bare(name)
        try insert(
            "pg_catalog.pg_constraint",
            [
                .integer(number), .text(constraint), .integer(namespaces[schema] ?? 2200), .text(kind), .integer(0),
                .integer(0), .integer(1),
                .integer(table), .integer(0), .integer(index), .integer(0), .integer(foreign), .text("a"), .text("a"),
                .text("s"), .text(keys), .null, .null, .text(definition),
            ])
        let word = kind == "p" ? "PRIMARY KEY" : kind == "u" ? "UNIQUE" : "FOREIGN KEY"
        try insert(
            "information_schema.table_constraints",
            [database, schema, constraint, schema, shown, word].map { .text($0) })
        for (place, column) in columns.enumerated() {
            try insert(
                "information_schema.key_column_usage",
                [schema, constraint, schema, shown, column].map { .text($0) } + [.integer(Int64(place + 1))])
        }
    }

    private func foreignKeys(_ number: Int64, _ table: String) throws(SQLFailure) {
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
                "FOREIGN KEY (\(columns.joined(separator: ", "))) REFERENCES \(shownTarget)(\(targets.joined(separator: ", ")))"
            if let action = parts.first?[4].string, action != "NO ACTION" { definition += " ON UPDATE \(action)" }
            if let action = parts.first?[5].string, action != "NO ACTION" { definition += " ON DELETE \(action)" }
            try constraint(
                number + 3_000_000_000 + (id.integer ?? 0) * 100_000, "\(table)_\(columns.joined(separator: "_"))_fkey",
                "f",
                of: number, table, index: 0, foreign: parts.first?[7].integer ?? 0, columns,
                "{" + parts.map { String(($0[6].integer ?? 0) + 1) }.joined(separator: ",") + "}", definition)
        }
    }
}

extension String {
    /// What stands behind the first `start`, when the text holds it.
    func components(after start: String) -> String? {
        range(of: start).map { String(self[$0.upperBound...]) }
    }
}
