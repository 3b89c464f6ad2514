// The columns of tables and views, kept until the tables change.

import CSQLite
import Capabilities

/// What is known of a table or a view.
struct SQLKnownRelation {
    /// In their order.
    var columns: [SQLTypedColumn]
    /// The names of the primary key's columns.
    var key: Set<String> = []
    /// The definition of a view, as SQLite keeps it.
    var definition: String?
    /// How many views it is read as; none for a table.
    var weight = 0
}

/// Where the typed pass asks for relations.
struct SQLRelationLookup {
    enum Found {
        case known(SQLKnownRelation)
        /// One of which nothing is known: of the gateway's, or of the catalogue and not there.
        case untold
        case missing
    }

    /// The relation of that schema, if one is named.
    var find: (String?, String) throws(SQLFailure) -> Found = { _, _ in .untold }
    /// Fails where the statement is to end: what has very many words takes long.
    var goOn: () throws(SQLFailure) -> Void = {}
}

/// The columns that a connection has looked up.
///
/// Another session may change its tables at any time, which SQLite's own count of changes tells (`PRAGMA schema_version`, in
/// the file's header); temporary tables are counted apart.
struct SQLRelationCache {
    /// Relations that are kept; a client that names more begins anew.
    private static let size = 1_024
    private var versions: [Int64] = []
    private var known: [String: SQLRelationLookup.Found] = [:]
    /// Views in one another that are being looked up.
    private var depth = 0
    /// How often columns were asked of SQLite.
    private(set) var lookups = 0

    /// Forgets everything unless the tables are those of the last statement.
    mutating func refresh(on connection: SQLiteConnection) throws(SQLFailure) {
        let now = try connection.schemaVersions()
        guard now != versions else { return }
        versions = now
        known = [:]
        connection.forgetWidths()
    }

    mutating func find(
        _ schema: String?, _ name: String, on connection: SQLiteConnection
    ) throws(SQLFailure) -> SQLRelationLookup.Found {
        if schema == "fairlead" { return .untold }
        if let schema, schema == "pg_catalog" || schema == "information_schema" {
            return try ofCatalogue(name, in: schema, on: connection)
        }
        let isQualified = schema.map { !SQLSchemaName.builtIn.contains($0) } ?? false
        let stored = isQualified ? SQLSchemaName.stored(schema ?? "", name) : name
        let isTemporary = schema == "pg_temp"
        let mark = isTemporary ? "pg_temp.\(stored)" : schema == "public" ? "public.\(stored)" : stored
        if let found = known[mark] { return found }
        var found = SQLRelationLookup.Found.missing
        for database in isTemporary ? ["temp"] : isQualified || schema == "public" ? ["main"] : ["temp", "main"] {
            if var relation = try Self.read(stored, in: database, on: connection) {
                relation.weight = try weight(of: relation, on: connection)
                found = .known(relation)
                break
            }
        }
        lookups += 1
        if case .missing = found, !isQualified, name.hasPrefix("pg_") {
            return try ofCatalogue(name, in: "pg_catalog", on: connection)
        }
        if case .missing = found, isTemporary { found = .untold }
        if known.count >= Self.size { known = [:] }
        known[mark] = found
        return found
    }

    /// A relation of the catalogue, whose columns never change.
    private mutating func ofCatalogue(
        _ name: String, in schema: String, on connection: SQLiteConnection
    ) throws(SQLFailure) -> SQLRelationLookup.Found {
        let mark = "\(schema).\(name)"
        if let found = known[mark] { return found }
        let found = try Self.read(name, in: schema, on: connection).map { SQLRelationLookup.Found.known($0) } ?? .untold
        if known.count >= Self.size { known = [:] }
        known[mark] = found
        return found
    }

