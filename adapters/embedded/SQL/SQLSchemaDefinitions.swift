// CREATE SCHEMA and DROP SCHEMA.

import Capabilities

extension SQLTranslator {
    mutating func createSchema(_ index: Int) throws(SQLFailure) -> SQLCommand {
        let isTolerant = rewrite.isWords(index + 1, "if", "not", "exists")
        let place = isTolerant ? index + 4 : index + 1
        guard place < tokens.count, tokens[place].isName else { throw rewrite.syntaxError(place) }
        let name = tokens[place].text
        guard place + 1 == tokens.count, name != "authorization" else {
            throw refused("CREATE SCHEMA takes a name only here", place)
        }
        try checkName(place)
        let command = SQLCommand("CREATE SCHEMA")
        if SQLSchemaName.builtIn.contains(name) || name.hasPrefix("pg_") {
            guard !isTolerant else {
                skips.append(.schema(name, whenThere: true))
                rewrite.replaceAll("SELECT 1 WHERE 0")
                return command
            }
            if name == "public" || name == "information_schema" || name == "pg_catalog" {
                throw SQLFailure("42P06", "schema \"\(name)\" already exists")
            }
            guard name.hasPrefix("pg_") else { throw refused("a schema cannot be called \"\(name)\" here", place) }
            throw SQLFailure(
                "42939", "unacceptable schema name \"\(name)\"",
                detail: "The prefix \"pg_\" is reserved for system schemas.")
        }
        if isTolerant { skips.append(.schema(name, whenThere: true)) }
        let marker = SQLText.quoted(SQLSchemaName.marker(name))
        rewrite.replaceAll("CREATE VIEW \(isTolerant ? "IF NOT EXISTS " : "")\(marker) AS SELECT 1")
        return command
    }

    /// Drops schemas; what is in them is looked up now, and what has come since makes the statement fail.
    mutating func dropSchema() throws(SQLFailure) -> SQLCommand {
        let isTolerant = rewrite.isWords(2, "if", "exists")
        var end = tokens.count
        let cascades = rewrite.isWord(end - 1, "cascade")
        if cascades || rewrite.isWord(end - 1, "restrict") { end -= 1 }
        let start = isTolerant ? 4 : 2
        guard start < end else { throw rewrite.syntaxError(end) }
        var statements: [String] = []
        if cascades { try dropContents(rewrite.split(start..<end)) }
        for piece in rewrite.split(start..<end) {
            guard piece.count == 1, tokens[piece.lowerBound].isName else { throw rewrite.syntaxError(piece.lowerBound) }
            let name = tokens[piece.lowerBound].text
            try checkName(piece.lowerBound)
            if SQLSchemaName.builtIn.contains(name) {
                throw refused("the schema \(name) is always there", piece.lowerBound)
            }
            if isTolerant { skips.append(.schema(name, whenThere: false)) }
            let marker = SQLText.literal(SQLSchemaName.marker(name))
            let message = "cannot drop schema \(name) because other objects depend on it"
            first.append(
                """
                SELECT fairlead_fail_unless(count(*) = 0, '2BP01', \(SQLText.literal(message))) FROM main.sqlite_master \
                WHERE type IN ('table', 'view') AND name <> \(marker) AND substr(name, 1, length(\(marker))) = \(marker)
                """)
            let exists = isTolerant ? "IF EXISTS " : ""
            statements.append("DROP VIEW \(exists)main.\(SQLText.quoted(SQLSchemaName.marker(name)))")
        }
        rewrite.replaceAll(statements.first ?? "")
        then = Array(statements.dropFirst())
        return SQLCommand("DROP SCHEMA")
    }

    /// Drops what is in schemas: views, and tables with those that refer to others of them first.
    private mutating func dropContents(_ pieces: [Range<Int>]) throws(SQLFailure) {
        var (keys, names): ([SQLTableKey], [SQLTableKey: String]) = ([], [:])
        for piece in pieces {
            guard let word = piece.first else { throw rewrite.syntaxError(piece.lowerBound) }
            for object in try columnTypes.schemas.contents(tokens[word].text) {
                if object.kind == "table" {
                    let key = SQLTableKey(object.name, in: "main")
                    if names.updateValue(object.name, forKey: key) == nil { keys.append(key) }
                } else {
                    first.append("DROP VIEW IF EXISTS main.\(SQLText.quoted(object.name))")
                }
            }
        }
        guard !keys.isEmpty else { return }
        let reason = "DROP SCHEMA with CASCADE is not known here where a foreign key of another schema has to go"
        let all = try references(around: keys)
        if !references(to: keys, among: all).isEmpty { throw refused(reason, tokens.count - 1) }
        guardReferences(to: keys, "0A000", reason)
        let ordered = SQLReference.childrenFirst(keys, all)
        let isCircle = !SQLReference.isOrdered(ordered, all)
        if isCircle { first.append(SQLReference.waits.before) }
        for key in ordered {
            first.append("DROP TABLE IF EXISTS main.\(SQLText.quoted(names[key] ?? key.name))")
        }
        if isCircle { first.append(SQLReference.waits.after) }
    }

    /// Refuses a name that could be taken for one of another schema.
    func checkName(_ index: Int) throws(SQLFailure) {
        guard tokens[index].text.utf8.contains(0x1F) else { return }
        throw refused("names with the control character U+001F are not known here", index)
    }
}
