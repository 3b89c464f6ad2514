// Schemas: how their relations are called in the one SQLite file, and which there are.

import Capabilities

/// The names under which SQLite keeps what stands in a schema.
///
/// SQLite has one name space for a file. Attached files would be schemas too, but a transaction over several of them is not
/// atomic in WAL mode. So `s.t` is called `s`, U+001F, `t`, and the schema itself is a view whose name ends with that character.
enum SQLSchemaName {
    static let separator: Character = "\u{1F}"

    /// Schemas that are known without being made; what is `public` has no prefix.
    static let builtIn: Set<String> = [
        "public", "pg_temp", "pg_catalog", "information_schema", "fairlead", "main", "temp", "sqlite",
    ]

    /// The view that stands for a schema.
    static func marker(_ schema: String) -> String { "\(schema)\(separator)" }

    static func stored(_ schema: String, _ name: String) -> String { "\(schema)\(separator)\(name)" }

    /// What SQLite calls the relation whose last word is at `index`.
    static func stored(_ tokens: [SQLToken], _ index: Int) -> String {
        let name = tokens[index].text
        guard index >= 2, tokens[index - 1].isMark("."), !builtIn.contains(tokens[index - 2].text) else { return name }
        return stored(tokens[index - 2].text, name)
    }

    /// The schema and the name of what SQLite calls `name`.
    static func split(_ name: String) -> (schema: String, name: String) {
        guard let place = name.firstIndex(of: separator) else { return ("public", name) }
        return (String(name[..<place]), String(name[name.index(after: place)...]))
    }

    static func bare(_ name: String) -> String { split(name).name }

    /// A message of SQLite's without our prefixes, or with a point in their place.
    static func shown(message: String, qualified: Bool) -> String {
        guard message.contains(separator) else { return message }
        var result = ""
        for character in message {
            guard character == separator else {
                result.append(character)
                continue
            }
            if qualified {
                result.append(".")
            } else {
                while let last = result.last, last != "\"", last != "'", last != " " { result.removeLast() }
            }
        }
        return result
    }
}

/// What a translation asks about the schemas that there are.
struct SQLSchemaLookup {
    var exists: (String) throws(SQLFailure) -> Bool = { _ in false }
    /// The views and tables in one, in the order in which they can be dropped.
    var contents: (String) throws(SQLFailure) -> [(kind: String, name: String)] = { _ in [] }
    /// The views that read a relation, and those that read them, those that hang on others first; all by SQLite's names.
    var dependents: (String) throws(SQLFailure) -> [String] = { _ in [] }
    /// Whether a relation is found without its schema.
    var isVisible: (_ schema: String, _ name: String) throws(SQLFailure) -> Bool = { _, _ in true }

    /// The sequence that SQLite calls by a name; nil where that is none.
    var sequence: (String) throws(SQLFailure) -> SQLSequence? = { _ in nil }
    /// The sequences that a table's columns count by, and the tables whose columns count by a sequence.
    var sequences: (String) throws(SQLFailure) -> [SQLNamedSequence] = { _ in [] }
    var counting: (String) throws(SQLFailure) -> [String] = { _ in [] }
    /// What a table's column fills itself with.
    var fallback: (_ table: String, _ column: String) throws(SQLFailure) -> String? = { _, _ in nil }
    /// Whether there is a relation that SQLite calls so.
    var isTaken: (String) throws(SQLFailure) -> Bool = { _ in false }

    /// What SQLite says a relation of that name is: `table`, `view` or `index`; nil where there is none.
    var kind: (String) throws(SQLFailure) -> String? = { _ in nil }
    /// Whether the session has a temporary table of that name.
    var isTemporary: (String) throws(SQLFailure) -> Bool = { _ in false }
    /// The foreign keys of all tables in `main` or `temp`.
    var references: (String) throws(SQLFailure) -> [SQLReference] = { _ in [] }

    init() {}

    init(_ connection: SQLiteConnection) {
        var known: [String: Bool] = [:]
        exists = { schema throws(SQLFailure) in
            if let answer = known[schema] { return answer }
            let rows = try connection.rows(
                "SELECT 1 FROM main.sqlite_master WHERE type = 'view' AND name = ?1",
                [.text(SQLSchemaName.marker(schema))])
            known[schema] = !rows.isEmpty
            return !rows.isEmpty
        }
        sequence = { name throws(SQLFailure) in try connection.sequence(stored: name)?.sequence }
        sequences = { table throws(SQLFailure) in try connection.sequences(of: table) }
        counting = { id throws(SQLFailure) in try connection.tables(countingBy: id) }
        fallback = { table, column throws(SQLFailure) in
            try connection.rows(
                "SELECT dflt_value FROM pragma_table_info(?1) WHERE name = ?2", [.text(table), .text(column)]
            ).first?.first?.string
        }
        isTaken = { name throws(SQLFailure) in
            !(try connection.rows("SELECT 1 FROM main.sqlite_master WHERE name = ?1", [.text(name)])).isEmpty
        }
        kind = { name throws(SQLFailure) in
            try connection.rows("SELECT type FROM main.sqlite_master WHERE name = ?1", [.text(name)]).first?[0].string
        }
        isTemporary = { name throws(SQLFailure) in
            !(try connection.rows("SELECT 1 FROM temp.sqlite_master WHERE name = ?1", [.text(name)])).isEmpty
        }
        references = { database throws(SQLFailure) in try SQLReference.all(in: database, on: connection) }
        isVisible = { schema, name throws(SQLFailure) in try SQLPathResolver(connection).isVisible(schema, name) }
        dependents = { name throws(SQLFailure) in
            let views = try connection.rows(
                "SELECT name, sql FROM main.sqlite_master WHERE type = 'view' AND name NOT LIKE '%' || char(31)")
            var found: [String] = []
            var next = [name]
            while let one = next.popLast() {
                for view in views {
                    guard let reader = view[0].string, reader != one, !found.contains(reader),
                        let tokens = try? SQLLexer.tokens(Array((view[1].string ?? "").utf8)),
                        SQLTranslator.relationPlaces(tokens).keys.contains(where: { tokens[$0].text == one })
                    else { continue }
                    found.insert(reader, at: 0)
                    next.append(reader)
                }
            }
            return found
        }
        contents = { schema throws(SQLFailure) in
            let marker = SQLSchemaName.marker(schema)
            let rows = try connection.rows(
                """
                SELECT type, name FROM main.sqlite_master WHERE type IN ('table', 'view') AND name <> ?1 \
                AND substr(name, 1, length(?1)) = ?1 ORDER BY type DESC, rowid DESC
                """, [.text(marker)])
            return rows.map { ($0[0].string ?? "", $0[1].string ?? "") }
        }
    }
}
