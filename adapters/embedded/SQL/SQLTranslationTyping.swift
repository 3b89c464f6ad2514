// The typed pass in a translation: when it runs, and what of it goes into the new text.

import Capabilities

extension SQLTranslator {
    /// Types the query or the change in `range`.
    ///
    /// `isShown` says whether its rows go to the client or into a view, and not into a table.
    mutating func type(_ range: Range<Int>, isShown: Bool = true) throws(SQLFailure) {
        guard !range.isEmpty else { return }
        (typing, doubt) = try SQLTyper.type(
            rewrite, range, columnTypes.relations, parameterTypes, readsCatalog: namesCatalog, isShown: isShown)
        guard let typing else { return }
        parameterTypes = typing.parameters
    }

    /// Whether a relation of the catalogue is named; a function of its schema is none.
    var namesCatalog: Bool {
        tokens.indices.contains { index in
            guard tokens[index].isName, !rewrite.isMark(index + 1, "(") else { return false }
            let name = tokens[index].text
            if name == "pg_catalog" { return !rewrite.isMark(index + 3, "(") }
            return name.hasPrefix("pg_") && name != "pg_temp" || name == "information_schema"
        }
    }

    /// Puts values in the place of strings that stand for them.
    mutating func readLiterals(_ range: Range<Int>) throws(SQLFailure) {
        guard let typing else { return }
        for index in typing.literals.keys.sorted() where range.contains(index) {
            guard let type = typing.literals[index] else { continue }
            if type == .fixedText {
                var text = try tokens[index].stringValue(in: rewrite.source) ?? []
                while text.last == 0x20 { text.removeLast() }
                rewrite.replace(index, SQLText.literal(String(decoding: text, as: UTF8.self)))
            } else {
                try readString(index, as: type)
            }
        }
    }

    /// Conversions, stars and parts of a UNION, after everything else.
    mutating func applyTyping() {
        guard let typing else { return }
        for number in typing.wraps.keys.sorted() {
            guard let wrap = typing.wraps[number] else { continue }
            // They belong to the words themselves, and go into a cast of the same words.
            rewrite.wrap(wrap.words, wrap.open, wrap.close, level: -1)
        }
        for conversion in typing.conversions {
            if conversion.from == .boolean, conversion.type == .text {
                rewrite.wrap(conversion.words, "(CASE (", ") WHEN 1 THEN 'true' WHEN 0 THEN 'false' END)", level: -1)
            } else {
                rewrite.wrap(
                    conversion.words, "fairlead_cast((", "), \(conversion.type.rawValue), \(conversion.modifier))")
            }
        }
        for (words, name) in typing.names where isNameChain(words.lowerBound..<(words.upperBound + 1)) {
            rewrite.suffix(words.upperBound, " AS \(SQLText.quoted(name))")
        }
        for alias in typing.bareAliases { rewrite.prefix(alias, "AS ") }
        for (word, text) in typing.replacements { rewrite.replace(word, text) }
        for rows in typing.distincts {
            rewrite.prefix(rows.lowerBound, "SELECT DISTINCT * FROM (")
            rewrite.suffix(rows.upperBound, ")")
        }
        for rows in typing.leftSides {
            // SQLite leaves a DISTINCT out that stands there itself.
            rewrite.prefix(rows.lowerBound, "SELECT * FROM (SELECT DISTINCT * FROM (")
            rewrite.suffix(rows.upperBound, ") LIMIT -1)")
        }
        for group in typing.groups {
            rewrite.prefix(group.lowerBound, "SELECT * FROM (")
            rewrite.suffix(group.upperBound, ")")
        }
    }
}
