// Foreign keys that refer to what is dropped or emptied: SQLite would delete or change the rows that hold them.

import Capabilities

/// A foreign key of a table.
struct SQLReference: Equatable {
    /// The table that has it and the one that it refers to, by SQLite's names.
    var table: String
    var target: String
    var name: String
    /// The database of both: `main`, or `temp` for a session's own tables.
    var database: String

    var tableKey: SQLTableKey { SQLTableKey(table, in: database) }
    var targetKey: SQLTableKey { SQLTableKey(target, in: database) }
    var isWithinOne: Bool { tableKey == targetKey }
}

/// A table by its database and its name, of which SQLite does not tell capitals of ASCII apart.
struct SQLTableKey: Hashable {
    let database: String
    let name: String

    init(_ name: String, in database: String) {
        self.database = database
        self.name = String(decoding: name.utf8.map { $0 &- 0x41 < 26 ? $0 | 0x20 : $0 }, as: UTF8.self)
    }
}

extension SQLReference {
    /// All foreign keys in a database, in the order of their tables.
    static func all(in database: String, on connection: SQLiteConnection) throws(SQLFailure) -> [SQLReference] {
        let rows = try connection.rows(
            """
            SELECT m.name, m.sql, f.id, f."table", f."from" FROM \(database).sqlite_master m, \
            pragma_foreign_key_list(m.name, '\(database)') f WHERE m.type = 'table' ORDER BY m.rowid, f.id, f.seq
            """)
        var found: [SQLReference] = []
        var next = rows.startIndex
        while next < rows.endIndex {
            let row = rows[next]
            let parts = rows[next...].prefix { $0[0] == row[0] && $0[2] == row[2] }
            next += parts.count
            let table = row[0].string ?? ""
            let columns = parts.map { $0[4].string ?? "" }
            let given = row[1].string.flatMap { SQLShownText($0) }?.constraintName("foreign", columns)
            found.append(
                SQLReference(
                    table: table, target: row[3].string ?? "",
                    name: given ?? "\(SQLSchemaName.bare(table))_\(columns.joined(separator: "_"))_fkey",
                    database: database))
        }
        return found
    }

    /// The tables with those that refer to others of them first.
    static func childrenFirst(_ tables: [SQLTableKey], _ references: [SQLReference]) -> [SQLTableKey] {
        let wanted = Set(tables)
        let byTarget = Dictionary(grouping: references, by: \.targetKey)
        var (result, seen): ([SQLTableKey], Set<SQLTableKey>) = ([], [])
        for table in tables {
            var stack = [(table: table, isDone: false)]
            while let (table, isDone) = stack.popLast() {
                if isDone {
                    result.append(table)
                    continue
                }
                guard seen.insert(table).inserted else { continue }
                stack.append((table, true))
                for reference in byTarget[table] ?? [] where wanted.contains(reference.tableKey) {
                    stack.append((reference.tableKey, false))
                }
            }
        }
        return result
    }
}

extension SQLReference {
    /// Whether none of `tables`, in this order, comes before one that refers to it.
    static func isOrdered(_ tables: [SQLTableKey], _ references: [SQLReference]) -> Bool {
        let places = Dictionary(zip(tables, tables.indices)) { first, _ in first }
        return references.allSatisfy { reference in
            guard let child = places[reference.tableKey], let parent = places[reference.targetKey] else { return true }
            return child <= parent
        }
    }

    /// What stands around statements that take tables away which refer to one another in a circle.
    ///
    /// SQLite looks at their foreign keys when the last of them is gone then. The counts that the second one leaves are those
    /// of these tables only.
    static let waits = (before: "PRAGMA defer_foreign_keys = ON", after: "PRAGMA defer_foreign_keys = OFF")
}

extension SQLTranslator {
    /// The foreign keys of other tables than `tables` that refer to one of them.
    func references(to tables: [SQLTableKey], among all: [SQLReference]) -> [SQLReference] {
        let known = Set(tables)
        return all.filter { known.contains($0.targetKey) && !known.contains($0.tableKey) }
    }

    /// The foreign keys in the databases of `tables`.
    func references(around tables: [SQLTableKey]) throws(SQLFailure) -> [SQLReference] {
        var found: [SQLReference] = []
        for database in ["main", "temp"] where tables.contains(where: { $0.database == database }) {
            found += try columnTypes.schemas.references(database)
        }
        return found
    }

    /// Has the statement fail where another session has made a foreign key to one of `tables` since it was translated.
    mutating func guardReferences(to tables: [SQLTableKey], _ state: String, _ message: String) {
        for database in ["main", "temp"] {
            let names = tables.filter { $0.database == database }.map { SQLText.literal($0.name) }
            guard !names.isEmpty else { continue }
            let list = names.joined(separator: ", ")
            first.append(
                """
                SELECT fairlead_fail_unless(count(*) = 0, '\(state)', \(SQLText.literal(message))) \
                FROM \(database).sqlite_master m, pragma_foreign_key_list(m.name, '\(database)') f \
                WHERE m.type = 'table' AND f."table" COLLATE NOCASE IN (\(list)) \
                AND m.name COLLATE NOCASE NOT IN (\(list))
                """)
        }
    }

    /// The table whose last word is at `last`.
    func tableKey(_ last: Int) throws(SQLFailure) -> SQLTableKey {
        let name = SQLSchemaName.stored(tokens, last)
        let schema = rewrite.isMark(last - 1, ".") && last >= 2 ? tokens[last - 2].text : nil
        let isOwn = schema == nil ? try columnTypes.schemas.isTemporary(name) : schema == "pg_temp"
        return SQLTableKey(name, in: isOwn ? "temp" : "main")
    }

    func shown(_ stored: String) throws(SQLFailure) -> String {
        let (schema, name) = SQLSchemaName.split(stored)
        return try columnTypes.schemas.isVisible(schema, name) ? name : "\(schema).\(name)"
    }

    /// Fails where a foreign key that `range` makes refers to no table.
    func checkReferences(_ range: Range<Int>, isOwn: Bool) throws(SQLFailure) {
        for index in range where rewrite.isWord(index, "references") && !rewrite.isMark(index - 1, ".") {
            var last = index + 1
            while rewrite.isMark(last + 1, ".") { last += 2 }
            guard last < tokens.count, tokens[last].isName else { throw rewrite.syntaxError(last) }
            let stored = SQLSchemaName.stored(tokens, last)
            let schema = last > index + 1 ? tokens[last - 2].text : nil
            // Its own table is made with it.
            if stored == tableStored || stored == tableName { continue }
            if schema == nil, tokens[last].text == bareTableName { continue }
            if let schema, !SQLSchemaName.builtIn.contains(schema), !(try columnTypes.schemas.exists(schema)) {
                throw SQLFailure("3F000", "schema \"\(schema)\" does not exist")
            }
            let isOwnTarget = try tableKey(last).database == "temp"
            if isOwn, isOwnTarget { continue }
            let kind = try columnTypes.schemas.kind(stored)
            if isOwn != isOwnTarget, kind != nil || isOwnTarget {
                let word = isOwn ? "temporary" : "permanent"
                throw SQLFailure("42P16", "constraints on \(word) tables may reference only \(word) tables")
            }
            guard let kind, kind == "table" || kind == "view" else {
                let name = schema.map { "\($0)." } ?? ""
                throw SQLFailure("42P01", "relation \"\(name)\(tokens[last].text)\" does not exist")
            }
            guard kind == "table" else {
                throw SQLFailure("42809", "referenced relation \"\(tokens[last].text)\" is not a table")
            }
        }
    }
}