    /// How many views a view is read as, with those that it names.
    private mutating func weight(
        of relation: SQLKnownRelation, on connection: SQLiteConnection
    ) throws(SQLFailure) -> Int {
        guard let text = relation.definition, let tokens = try? SQLLexer.tokens(Array(text.utf8)),
            let start = tokens.firstIndex(where: { $0.isWord("as") })
        else { return 0 }
        guard depth < SQLExpansion.greatestDepth else {
            // What was found so far would be too much for a view further in.
            throw .refused(
                .sqlQuery, "more than \(SQLExpansion.greatestDepth) views in one another are not known here")
        }
        depth += 1
        defer { depth -= 1 }
        let within = try SQLExpansion.weight(tokens, from: start) { schema, name throws(SQLFailure) in
            guard case .known(let relation) = try find(schema, name, on: connection) else { return 0 }
            return relation.weight
        }
        return min(SQLExpansion.most + 1, 1 + within)
    }

    private static func read(
        _ name: String, in database: String, on connection: SQLiteConnection
    ) throws(SQLFailure) -> SQLKnownRelation? {
        let rows = try connection.rows(
            "SELECT name, type, pk, dflt_value, hidden FROM pragma_table_xinfo(?1, ?2) WHERE hidden <> 1",
            [.text(name), .text(database)])
        guard !rows.isEmpty else { return nil }
        var relation = SQLKnownRelation(columns: [])
        for row in rows {
            var column = SQLTypedColumn(name: row[0].string ?? "")
            // An expression of a view has no declared type.
            if let words = row[1].string, !words.isEmpty {
                let declared = SQLDeclaredType.declared(words)
                column.type = declared.isSerial ? connection.width(of: column.name, in: name) : declared.type
                column.modifier = declared.modifier
                if words == SQLDeclaredType.unscaled { (column.number.isText, column.number.isStored) = (true, true) }
                if column.type == .jsonb {
                    // A table of an earlier version compares it as a text.
                    column.number.isStored =
                        connection.collation(of: column.name, name, in: database) == "fairlead_jsonb"
                }
            }
            column.fallback = row[3].string
            if row[4].integer ?? 0 > 1 { column.ownValues = .computed }
            if let text = column.fallback, SQLSequence.read(fallback: text)?.identity == "a" {
                column.ownValues = .identity
            }
            if let place = row[2].integer, place > 0 { relation.key.insert(column.name) }
            relation.columns.append(column)
        }
        let definition = try connection.rows(
            "SELECT sql FROM \(database).sqlite_schema WHERE type = 'view' AND name = ?1", [.text(name)])
        relation.definition = definition.first?.first?.string
        if let text = relation.definition, let types = SQLViewTypes.read(text),
            types.count == relation.columns.count
        {
            for place in types.indices {
                let name = relation.columns[place].name
                relation.columns[place] = types[place]
                relation.columns[place].name = name
            }
        }
        return relation
    }
}

/// The types of a view's columns, which SQLite does not keep: a comment in its definition.
enum SQLViewTypes {
    private static let start = "/*fairlead "

    static func comment(_ columns: [SQLTypedColumn]) -> String {
        let types = columns.map { column in
            let isOrdered = column.type == .jsonb && column.number.isStored
            let form = isOrdered ? -3 : column.number.isText ? -2 : column.number.scale ?? -1
            return "\(column.type.rawValue):\(column.modifier):\(form)"
        }
        return start + types.joined(separator: ",") + "*/"
    }

    /// nil where the definition does not tell them.
    static func read(_ definition: String) -> [SQLTypedColumn]? {
        guard let rest = definition.components(after: start), let list = rest.components(before: "*/") else {
            return nil
        }
        var types: [SQLTypedColumn] = []
        for part in list.split(separator: ",") {
            let numbers = part.split(separator: ":")
            guard numbers.count == 3, let number = UInt32(numbers[0]), let type = SQLType(rawValue: number),
                let modifier = Int32(numbers[1]), let form = Int(numbers[2])
            else { return nil }
            var column = SQLTypedColumn(name: "", type: type, modifier: modifier)
            column.number.scale = form >= 0 ? form : nil
            column.number.isText = form == -2
            // SQLite gives a view's column the collation of the table's.
            column.number.isStored = form == -3
            types.append(column)
        }
        return types
    }
}
