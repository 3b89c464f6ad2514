// Arithmetic of floating-point numbers: a function of ours computes it, which fails where a result leaves its range.

import Capabilities

/// A chain of float operators that one call computes from the left.
struct SQLFloatChain {
    /// From its first operand to its last one.
    var words: ClosedRange<Int>
    /// The operators, as ``SQLFloat`` names them.
    var operators: String
    /// The call around the words, by its number.
    var wrap: Int

    /// A function of SQLite's has at most 127 arguments, and calls in one another are bounded much more closely.
    static let longest = 120
}

extension SQLTyper {
    /// Has a function compute `left` and `right`; what it gives is a part of the same call where `left` is such a chain.
    mutating func computeFloats(
        _ left: SQLTyped, _ symbol: Int, _ right: SQLTyped, _ type: SQLType
    ) throws(SQLTypingEnd) -> SQLNumberForm {
        let name = tokens[symbol].text
        let narrow = ["+": "a", "-": "s", "*": "m", "/": "d"]
        guard let sign = narrow[name] else { throw noOperator(left, name, right, symbol) }
        var operators = type == .float32 ? sign : name
        if let chain = left.number.chain, chain.words == left.words, chain.operators.utf8.count < SQLFloatChain.longest
        {
            typing.wraps[chain.wrap] = nil
            operators = chain.operators + operators
        }
        typing.replacements[symbol] = ","
        let words = left.words.lowerBound...right.words.upperBound
        let wrap = wrap(words, "fairlead_float('\(operators)', ", ")")
        var form = SQLNumberForm()
        form.chain = SQLFloatChain(words: words, operators: operators, wrap: wrap)
        return form
    }

    /// Leaves a float that becomes numeric the digits that it tells for certain (numeric.c, float8_numeric).
    mutating func keepCertainDigits(_ leaves: [ClosedRange<Int>], _ type: SQLType) {
        guard type.isFloat else { return }
        for words in leaves { _ = wrap(words, "fairlead_digits(", ", \(type == .float32 ? 6 : 15))") }
    }

    /// Whether rows may leave the frame of a call whose arguments begin at `open`: it then has to keep them.
    func framesMove(_ open: Int) -> Bool {
        guard var next = try? rewrite.closing(open) + 1 else { return true }
        if rewrite.isWord(next, "filter"), let close = try? rewrite.closing(next + 1) { next = close + 1 }
        guard rewrite.isWord(next, "over") else { return false }
        // What a name stands for is said elsewhere.
        guard rewrite.isMark(next + 1, "("), let close = try? rewrite.closing(next + 1) else { return true }
        let first = next + 2
        if first < close, tokens[first].isName,
            !["partition", "order", "rows", "range", "groups"].contains(tokens[first].text)
        {
            return true
        }
        guard let frame = (first..<close).first(where: { ["rows", "range", "groups"].contains(tokens[$0].text) }) else {
            return false
        }
        let begin = rewrite.isWord(frame + 1, "between") ? frame + 2 : frame + 1
        return !rewrite.isWords(begin, "unbounded", "preceding")
    }

    /// Whether SQLite would read infinity, or zero, for a number that is neither.
    static func isBeyondDouble(_ text: String) -> Bool {
        guard let number = Double(text), number.isInfinite || number == 0 else { return false }
        return text.utf8.prefix { $0 | 0x20 != UInt8(ascii: "e") }.contains { $0 &- 0x31 < 9 }
    }
}
