// Decimal numbers: how many digits they show, and where they have to (numeric.c).

import Capabilities

extension SQLTyper {
    /// The digits behind the point of a number's text.
    static func scale(of text: [UInt8]) -> Int? {
        let parts = text.split(separator: UInt8(ascii: "e"), omittingEmptySubsequences: false)
        let capital = text.split(separator: UInt8(ascii: "E"), omittingEmptySubsequences: false)
        let (mantissa, exponent) =
            parts.count == 2 ? (parts[0], parts[1]) : capital.count == 2 ? (capital[0], capital[1]) : (text[...], [])
        let behind = mantissa.firstIndex(of: UInt8(ascii: ".")).map { mantissa.endIndex - $0 - 1 } ?? 0
        guard !exponent.isEmpty else { return behind }
        return Int(String(decoding: exponent, as: UTF8.self)).map { max(0, behind - max(-400, min(400, $0))) }
    }

    /// Puts text around words, and tells the number by which it can be taken back.
    mutating func wrap(_ words: ClosedRange<Int>, _ open: String, _ close: String) -> Int {
        nextWrap += 1
        typing.wraps[nextWrap] = (words, open, close)
        return nextWrap
    }

    /// Makes texts of numbers.
    mutating func apply(_ edits: [SQLExactEdit]) {
        for edit in edits {
            switch edit {
            case .wrap(let words, let open, let close): _ = wrap(words, open, close)
            case .replace(let word, let text): typing.replacements[word] = text
            case .cancel(let number): typing.wraps[number] = nil
            case .bind(let number): typing.shownParameters[number, default: 0] += 1
            }
        }
    }

    /// What makes a text of any number; nil for what is none, or has no words.
    func exactForm(_ operand: SQLTyped) -> [SQLExactEdit]? {
        if operand.type.isWhole { return [.wrap(operand.words, "fairlead_decimal(", ", 0)")] }
        guard operand.type == .numeric else { return nil }
        if let scale = operand.number.scale { return [.wrap(operand.words, "fairlead_decimal(", ", \(scale))")] }
        return operand.number.exact
    }

    /// A value that becomes a text, or a part of one, and would be shown otherwise by SQLite.
    mutating func showAsText(_ operand: SQLTyped) throws(SQLTypingEnd) {
        guard operand.open == nil else { return }
        try wrapAsText([operand.words], operand)
    }

    /// The same of a value that `leaves` give.
    mutating func wrapAsText(_ leaves: [ClosedRange<Int>], _ value: SQLTyped) throws(SQLTypingEnd) {
        let (open, close): (String, String)
        switch value.type {
        case .numeric:
            if value.number.isText { return }
            if value.number.scale == nil {
                if let exact = value.number.exact { return apply(exact) }
                guard value.number.isShortest else {
                    throw refused(
                        "how many digits this number shows is not known here; cast it to numeric(p, s)",
                        value.words.lowerBound)
                }
            }
            (open, close) = ("fairlead_decimal(", ", \(value.number.scale ?? -1))")
        case .unknown where readsCatalog || !value.row.isEmpty: return
        case .float32, .float64, .bytes, .unknown:
            (open, close) = ("fairlead_output(", ", \(value.type.rawValue))")
        case .regclass: (open, close) = ("fairlead_regclass(", ")")
        case .regproc, .regprocedure, .regtype:
            (open, close) = ("fairlead_registered(", ", \(value.type.rawValue))")
        default: return
        }
        for words in leaves { _ = wrap(words, open, close) }
    }

    /// The number of the parameter that some words are; nil for anything else.
    func parameter(_ words: ClosedRange<Int>) -> Int? {
        words.count == 1 && tokens[words.lowerBound].kind == .parameter ? tokens[words.lowerBound].number : nil
    }

    // MARK: Where digits come from

    /// A column's.
    mutating func form(of column: SQLTypedColumn, _ words: ClosedRange<Int>) -> SQLNumberForm {
        var form = column.number
        form.exact = [.wrap(words, "fairlead_decimal(", ", -1)")]
        if column.modifier >= 4 { form.scale = Int((column.modifier - 4) & 0xFFFF) }
        if let scale = form.scale { form.isShortest = scale == 0 }
        if form.isText {
            form.exact = [.cancel(wrap(words, "CAST(", " AS NUMERIC)"))]
            form.isText = false
            form.isShortest = false
        }
        return form
    }

