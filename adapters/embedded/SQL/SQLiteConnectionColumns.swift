// What a connection knows of the columns of its tables.

import CSQLite
import Capabilities

extension SQLiteConnection {
    func forgetWidths() { widths = [:] }

    /// Where a translation asks for the columns of relations, as they are now.
    func relationLookup() throws(SQLFailure) -> SQLRelationLookup {
        try relations.refresh(on: self)
        var lookup = SQLRelationLookup { [unowned(unsafe) self] schema, name throws(SQLFailure) in
            // The cache is not held while SQLite is asked, which may call functions of ours.
            var cache = relations
            defer { relations = cache }
            return try cache.find(schema, name, on: self)
        }
        lookup.goOn = { [unowned(unsafe) self] () throws(SQLFailure) in if mustStop { throw stopFailure } }
        return lookup
    }

    /// SQLite's counts of changes to the tables, those of the database and the session's own temporary ones.
    func schemaVersions() throws(SQLFailure) -> [Int64] {
        if versionQueries.isEmpty {
            versionQueries = [
                try compile("PRAGMA main.schema_version"), try compile("PRAGMA temp.schema_version"),
            ]
        }
        var versions: [Int64] = []
        for query in versionQueries {
            defer { sqlite3_reset(query) }
            guard sqlite3_step(query) == SQLITE_ROW else { throw failure() }
            versions.append(sqlite3_column_int64(query, 0))
        }
        return versions
    }

    /// The collation that a table's column is declared with; nil where there is no such column.
    func collation(of column: String, _ table: String, in database: String) -> String? {
        var name: UnsafePointer<CChar>?
        guard sqlite3_table_column_metadata(handle, database, table, column, nil, &name, nil, nil, nil) == SQLITE_OK
        else { return nil }
        return name.map { String(cString: $0) }
    }

    /// The type of a result's column that is its row's number.
    func rowNumberType(_ statement: OpaquePointer, _ place: Int32) -> SQLType {
        guard let table = sqlite3_column_table_name(statement, place),
            let column = sqlite3_column_origin_name(statement, place)
        else { return .int64 }
        return width(of: String(cString: column), in: String(cString: table))
    }

    /// The number of the table that a result's column is of, and its place there; nil for an expression, and for a column of
    /// a view: SQLite looks through views, whose tables the statement does not name.
    func place(
        _ statement: OpaquePointer, _ column: Int32, named names: Set<String>
    ) throws(SQLFailure) -> (UInt32, Int16)? {
        guard let schema = sqlite3_column_database_name(statement, column), String(cString: schema) == "main",
            let table = sqlite3_column_table_name(statement, column).map({ String(cString: $0) }),
            let origin = sqlite3_column_origin_name(statement, column).map({ String(cString: $0) }),
            names.contains(SQLSchemaName.bare(table))
        else { return nil }
        let now = resolution
        if places?.at != now { places = ([:], now) }
        if let known = places?.tables[table] { return known.columns[origin].map { (known.number, $0) } }
        let number = try rows(
            "SELECT rowid + \(SQLCatalog.firstNumber) FROM main.sqlite_master WHERE type = 'table' AND name = ?1",
            [.text(table)]
        ).first?.first?.integer
        guard let number = number.flatMap({ UInt32(exactly: $0) }) else { return nil }
        var columns: [String: Int16] = [:]
        for row in try rows("SELECT name, cid + 1 FROM pragma_table_xinfo(?1)", [.text(table)]) {
            columns[row[0].string ?? ""] = row[1].integer.flatMap { Int16(exactly: $0) }
        }
        places?.tables[table] = (number, columns)
        return columns[origin].map { (number, $0) }
    }

    /// How wide a column is that fills itself, from its table's definition.
    func width(of column: String, in table: String) -> SQLType {
        let name = SQLName(column, schema: table)
        if let known = widths[name] { return known }
        let rows = try? rows(
            "SELECT sql FROM main.sqlite_master WHERE name = ?1 UNION ALL SELECT sql FROM temp.sqlite_master WHERE name = ?1",
            [.text(name.schema ?? "")])
        let type = SQLColumnRule.width(of: name.name, in: rows?.first?.first?.string ?? "")
        widths[name] = type
        return type
    }

    // MARK: Temporary tables

    /// Drops all temporary tables and views, when DISCARD has asked for it; no statement may be running.
    func discardTemporary() throws(SQLFailure) {
        guard hasDiscarded else { return }
        hasDiscarded = false
        let found = try rows(
            "SELECT type, name FROM temp.sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY type DESC"
        )
        for row in found {
            guard let kind = row[0].string, let name = row[1].string else { continue }
            try execute("DROP \(kind.uppercased()) IF EXISTS temp.\(SQLText.quoted(name))")
        }
        tablesChanged()
    }

    /// Whether the session has a temporary table of this name.
    func hasTemporary(_ table: String) throws(SQLFailure) -> Bool {
        !(try rows("SELECT 1 FROM temp.sqlite_master WHERE name = ?1", [.text(table)])).isEmpty
    }
}
