// The types of a result's columns, as far as the words of their items tell.

import Capabilities

extension SQLTranslator {
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
        let list = selectList(open + 1, close)
        let isNamed = list.count > 2 && rewrite.isWord(list.upperBound - 2, "as")
        return list.lowerBound..<(list.upperBound - (isNamed ? 2 : 0))
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
