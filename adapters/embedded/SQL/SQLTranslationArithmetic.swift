// Arithmetic and comparisons: what PostgreSQL would not do with its types fails as there, and does not become a zero.

import Capabilities

extension SQLTranslator {
    private static let comparisons: Set<String> = ["=", "<>", "!=", "<", ">", "<=", ">="]

    /// Checks the types of operands, and has each whole number checked that its type may not hold.
    ///
    /// SQLite computes with 64 bits and goes on with a float beyond; a result is only checked where the bounds of its
    /// operands leave it open.
    mutating func typedOperators(_ range: Range<Int>) throws(SQLFailure) {
        try textFunctions(range)
        var seen = Set<Int>()
        // Where a chain could not be told to its end: what follows does not look behind that again.
        var floor = range.lowerBound
        for index in range where tokens[index].kind == .operator {
            let isComparison = Self.comparisons.contains(tokens[index].text)
            let isArithmetic = Self.arithmeticSymbols.contains(tokens[index].text)
            guard isComparison || isArithmetic, index > 0, !seen.contains(index) else { continue }
            if isComparison {
                if typing == nil { try comparison(index) }
            } else if let start = chainStart(index, floor), start >= range.lowerBound {
                if try arithmetic(start, &seen) < index { floor = index + 1 }
            }
        }
    }

    /// Where the chain begins that the operator at `index` belongs to; nil for a star.
    private func chainStart(_ index: Int, _ floor: Int) -> Int? {
        if isBinary(index) { return chainStart(endingAt: index - 1, floor) }
        let isSign = tokens[index].isOperator("-") || tokens[index].isOperator("+")
        return isSign && !endsOperand(index - 1) ? index : nil
    }

    private func chainStart(endingAt end: Int, _ floor: Int) -> Int? {
        guard endsOperand(end), var start = try? rewrite.operandStart(endingAt: end) else { return nil }
        while start > floor {
            if isBinary(start - 1) {
                guard let before = try? rewrite.operandStart(endingAt: start - 2) else { return nil }
                start = before
            } else if tokens[start - 1].isOperator("-") || tokens[start - 1].isOperator("+"),
                !endsOperand(start - 2)
            {
                start -= 1
            } else {
                break
            }
        }
        return start
    }

    /// Checks the chain that begins at `start`; its last word.
    private mutating func arithmetic(_ start: Int, _ seen: inout Set<Int>) throws(SQLFailure) -> Int {
        guard let results = try chain(from: start), let whole = results.last else { return start }
        // The operators of groups within are chains of their own.
        for result in results { seen.formUnion(result.symbols) }
        try readStrings(results, whole)
        for result in results { check(result) }
        // SQLite's || binds more tightly than arithmetic, PostgreSQL's less.
        let isJoined =
            rewrite.isOperator(whole.words.upperBound + 1, "||")
            || rewrite.isOperator(whole.words.lowerBound - 1, "||")
        if isJoined, results.count > 1 {
            rewrite.wrap(whole.words, "(", ")", level: 1)
        }
        if results.count == 3, whole.type.isNumber {
            for operand in [results[0], results[1]] { noteParameter(operand, whole.type) }
        }
        return whole.words.upperBound
    }

    /// A parameter beside a number is of its type.
    private mutating func noteParameter(_ operand: SQLOperand, _ type: SQLType) {
        let token = tokens[operand.words.lowerBound]
        guard operand.isOpen, operand.words.count == 1, token.kind == .parameter else { return }
        parameterTypes[token.number] = type
    }

    private mutating func check(_ result: SQLOperand) {
        if let (symbol, function) = result.dateCall {
            rewrite.replace(symbol, ",")
            rewrite.wrap(result.words, "\(function)(", ")")
            return
        }
        guard let limits = result.type.wholeBounds else { return }
        if let bounds = result.bounds, limits.lowerBound <= bounds.lowerBound, bounds.upperBound <= limits.upperBound {
            return
        }
        guard let check = result.type.wholeCheck else { return }
        rewrite.wrap(result.words, "\(check)(", ")")
    }

    /// A string beside a number is read as a number of that type.
    private mutating func readStrings(_ results: [SQLOperand], _ whole: SQLOperand) throws(SQLFailure) {
        guard typing == nil, whole.type.isNumber else { return }
        for operand in results where isBareString(operand) && results.count > 1 {
            try readString(operand.words.lowerBound, as: whole.type)
        }
    }

