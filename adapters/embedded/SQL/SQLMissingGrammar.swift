// PostgreSQL's grammar that is not there: an error of syntax in it becomes a refusal that names it.

import Capabilities

/// Words of statements that PostgreSQL reads and this store does not (PostgreSQL documentation, "SQL Commands").
enum SQLMissingGrammar {
    /// Words in their order, `*` for any one and `@` for any operator, and what they are called.
    private static let named: [(String, String)] = [
        ("for read only", "FOR READ ONLY"), ("using @", "ORDER BY with USING"), ("rows from (", "ROWS FROM"),
        (") search depth", "SEARCH of a WITH RECURSIVE"), (") search breadth", "SEARCH of a WITH RECURSIVE"),
        (") cycle", "CYCLE of a WITH RECURSIVE"), ("= row (", "ROW in an assignment"),
        (") .", "a field of a row's value"), ("no inherit", "NO INHERIT"),
        ("nulls not distinct", "NULLS NOT DISTINCT"), ("nulls distinct", "NULLS DISTINCT"),
        ("include (", "INCLUDE of a constraint"), ("partition of", "PARTITION OF"), ("table * of", "a typed table"),
        ("table * ( )", "a table without columns"), ("using index", "USING INDEX of a constraint"),
        ("set null (", "SET NULL of some columns"), ("set default (", "SET DEFAULT of some columns"),
        ("with check option", "WITH CHECK OPTION"), ("with local check", "WITH CHECK OPTION"),
        ("with cascaded check", "WITH CHECK OPTION"), ("view * with (", "WITH of a view"),
        ("using * as", "USING of a table"), ("with ( * = * ) as", "WITH of a table that is made of a query"),
        ("tablespace * as", "TABLESPACE of a table that is made of a query"), ("is document", "IS DOCUMENT"),
        ("is not document", "IS DOCUMENT"), ("is normalized", "IS NORMALIZED"), ("is * normalized", "IS NORMALIZED"),
        ("is not * normalized", "IS NORMALIZED"), ("is json", "IS JSON"), ("is not json", "IS JSON"),
        ("like any", "LIKE ANY"), ("like some", "LIKE ANY"), ("like all", "LIKE ALL"), ("ilike any", "ILIKE ANY"),
        ("ilike some", "ILIKE ANY"), ("ilike all", "ILIKE ALL"), ("collation for", "COLLATION FOR"),
        ("variadic", "VARIADIC"), ("xmlelement (", "xmlelement"), ("xmlforest (", "xmlforest"),
        ("xmlparse (", "xmlparse"), ("xmlpi (", "xmlpi"), ("xmlroot (", "xmlroot"),
        ("xmlserialize (", "xmlserialize"), ("xmlexists (", "xmlexists"), ("xmltable (", "XMLTABLE"),
        ("json_table (", "JSON_TABLE"), ("within group", "WITHIN GROUP"), ("( * =>", "an argument with its name"),
        (", * =>", "an argument with its name"), ("( * :=", "an argument with its name"),
        ("select from", "a SELECT without columns"), ("not valid", "NOT VALID"),
        ("treat (", "TREAT"),
    ]
    private static let phrases = named.map { (words: $0.0.split(separator: " ").map(String.init), name: $0.1) }

    /// What comes of words that are not read; anything else fails for a reason of its own.
    private static let states: Set<String> = ["42601", "42000", "42703", "42883"]

    /// Words that are looked at, which bounds the work for a hostile statement.
    private static let longest = 10_000

    /// The same failure, or the refusal of what of the statement is not known here.
    static func named(_ failure: SQLFailure, in text: [UInt8]) -> SQLFailure {
        guard states.contains(failure.state), let all = try? SQLLexer.tokens(text) else { return failure }
        let tokens = Array(all.prefix(longest))
        for index in tokens.indices {
            guard let phrase = phrases.first(where: { stands($0.words, at: index, in: tokens) }) else { continue }
            return .refused(.sqlQuery, "\(phrase.name) is not known here", offset: tokens[index].start)
        }
        for index in tokens.indices.dropLast()
        where tokens[index].isWord("similar") && !tokens[index + 1].isWord("to") {
            return .refused(.sqlQuery, "SIMILAR in substring is not known here", offset: tokens[index].start)
        }
        guard tokens.first?.isWord("update") == true || tokens.contains(where: { $0.isWord("conflict") }) else {
            return failure
        }
        for index in tokens.indices.dropFirst() where tokens[index].isWord("default") {
            guard tokens[index - 1].isMark("(") || tokens[index - 1].isMark(",") else { continue }
            return .refused(.sqlQuery, "DEFAULT in a row is not known here", offset: tokens[index].start)
        }
        return failure
    }

    private static func stands(_ words: [String], at index: Int, in tokens: [SQLToken]) -> Bool {
        guard index + words.count <= tokens.count else { return false }
        for (word, token) in zip(words, tokens[index...]) {
            switch word {
            case "*": continue
            case "@": if token.kind != .operator { return false }
            default: if token.kind == .quotedName || token.text != word || token.isString { return false }
            }
        }
        return true
    }
}
