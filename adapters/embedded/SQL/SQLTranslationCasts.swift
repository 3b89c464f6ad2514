// Casts and operators: PostgreSQL's spellings, and where SQLite's own would do something else.

import Capabilities

extension SQLTranslator {
    /// `x::type`, `CAST(x AS type)` and `type 'text'`.
    mutating func casts(_ range: Range<Int>) throws(SQLFailure) {
        var index = range.lowerBound
        while index < range.upperBound {
            if tokens[index].isMark("::"), !rewrite.isEdited(index) {
                index = try doubleColon(index)
            } else if tokens[index].isWord("cast"), rewrite.isMark(index + 1, "(") {
                try castCall(index)
                index += 1
            } else if tokens[index].isString, index > range.lowerBound {
                try typedLiteral(index)
                index += 1
            } else {
                index += 1
            }
        }
    }

    /// `ANY (x::type[])`: the items are found in the array's text, whatever its type.
    mutating func arrayCasts(_ range: Range<Int>) throws(SQLFailure) {
        for index in range where rewrite.isMark(index, "(") && index > range.lowerBound {
            guard ["any", "all", "some"].contains(where: { rewrite.isWord(index - 1, $0) }),
                rewrite.isMark(index + 2, "::")
            else {
                continue
            }
            let close = try rewrite.closing(index)
            guard rewrite.isMark(close - 1, "]"), rewrite.isMark(close - 2, "["), close - 3 >= index + 3 else {
                continue
            }
            var next = index + 3
            if tokens[index + 1].kind == .parameter, let array = try SQLDeclaredType.read(tokens, at: &next) {
                parameterTypes[tokens[index + 1].number] = parameterTypes[tokens[index + 1].number] ?? array.type
            }
            rewrite.remove((index + 2)..<close)
        }
    }

    private func type(at index: inout Int) throws(SQLFailure) -> SQLDeclaredType {
        guard let type = try SQLDeclaredType.read(tokens, at: &index) else { throw rewrite.syntaxError(index) }
        return type
    }

    private mutating func doubleColon(_ index: Int) throws(SQLFailure) -> Int {
        let start = try rewrite.operandStart(endingAt: index - 1)
        var end = index + 1
        let type = try type(at: &end)
        rewrite.remove(index..<end)
        convert(start, index - 1, to: type)
        rewrite.castStarts[end - 1] = start
        rewrite.castEnds[index] = end - 1
        rewrite.castTypes[index] = type
        return end
    }

    private mutating func castCall(_ index: Int) throws(SQLFailure) {
        let close = try rewrite.closing(index + 1)
        var depth = 0
        for place in (index + 2)..<close {
            if tokens[place].isMark("(") { depth += 1 }
            if tokens[place].isMark(")") { depth -= 1 }
            guard depth == 0, tokens[place].isWord("as") else { continue }
            var end = place + 1
            let type = try type(at: &end)
            guard end == close else { throw rewrite.syntaxError(end) }
            rewrite.replace(index, "fairlead_cast")
            rewrite.castTypes[index] = type
            rewrite.remove((place + 1)..<end)
            rewrite.replace(place, ", \(type.type.rawValue), \(type.modifier)")
            noteParameter(index + 2, place - 1, type)
            return
        }
        throw rewrite.syntaxError(close)
    }

    /// `date '2024-01-01'`: a type's name right before a text.
    private mutating func typedLiteral(_ index: Int) throws(SQLFailure) {
        guard tokens[index - 1].kind == .word || tokens[index - 1].isMark(")") else { return }
        if tokens[index - 1].isWord("interval") { throw refused("the type interval is not known here", index - 1) }
        guard let (start, type) = try literalType(endingAt: index - 1) else { return }
        rewrite.remove(start..<index)
        convert(index, index, to: type)
        rewrite.castStarts[index] = start
        rewrite.castTypes[start] = type
    }

    /// The type whose name ends with a word, and where it begins; nil where none does.
    private func literalType(endingAt last: Int) throws(SQLFailure) -> (start: Int, type: SQLDeclaredType)? {
        // The longest name has four words, and a precision in parentheses.
        for start in max(0, last - 7)...last where tokens[start].kind == .word && !rewrite.isMark(start - 1, ".") {
            // `x AT TIME ZONE 'UTC'` is no literal.
            guard !rewrite.isKeyWord(start), !rewrite.isWord(start - 1, "at") else { continue }
            var end = start
            do throws(SQLFailure) {
                guard var type = try SQLDeclaredType.read(tokens, at: &end), end == last + 1, !type.isSerial else {
                    continue
                }
                type.leaveLength(isGiven: tokens[last].isMark(")"))
                return (start, type)
            } catch {
                if start == last, error.state == "0A000" { throw error }
            }
        }
        return nil
    }

