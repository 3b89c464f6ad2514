// What is stored in a column: it has to be of the column's type, or become it.

import Capabilities

extension SQLTyper {
    /// Checks and converts what is stored in `column`; nil for a column of which nothing is known.
    mutating func assign(
        _ value: inout SQLTyped, to column: SQLTypedColumn?
    ) throws(SQLTypingEnd) {
        guard let column, column.type != .unknown else { return doubt(value) }
        guard value.row.isEmpty else { throw .unread }
        let isOpen = value.open != nil
        var isNull = false
        if case .null = value.open { isNull = true }
        let own = value.type
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
        let isScaled = column.type == .numeric && column.modifier >= 4 && !isNull
        var conversion = SQLConversion(words: value.words, type: column.type, modifier: isScaled ? column.modifier : -1)
        conversion.from = isOpen ? .unknown : own
        let isSame = own == column.type && !isOpen
        switch column.type {
        case .numeric where isScaled && !(isSame && value.modifier == column.modifier) && !own.isWhole: break
        case .int16, .int32, .int64:
            if isOpen || isSame || own.isWhole { return }
            if own == .numeric { _ = wrap(value.words, "fairlead_round(", ")") }
        case .date, .timestamp, .timestampWithZone, .time: if isOpen || isSame { return }
        case .text, .boundedText, .fixedText, .name, .character:
            guard own == .boolean, !isOpen else { return }
            conversion.type = .text
        default: return
        }
        typing.conversions.append(conversion)
    }
}