    /// Puts a value of `type` in the place of a string that has no type of its own.
    mutating func readString(_ index: Int, as type: SQLType) throws(SQLFailure) {
        let value: SQLValue
        do throws(SQLFailure) {
            value = try type.value(try tokens[index].stringValue(in: rewrite.source) ?? [])
        } catch {
            var failure = error
            failure.offset = tokens[index].start
            throw failure
        }
        switch value {
        case .integer(let number): rewrite.replace(index, number < 0 ? "(\(number))" : String(number))
        case .double(let number) where number.isFinite: rewrite.replace(index, "(\(number))")
        // SQLite has no word for it, and reads what is beyond its range so.
        case .double(let number) where number.isInfinite: rewrite.replace(index, number < 0 ? "(-9e999)" : "9e999")
        case .bytes(let bytes):
            rewrite.replace(
                index, "x'\(String(decoding: SQLBytesText.hexadecimal(bytes).dropFirst(2), as: UTF8.self))'")
        case .text(let text): rewrite.replace(index, SQLText.literal(String(decoding: text, as: UTF8.self)))
        default: break
        }
    }

    // MARK: Functions of texts

    private static let ofTexts: Set<String> = [
        "lower", "upper", "initcap", "btrim", "ltrim", "rtrim", "reverse", "left", "right", "lpad", "rpad", "repeat",
        "split_part", "strpos", "starts_with", "length", "char_length", "character_length", "ascii", "translate",
        "replace", "md5",
    ]

    /// SQLite makes a text of anything; PostgreSQL has no such function for a number.
    private func textFunctions(_ range: Range<Int>) throws(SQLFailure) {
        guard !readsCatalog else { return }
        for index in range where tokens[index].kind == .word && rewrite.isMark(index + 1, "(") {
            guard Self.ofTexts.contains(tokens[index].text), let close = try? rewrite.closing(index + 1) else {
                continue
            }
            let arguments = rewrite.split((index + 2)..<close)
            guard let first = try argument(arguments[0]), first.type.isNumber || first.type == .boolean else {
                continue
            }
            var names: [String] = []
            for words in arguments {
                let type = try argument(words)?.type ?? .unknown
                names.append(type == .unknown ? "unknown" : type.displayName)
            }
            throw SQLFailure(
                "42883", "function \(tokens[index].text)(\(names.joined(separator: ", "))) does not exist",
                hint:
                    "No function matches the given name and argument types. You might need to add explicit type casts.",
                offset: tokens[index].start)
        }
    }

    /// An argument that is one expression of operands and arithmetic.
    func argument(_ words: Range<Int>) throws(SQLFailure) -> SQLOperand? {
        guard let start = words.first, let whole = try chain(from: start)?.last,
            whole.words.upperBound == words.upperBound - 1
        else { return nil }
        return whole
    }

    // MARK: Comparisons

    private static let readBeside: Set<SQLType> = [
        .int16, .int32, .int64, .float32, .float64, .numeric, .boolean, .date, .timestamp, .timestampWithZone, .time,
        .uuid,
    ]

    private mutating func comparison(_ index: Int) throws(SQLFailure) {
        guard let start = chainStart(endingAt: index - 1, 0), let left = try comparand(start),
            left.words.upperBound == index - 1
        else { return }
        let leftIsString = isBareString(left)
        let isQuantified = ["any", "all", "some"].contains { rewrite.isWord(index + 1, $0) }
        guard !isQuantified, let right = try comparand(index + 1) else { return }
        let rightIsString = isBareString(right)
        if leftIsString, rightIsString { return }
        if leftIsString, Self.readBeside.contains(right.type) {
            try readString(left.words.lowerBound, as: right.type)
        } else if rightIsString, Self.readBeside.contains(left.type) {
            try readString(right.words.lowerBound, as: left.type)
        } else if !left.isOpen, !right.isOpen, !readsCatalog {
            let isMixed =
                left.type.isNumber && (right.type.isText || right.type == .boolean)
                || right.type.isNumber && (left.type.isText || left.type == .boolean)
                || left.type == .boolean && right.type.isText || right.type == .boolean && left.type.isText
            if isMixed { throw noOperator(left, index, right) }
        }
    }

    private func comparand(_ start: Int) throws(SQLFailure) -> SQLOperand? {
        guard let whole = try chain(from: start)?.last else { return nil }
        // `a = b || c` and the like compare something that is longer.
        let next = whole.words.upperBound + 1
        let before = whole.words.lowerBound - 1
        if next < tokens.count, tokens[next].kind == .operator, !Self.comparisons.contains(tokens[next].text) {
            return nil
        }
        if before >= 0, tokens[before].kind == .operator, !Self.comparisons.contains(tokens[before].text) { return nil }
        return whole
    }

    private func isBareString(_ operand: SQLOperand) -> Bool {
        operand.isOpen && operand.words.count == 1 && tokens[operand.words.lowerBound].isString
    }
}
