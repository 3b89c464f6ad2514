// Predicates: IS, IN, BETWEEN, LIKE, ANY and comparisons of rows.

import Capabilities

extension SQLTyper {
    mutating func isTest(_ left: SQLTyped) throws(SQLTypingEnd) -> SQLTyped {
        _ = take("not")
        let start = left.words.lowerBound
        if take("distinct") {
            try expect("from")
            let symbol = at - 1
            let right = try expression(Level.isTest + 1)
            return try comparison(left, symbol, right, shown: "=")
        }
        var left = left
        if take("true") || take("false") || take("unknown") {
            try requireBoolean(&left, "IS \(tokens[at - 1].text.uppercased())")
        } else if !take("null") {
            throw .unread
        }
        return made(.boolean, start, of: left)
    }

    /// IN, BETWEEN, LIKE and their kin, which SQLite binds no more tightly than a comparison.
    mutating func range(_ left: SQLTyped) throws(SQLTypingEnd) -> SQLTyped {
        let found = try rangeTest(left)
        let before = found.words.lowerBound - 1
        let isCompared = before >= 0 && (tokens[before].kind == .operator || tokens[before].isWord("from"))
        if isCompared { _ = wrap(found.words, "(", ")") }
        return found
    }

    private mutating func rangeTest(_ left: SQLTyped) throws(SQLTypingEnd) -> SQLTyped {
        let symbol = at
        let start = left.words.lowerBound
        if take("between") {
            if isWord("symmetric") { throw refused("BETWEEN SYMMETRIC is not known here", at) }
            if take("asymmetric") { typing.replacements[at - 1] = "" }
            var low = try expression(Level.range + 1)
            try expect("and")
            var high = try expression(Level.range + 1)
            var left = left
            try compare(&left, symbol, &low, shown: ">=")
            try compare(&left, symbol, &high, shown: "<=")
            return made(.boolean, start, of: left, low, high)
        }
        if take("in") { return try membership(left, symbol) }
        if isWord("similar") { return try similarity(left) }
        at += 1
        var (left, right) = (left, try expression(Level.range + 1))
        var result = try pattern(&left, symbol, &right)
        if take("escape") {
            var escape = try expression(Level.range + 1)
            try resolve(&escape, as: .text)
            result.include(escape)
            result.words = start...(at - 1)
        }
        return result
    }

    /// Reads `x SIMILAR TO pattern`, which is a regular expression of its own.
    private mutating func similarity(_ left: SQLTyped) throws(SQLTypingEnd) -> SQLTyped {
        let symbol = at
        at += 1
        try expect("to")
        var (left, right) = (left, try expression(Level.range + 1))
        var result = try pattern(&left, symbol, &right)
        typing.replacements[symbol] = "REGEXP"
        typing.replacements[symbol + 1] = ""
        var end = right.words.upperBound
        if take("escape") {
            typing.replacements[at - 1] = ","
            var escape = try expression(Level.range + 1)
            try resolve(&escape, as: .text)
            result.include(escape)
            result.words = left.words.lowerBound...(at - 1)
            end = escape.words.upperBound
        }
        _ = wrap(right.words.lowerBound...end, "fairlead_similar(", ")")
        return result
    }

    /// Reads `x IN (…)`.
    mutating func membership(_ left: SQLTyped, _ symbol: Int) throws(SQLTypingEnd) -> SQLTyped {
        let start = left.words.lowerBound
        guard isMark("(") else { throw .unread }
        if startsQuery(at + 1) {
            let found = try subquery()
            return try compareRows(left, symbol, found)
        }
        at += 1
        var items = try expressions()
        try expectMark(")")
        var left = left
        // Several values without columns in them are of one type with the left side, if they can be (transformAExprIn).
        if left.row.isEmpty, left.open != nil || items.contains(where: { $0.open != nil }) {
            var all = [left] + items
            if let type = try? commonType(all, "IN"), type != .unknown {
                for place in all.indices { try resolve(&all[place], as: type) }
                left = all[0]
                items = Array(all.dropFirst())
            }
        }
        var result = made(.boolean, start, of: left)
        for place in items.indices {
            try compare(&left, symbol, &items[place], shown: "=")
            result.include(items[place])
        }
        result.words = start...(at - 1)
        return result
    }

    /// Reads `x = ANY (…)`.
    mutating func quantified(_ left: SQLTyped, _ symbol: Int) throws(SQLTypingEnd) -> SQLTyped {
        let word = at
        at += 1
        guard isMark("(") else { throw .unread }
        if startsQuery(at + 1) { return try compareRows(left, symbol, try subquery()) }
        let start = left.words.lowerBound
        at += 1
        var array = try expression()
        try expectMark(")")
        // The items are found in the array's text, whose numbers are doubles.
        if left.type == .float32 || array.type.item == .float32 {
            throw refused("ANY of an array of real is not known here; use IN", symbol)
        }
        var left = left
        if case .parameter(let number) = array.open, typing.parameters[number] == nil {
            if let type = left.type.array { typing.parameters[number] = type } else { doubtful.insert(number) }
            array.open = nil
        } else if array.open != nil {
            array.open = nil
        } else if let item = array.type.item {
            var one = SQLTyped(array.words, item)
            try compare(&left, symbol, &one, shown: tokens[symbol].text)
        }
        // The items are compared as values of this type.
        var item = array.type.item ?? left.type
        if item == .unknown, left.open != nil { item = .text }
        if [.bytes, .json, .jsonb].contains(item) {
            throw refused("ANY of an array of \(item.displayName) is not known here; use IN", symbol)
        }
        if item != .unknown { typing.items[word] = item }
        doubt(left)
        return made(.boolean, start, of: left, array)
    }

    mutating func compareRows(
        _ left: SQLTyped, _ symbol: Int, _ found: SQLTyped
    ) throws(SQLTypingEnd) -> SQLTyped {
        var (left, found) = (left, found)
        let text = tokens[symbol].kind == .operator ? tokens[symbol].text : "="
        if left.row.isEmpty, found.row.isEmpty {
            try compare(&left, symbol, &found, shown: text)
        } else if !found.row.isEmpty {
            guard left.row.count == found.row.count else {
                throw failure(
                    "42601", "subquery has too \(left.row.count < found.row.count ? "many" : "few") columns", symbol)
            }
            for place in left.row.indices { try compare(&left.row[place], symbol, &found.row[place], shown: text) }
        }
        return made(.boolean, left.words.lowerBound, of: left, found)
    }

    mutating func comparison(
        _ left: SQLTyped, _ symbol: Int, _ right: SQLTyped, shown: String? = nil
    ) throws(SQLTypingEnd) -> SQLTyped {
        var (left, right) = (left, right)
        let text = shown ?? tokens[symbol].text
        if left.row.isEmpty, right.row.isEmpty {
            try compare(&left, symbol, &right, shown: text)
        } else if left.row.count == right.row.count {
            for place in left.row.indices { try compare(&left.row[place], symbol, &right.row[place], shown: text) }
        } else if !left.row.isEmpty, !right.row.isEmpty {
            throw failure("42601", "unequal number of entries in row expressions", symbol)
        }
        return made(.boolean, left.words.lowerBound, of: left, right)
    }
}
