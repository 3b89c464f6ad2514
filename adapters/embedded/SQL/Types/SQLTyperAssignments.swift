// What is stored in a column: it has to be of the column's type, or become it.

import Capabilities

extension SQLTyper {
    /// Checks and converts what is stored in `column`; nil for a column of which nothing is known.
    ///
    /// `leaves` are the words that give it where those are not the value's own: none behind a star.
    mutating func assign(
        _ value: inout SQLTyped, to column: SQLTypedColumn?, leaves: [ClosedRange<Int>]? = nil
    ) throws(SQLTypingEnd) {
        guard let column, column.type != .unknown else { return doubt(value) }
        guard value.row.isEmpty else { throw .unread }
        let isOpen = value.open != nil
        var isNull = false
        if case .null = value.open { isNull = true }
        let own = value.type
        let open = value.open
        try resolve(&value, as: column.type)
        if !isOpen {
            guard own != .unknown else { return }
            guard own.isAssignable(to: column.type) else {
                throw failure(
                    "42804",
                    "column \"\(column.name)\" is of type \(column.type.displayName) but expression is of type \(own.displayName)",
                    value.words.lowerBound, hint: "You will need to rewrite or cast the expression.")
            }
        }
        if column.type == .numeric, !isOpen, own.isFloat {
            guard leaves?.isEmpty != true else {
                throw refused("a star whose columns have to be converted is not known here", at - 1)
            }
            keepCertainDigits(leaves ?? [value.words], own)
        }
        if column.type == .numeric, column.number.isText {
            if !isNull { try keepDigits(value, open, own, leaves) }
            return
        }
        let isScaled = column.type == .numeric && column.modifier >= 4 && !isNull
        var conversion = SQLConversion(words: value.words, type: column.type, modifier: isScaled ? column.modifier : -1)
        conversion.from = isOpen ? .unknown : own
        let isSame = own == column.type && !isOpen
        switch column.type {
        case .numeric where isScaled && !(isSame && value.modifier == column.modifier) && !own.isWhole: break
        case .int16, .int32, .int64:
            if isOpen || isSame || own.isWhole { return }
            if own == .numeric { try wrap(leaves ?? [value.words], "fairlead_round(", ")") }
        case .float32:
            if isOpen || isSame { return }
            return try wrap(leaves ?? [value.words], "fairlead_real(", ")")
        case .date, .timestamp, .timestampWithZone, .time: if isOpen || isSame { return }
        case .text, .boundedText, .fixedText, .name, .character:
            if !isNull { try fit(value, leaves, isOpen: isOpen, own: own, to: column) }
            guard !isOpen else { return }
            guard own == .boolean else {
                if own == .numeric || own == .float32 || own == .float64 || own == .bytes || own == .regclass {
                    guard leaves?.isEmpty != true else {
                        throw refused("a star whose columns have to be converted is not known here", at - 1)
                    }
                    try wrapAsText(leaves ?? [value.words], value)
                }
                return
            }
            conversion.type = .text
        case .json, .jsonb:
            // Of a text only jsonb is another form; a json column's own rule looks at it.
            guard column.type == .jsonb, !isSame, !isOpen else { return }
        default: return
        }
        typing.conversions.append(conversion)
    }

    /// Cuts the spaces off that varchar(n) and char(n) do not keep.
    private mutating func fit(
        _ value: SQLTyped, _ leaves: [ClosedRange<Int>]?, isOpen: Bool, own: SQLType, to column: SQLTypedColumn
    ) throws(SQLTypingEnd) {
        let isFixed = column.type == .fixedText
        guard isFixed || column.type == .boundedText, column.modifier >= 4 else { return }
        // What is of such a type has been cut already.
        if own == column.type, !isOpen, value.modifier >= 4, isFixed || value.modifier <= column.modifier { return }
        let length = Int(column.modifier) - 4
        // Behind a star a text that is too long fails, whatever it ends in.
        if let leaves, leaves.isEmpty, !isFixed { return }
        if leaves == nil, tokens[value.words.lowerBound].isString, value.words.count == 1,
            let text = try? tokens[value.words.lowerBound].stringValue(in: rewrite.source)
        {
            if text.count <= length, !isFixed || text.last != 0x20 { return }
        }
        try wrap(leaves ?? [value.words], isFixed ? "fairlead_char(" : "fairlead_varchar(", ", \(length))")
    }

    private mutating func wrap(
        _ leaves: [ClosedRange<Int>], _ open: String, _ close: String
    ) throws(SQLTypingEnd) {
        guard !leaves.isEmpty else {
            throw refused("a star whose columns have to be converted is not known here", at - 1)
        }
        for words in leaves { _ = wrap(words, open, close) }
    }

    /// Makes the text of what is stored in a `numeric` without a scale.
    private mutating func keepDigits(
        _ value: SQLTyped, _ open: SQLTyped.Open?, _ own: SQLType, _ leaves: [ClosedRange<Int>]?
    ) throws(SQLTypingEnd) {
        switch open {
        case .string(let word):
            typing.literals[word] = nil
            let text = (try? tokens[word].stringValue(in: rewrite.source)) ?? []
            do throws(SQLFailure) {
                let digits = try SQLDecimal.digits(text)
                typing.replacements[word] = SQLText.literal(String(decoding: digits, as: UTF8.self))
            } catch {
                var failure = error
                failure.offset = tokens[word].start
                throw .failed(failure)
            }
            return
        case .parameter(let number): return typing.shownParameters[number, default: 0] += 1
        case .null: return
        case nil: break
        }
        if value.number.isText { return }
        if let exact = value.number.exact, value.number.scale == nil { return apply(exact) }
        let scale = own.isWhole ? 0 : value.number.scale ?? -1
        try wrap(leaves ?? [value.words], "fairlead_decimal(", ", \(scale))")
    }

    /// Makes the texts of what a new table's `numeric` columns without a scale hold.
    mutating func keepDigits(_ columns: [SQLTypedColumn]?) {
        for column in columns ?? [] where column.type == .numeric && column.modifier < 4 && !column.number.isText {
            if let exact = column.number.exact, column.number.scale == nil {
                apply(exact)
            } else {
                for words in column.leaves {
                    _ = wrap(words, "fairlead_decimal(", ", \(column.number.scale ?? -1))")
                }
            }
        }
    }
}
