// Statements that are about the session or the gateway and about nothing of the backend's.

import Capabilities

/// A question in one of the few forms that need no database.
enum PostgresOwnQuestion {
    /// Rows of the gateway's own: `TABLE fairlead.capabilities`, or SELECT of its columns, with one condition or none.
    case relation(SQLRelation)
    /// `SELECT version(), current_user, current_setting('…')`.
    case session([Item])

    struct Item: Equatable {
        var function: String
        var argument = ""
        var mayBeMissing = false
        var alias: String?
    }

    /// The longest text that is looked at.
    static let longest = 4096

    private static let words: Set<String> = ["current_user", "session_user", "current_role", "user", "current_catalog"]
    private static let functions: Set<String> = [
        "version", "pg_backend_pid", "current_database", "current_schema", "current_setting",
    ]

    /// What `tokens` of `text` ask; nil when it is the backend's.
    init?(_ tokens: [SQLToken], _ text: [UInt8], _ relations: [SQLRelation]) throws(SQLFailure) {
        var words = tokens[...]
        if words.last?.isMark(";") ?? false { words.removeLast() }
        if let relation = relations.first(where: { Self.names($0, words) }) {
            guard let rows = Self.rows(of: relation, words, text) else {
                throw .refused(
                    .sqlQuery,
                    "\(relation.name.schema ?? "").\(relation.name.name) is the gateway's: TABLE, or SELECT of its columns with one "
                        + "condition COLUMN = 'text', is all that can be asked of it here")
            }
            self = .relation(rows)
            return
        }
        guard words.first?.isWord("select") ?? false else { return nil }
        words.removeFirst()
        var items: [Item] = []
        repeat {
            guard let item = Self.item(&words, text) else { return nil }
            items.append(item)
        } while Self.take(&words) { $0.isMark(",") }
        guard words.isEmpty else { return nil }
        self = .session(items)
    }

    private static func take(_ words: inout ArraySlice<SQLToken>, _ fits: (SQLToken) -> Bool) -> Bool {
        guard let first = words.first, fits(first) else { return false }
        words.removeFirst()
        return true
    }

    // MARK: Relations

    private static func names(_ relation: SQLRelation, _ words: ArraySlice<SQLToken>) -> Bool {
        words.indices.contains { place in
            isName(of: relation, words[place...]) && (place == words.startIndex || !words[place - 1].isMark("."))
        }
    }

    private static func isName(of relation: SQLRelation, _ words: ArraySlice<SQLToken>) -> Bool {
        let first = words.startIndex
        return words.count >= 3 && words[first].isName && words[first].text == relation.name.schema
            && words[first + 1].isMark(".") && words[first + 2].isName && words[first + 2].text == relation.name.name
    }

    private static func rows(
        of relation: SQLRelation, _ words: ArraySlice<SQLToken>, _ text: [UInt8]
    ) -> SQLRelation? {
        var words = words
        if take(&words, { $0.isWord("table") }) {
            return isName(of: relation, words) && words.count == 3 ? relation : nil
        }
        guard take(&words, { $0.isWord("select") }) else { return nil }
        var places: [Int] = []
        if take(&words, { $0.isOperator("*") }) {
            places = Array(relation.columns.indices)
        } else {
            repeat {
                guard let place = column(&words, relation) else { return nil }
                places.append(place)
            } while take(&words) { $0.isMark(",") }
        }
        guard take(&words, { $0.isWord("from") }), isName(of: relation, words) else { return nil }
        words.removeFirst(3)
        var condition: (place: Int, value: SQLValue)?
        if take(&words, { $0.isWord("where") }) {
            guard let place = column(&words, relation), take(&words, { $0.isOperator("=") }),
                let value = words.first.flatMap({ string($0, text) })
            else { return nil }
            words.removeFirst()
            condition = (place, .text(value))
        }
        guard words.isEmpty else { return nil }
        let width = relation.columns.count
        var values: [SQLValue] = []
        for row in stride(from: 0, to: relation.values.count, by: width) {
            if let condition, relation.values[row + condition.place] != condition.value { continue }
            values += places.map { relation.values[row + $0] }
        }
        return SQLRelation(relation.name, columns: places.map { relation.columns[$0] }, values: values)
    }

    private static func column(_ words: inout ArraySlice<SQLToken>, _ relation: SQLRelation) -> Int? {
        guard let first = words.first, first.isName,
            let place = relation.columns.firstIndex(where: { $0.name == first.text })
        else { return nil }
        words.removeFirst()
        return place
    }

    // MARK: The session

    private static func item(_ words: inout ArraySlice<SQLToken>, _ text: [UInt8]) -> Item? {
        if words.count > 2, words.first?.isWord("pg_catalog") ?? false {
            words.removeFirst()
            guard take(&words, { $0.isMark(".") }) else { return nil }
        }
        guard let first = words.first, first.kind == .word else { return nil }
        words.removeFirst()
        var item = Item(function: first.text)
        let hasArguments = take(&words) { $0.isMark("(") }
        if hasArguments {
            guard functions.contains(first.text) else { return nil }
            if first.text == "current_setting" {
                guard let argument = words.first.flatMap({ string($0, text) }) else { return nil }
                words.removeFirst()
                item.argument = String(decoding: argument, as: UTF8.self)
                if take(&words, { $0.isMark(",") }) {
                    item.mayBeMissing = words.first?.isWord("true") ?? false
                    guard take(&words, { $0.isWord("true") || $0.isWord("false") }) else { return nil }
                }
            }
            guard take(&words, { $0.isMark(")") }) else { return nil }
        } else {
            guard Self.words.contains(first.text) || first.text == "current_schema" else { return nil }
        }
        if take(&words, { $0.isWord("as") }) {
            guard let alias = words.first, alias.isName else { return nil }
            item.alias = alias.text
            words.removeFirst()
        }
        return item
    }

    /// The inside of a plain text in quotes; nil for anything else, and for one with quotes in it.
    private static func string(_ token: SQLToken, _ text: [UInt8]) -> [UInt8]? {
        guard token.kind == .string, token.end - token.start >= 2 else { return nil }
        let inside = Array(text[(token.start + 1)..<(token.end - 1)])
        return inside.contains(UInt8(ascii: "'")) ? nil : inside
    }
}
