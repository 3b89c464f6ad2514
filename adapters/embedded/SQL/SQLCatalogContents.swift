// Fills the catalogue with what is in the database now.

import CSQLite
import Capabilities

/// Reads SQLite's own tables and writes the catalogue's.
struct SQLCatalogContents {
    let connection: SQLiteConnection
    private let owner: String
    let database: String
    /// The numbers of the schemas that were made, by name.
    private(set) var namespaces: [String: Int64] = [:]
    /// The numbers of sequences by their ids, and the columns that count by one.
    private var sequences: [String: Int64] = [:]
    private var views: Set<String> = []
    private var named: [(sequence: SQLSequence, schema: String, name: String)] = []
    private var counters: [(id: String, table: Int64, place: Int64, isIdentity: Bool)] = []

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
        try contents.referentials()
        try contents.dependences()
        return now
    }

    private func clear() throws(SQLFailure) {
        try connection.execute("DELETE FROM pg_catalog.pg_namespace WHERE oid >= \(SQLCatalog.firstNumber)")
        try connection.execute(
            "DELETE FROM information_schema.schemata WHERE schema_name NOT IN ('public', 'pg_catalog', 'information_schema')"
        )
        for table in [
            "pg_class", "pg_attribute", "pg_attrdef", "pg_index", "pg_constraint", "pg_tables", "pg_views",
            "pg_indexes", "pg_sequence", "pg_depend",
        ] {
            try connection.execute("DELETE FROM pg_catalog.\(table)")
        }
        for table in [
            "tables", "columns", "views", "table_constraints", "key_column_usage", "check_constraints",
            "constraint_column_usage", "referential_constraints", "sequences",
        ] {
            try connection.execute("DELETE FROM information_schema.\(table)")
        }
    }

    func insert(_ table: String, _ values: [SQLValue]) throws(SQLFailure) {
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
            try insert(
                "information_schema.schemata",
                texts: [("catalog_name", database), ("schema_name", schema), ("schema_owner", owner)])
        }
    }

    private mutating func fill() throws(SQLFailure) {
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
            let sequence = isView ? object[4].string.flatMap { SQLSequence(definition: $0) } : nil
            let definition = object[4].string ?? ""
            let text = isView ? nil : SQLShownText(definition)
            if isView { views.insert(name) }
            let columns = try columns(number, name, definition, text)
            let checks = text?.checks(table: shown) ?? []
            try relation(
                number, name, kind: sequence != nil ? "S" : isView ? "v" : "r", columns: columns.count,
                checks: checks.count)
            if let sequence {
                if sequence.isOwned { sequences[sequence.id] = number }
                try insert(
                    "pg_catalog.pg_sequence",
                    [
                        number, Int64(sequence.type.rawValue), sequence.start, sequence.increment, sequence.greatest,
                        sequence.least, 1, sequence.cycles ? 1 : 0,
                    ].map { .integer($0) })
                named.append((sequence, schema, shown))
                continue
            }
            if isView {
                let definition = SQLShownText(definition)?.query.map { "\($0);" } ?? ""
                try insert("pg_catalog.pg_views", [schema, shown, owner, definition].map { .text($0) })
                try insert(
                    "information_schema.views",
                    texts: [
                        ("table_catalog", database), ("table_schema", schema), ("table_name", shown),
                        ("view_definition", definition), ("check_option", "NONE"), ("is_updatable", "NO"),
                        ("is_insertable_into", "NO"), ("is_trigger_updatable", "NO"), ("is_trigger_deletable", "NO"),
                        ("is_trigger_insertable_into", "NO"),
                    ])
            } else {
                try indexes(number, name, columns, text)
                try self.checks(checks, number, name, columns)
                try foreignKeys(number, name, text)
                try insert(
                    "pg_catalog.pg_tables",
                    [
                        .text(schema), .text(shown), .text(owner), .null, .integer(1), .integer(0), .integer(0),
                        .integer(0),
                    ])
            }
            try insert(
                "information_schema.tables",
                texts: [
                    ("table_catalog", database), ("table_schema", schema), ("table_name", shown),
                    ("table_type", isView ? "VIEW" : "BASE TABLE"), ("is_insertable_into", isView ? "NO" : "YES"),
                    ("is_typed", "NO"),
                ])
        }
    }

    private func information(_ sequence: SQLSequence, _ schema: String, _ name: String) throws(SQLFailure) {
        let type = SQLDeclaredType(type: sequence.type)
        let told: Set<String> = ["data_type", "numeric_precision", "numeric_precision_radix", "numeric_scale"]
        try insert(
            "information_schema.sequences",
            [
                ("sequence_catalog", .text(database)), ("sequence_schema", .text(schema)),
                ("sequence_name", .text(name)), ("start_value", .text(String(sequence.start))),
                ("minimum_value", .text(String(sequence.least))), ("maximum_value", .text(String(sequence.greatest))),
                ("increment", .text(String(sequence.increment))),
                ("cycle_option", .text(sequence.cycles ? "YES" : "NO")),
            ] + SQLInformationSchema.facts(type).filter { told.contains($0.0) })
    }

    /// Which columns sequences go with (pg_depend.h, DEPENDENCY_AUTO and _INTERNAL).
    private func dependences() throws(SQLFailure) {
        // Those of identity columns are not listed.
        let hidden = Set(counters.filter(\.isIdentity).map(\.id))
        for one in named where !hidden.contains(one.sequence.id) { try information(one.sequence, one.schema, one.name) }
        let relations = SQLValue.integer(SQLCatalogTables.numbers["pg_class"] ?? 0)
        for counter in counters {
            guard let sequence = sequences[counter.id] else { continue }
            try insert(
                "pg_catalog.pg_depend",
                [
                    relations, .integer(sequence), .integer(0), relations, .integer(counter.table),
                    .integer(counter.place), .text(counter.isIdentity ? "i" : "a"),
                ])
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

    func relation(
        _ number: Int64, _ name: String, kind: String, columns: Int, checks: Int = 0
    ) throws(SQLFailure) {
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
                .integer(Int64(columns)), .integer(Int64(checks)), zero, zero, zero, zero, zero, .integer(1),
                .text(kind == "r" ? "d" : "n"), zero, .null, .null, .null,
            ])
    }

    /// A column that is in the catalogue.
    struct Column {
        var name: String
        var place: Int64
        var type: SQLDeclaredType
    }

    private mutating func columns(
        _ number: Int64, _ table: String, _ definition: String, _ text: SQLShownText?
    ) throws(SQLFailure) -> [Column] {
        // A view may read what is no more.
        let rows =
            (try? connection.rows(
                "SELECT cid, name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?1)",
                [.text(table)])) ?? []
        let told = SQLViewTypes.read(definition)
        var columns: [Column] = []
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
            if let counted { counters.append((counted.id, number, place + 1, isIdentity)) }
            let isNotNull = row[3].integer == 1 || isKey
            let isComputed = row[6].integer ?? 0 > 1
            let fallback =
                isComputed
                ? text?.computation(of: name) : isIdentity ? nil : defaultText(row[4].string, counted?.id, type.type)
            let column = Column(name: name, place: place + 1, type: type)
            columns.append(column)
            try attribute(
                column, of: number, isNotNull: isNotNull, hasDefault: fallback != nil, identity: identity,
                isComputed: isComputed)
            if let fallback {
                try insert(
                    "pg_catalog.pg_attrdef",
                    [.integer(number * 10_000 + place), .integer(number), .integer(place + 1), .text(fallback)])
            }
            try information(
                column, of: table, isNotNull: isNotNull, identity: identity, sequence: counted?.id,
                isComputed ? (nil, fallback) : (fallback, nil))
        }
        return columns
    }

    private func information(
        _ column: Column, of table: String, isNotNull: Bool, identity: String, sequence: String?,
        _ texts: (fallback: String?, computation: String?)
    ) throws(SQLFailure) {
        let (schema, shown) = SQLSchemaName.split(table)
        func word(_ condition: Bool) -> SQLValue { .text(condition ? "YES" : "NO") }
        var values: [(String, SQLValue)] = [
            ("table_catalog", .text(database)), ("table_schema", .text(schema)), ("table_name", .text(shown)),
            ("column_name", .text(column.name)), ("ordinal_position", .integer(column.place)),
            ("column_default", texts.fallback.map { .text($0) } ?? .null), ("is_nullable", word(!isNotNull)),
            ("udt_catalog", .text(database)), ("udt_schema", .text("pg_catalog")),
            ("dtd_identifier", .text(String(column.place))), ("is_self_referencing", word(false)),
            ("is_identity", word(!identity.isEmpty)), ("identity_cycle", word(false)),
            ("is_generated", .text(texts.computation == nil ? "NEVER" : "ALWAYS")),
            ("generation_expression", texts.computation.map { .text($0) } ?? .null),
            ("is_updatable", word(!views.contains(table))),
        ]
        if !identity.isEmpty {
            values.append(("identity_generation", .text(identity == "a" ? "ALWAYS" : "BY DEFAULT")))
            if let sequence, let found = try? connection.sequence(id: sequence).sequence {
                values += [
                    ("identity_start", .text(String(found.start))),
                    ("identity_increment", .text(String(found.increment))),
                    ("identity_maximum", .text(String(found.greatest))),
                    ("identity_minimum", .text(String(found.least))),
                ]
            }
        }
        try insert("information_schema.columns", values + SQLInformationSchema.facts(column.type))
    }

    func attribute(
        _ column: Column, of relation: Int64, isNotNull: Bool = false, hasDefault: Bool = false,
        identity: String = "", isComputed: Bool = false
    ) throws(SQLFailure) {
        let zero = SQLValue.integer(0)
        let facts = SQLCatalogType(column.type.type)
        try insert(
            "pg_catalog.pg_attribute",
            [
                .integer(relation), .text(column.name), .integer(Int64(column.type.type.rawValue)),
                .integer(Int64(facts.length)),
                .integer(column.place), .integer(Int64(column.type.modifier)), .integer(isNotNull ? 1 : 0),
                .integer(hasDefault ? 1 : 0), .text(identity), .text(isComputed ? "s" : ""), zero,
                .integer(Int64(facts.collation)), zero, .integer(-1), .text(facts.storage), .null, .null, zero,
                .text(""),
                .integer(facts.isByValue ? 1 : 0), .text(facts.alignment), .integer(1), zero,
            ])
    }

    /// A column's default as PostgreSQL shows it: a constant that is written as a text has its type behind it.
    private func defaultText(_ fallback: String?, _ sequence: String?, _ type: SQLType) -> String? {
        if let sequence, let found = try? connection.sequence(id: sequence) {
            return "nextval('\(found.shown)'::regclass)"
        }
        guard let fallback, let text = SQLShownText(fallback)?.text else { return fallback }
        let isQuoted = text.count > 1 && text.hasPrefix("'") && !text.dropFirst().dropLast().contains("'")
        let name = type == .fixedText ? type.catalogName : type.displayName
        if isQuoted, text.hasSuffix("'") {
            return type == .numeric ? String(text.dropFirst().dropLast()) : "\(text)::\(name)"
        }
        if text.hasPrefix("-"), type.isNumber, Double(text) != nil { return "'\(text)'::\(name)" }
        if type == .boolean, text == "1" || text == "0" { return text == "1" ? "true" : "false" }
        return text
    }
}

extension String {
    /// What stands behind the first `start`, when the text holds it.
    func components(after start: String) -> String? {
        range(of: start).map { String(self[$0.upperBound...]) }
    }
}
