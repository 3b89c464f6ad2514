// What a result's columns are called and of which type they are, as far as the words of the query tell.

import CSQLite
import Capabilities

/// One item of the outermost select list.
struct SQLResultItem: Equatable {
    /// nil: the database's own name for it.
    var name: String?
    var type: SQLType = .unknown
    var modifier: Int32 = -1
    /// The parameter that it is, by number; zero for none.
    var parameter = 0
    /// The function that it is and the column that it is of, where the one's type depends on the other's.
    var function: String?
    var column: String?
    /// The columns of a sum, a product and the like of columns and numbers.
    var operands: [String] = []
    /// `*` or `t.*`: any number of columns.
    var isStar = false
}

extension SQLTranslator {
    static let selectListEnds: Set<String> = [
        "from", "where", "group", "having", "window", "order", "limit", "offset", "fetch", "union", "intersect",
        "except", "for", "into",
    ]

    /// Gives every nameless item of every select list the name that PostgreSQL would give it, and notes the outermost ones.
    mutating func selectLists() throws(SQLFailure) {
        var depth = 0
        var hasOutermost = false
        for index in tokens.indices {
            if tokens[index].isMark("(") { depth += 1 }
            if tokens[index].isMark(")") { depth -= 1 }
            let isReturning = tokens[index].isWord("returning") && depth == 0
            if tokens[index].isWord("select") || isReturning {
                if rewrite.isEdited(index), !isReturning { continue }
                let isOutermost = depth == 0 && !hasOutermost && (isReturning || !isInInsert)
                let found = try list(after: index)
                if isOutermost {
                    items = found
                    hasOutermost = true
                }
            } else if tokens[index].isWord("values"), depth == 0, !isInInsert, !hasOutermost {
                hasOutermost = true
                if rewrite.isMark(index + 1, "(") {
                    let close = try rewrite.closing(index + 1)
                    for (number, piece) in rewrite.split((index + 2)..<close).enumerated() {
                        items.append(SQLResultItem(name: "column\(number + 1)", type: describe(piece).type))
                    }
                }
            }
        }
        try parenthesizedArms()
    }

    private var isInInsert: Bool {
        ["insert", "update", "delete"].contains { word in tokens.first?.isWord(word) == true }
    }

    /// `(SELECT …) UNION (SELECT …)`, which SQLite does not read.
    private mutating func parenthesizedArms() throws(SQLFailure) {
        for index in tokens.indices where tokens[index].isMark("(") {
            let isFirst = index == 0 || tokens[..<index].allSatisfy { $0.isMark("(") }
            let isArm =
                index > 0
                && (["union", "intersect", "except"].contains { tokens[index - 1].isWord($0) }
                    || tokens[index - 1].isWord("all") && index > 1 && tokens[index - 2].isWord("union"))
            let holdsQuery =
                ["select", "values", "with", "table"].contains { rewrite.isWord(index + 1, $0) }
                || rewrite.isMark(index + 1, "(")
            if isFirst || isArm, holdsQuery { rewrite.prefix(index, "SELECT * FROM ") }
        }
    }

    private mutating func list(after select: Int) throws(SQLFailure) -> [SQLResultItem] {
        var start = select + 1
        if rewrite.isWord(start, "all") || rewrite.isWord(start, "distinct") { start += 1 }
        var depth = 0
        var end = start
        while end < tokens.count {
            let token = tokens[end]
            if token.isMark("(") || token.isMark("[") { depth += 1 }
            if token.isMark(")") || token.isMark("]") {
                depth -= 1
                if depth < 0 { break }
            }
            if depth == 0, token.kind == .word, Self.selectListEnds.contains(token.text), end > start,
                // IS DISTINCT FROM is no FROM clause.
                !(token.text == "from" && rewrite.isWord(end - 1, "distinct"))
            {
                break
            }
            end += 1
        }
        guard end > start else {
            // A list without items is legal in PostgreSQL.
            throw refused("a SELECT without columns is not known here", select)
        }
        var found: [SQLResultItem] = []
        for piece in rewrite.split(start..<end) where !piece.isEmpty { found.append(item(piece)) }
        return found
    }

