// CASE, its kin, and casts.

import Capabilities

extension SQLTyper {
    mutating func caseOf() throws(SQLTypingEnd) -> SQLTyped {
        let start = at
        at += 1
        var found = SQLTyped(start...start)
        var subject: SQLTyped?
        if !isWord("when") {
            subject = try expression()
            if let subject { found.include(subject) }
        }
        var values: [SQLTyped] = []
        while take("when") {
            let symbol = at - 1
            var condition = try expression()
            if subject != nil {
                guard var left = subject else { throw .unread }
                try compare(&left, symbol, &condition, shown: "=")
                subject = left
            } else {
                try requireBoolean(&condition, "CASE/WHEN")
            }
            found.include(condition)
            try expect("then")
            values.append(try expression())
        }
        guard !values.isEmpty else { throw .unread }
        if take("else") {
            let otherwise = try expression()
            // The last one counts most (transformCaseExpr).
            values.insert(otherwise, at: 0)
            if !otherwise.isNameWeak { found.name = otherwise.name }
        }
        try expect("end")
        if found.name == nil { (found.name, found.isNameWeak) = ("case", true) }
        for value in values { found.include(value) }
        (found.type, found.modifier) = try unified(values, "CASE")
        if found.type == .numeric { found.number = joined(values) }
        return found
    }

    /// Gives values that stand for one another one type, and the form that goes with it.
    mutating func unified(
        _ values: [SQLTyped], _ context: String
    ) throws(SQLTypingEnd) -> (type: SQLType, modifier: Int32) {
        let result = try common(values, context)
        for value in values where value.open == nil && needsConversion(value.type, to: result.type) {
            typing.conversions.append(SQLConversion(words: value.words, type: result.type))
        }
        return result
    }

    // MARK: Casts

    private mutating func type() throws(SQLTypingEnd) -> SQLDeclaredType {
        do throws(SQLFailure) {
            guard let type = try SQLDeclaredType.read(tokens, at: &at), at <= end else { throw SQLFailure("", "") }
            return type
        } catch {
            throw .unread
        }
    }

    mutating func cast(_ left: SQLTyped) throws(SQLTypingEnd) -> SQLTyped {
        let symbol = at
        at += 1
        return try converted(left, left.words.lowerBound, symbol, try type())
    }

    mutating func castCall() throws(SQLTypingEnd) -> SQLTyped {
        let start = at
        at += 2
        let inner = try expression()
        try expect("as")
        let type = try type()
        try expectMark(")")
        return try converted(inner, start, start, type)
    }

    private mutating func converted(
        _ inner: SQLTyped, _ start: Int, _ symbol: Int, _ type: SQLDeclaredType
    ) throws(SQLTypingEnd) -> SQLTyped {
        guard inner.row.isEmpty else { throw .unread }
        if case .parameter(let number) = inner.open {
            typing.parameters[number] = typing.parameters[number] ?? type.type
        }
        if case .string(let word) = inner.open, type.type.isReadFromText, type.type != .time, !readsCatalog {
            // A literal is read at once, and its place is told.
            do throws(SQLFailure) {
                _ = try type.type.value(try tokens[word].stringValue(in: rewrite.source) ?? [])
            } catch {
                var failure = error
                failure.offset = tokens[word].start
                throw .failed(failure)
            }
        }
        if inner.open == nil, !readsCatalog, inner.type.isCastable(to: type.type) == false {
            throw failure(
                "42846", "cannot cast type \(inner.type.displayName) to \(type.type.displayName)", symbol)
        }
        if inner.type == .boolean, inner.open == nil, type.type.isText {
            typing.conversions.append(SQLConversion(words: inner.words, type: .text, from: .boolean))
        }
        var found = made(type.type, start, of: inner)
        found.modifier = type.modifier
        if type.type == .numeric {
            found.number = converted(inner, type)
            if inner.open == nil { keepCertainDigits([inner.words], inner.type) }
        }
        if type.type.isText { try showAsText(inner) }
        // A decimal number's halves are rounded away from zero, a float's to what is even.
        if inner.type == .numeric, type.type.isWhole { _ = wrap(inner.words, "fairlead_round(", ")") }
        if let name = inner.name, !inner.isNameWeak {
            found.name = name
        } else {
            (found.name, found.isNameWeak) = ((type.type.item ?? type.type).catalogName, true)
        }
        typing.operands[found.words] = type.type
        return found
    }
}
