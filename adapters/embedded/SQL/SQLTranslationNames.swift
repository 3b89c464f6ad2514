// What is the same in queries and in definitions: names, literals and orderings.

import Capabilities

extension SQLTranslator {
    /// Translates everything of `range` that is the same in queries and in definitions.
    mutating func expressions(_ range: Range<Int>) throws(SQLFailure) {
        try names(range)
        try literals(range)
        try calls(range)
        try arrayCasts(range)
        try casts(range)
        try operators(range)
        try series(range)
        try channels(range)
        try typeNames(range)
        try divisions(range)
        try typedOperators(range)
        try readLiterals(range)
    }

    /// Schemas, and names that SQLite would take for key words.
    mutating func names(_ range: Range<Int>? = nil) throws(SQLFailure) {
        var returning: (start: Int, names: Set<String>)?
        for index in range ?? 0..<tokens.count where tokens[index].isName {
            let name = tokens[index].text
            try checkName(index)
            // It went into the name of its schema.
            if rewrite.isEdited(index), rewrite.isMark(index - 1, ".") { continue }
            if rewrite.isMark(index + 1, ".") {
                if !rewrite.isMark(index - 1, "."), try schemaName(index) { continue }
                if isTarget(index, &returning) {
                    rewrite.remove(index..<(index + 2))
                    continue
                }
                if name == "public" || name == "pg_temp", !rewrite.isMark(index - 1, ".") {
                    if name == "public" { rewrite.remove(index..<(index + 2)) } else { rewrite.replace(index, "temp") }
                    continue
                }
                if name == "pg_catalog" {
                    readsCatalog = true
                    // SQLite's functions have no schema.
                    if rewrite.isMark(index + 3, "(") { rewrite.remove(index..<(index + 2)) }
                    continue
                }
                if name == "information_schema" {
                    readsCatalog = true
                    catalogNames.insert(name)
                }
                if name == "sqlite" || name.hasPrefix("sqlite_") {
                    throw SQLFailure("3F000", "schema \"\(name)\" does not exist", offset: tokens[index].start)
                }
            }
            let isPlainCall = rewrite.isMark(index + 1, "(") && SQLFunctionNames.withoutCatalogue.contains(name)
            if name.hasPrefix("pg_"), !isPlainCall {
                readsCatalog = true
                catalogNames.insert(name)
            }
            if tokens[index].kind == .word {
                if name.hasPrefix("sqlite_") || name.hasPrefix("pragma_") {
                    throw SQLFailure("42P01", "relation \"\(name)\" does not exist", offset: tokens[index].start)
                }
                // PostgreSQL folds names to small letters, and SQLite shows them as they were written.
                let isOwnWord =
                    Self.sqliteOnly.contains(name) && !rewrite.isWord(index - 1, "do")
                    && ["select", "insert", "update", "delete", "with", "values"].contains(tokens[0].text)
                let mustQuote = isOwnWord || rewrite.isMark(index - 1, ".") && Self.sqliteReserved.contains(name)
                if mustQuote {
                    rewrite.replace(index, SQLText.quoted(name))
                } else if hasCapitals(tokens[index]) {
                    rewrite.fold(index, name)
                }
            }
        }
    }

    /// NULL is larger than everything in PostgreSQL and smaller in SQLite; each ORDER BY says which is meant.
    mutating func orderings(_ range: Range<Int>) throws(SQLFailure) {
        for start in range where rewrite.isWords(start, "order", "by") && !rewrite.isEdited(start) {
            var end = start + 2
            var depth = 0
            while end < tokens.count {
                if tokens[end].isMark("(") { depth += 1 }
                if tokens[end].isMark(")") { depth -= 1 }
                if depth < 0 || depth == 0 && tokens[end].kind == .word && Self.orderingEnds.contains(tokens[end].text)
                {
                    break
                }
                end += 1
            }
            for piece in rewrite.split((start + 2)..<end) {
                guard let last = piece.last, !rewrite.isWord(last - 1, "nulls") else { continue }
                rewrite.suffix(last, tokens[last].isWord("desc") ? " NULLS FIRST" : " NULLS LAST")
            }
        }
    }

    private static let orderingEnds: Set<String> = [
        "limit", "offset", "fetch", "for", "rows", "range", "groups", "returning", "union", "intersect", "except",
    ]

    private func hasCapitals(_ token: SQLToken) -> Bool {
        rewrite.source[token.start..<token.end].contains { $0 &- 0x41 < 26 }
    }

    private static let sqliteReserved: Set<String> = [
        "add", "alter", "autoincrement", "commit", "delete", "drop", "escape", "exists", "index", "indexed", "insert",
        "isnull", "nothing", "notnull", "set", "transaction", "update", "values", "between", "default", "if",
    ]

    /// Words that queries of PostgreSQL's take for names.
    private static let sqliteOnly: Set<String> = ["nothing", "transaction", "index", "indexed", "autoincrement"]

    /// Strings, numbers and parameters.
    private mutating func literals(_ range: Range<Int>) throws(SQLFailure) {
        for index in range {
            let token = tokens[index]
            switch token.kind {
            case .escapeString, .dollarString:
                let value = try token.stringValue(in: rewrite.source) ?? []
                rewrite.replace(index, SQLText.literal(String(decoding: value, as: UTF8.self)))
            case .bitString: throw refused("bit strings are not known here", index)
            case .integer:
                let digits = rewrite.text(index..<(index + 1))
                if digits.utf8.count > 18, Int64(digits) == nil, digits != "9223372036854775808" {
                    throw refused("numbers beyond 64 bits are not known here", index)
                }
            case .decimal:
                let digits = rewrite.text(index..<(index + 1)).utf8.prefix { $0 | 0x20 != UInt8(ascii: "e") }
                let significant = digits.drop { $0 == 0x30 || $0 == 0x2E }.filter { $0 != 0x2E }
                if significant.count > 17 { throw refused("numbers of more than 17 digits are not known here", index) }
            case .parameter: rewrite.replace(index, "?\(token.number)")
            case .word:
                if token.text == "limit", rewrite.isWord(index + 1, "all") { rewrite.replace(index + 1, "-1") }
                if token.text == "unknown", rewrite.isWord(index - 1, "is") || rewrite.isWords(index - 2, "is", "not") {
                    rewrite.replace(index, "null")
                }
            default: break
            }
        }
    }
}