    /// As ``describe(_:)``, and what arithmetic makes of its operands.
    private func describeItem(_ piece: Range<Int>) -> SQLResultItem {
        var item = describe(piece)
        if let first = piece.first, let results = try? chain(from: first), let whole = results.last,
            whole.words.upperBound == piece.upperBound - 1, whole.type != .unknown,
            !whole.symbols.isEmpty
        {
            (item.type, item.modifier) = (whole.type, -1)
        }
        return item
    }

    private mutating func item(_ piece: Range<Int>) -> SQLResultItem {
        let last = piece.upperBound - 1
        if tokens[last].isOperator("*"), piece.count == 1 || rewrite.isMark(last - 1, ".") {
            return SQLResultItem(isStar: true)
        }
        if piece.count >= 3, tokens[last].isName, rewrite.isWord(last - 1, "as") {
            var item = describeItem(piece.lowerBound..<(last - 1))
            showRelation(piece.lowerBound..<(last - 1), item)
            item.name = tokens[last].text
            // Behind AS every word is a name.
            if tokens[last].kind == .word,
                sqlite3_keyword_check(tokens[last].text, Int32(tokens[last].text.utf8.count)) != 0
            {
                rewrite.replace(last, SQLText.quoted(tokens[last].text))
            }
            return item
        }
        if piece.count >= 2, tokens[last].isName, isAlias(last, from: piece.lowerBound) {
            var item = describeItem(piece.lowerBound..<last)
            showRelation(piece.lowerBound..<last, item)
            item.name = tokens[last].text
            return item
        }
        var item = describeItem(piece)
        showRelation(piece, item)
        let isColumn = isNameChain(piece)
        if isColumn {
            item.name = tokens[last].text
            return item
        }
        let name = columnName(piece) ?? "?column?"
        item.name = name
        rewrite.suffix(last, " AS \(SQLText.quoted(name))")
        return item
    }

    /// A relation's number is shown as its name.
    private mutating func showRelation(_ piece: Range<Int>, _ item: SQLResultItem) {
        guard item.type == .regclass else { return }
        catalogNames.insert("regclass")
        rewrite.wrap(piece.lowerBound...(piece.upperBound - 1), "fairlead_regclass(", ")")
    }

    static let notAliases: Set<String> = [
        "null", "true", "false", "end", "isnull", "notnull", "unknown", "current_timestamp", "current_date",
        "current_user",
        "current_time", "localtime", "localtimestamp", "session_user", "user", "current_catalog", "current_role",
    ]

    func isAlias(_ last: Int, from start: Int) -> Bool {
        let before = tokens[last - 1]
        if tokens[last].kind == .word, Self.notAliases.contains(tokens[last].text) { return false }
        // The last word of a cast belongs to its type.
        if rewrite.castStarts[last] != nil { return false }
        if rewrite.castStarts[last - 1] != nil { return true }
        if before.isMark(")") || before.isMark("]") { return true }
        if before.isString || before.kind == .integer || before.kind == .decimal || before.kind == .parameter {
            return true
        }
        guard before.isName else { return false }
        if before.kind == .quotedName { return true }
        return before.isWord("end")
            || ![
                "and", "or", "not", "is", "in", "like", "ilike", "between", "case", "when", "then", "else", "collate",
                "distinct", "select", "glob", "escape", "from", "zone", "any", "all",
            ].contains(before.text)
    }

    func isNameChain(_ piece: Range<Int>) -> Bool {
        guard piece.count % 2 == 1 else { return false }
        for (offset, index) in piece.enumerated() {
            if offset % 2 == 1, !tokens[index].isMark(".") { return false }
            if offset % 2 == 0, !tokens[index].isName { return false }
        }
        return !Self.notAliases.contains(tokens[piece.upperBound - 1].text)
            || tokens[piece.upperBound - 1].kind == .quotedName
    }
}
