// What operators ask of their operands, and what becomes of those that have no type yet.

import Capabilities

extension SQLTyper {
    // MARK: Operands without a type

    /// Gives an operand that is still open a type; one that has a type keeps it.
    mutating func resolve(_ operand: inout SQLTyped, as type: SQLType) throws(SQLTypingEnd) {
        guard let open = operand.open, type != .unknown else { return }
        switch open {
        case .string(let word): if type.isReadFromText || type == .fixedText { typing.literals[word] = type }
        case .parameter(let number):
            if let known = typing.parameters[number] {
                operand.type = known
                operand.open = nil
                return
            }
            typing.parameters[number] = type
            if type == .numeric { (operand.number.isShortest, operand.number.exact) = (false, [.bind(number)]) }
        case .null: break
        }
        operand.type = type
        operand.open = nil
    }

    /// Notes that nothing tells the type of a parameter, if it is one.
    mutating func doubt(_ operand: SQLTyped) {
        if case .parameter(let number) = operand.open { doubtful.insert(number) }
    }

    mutating func requireBoolean(_ operand: inout SQLTyped, _ clause: String) throws(SQLTypingEnd) {
        try resolve(&operand, as: .boolean)
        guard operand.type != .boolean, operand.type != .unknown else { return }
        if !operand.row.isEmpty { throw .unread }
        throw failure(
            "42804", "argument of \(clause) must be type boolean, not type \(operand.type.displayName)",
            operand.words.lowerBound)
    }

    // MARK: Comparisons

    /// Two operands of a comparison: a string is read as the other's type, and what cannot be compared fails.
    mutating func compare(
        _ left: inout SQLTyped, _ symbol: Int, _ right: inout SQLTyped, shown: String
    ) throws(SQLTypingEnd) {
        guard left.row.isEmpty, right.row.isEmpty else {
            guard left.row.count == right.row.count else { throw .unread }
            for place in left.row.indices { try compare(&left.row[place], symbol, &right.row[place], shown: shown) }
            return
        }
        if left.open != nil, right.open != nil {
            try resolve(&left, as: .text)
            try resolve(&right, as: .text)
            return
        }
        for (isLeft, other) in [(true, right), (false, left)] {
            guard let open = isLeft ? left.open : right.open else { continue }
            if other.type == .json || other.type == .unknown {
                if other.type == .json { throw noOperator(left, shown, right, symbol) }
                if case .parameter(let number) = open { doubtful.insert(number) }
                return
            }
            let type: SQLType = other.type == .boundedText ? .text : other.type
            if isLeft { try resolve(&left, as: type) } else { try resolve(&right, as: type) }
            return collate(left)
        }
        if left.type.isComparable(with: right.type) == false { throw noOperator(left, shown, right, symbol) }
        collate(left)
        guard left.type != right.type, left.type.family == .time, right.type.family == .time else { return }
        // A date is its midnight, and what has no zone is in the session's, which is UTC.
        let wider: SQLType =
            left.type == .timestampWithZone || right.type == .timestampWithZone ? .timestampWithZone : .timestamp
        for operand in [left, right] where needsConversion(operand.type, to: wider) {
            typing.conversions.append(SQLConversion(words: operand.words, type: wider))
        }
    }

    /// Whether a value is kept otherwise as `target` than as `type`, in a way that comparing would see.
    func needsConversion(_ type: SQLType, to target: SQLType) -> Bool {
        if target == .float32 { return type != target && type.isNumber }
        return type != target && type.family == .time && target.family == .time
    }

    func noOperator(_ left: SQLTyped, _ shown: String, _ right: SQLTyped, _ symbol: Int) -> SQLTypingEnd {
        func name(_ operand: SQLTyped) -> String { operand.open != nil ? "unknown" : operand.type.displayName }
        return failure(
            "42883", "operator does not exist: \(name(left)) \(shown) \(name(right))", symbol,
            hint: "No operator matches the given name and argument types. You might need to add explicit type casts.")
    }

    mutating func pattern(
        _ left: inout SQLTyped, _ symbol: Int, _ right: inout SQLTyped
    ) throws(SQLTypingEnd) -> SQLTyped {
        for operand in [left, right] where operand.type.family != .text && operand.type != .unknown {
            let name = ["like": "~~", "ilike": "~~*"][tokens[symbol].text] ?? tokens[symbol].text
            throw noOperator(left, name, right, symbol)
        }
        try resolve(&left, as: .text)
        try resolve(&right, as: .text)
        pad(left)
        return made(.boolean, left.words.lowerBound, of: left, right)
    }

    /// Puts the spaces at the end of a `char(n)` where they count: in patterns, and in what is made of its text as it is shown.
    mutating func pad(_ operand: SQLTyped) {
        guard operand.type == .fixedText, operand.modifier >= 4 else { return }
        _ = wrap(operand.words, "fairlead_padded(", ", \(operand.modifier - 4))")
    }

