// The catalogue: what clients ask about tables, columns and indexes, as tables of a database in memory.

import CSQLite
import Capabilities

/// `pg_catalog` and `information_schema`, attached to each connection and filled when a statement names them.
enum SQLCatalog {
    /// The numbers of our schemas, as PostgreSQL has them.
    static let publicSchema = 2200
    static let catalogSchema = 11
    /// Where the numbers of tables begin, as PostgreSQL's own do for what users make.
    static let firstNumber: Int64 = 16_384

    /// Attaches empty databases, and those of the gateway's relations with their rows.
    static func attach(to connection: SQLiteConnection) throws(SQLFailure) {
        try connection.execute("ATTACH ':memory:' AS pg_catalog")
        try connection.execute("ATTACH ':memory:' AS information_schema")
        var schemas: Set<String> = []
        for relation in connection.settings.relations {
            let schema = relation.name.schema ?? "fairlead"
            if schemas.insert(schema).inserted {
                try connection.execute("ATTACH ':memory:' AS \(SQLText.quoted(schema))")
            }
            let name = "\(SQLText.quoted(schema)).\(SQLText.quoted(relation.name.name))"
            try create(name, relation.columns, on: connection)
            try insert(relation.values, into: name, width: relation.columns.count, on: connection)
        }
        for relation in connection.settings.liveRelations {
            try create("pg_catalog.\(SQLText.quoted(relation.name))", relation.columns, on: connection)
        }
        try SQLCatalogTables.create(on: connection)
    }

    private static func create(
        _ name: String, _ columns: [SQLColumn], on connection: SQLiteConnection
    ) throws(SQLFailure) {
        let declarations = columns.map {
            "\(SQLText.quoted($0.name)) \(SQLDeclaredType(type: $0.type, modifier: $0.modifier).declaration)"
        }
        try connection.execute("CREATE TABLE \(name) (\(declarations.joined(separator: ", ")))")
    }

    private static func insert(
        _ values: [SQLValue], into name: String, width: Int, on connection: SQLiteConnection
    ) throws(SQLFailure) {
        let marks = Array(repeating: "?", count: width).joined(separator: ", ")
        let insertion = try connection.compile("INSERT INTO \(name) VALUES (\(marks))")
        defer { sqlite3_finalize(insertion) }
        for start in stride(from: 0, to: values.count, by: max(1, width)) {
            connection.bind(Array(values[start..<(start + width)]), to: insertion)
            guard sqlite3_step(insertion) == SQLITE_DONE else { throw connection.failure() }
            sqlite3_reset(insertion)
        }
    }

    /// Gives a relation the rows that it has now.
    static func fill(_ relation: SQLLiveRelation, on connection: SQLiteConnection) throws(SQLFailure) {
        let name = "pg_catalog.\(SQLText.quoted(relation.name))"
        try connection.execute("DELETE FROM \(name)")
        try insert(relation.values(), into: name, width: relation.columns.count, on: connection)
    }

    /// A query that fails unless all columns are declared NOT NULL, which a primary key has to be.
    static func requireNotNull(table: String, columns: [String]) -> String {
        let names = columns.map(SQLText.literal).joined(separator: ", ")
        return """
            SELECT fairlead_require(count(*) = \(columns.count), 'a primary key can be added only over NOT NULL columns here') \
            FROM pragma_table_info(\(SQLText.literal(table))) WHERE name IN (\(names)) AND ("notnull" OR pk)
            """
    }

    /// The number of a table, index or view by its name; nil when there is none.
    static func number(of name: String, on connection: SQLiteConnection) throws(SQLFailure) -> Int64? {
        var bare = name
        if bare.hasPrefix("public.") { bare = String(bare.dropFirst(7)) }
        if let point = bare.firstIndex(of: ".") {
            let schema = String(bare[..<point]).trimming("\"")
            bare = SQLSchemaName.stored(schema, String(bare[bare.index(after: point)...]).trimming("\""))
        } else if try !connection.hasPlainPath() {
            // Without a schema it is what a statement would find.
            bare = bare.trimming("\"")
            guard let schema = try SQLPathResolver(connection).schema(of: bare) else { return nil }
            if schema != "public" { bare = SQLSchemaName.stored(schema, bare) }
        }
        bare = bare.trimming("\"")
        if let known = SQLCatalogTables.numbers[SQLSchemaName.bare(bare)],
            bare == SQLSchemaName.bare(bare) || bare.hasPrefix("pg_catalog")
        {
            return known
        }
        let rows = try connection.rows(
            "SELECT rowid + \(firstNumber) FROM main.sqlite_master WHERE name = ?1 AND type <> 'trigger'", [.text(bare)]
        )
        return rows.first?.first?.integer
    }
}

/// Names that PostgreSQL makes up for constraints.
enum SQLCatalogNames {
    static func uniqueConstraint(
        table: String, columns: [String], isPrimary: Bool, on connection: SQLiteConnection
    ) -> String {
        let shown = SQLSchemaName.bare(table)
        let definition = try? connection.rows(
            "SELECT sql FROM main.sqlite_master WHERE type = 'table' AND name = ?1", [.text(table)])
        let text = definition?.first?.first?.string.flatMap { SQLShownText($0) }
        if let name = text?.constraintName(isPrimary ? "primary" : "unique", columns) { return name }
        if isPrimary { return "\(shown)_pkey" }
        let wanted = columns.joined(separator: ",")
        let rows = try? connection.rows(
            """
            SELECT l.name, l.origin, (SELECT group_concat(name) FROM (SELECT name FROM pragma_index_info(l.name))) \
            FROM pragma_index_list(?1) l WHERE l."unique"
            """, [.text(table)])
        for row in rows ?? [] where row[2].string == wanted {
            if row[1].string == "pk" { return "\(shown)_pkey" }
            if let name = row[0].string, !name.hasPrefix("sqlite_") { return SQLSchemaName.bare(name) }
        }
        return "\(shown)_\(columns.joined(separator: "_"))_key"
    }
}
