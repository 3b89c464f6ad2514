// Expressions: operators by their precedence (manual, "Operator Precedence"), and what they make of types.

import Capabilities

extension SQLTyper {
    /// How tightly operators bind.
    enum Level {
        static let or = 0
        static let and = 1
        static let not = 2
        static let isTest = 3
        static let comparison = 4
        static let range = 5
        static let other = 6
        static let sum = 7
        static let product = 8
        static let power = 9
        static let zone = 10
        static let collation = 11
        static let sign = 12
        static let item = 13
        static let cast = 14
    }

    static let comparisons: Set<String> = ["=", "<>", "!=", "<", ">", "<=", ">="]
    private static let patterns: Set<String> = ["~", "!~", "~*", "!~*", "~~", "!~~", "~~*", "!~~*"]

    /// The expressions between commas.
    mutating func expressions() throws(SQLTypingEnd) -> [SQLTyped] {
        var found = [try expression()]
        while takeMark(",") { found.append(try expression()) }
        return found
    }

    /// An expression whose operators bind at least as tightly as `level`.
    mutating func expression(_ level: Int = Level.or) throws(SQLTypingEnd) -> SQLTyped {
        try deeper { typer throws(SQLTypingEnd) in
            var left = try typer.prefixed(level)
            var count = 0
            while true {
                typer.settleGroups(&left)
                guard let next = try typer.infix(left, level) else { return left }
                left = next
                count += 1
                if count > Self.longestChain {
                    throw typer.failure("54001", "stack depth limit exceeded", typer.at)
                }
            }
        }
    }

    private mutating func prefixed(_ level: Int) throws(SQLTypingEnd) -> SQLTyped {
        guard at < end else { throw .unread }
        let start = at
        if isWord("not") {
            guard level <= Level.not else { throw .unread }
            at += 1
            var inner = try expression(Level.not)
            try requireBoolean(&inner, "NOT")
            return made(.boolean, start, of: inner)
        }
        if tokens[at].isOperator("-") || tokens[at].isOperator("+") {
            var signs = 0
            while at < end, tokens[at].isOperator("-") || tokens[at].isOperator("+") {
                at += 1
                signs += 1
            }
            var inner = try expression(Level.sign)
            let sign = inner.words.lowerBound - 1
            if inner.open == .null || isString(inner), sign >= start, tokens[sign].isOperator("-") {
                throw failure(
                    "42725", "operator is not unique: - unknown", sign,
                    hint: "Could not choose a best candidate operator. You might need to add explicit type casts.")
            }
            if case .string(let word) = inner.open {
                inner.open = nil
                inner.type = .float64
                typing.literals[word] = .float64
            }
            let isNumber = inner.type.family == .number
            guard isNumber || inner.type == .unknown || inner.open != nil else {
                throw failure(
                    "42883", "operator does not exist: \(tokens[at - 1].text) \(inner.type.displayName)", start)
            }
            if case .parameter(let number) = inner.open {
                typing.parameters[number] = .float64
                inner.type = .float64
            }
            var result = made(inner.type, start, of: inner)
            result.number = signed(inner, start, signs)
            return result
        }
        if tokens[at].isOperator("~") {
            at += 1
            var inner = try expression(Level.other + 1)
            guard inner.open == nil, inner.type.isWhole || inner.type == .unknown else {
                if inner.open != nil { throw failure("42725", "operator is not unique: ~ unknown", start) }
                throw failure("42883", "operator does not exist: ~ \(inner.type.displayName)", start)
            }
            // SQLite's binds more tightly than anything.
            _ = wrap(inner.words, "(", ")")
            (inner.modifier, inner.name) = (-1, nil)
            return made(inner.type, start, of: inner)
        }
        return try primary()
    }

    private func isString(_ operand: SQLTyped) -> Bool {
        if case .string = operand.open { return true }
        return false
    }

    /// What comes of an expression that begins at `start` and ends before the present word.
    func made(_ type: SQLType, _ start: Int, of parts: SQLTyped...) -> SQLTyped {
        var result = SQLTyped(start...max(start, at - 1), type)
        if parts.count == 1 { result.references = parts[0].references } else { result.include(parts[0]) }
        for part in parts.dropFirst() { result.include(part) }
        if parts.count == 1 { (result.aggregate, result.window) = (parts[0].aggregate, parts[0].window) }
        return result
    }

    // MARK: What follows an operand

    private mutating func infix(_ left: SQLTyped, _ level: Int) throws(SQLTypingEnd) -> SQLTyped? {
        guard at < end else { return nil }
        let token = tokens[at]
        switch token.kind {
        case .operator: return try symbol(left, level)
        case .mark:
            if token.text == "::" {
                guard level <= Level.cast else { return nil }
                return try cast(left)
            }
            guard level <= Level.item else { return nil }
            if token.text == "[" { return try item(left) }
            if token.text == "." { return try field(left) }
            return nil
        case .word: return try word(left, level)
        default: return nil
        }
    }

    /// An item of an array, of the catalogue's and of schemas' only.
    private mutating func item(_ left: SQLTyped) throws(SQLTypingEnd) -> SQLTyped {
        guard readsCatalog || left.type == .nameArray else { throw .unread }
        at += 1
        let place = try expression()
        try expectMark("]")
        // Vectors of numbers are texts in our tables.
        let type = left.type.item ?? (left.type == .text ? .int16 : .unknown)
        var found = made(type, left.words.lowerBound, of: left, place)
        found.name = left.name
        return found
    }