    private mutating func convert(_ start: Int, _ end: Int, to type: SQLDeclaredType) {
        // Our function converts as PostgreSQL does and fails where it fails; SQLite's CAST makes 0 of any text.
        rewrite.wrap(start...end, "fairlead_cast((", "), \(type.type.rawValue), \(type.modifier))")
        noteParameter(start, end, type)
    }

    private mutating func noteParameter(_ start: Int, _ end: Int, _ type: SQLDeclaredType) {
        if start == end, tokens[start].kind == .parameter, parameterTypes[tokens[start].number] == nil {
            parameterTypes[tokens[start].number] = type.type
        }
    }

    // MARK: Operators

    private static let patterns: [String: String] = [
        "~~": "LIKE", "!~~": "NOT LIKE", "~~*": "GLOB", "!~~*": "NOT GLOB", "~": "REGEXP", "!~": "NOT REGEXP",
        "~*": "MATCH", "!~*": "NOT MATCH",
    ]
    private static let shared: Set<String> = [
        "+", "-", "*", "/", "%", "<", ">", "=", "<=", ">=", "<>", "!=", "||", "&", "|", "<<", ">>", "->", "->>",
    ]

    mutating func operators(_ range: Range<Int>) throws(SQLFailure) {
        for index in range {
            let token = tokens[index]
            if token.kind == .operator {
                try anOperator(index)
            } else if token.kind == .mark {
                if token.text == "[", !rewrite.isEdited(index) {
                    throw refused("the items of arrays are not known here", index)
                }
            } else if token.kind == .word {
                try aWord(index)
            }
        }
    }

    private mutating func anOperator(_ index: Int) throws(SQLFailure) {
        guard !rewrite.isEdited(index), typing?.replacements[index] == nil else { return }
        let name = tokens[index].text
        if let word = Self.patterns[name], index > 0, isOperand(index - 1) {
            rewrite.replace(index, word)
        } else if !Self.shared.contains(name), name != "~" {
            throw refused("the operator \(name) is not known here", index)
        }
        if name == "||" { try joining(index) }
    }

    /// SQLite would put the texts of two arrays one behind the other.
    private func joining(_ index: Int) throws(SQLFailure) {
        guard let start = try? rewrite.operandStart(endingAt: index - 1),
            let end = try? rewrite.operandEnd(from: index + 1)
        else { return }
        let operands = [start..<index, (index + 1)..<(end + 1)]
        let areTexts = operands.allSatisfy { operand in
            let isQuery = rewrite.isWord(operand.lowerBound - 1, "array")
            if isQuery || tokens[operand.upperBound - 1].isMark("]") { return false }
            // In a group it can stand anywhere.
            let places = tokens[operand.lowerBound].isMark("(") ? operand : operand.prefix(1)
            return places.allSatisfy { place in
                !rewrite.isWord(place, "array") && !rewrite.isWord(place, "array_agg")
                    && rewrite.castTypes[place]?.type.item == nil
            }
        }
        guard areTexts || readsCatalog else { throw refused("|| of arrays is not known here", index) }
        guard typing == nil, !readsCatalog else { return }
        // In definitions nothing tells how many digits a number shows.
        for operand in operands {
            let cast = operand.last { rewrite.castTypes[$0] != nil }.flatMap { rewrite.castTypes[$0]?.type }
            guard cast.map({ $0.isNumber && !$0.isWhole }) ?? (tokens[operand.lowerBound].kind == .decimal) else {
                continue
            }
            throw refused("|| of a number with a point is not known here; cast it to text", operand.lowerBound)
        }
    }

    /// `ARRAY[a, b]`: a function of ours makes its text.
    private mutating func arrayConstructor(_ index: Int) throws(SQLFailure) {
        let close = try rewrite.closing(index + 1)
        if rewrite.isMark(index + 2, "[") { throw refused("arrays of arrays are not known here", index + 2) }
        rewrite.replace(index, "fairlead_array_of")
        rewrite.replace(index + 1, "(")
        rewrite.replace(close, ")")
    }