    /// The result of an operator.
    mutating func form(
        _ left: SQLTyped, _ symbol: Int, _ right: SQLTyped, _ type: SQLType
    ) throws(SQLTypingEnd) -> SQLNumberForm {
        let name = tokens[symbol].text
        let words = left.words.lowerBound...right.words.upperBound
        if type == .float32 || type == .float64 {
            return try computeFloats(left, symbol, right, type)
        }
        guard type == .numeric else { return SQLNumberForm() }
        let scales = [left, right].map { $0.type.isWhole ? 0 : $0.number.scale }
        var form = SQLNumberForm()
        form.isShortest = false
        if let one = scales[0], let other = scales[1], name != "/" {
            form.scale = name == "*" ? one + other : max(one, other)
        }
        if name == "%" {
            typing.replacements[symbol] = ","
            _ = wrap(words, "fairlead_remainder(", ")")
            return form
        }
        let plain =
            name == "/"
            ? wrap(left.words, "CAST((", ") AS REAL)")
            : wrap(words, "fairlead_numeric(", ", \(form.scale ?? -1))")
        guard form.scale == nil else { return form }
        let functions = ["+": "add", "-": "subtract", "*": "multiply", "/": "divide"]
        var edits: [SQLExactEdit] = [.cancel(plain)]
        for operand in [left, right] where operand.number.scale == nil && operand.type == .numeric {
            guard let exact = operand.number.exact else {
                if operand.number.isShortest { continue }
                // Of digits that are not known nothing is computed exactly.
                return form
            }
            edits += exact
        }
        edits.append(.replace(symbol, ", \(scales[0] ?? -1), "))
        edits.append(.wrap(words, "fairlead_decimal_\(functions[name] ?? "add")(", ", \(scales[1] ?? -1))"))
        form.exact = edits
        return form
    }

    /// A number with signs before it.
    func signed(_ inner: SQLTyped, _ start: Int, _ signs: Int) -> SQLNumberForm {
        var form = inner.number
        form.isStored = false
        guard form.scale == nil, let exact = form.exact else { return form }
        guard signs == 1, tokens[start].isOperator("-") else {
            form.exact = nil
            return form
        }
        form.exact =
            exact + [
                .replace(start, ""),
                .wrap(start...inner.words.upperBound, "fairlead_decimal_subtract(0, 0, ", ", -1)"),
            ]
        return form
    }

    /// A cast to numeric.
    func converted(_ inner: SQLTyped, _ type: SQLDeclaredType) -> SQLNumberForm {
        var form = SQLNumberForm()
        form.scale = type.scale
        form.isShortest = type.scale == 0
        guard type.scale == nil else { return form }
        form.isShortest = true
        if case .string(let word) = inner.open, let text = try? tokens[word].stringValue(in: rewrite.source) {
            form.scale = Self.scale(of: text.filter { $0 != 0x20 })
        } else if inner.type.isWhole {
            form.scale = 0
        } else if inner.type == .numeric {
            form.scale = inner.number.scale
            form.isShortest = inner.number.isShortest
        }
        let exact = parameter(inner.words).map { [SQLExactEdit.bind($0)] } ?? inner.number.exact
        if form.scale == nil, inner.open != nil || inner.type == .numeric, let exact {
            form.isShortest = false
            // A cast keeps the digits of what it is given so.
            form.exact = exact + [.wrap(inner.words, "fairlead_exact(", ")")]
        }
        return form
    }

    /// What stands for one of several numbers.
    mutating func joined(_ values: [SQLTyped]) -> SQLNumberForm {
        var form = SQLNumberForm()
        let told = values.filter { $0.open != .null }
        let scales = Set(told.map { $0.type.isWhole ? 0 : $0.number.scale })
        if scales.count == 1, let scale = scales.first, told.allSatisfy({ $0.open == nil }) {
            form.scale = scale
            form.isShortest = told.allSatisfy { $0.type.isWhole || $0.number.isShortest }
            if scale != nil { return form }
        }
        form.isShortest = told.allSatisfy { $0.type.isWhole || $0.number.isShortest && $0.open == nil }
        var edits: [SQLExactEdit] = []
        for value in told {
            if case .string(let word) = value.open, let text = try? tokens[word].stringValue(in: rewrite.source) {
                edits.append(.wrap(value.words, "fairlead_decimal(", ", \(Self.scale(of: text) ?? 0))"))
                continue
            }
            guard let exact = exactForm(value) else { return form }
            edits += exact
        }
        form.exact = edits
        return form
    }

