// What a result's columns are called and of which type they are, as far as the words of the query tell.

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
    private static let listEnds: Set<String> = [
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
            if depth == 0, token.kind == .word, Self.listEnds.contains(token.text), end > start,
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

    private static let notAliases: Set<String> = [
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

    // MARK: Names

    /// The name that PostgreSQL's FigureColname finds (parse_target.c); nil for `?column?`.
    private func columnName(_ piece: Range<Int>) -> String? {
        guard let first = piece.first else { return nil }
        let last = piece.upperBound - 1
        let token = tokens[first]
        if piece.count == 1 {
            if ["true", "false", "null"].contains(token.text), token.kind == .word { return nil }
            if token.kind == .word, Self.notAliases.contains(token.text) { return token.text }
        }
        if isNameChain(piece) { return tokens[last].text }
        // A cast is called after what it converts, if that has a name, else after the type.
        if let start = rewrite.castStarts[last], start == first {
            guard let colons = rewrite.castEnds.first(where: { $0.value == last })?.key else {
                return rewrite.castTypes[first].map { ($0.type.item ?? $0.type).catalogName }
            }
            let type = rewrite.castTypes[colons].map { ($0.type.item ?? $0.type).catalogName }
            return columnName(first..<colons) ?? type
        }
        if token.isWord("cast"), let type = rewrite.castTypes[first] {
            if let close = try? rewrite.closing(first + 1), close == last,
                let word = (first..<last).last(where: { tokens[$0].isWord("as") })
            {
                return columnName((first + 2)..<word) ?? (type.type.item ?? type.type).catalogName
            }
        }
        if token.isMark("("), let close = try? rewrite.closing(first), close == last {
            if rewrite.isWord(first + 1, "select") { return subselectName(first + 1, last) }
            return columnName((first + 1)..<last)
        }
        if token.isWord("case"), tokens[last].isWord("end") {
            if let otherwise = (first..<last).last(where: { tokens[$0].isWord("else") }),
                isNameChain((otherwise + 1)..<last)
            {
                return tokens[last - 1].text
            }
            return "case"
        }
        if token.isWord("exists") { return wholeCall(piece) ? "exists" : nil }
        if token.isWord("array") { return "array" }
        if token.isName, wholeCall(piece) {
            var name = first
            while rewrite.isMark(name + 1, "."), name + 2 <= last { name += 2 }
            switch tokens[name].text {
            case "trim": return "btrim"
            default: return tokens[name].text
            }
        }
        return nil
    }

    private func subselectName(_ select: Int, _ close: Int) -> String? {
        var end = select + 1
        var depth = 0
        while end < close {
            if tokens[end].isMark("(") { depth += 1 }
            if tokens[end].isMark(")") { depth -= 1 }
            if depth == 0, tokens[end].kind == .word, Self.listEnds.contains(tokens[end].text) { break }
            end += 1
        }
        let piece = (select + 1)..<end
        if piece.count >= 3, rewrite.isWord(end - 2, "as") { return tokens[end - 1].text }
        return columnName(piece)
    }

    /// Whether the piece is one call, with its FILTER and OVER.
    private func wholeCall(_ piece: Range<Int>) -> Bool {
        var next = piece.lowerBound
        while rewrite.isMark(next + 1, "."), next + 2 < piece.upperBound { next += 2 }
        guard rewrite.isMark(next + 1, "("), let close = try? rewrite.closing(next + 1) else { return false }
        next = close + 1
        while next < piece.upperBound {
            if rewrite.isWord(next, "filter"), rewrite.isMark(next + 1, "("), let close = try? rewrite.closing(next + 1)
            {
                next = close + 1
            } else if rewrite.isWord(next, "over") {
                if rewrite.isMark(next + 1, "(") {
                    guard let close = try? rewrite.closing(next + 1) else { return false }
                    next = close + 1
                } else {
                    next += 2
                }
            } else {
                return false
            }
        }
        return next == piece.upperBound
    }

    // MARK: Types

    private static let logicalWords: Set<String> = [
        "and", "or", "not", "is", "in", "like", "ilike", "between", "exists", "isnull", "notnull", "glob",
    ]
    private static let logicalOperators: Set<String> = [
        "=", "<>", "!=", "<", ">", "<=", ">=", "~", "!~", "~*", "!~*", "~~", "!~~", "~~*", "!~~*",
    ]

    /// The type of an expression, as far as its words tell.
    func describe(_ piece: Range<Int>) -> SQLResultItem {
        var item = SQLResultItem()
        guard let first = piece.first else { return item }
        let last = piece.upperBound - 1
        var depth = 0
        var cases = 0
        var hasArithmetic = false
        var hasConcatenation = false
        for index in piece {
            let token = tokens[index]
            if token.isMark("(") || token.isMark("[") { depth += 1 }
            if token.isMark(")") || token.isMark("]") { depth -= 1 }
            if token.isWord("case") { cases += 1 }
            if token.isWord("end") { cases -= 1 }
            guard depth == 0, cases == 0 else { continue }
            if token.kind == .word, Self.logicalWords.contains(token.text), !(token.text == "is" && index == first) {
                item.type = .boolean
                return item
            }
            if token.kind == .operator {
                if Self.logicalOperators.contains(token.text), index > first {
                    item.type = .boolean
                    return item
                }
                if token.text == "||" { hasConcatenation = true } else { hasArithmetic = true }
            }
        }
        if hasConcatenation {
            item.type = .text
            return item
        }
        if hasArithmetic {
            if piece.count == 2, tokens[first].isOperator("-") || tokens[first].isOperator("+") {
                return describe((first + 1)..<piece.upperBound)
            }
            let isWhole = piece.allSatisfy {
                tokens[$0].kind == .integer || ["+", "-", "*", "/", "%"].contains(tokens[$0].text)
            }
            item.type = isWhole ? .int32 : .unknown
            let isPlain = piece.allSatisfy { index in
                let token = tokens[index]
                return token.isName && !rewrite.isMark(index + 1, "(") || token.kind == .integer
                    || token.kind == .parameter
                    || ["+", "-", "*", "/", "%", "(", ")", "."].contains(token.text)
            }
            if isPlain, !isWhole {
                item.operands = piece.compactMap {
                    tokens[$0].isName && !rewrite.isMark($0 + 1, ".") ? tokens[$0].text : nil
                }
            }
            return item
        }
        if let start = rewrite.castStarts[last], start == first {
            let key = rewrite.castEnds.first(where: { $0.value == last })?.key ?? first
            if let type = rewrite.castTypes[key] {
                item.type = type.type
                item.modifier = type.modifier
            }
            return item
        }
        return describeSimple(piece)
    }

    private func describeSimple(_ piece: Range<Int>) -> SQLResultItem {
        var item = SQLResultItem()
        let first = piece.lowerBound
        let token = tokens[first]
        let last = piece.upperBound - 1
        if piece.count == 1 {
            switch token.kind {
            case .integer:
                let value = Int64(rewrite.text(piece)) ?? .max
                item.type = value <= Int64(Int32.max) ? .int32 : .int64
            case .decimal: item.type = .numeric
            case .string, .escapeString, .dollarString: item.type = .text
            case .parameter: item.parameter = token.number
            case .word:
                switch token.text {
                case "true", "false": item.type = .boolean
                case "null": item.type = .text
                case "current_timestamp": item.type = .timestampWithZone
                case "localtimestamp": item.type = .timestamp
                case "current_date": item.type = .date
                case "current_time", "localtime": item.type = .time
                case "current_user", "session_user", "user", "current_role", "current_catalog", "current_schema":
                    item.type = .name
                default: break
                }
            default: break
            }
            return item
        }
        if token.isWord("cast"), let type = rewrite.castTypes[first] {
            item.type = type.type
            item.modifier = type.modifier
            return item
        }
        if token.isMark("("), let close = try? rewrite.closing(first), close == last {
            if rewrite.isWord(first + 1, "select") {
                let words = selected(first, last)
                var found = describe(words)
                if found.type == .unknown, isNameChain(words) {
                    (found.function, found.column) = ("max", tokens[words.upperBound - 1].text)
                }
                return found
            }
            return describe((first + 1)..<last)
        }
        if token.isWord("array") || token.isWord("array_agg") { return describeArray(piece) }
        if token.isName, wholeCall(piece) {
            var name = first
            while rewrite.isMark(name + 1, "."), name + 2 <= last { name += 2 }
            item.type = SQLFunctionNames.results[tokens[name].text] ?? .unknown
            // The first argument, when it is a column.
            if item.type == .unknown, let close = try? rewrite.closing(name + 1),
                let argument = rewrite.split((name + 2)..<close).first, !argument.isEmpty, isNameChain(argument)
            {
                item.function = tokens[name].text
                item.column = tokens[argument.upperBound - 1].text
            }
        }
        return item
    }

    /// What a query in parentheses selects, when it is one expression.
    private func selected(_ open: Int, _ close: Int) -> Range<Int> {
        var end = open + 2
        var depth = 0
        while end < close {
            if tokens[end].isMark("(") { depth += 1 }
            if tokens[end].isMark(")") { depth -= 1 }
            if depth == 0, tokens[end].kind == .word, Self.listEnds.contains(tokens[end].text) { break }
            end += 1
        }
        if end - 2 > open + 1, rewrite.isWord(end - 2, "as") { end -= 2 }
        return (open + 2)..<end
    }

    /// An array has the type that its first item tells; without one it is text to the client.
    private func describeArray(_ piece: Range<Int>) -> SQLResultItem {
        var item = SQLResultItem()
        let open = piece.lowerBound + 1
        guard let close = try? rewrite.closing(open), close == piece.upperBound - 1, open + 1 < close else {
            return item
        }
        let isQuery = rewrite.isWord(open + 1, "select")
        var first = isQuery ? selected(open, close) : rewrite.split((open + 1)..<close)[0]
        if !isQuery, let order = aggregateOrder(open - 1), first.contains(order) { first = first.lowerBound..<order }
        let inner = describe(first)
        item.type = inner.type.array ?? .unknown
        if inner.type == .unknown, isNameChain(first) {
            item.function = "array_agg"
            item.column = tokens[first.upperBound - 1].text
        }
        return item
    }
}