    private func isOperand(_ index: Int) -> Bool {
        let token = tokens[index]
        return token.isName || token.isString || token.isMark(")") || token.kind == .integer || token.kind == .decimal
            || token.kind == .parameter
    }

    private mutating func aWord(_ index: Int) throws(SQLFailure) {
        switch tokens[index].text {
        case "ilike": rewrite.replace(index, "GLOB")
        case "similar" where rewrite.isWord(index + 1, "to") && typing?.replacements[index] == nil:
            throw refused("SIMILAR TO is not known here", index)
        case "operator" where rewrite.isMark(index + 1, "("): try qualifiedOperator(index)
        case "collate": try collation(index)
        case "any", "some", "all":
            if rewrite.isMark(index + 1, "("), index > 0, tokens[index - 1].kind == .operator { try quantified(index) }
        case "array" where rewrite.isMark(index + 1, "[") && !rewrite.isEdited(index): try arrayConstructor(index)
        case "current" where rewrite.isWord(index + 1, "of"):
            throw refused("WHERE CURRENT OF is not known here", index)
        case "lateral": throw refused("LATERAL is not known here", index)
        case "distinct" where rewrite.isWord(index + 1, "on") && rewrite.isWord(index - 1, "select"):
            throw refused("DISTINCT ON is not known here", index)
        case "using" where tokens.first?.isWord("delete") == true:
            throw refused("DELETE with USING is not known here", index)
        case "default":
            if rewrite.isMark(index - 1, "(") || rewrite.isMark(index - 1, ","), tokens.first?.isWord("insert") == true,
                typing?.replacements[index] == nil
            {
                throw refused("DEFAULT among VALUES is not known here; leave the column out", index)
            }
        case "constraint" where rewrite.isWords(index - 2, "conflict", "on"):
            throw refused("ON CONFLICT ON CONSTRAINT is not known here; name the columns", index)
        case "into":
            if tokens.first?.isWord("select") == true { throw refused("SELECT INTO is not known here", index) }
        default: break
        }
    }

    /// Translates `OPERATOR(pg_catalog.~)`.
    private mutating func qualifiedOperator(_ index: Int) throws(SQLFailure) {
        let close = try rewrite.closing(index + 1)
        guard let name = (index..<close).last(where: { tokens[$0].kind == .operator }) else {
            throw rewrite.syntaxError(close)
        }
        let symbol = tokens[name].text
        guard let word = Self.patterns[symbol] ?? (Self.shared.contains(symbol) ? symbol : nil) else {
            throw refused("the operator \(symbol) is not known here", name)
        }
        rewrite.remove(index..<(close + 1))
        rewrite.replace(name, word)
    }

    /// Collations that compare bytes are what SQLite does anyway.
    private mutating func collation(_ index: Int) throws(SQLFailure) {
        var end = index + 2
        while rewrite.isMark(end, ".") { end += 2 }
        guard end <= tokens.count else { throw rewrite.syntaxError(tokens.count) }
        guard ["c", "posix", "default", "ucs_basic"].contains(tokens[end - 1].text.lowercased()) else {
            throw refused(
                "the collation \(tokens[end - 1].text) is not known here; texts are compared by their bytes", index)
        }
        rewrite.remove(index..<end)
    }

    /// `= ANY (…)` and `<> ALL (…)`: as IN, over a query or over the items of an array's text.
    private mutating func quantified(_ index: Int) throws(SQLFailure) {
        let isAll = tokens[index].text == "all"
        let symbol = tokens[index - 1].text
        guard symbol == "=" && !isAll || (symbol == "<>" || symbol == "!=") && isAll else {
            throw refused("\(symbol) \(tokens[index].text.uppercased()) is not known here", index)
        }
        rewrite.replace(index - 1, isAll ? "NOT IN" : "IN")
        rewrite.remove(index..<(index + 1))
        if rewrite.isWord(index + 2, "select") || rewrite.isWord(index + 2, "values") { return }
        let close = try rewrite.closing(index + 1)
        if rewrite.isWord(index + 2, "array"), rewrite.isMark(index + 3, "[") {
            rewrite.remove((index + 2)..<(index + 4))
            let bracket = try rewrite.closing(index + 3)
            rewrite.remove(bracket..<(bracket + 1))
            return
        }
        let items = typing?.items[index].map { "fairlead_items(\($0.rawValue), " } ?? "fairlead_array("
        rewrite.suffix(index + 1, "SELECT value FROM json_each(\(items)")
        rewrite.prefix(close, ")) ")
    }
}