    /// Numbers of several queries that become one column.
    mutating func merged(
        _ parts: [SQLTypedColumn], _ symbol: Int, keepsAll: Bool
    ) throws(SQLTypingEnd) -> SQLNumberForm {
        var form = SQLNumberForm()
        let scales = Set(parts.map { $0.type.isWhole ? 0 : $0.number.scale })
        let areStored = parts.allSatisfy { $0.number.isStored }
        // What compares texts of numbers takes the order of the leftmost one.
        let collation = parts[0].leaves.first.map { SQLExactEdit.wrap($0, "", " COLLATE fairlead_decimal") }
        if parts.allSatisfy({ $0.number.isText }) {
            (form.isText, form.isStored) = (true, areStored)
            if !keepsAll, !areStored {
                guard let collation else { throw unlikeDigits(symbol) }
                apply([collation])
            }
            return form
        }
        form.isShortest = parts.allSatisfy { $0.type.isWhole || $0.number.isShortest }
        if scales.count == 1, let scale = scales.first, scale != nil {
            form.scale = scale
            return form
        }
        // Texts of columns are compared as the numbers that they are.
        if areStored, parts.allSatisfy({ $0.number.isText || $0.number.exact != nil }) {
            form.exact = parts.flatMap { $0.number.isText ? [] : $0.number.exact ?? [] }
            (form.isShortest, form.isStored) = (false, true)
            return form
        }
        if parts.allSatisfy({ ($0.type != .numeric || $0.number.isShortest) && !$0.number.isText }) { return form }
        form.isShortest = false
        form.exact = []
        for part in parts {
            if part.type == .numeric, part.number.scale == nil, let exact = part.number.exact {
                form.exact? += exact
            } else if !part.leaves.isEmpty, part.type.isWhole || part.number.scale != nil {
                let scale = part.type.isWhole ? 0 : part.number.scale ?? 0
                form.exact? += part.leaves.map { .wrap($0, "fairlead_decimal(", ", \(scale))") }
            } else if !part.number.isText {
                form.exact = nil
            }
        }
        if !keepsAll {
            guard let collation else { throw unlikeDigits(symbol) }
            form.exact?.append(collation)
        }
        guard form.exact != nil else { throw unlikeDigits(symbol) }
        return form
    }

    /// Has a UNION or an EXCEPT give the first of rows that are equal, as PostgreSQL does and SQLite does not.
    mutating func keepFirst(_ start: Int, _ symbol: Int, isRecursive: Bool) throws(SQLTypingEnd) {
        guard !isRecursive else { throw unlikeDigits(symbol) }
        guard tokens[symbol].isWord("union") else { return typing.leftSides.append(start...(symbol - 1)) }
        typing.replacements[symbol] = "UNION ALL"
        if rewrite.isWord(symbol + 1, "distinct") { typing.replacements[symbol + 1] = "" }
        typing.distincts.append(start...(at - 1))
    }

    func unlikeDigits(_ symbol: Int) -> SQLTypingEnd {
        refused(
            "numbers with different digits behind the point are not known here in one column; cast them to one numeric(p, s)",
            symbol)
    }

    // MARK: Where digits are shown

    /// Makes texts of the columns whose digits only a computation tells.
    mutating func showDigits(_ selection: inout SQLSelection) throws(SQLTypingEnd) {
        guard var columns = selection.columns else { return }
        for place in columns.indices where columns[place].type == .numeric {
            let form = columns[place].number
            guard form.scale == nil, !form.isShortest, !form.isText else { continue }
            guard let exact = form.exact else {
                throw refused(
                    "how many digits this number shows is not known here; cast it to numeric(p, s)",
                    columns[place].leaves.first?.lowerBound ?? at)
            }
            apply(exact)
            // The same number may have other digits; an index would not give the first one.
            if selection.isDistinct {
                for words in columns[place].leaves {
                    _ = form.isStored ? wrap(words, "+", "") : wrap(words, "", " COLLATE fairlead_decimal")
                }
            }
            if let words = columns[place].leaves.first, !columns[place].isAliased {
                typing.names[words] = columns[place].name
            }
            columns[place].number = SQLNumberForm(
                scale: nil, exact: nil, isShortest: false, isText: true, isStored: form.isStored)
        }
        selection.columns = columns
    }

    /// Orders by a column that is a text of numbers, or jsonb.
    mutating func order(_ word: Int, _ column: SQLTypedColumn) {
        collate(word, column)
        guard column.number.isText else { return }
        _ = wrap(word...word, "", " COLLATE fairlead_decimal")
    }
}