    /// `||` of texts, of a text and anything else, or of what is not known here.
    mutating func joined(
        _ left: inout SQLTyped, _ symbol: Int, _ right: inout SQLTyped
    ) throws(SQLTypingEnd) -> SQLTyped {
        let start = left.words.lowerBound
        let types = [left.type, right.type]
        let hasText = [left, right].contains { $0.open == nil && $0.type.family == .text }
        if types.contains(where: { $0.family == .array }) || types.contains(.jsonb) && !hasText {
            doubt(left)
            doubt(right)
            return made(.unknown, start, of: left, right)
        }
        if types.contains(.bytes), !hasText {
            try resolve(&left, as: .bytes)
            try resolve(&right, as: .bytes)
            for operand in [left, right] where operand.type != .bytes && operand.type != .unknown {
                throw noOperator(left, "||", right, symbol)
            }
            let found = made(.bytes, start, of: left, right)
            _ = wrap(found.words, "CAST((", ") AS BLOB)")
            return found
        }
        let isText = [left, right].contains { $0.open != nil || $0.type == .unknown || $0.type.family == .text }
        guard isText else { throw noOperator(left, "||", right, symbol) }
        for operand in [left, right] where operand.type == .boolean {
            typing.conversions.append(SQLConversion(words: operand.words, type: .text, from: .boolean))
        }
        for operand in [left, right] { try showAsText(operand) }
        try resolve(&left, as: .text)
        try resolve(&right, as: .text)
        return made(.text, start, of: left, right)
    }

    // MARK: Arithmetic

    mutating func arithmetic(
        _ left: SQLTyped, _ symbol: Int, _ right: SQLTyped
    ) throws(SQLTypingEnd) -> SQLTyped {
        var (left, right) = (left, right)
        let type = try arithmeticType(&left, symbol, &right)
        let number = try form(left, symbol, right, type)
        // The left side's columns are many in a long chain: they are moved, not copied.
        left.words = left.words.lowerBound...right.words.upperBound
        left.include(right)
        left.type = type
        left.number = number
        (left.open, left.name, left.modifier) = (nil, nil, -1)
        typing.operands[left.words] = type
        return left
    }

    private mutating func arithmeticType(
        _ left: inout SQLTyped, _ symbol: Int, _ right: inout SQLTyped
    ) throws(SQLTypingEnd) -> SQLType {
        let name = tokens[symbol].text
        guard left.row.isEmpty, right.row.isEmpty else { throw .unread }
        if left.open != nil, right.open != nil {
            throw failure(
                "42725", "operator is not unique: unknown \(name) unknown", symbol,
                hint: "Could not choose a best candidate operator. You might need to add explicit type casts.")
        }
        let known = left.open == nil ? left.type : right.type
        for operand in [left, right] where operand.type == .jsonb || operand.type.family == .array {
            throw refused("\(name) of \(operand.type.displayName) is not known here", symbol)
        }
        if known == .unknown || !left.isTold || !right.isTold {
            doubt(left)
            doubt(right)
            return .unknown
        }
        if left.open != nil || right.open != nil {
            if known.family == .time {
                // A date less a string is one less another date; anything else would be an interval.
                guard known == .date, name == "-" else {
                    throw refused("arithmetic with dates and times is not known here", symbol)
                }
                try resolve(&left, as: known)
                try resolve(&right, as: known)
                return .int32
            }
            guard known.isNumber else { throw noOperator(left, name, right, symbol) }
            try resolve(&left, as: known)
            try resolve(&right, as: known)
            return known
        }
        if left.type.isNumber, right.type.isNumber { return SQLArithmetic.type(left.type, right.type) }
        switch (left.type, name, right.type) {
        case (.date, "+", .int32), (.date, "+", .int16), (.int32, "+", .date), (.int16, "+", .date),
            (.date, "-", .int32), (.date, "-", .int16):
            return .date
        case (.date, "-", .date): return .int32
        default: break
        }
        if left.type.family == .time || right.type.family == .time {
            throw refused("arithmetic with dates and times is not known here", symbol)
        }
        let isCertain = [left.type, right.type].allSatisfy { $0.isNumber || $0.isText || $0 == .boolean || $0 == .uuid }
        if isCertain { throw noOperator(left, name, right, symbol) }
        return .unknown
    }

    // MARK: Several that become one

    /// The type that several expressions have in common (parse_coerce.c, select_common_type); `unknown` where it is not told.
    func commonType(_ operands: [SQLTyped], _ context: String) throws(SQLTypingEnd) -> SQLType {
        var common = SQLType.unknown
        for operand in operands where operand.open == nil {
            guard operand.type != .unknown, operand.row.isEmpty else { return .unknown }
            let next = operand.type
            if common == .unknown || common == next {
                common = next
                continue
            }
            let isSameFamily = common.family == next.family && common.family != .other && common.family != .array
            guard isSameFamily, common.becomes(next) || next.becomes(common) else {
                throw failure(
                    "42804",
                    "\(context) types \(common.displayName) and \(next.displayName) cannot be matched",
                    operand.words.lowerBound)
            }
            if !common.isPreferred, common.becomes(next), !next.becomes(common) { common = next }
        }
        if common == .unknown { return .text }
        return common
    }

    /// Gives several expressions their common type; its modifier is theirs where all have the same.
    mutating func common(
        _ operands: [SQLTyped], _ context: String
    ) throws(SQLTypingEnd) -> (type: SQLType, modifier: Int32) {
        let type = try commonType(operands, context)
        guard type != .unknown, let modifier = operands.first?.modifier else {
            for operand in operands { doubt(operand) }
            return (.unknown, -1)
        }
        for var operand in operands { try resolve(&operand, as: type) }
        let isSame = operands.allSatisfy { $0.open == nil && $0.type == type && $0.modifier == modifier }
        return (type, isSame ? modifier : -1)
    }
}