    /// A field of what `_pg_expandarray` gives, `(keys).n`.
    private mutating func field(_ left: SQLTyped) throws(SQLTypingEnd) -> SQLTyped {
        guard readsCatalog, isWord(1, "x") || isWord(1, "n") else { throw .unread }
        at += 2
        var found = made(tokens[at - 1].text == "n" ? .int32 : .int16, left.words.lowerBound, of: left)
        found.name = tokens[at - 1].text
        return found
    }

    private mutating func symbol(_ left: SQLTyped, _ level: Int) throws(SQLTypingEnd) -> SQLTyped? {
        let symbol = at
        let name = tokens[at].text
        if name == "*" || name == "/" || name == "%" {
            guard level <= Level.product else { return nil }
            at += 1
            return try arithmetic(left, symbol, try expression(Level.product + 1))
        }
        if name == "+" || name == "-" {
            guard level <= Level.sum else { return nil }
            at += 1
            return try arithmetic(left, symbol, try expression(Level.sum + 1))
        }
        if name == "^" { throw refused("the operator ^ is not known here", at) }
        if Self.comparisons.contains(name) {
            guard level <= Level.comparison else { return nil }
            if left.isBareComparison { throw failure("42601", "syntax error at or near \"\(name)\"", at) }
            at += 1
            var found: SQLTyped
            if isWord("any") || isWord("all") || isWord("some") {
                found = try quantified(left, symbol)
            } else {
                found = try comparison(left, symbol, try expression(Level.comparison + 1))
            }
            found.isBareComparison = true
            return found
        }
        guard level <= Level.other else { return nil }
        at += 1
        if isWord("any") || isWord("all") || isWord("some") { throw .unread }
        var (left, right) = (left, try expression(Level.other + 1))
        if let found = try json(left, symbol, right) { return found }
        if name == "||" { return try joined(&left, symbol, &right) }
        if Self.patterns.contains(name) { return try pattern(&left, symbol, &right) }
        if ["&", "|", "#", "<<", ">>"].contains(name) { return try bits(&left, symbol, &right) }
        doubt(left)
        doubt(right)
        switch name {
        case "->", "->>", "#>", "#>>":
            guard readsCatalog else {
                guard left.open == nil else {
                    throw failure("42725", "operator is not unique: unknown \(name) unknown", symbol)
                }
                guard left.type == .unknown else { throw noOperator(left, name, right, symbol) }
                // Whether it keeps its text depends on its type.
                throw refused("\(name) of a value whose type is not told is not known here", symbol)
            }
            return made(name.hasSuffix(">>") ? .text : .unknown, left.words.lowerBound, of: left, right)
        default: return made(.unknown, left.words.lowerBound, of: left, right)
        }
    }

    private mutating func word(_ left: SQLTyped, _ level: Int) throws(SQLTypingEnd) -> SQLTyped? {
        let start = left.words.lowerBound
        switch tokens[at].text {
        case "or", "and":
            let own = tokens[at].text == "or" ? Level.or : Level.and
            guard level <= own else { return nil }
            at += 1
            var (left, right) = (left, try expression(own + 1))
            let clause = own == Level.or ? "OR" : "AND"
            try requireBoolean(&left, clause)
            try requireBoolean(&right, clause)
            left.words = start...(at - 1)
            left.include(right)
            left.type = .boolean
            (left.name, left.open, left.modifier) = (nil, nil, -1)
            return left
        case "is":
            guard level <= Level.isTest else { return nil }
            at += 1
            return try isTest(left)
        case "isnull", "notnull":
            guard level <= Level.isTest else { return nil }
            at += 1
            return made(.boolean, start, of: left)
        case "not":
            guard level <= Level.range, at + 1 < end else { return nil }
            guard ["in", "between", "like", "ilike", "similar"].contains(tokens[at + 1].text) else { return nil }
            at += 1
            return try range(left)
        case "in", "between", "like", "ilike", "similar":
            guard level <= Level.range else { return nil }
            return try range(left)
        case "at":
            guard level <= Level.zone, isWord(1, "time"), isWord(2, "zone") else { return nil }
            return try atZone(left)
        case "collate":
            guard level <= Level.collation else { return nil }
            at += 2
            while isMark("."), at + 1 < end { at += 2 }
            guard at <= end else { throw .unread }
            var left = left
            left.words = start...(at - 1)
            return left
        case "operator":
            guard isMark(1, "(") else { return nil }
            guard level <= Level.other else { return nil }
            at = try closing(at + 1) + 1
            let right = try expression(Level.other + 1)
            doubt(left)
            doubt(right)
            return made(.unknown, start, of: left, right)
        case "overlaps": throw refused("OVERLAPS is not known here", at)
        default: return nil
        }
    }

    /// `x AT TIME ZONE z`: a time without a zone gets one, and the other way round.
    private mutating func atZone(_ left: SQLTyped) throws(SQLTypingEnd) -> SQLTyped {
        let symbol = at
        at += 3
        var (left, zone) = (left, try expression(Level.zone + 1))
        try resolve(&left, as: .timestampWithZone)
        try resolve(&zone, as: .text)
        guard left.type != .unknown, left.type != .time else {
            throw refused("AT TIME ZONE of this type is not known here", symbol)
        }
        guard left.type.family == .time, zone.type.family == .text else {
            throw failure(
                "42883",
                "function pg_catalog.timezone(\(zone.type.displayName), \(left.type.displayName)) does not exist",
                symbol)
        }
        let type: SQLType = left.type == .timestamp ? .timestampWithZone : .timestamp
        typing.replacements[symbol] = ","
        typing.replacements[symbol + 1] = ""
        typing.replacements[symbol + 2] = ""
        var found = made(type, left.words.lowerBound, of: left, zone)
        _ = wrap(found.words, "fairlead_at_zone(", ", \(type == .timestampWithZone ? 1 : 0))")
        found.name = "timezone"
        return found
    }
}
