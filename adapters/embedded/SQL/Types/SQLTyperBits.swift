// Operators on the bits of whole numbers, which count in the width of their type.

import Capabilities

extension SQLTyper {
    /// `a & b`, `a | b`, `a # b`, `a << n` and `a >> n`.
    mutating func bits(
        _ left: inout SQLTyped, _ symbol: Int, _ right: inout SQLTyped
    ) throws(SQLTypingEnd) -> SQLTyped {
        let name = tokens[symbol].text
        let isShift = name == "<<" || name == ">>"
        let start = left.words.lowerBound
        guard left.isTold, right.isTold, !readsCatalog else {
            doubt(left)
            doubt(right)
            return made(.unknown, start, of: left, right)
        }
        if left.open != nil, right.open != nil {
            throw failure(
                "42725", "operator is not unique: unknown \(name) unknown", symbol,
                hint: "Could not choose a best candidate operator. You might need to add explicit type casts.")
        }
        // Bit strings and addresses could stand there too, but nothing else is of such a type here.
        if isShift, left.open != nil { throw refused("\(name) of a value without a type is not known here", symbol) }
        try resolve(&left, as: right.type)
        try resolve(&right, as: isShift ? .int32 : left.type)
        let isKnown = left.type.isWhole && right.type.isWhole && (!isShift || right.type != .int64)
        guard isKnown else { throw noOperator(left, name, right, symbol) }
        let type = isShift ? left.type : SQLArithmetic.type(left.type, right.type)
        let found = made(type, start, of: left, right)
        switch name {
        case "#":
            typing.replacements[symbol] = ","
            _ = wrap(found.words, "fairlead_xor(", ")")
        case "<<", ">>":
            let bits = type == .int16 ? 16 : type == .int32 ? 32 : 64
            typing.replacements[symbol] = ","
            _ = wrap(found.words, "fairlead_shift(", ", \(name == "<<" ? bits : -bits))")
        default:
            // They bind less tightly than SQLite's ||.
            _ = wrap(found.words, "(", ")")
        }
        typing.operands[found.words] = type
        return found
    }
}
