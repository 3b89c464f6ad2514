// The types of operands, as far as the words of a statement and the tables' declarations tell them.

import Capabilities

/// The declared types of the columns that a statement can mean, looked up when one is first asked for.
final class SQLColumnTypes {
    private let look: () throws(SQLFailure) -> [String: SQLType]
    private let keys: (String) throws(SQLFailure) -> Set<String>
    let schemas: SQLSchemaLookup
    let relations: SQLRelationLookup
    private var found: [String: SQLType]?
    /// Columns of what is no table: functions that give rows.
    private var noted: [String: SQLType] = [:]

    init(
        _ look: @escaping () throws(SQLFailure) -> [String: SQLType] = { [:] },
        keys: @escaping (String) throws(SQLFailure) -> Set<String> = { _ in [] },
        schemas: SQLSchemaLookup = SQLSchemaLookup(), relations: SQLRelationLookup = SQLRelationLookup()
    ) { (self.look, self.keys, self.schemas, self.relations) = (look, keys, schemas, relations) }

    /// The columns of a table's primary key; none where it has none.
    func primaryKey(of table: String) throws(SQLFailure) -> Set<String> { try keys(table) }

    /// The types of all columns of the tables that are named, by the columns' names.
    func all() throws(SQLFailure) -> [String: SQLType] {
        if let found { return found }
        let types = try look().merging(noted) { $0 == $1 ? $0 : .unknown }
        found = types
        return types
    }

    /// Adds a column; one of the same name and another type is not known any more.
    func note(_ column: String, _ type: SQLType) {
        noted[column] = noted[column].map { $0 == type ? type : .unknown } ?? type
        found = found?.merging([column: type]) { $0 == $1 ? $0 : .unknown }
    }

    func type(of column: String) throws(SQLFailure) -> SQLType { try all()[column] ?? .unknown }
}

/// Some words that are one expression, with its type and, for whole numbers, between what it must lie.
struct SQLOperand {
    var words: ClosedRange<Int>
    var type: SQLType
    var bounds: ClosedRange<Int64>?
    /// A string of no type yet, NULL or a parameter: it takes the type of what it stands beside.
    var isOpen = false
    /// The operator that made it of two, or its signs.
    var symbols: Range<Int> = 0..<0
    /// The operator between a date and days, and the function that does what it says.
    var dateCall: (symbol: Int, function: String)?

    init(_ words: ClosedRange<Int>, _ type: SQLType, _ bounds: ClosedRange<Int64>? = nil, isOpen: Bool = false) {
        self.words = words
        self.type = type
        self.bounds = bounds ?? type.wholeBounds
        self.isOpen = isOpen
    }

    /// The same after its value was found to be within its type.
    var checked: SQLOperand {
        var result = self
        guard let limits = type.wholeBounds else { return result }
        result.bounds = bounds?.clamped(to: limits) ?? limits
        return result
    }
}

extension SQLTranslator {
    static let arithmeticSymbols: Set<String> = ["+", "-", "*", "/", "%"]
    /// Groups in groups that are looked into for their types, which bounds the work for a hostile statement.
    private static let greatestDepth = 16
    /// Operands and results of one chain: SQLite takes a thousand operators.
    private static let longestChain = 3_000

    /// Whether an arithmetic operator between two operands is at `index`, and not a sign or a star.
    func isBinary(_ index: Int) -> Bool {
        guard index > 0, index + 1 < tokens.count, tokens[index].kind == .operator,
            Self.arithmeticSymbols.contains(tokens[index].text), endsOperand(index - 1)
        else { return false }
        let next = tokens[index + 1]
        return !next.isMark(")") && !next.isMark(",") && !next.isWord("from")
    }

    /// Whether an operand can end with this word.
    func endsOperand(_ index: Int) -> Bool {
        guard index >= 0 else { return false }
        let token = tokens[index]
        if rewrite.castStarts[index] != nil || token.isWord("end") { return true }
        if token.isName { return !rewrite.isKeyWord(index) }
        return token.isString || token.isMark(")") || token.isMark("]") || token.kind == .integer
            || token.kind == .decimal || token.kind == .parameter
    }

    /// One operand with its sign and its casts; nil where the words are none.
    func operand(from start: Int, depth: Int = 0) throws(SQLFailure) -> SQLOperand? {
        var first = start
        while first < tokens.count, tokens[first].isOperator("-") || tokens[first].isOperator("+") { first += 1 }
        guard first < tokens.count, !tokens[first].isWord("not"), let end = try? rewrite.operandEnd(from: first),
            endsOperand(end)
        else { return nil }
        // What follows may bind more tightly, and is not for this pass to tell.
        if rewrite.isMark(end + 1, "[") || rewrite.isWords(end + 1, "at", "time") || rewrite.isWord(end + 1, "collate")
            || rewrite.isWord(end + 1, "over") || rewrite.isWord(end + 1, "filter")
        {
            return nil
        }
        var result = try unsigned(first...end, depth)
        result.symbols = start..<first
        for sign in stride(from: first - 1, through: start, by: -1) {
            result.words = sign...end
            guard tokens[sign].isOperator("-"), let bounds = result.bounds else { continue }
            let (low, overflow) = (0 as Int64).subtractingReportingOverflow(bounds.upperBound)
            let (high, isMinimum) = (0 as Int64).subtractingReportingOverflow(bounds.lowerBound)
            result.bounds = overflow || isMinimum ? nil : low...high
        }
        return result
    }

    private func unsigned(_ words: ClosedRange<Int>, _ depth: Int) throws(SQLFailure) -> SQLOperand {
        let first = words.lowerBound
        let last = words.upperBound
        let piece = first..<(last + 1)
        let token = tokens[first]
        if rewrite.castStarts[last] == first { return SQLOperand(words, describe(piece).type) }
        if first == last {
            switch token.kind {
            case .integer:
                guard let value = Int64(rewrite.text(piece)) else { return SQLOperand(words, .numeric) }
                return SQLOperand(words, value <= Int64(Int32.max) ? .int32 : .int64, value...value)
            case .string, .escapeString, .dollarString: return SQLOperand(words, .unknown, isOpen: true)
            case .parameter:
                let type = parameterTypes[token.number] ?? .unknown
                return SQLOperand(words, type, isOpen: type == .unknown)
            default: break
            }
            if token.isWord("null") { return SQLOperand(words, .unknown, isOpen: true) }
        }
        if token.isName, rewrite.isMark(first + 1, "("), (try? rewrite.closing(first + 1)) == last,
            let type = SQLFunctionNames.results[token.text]
        {
            return SQLOperand(words, type)
        }
        // There may be nothing between them.
        if token.isMark("("), last > first + 1, (try? rewrite.closing(first)) == last,
            !rewrite.isWord(first + 1, "select"),
            depth < Self.greatestDepth,
            let inner = try chain(from: first + 1, depth: depth + 1)?.last,
            inner.words == (first + 1)...(last - 1)
        {
            return SQLOperand(words, inner.type, inner.checked.bounds, isOpen: inner.isOpen)
        }
        if let typing {
            // A name that is no operand to the typed pass is a part of something else.
            return SQLOperand(words, typing.operands[words] ?? describe(piece).type)
        }
        if isNameChain(piece), token.kind != .decimal { return SQLOperand(words, try columnType(last)) }
        let described = describe(piece)
        if described.type == .unknown, let function = described.function, let column = described.column {
            return SQLOperand(words, SQLFunctionNames.result(function, of: try columnType(named: column)))
        }
        return SQLOperand(words, described.type)
    }

    private func columnType(_ name: Int) throws(SQLFailure) -> SQLType {
        try columnType(named: tokens[name].text)
    }

    /// With several queries in a statement, one's column may be called as another table's: nothing is known then.
    private func columnType(named name: String) throws(SQLFailure) -> SQLType {
        hasOneQuery ? try columnTypes.type(of: name) : .unknown
    }

    /// The operand at `start` and everything that arithmetic makes of it, from the innermost result to the outermost.
    ///
    /// `a + b * c` gives `a`, `b * c` and `a + b * c`; the last one is the whole, or what can be told of it.
    func chain(from start: Int, depth: Int = 0) throws(SQLFailure) -> [SQLOperand]? {
        guard let first = try operand(from: start, depth: depth) else { return nil }
        var results = [first]
        var left = first.checked
        var next = first.words.upperBound + 1
        while isBinary(next) {
            // PostgreSQL's limit is its stack, SQLite's a depth of a thousand.
            if results.count > Self.longestChain {
                throw SQLFailure("54001", "stack depth limit exceeded", offset: tokens[next].start)
            }
            let isSum = tokens[next].text == "+" || tokens[next].text == "-"
            guard var right = try operand(from: next + 1, depth: depth) else { return results }
            results.append(right)
            if isSum {
                var product = right.words.upperBound + 1
                while isBinary(product), tokens[product].text != "+", tokens[product].text != "-" {
                    guard let factor = try operand(from: product + 1, depth: depth) else { return results }
                    results.append(factor)
                    right = try combined(right.checked, product, factor.checked)
                    results.append(right)
                    product = right.words.upperBound + 1
                }
            }
            let result = try combined(left, next, right.checked)
            results.append(result)
            left = result.checked
            next = left.words.upperBound + 1
        }
        return results
    }

    /// What `left` and `right` make with the operator between them; fails where PostgreSQL has no such operator.
    private func combined(
        _ left: SQLOperand, _ symbol: Int, _ right: SQLOperand
    ) throws(SQLFailure) -> SQLOperand {
        var result = try combinedType(left, symbol, right)
        result.symbols = symbol..<(symbol + 1)
        return result
    }

    private func combinedType(
        _ left: SQLOperand, _ symbol: Int, _ right: SQLOperand
    ) throws(SQLFailure) -> SQLOperand {
        let words = left.words.lowerBound...right.words.upperBound
        if left.isOpen, right.isOpen {
            let isParameter = tokens[left.words.lowerBound].kind == .parameter
            if isParameter || tokens[right.words.lowerBound].kind == .parameter { return SQLOperand(words, .unknown) }
            throw SQLFailure(
                "42725", "operator is not unique: unknown \(tokens[symbol].text) unknown",
                hint: "Could not choose a best candidate operator. You might need to add explicit type casts.",
                offset: tokens[symbol].start)
        }
        let one = left.isOpen ? right.type : left.type
        let other = right.isOpen ? left.type : right.type
        if one == .unknown || other == .unknown { return SQLOperand(words, .unknown) }
        if one.isNumber, other.isNumber {
            let type = SQLArithmetic.type(one, other)
            guard type.isWhole else { return SQLOperand(words, type) }
            var result = SQLOperand(words, type)
            result.bounds = SQLArithmetic.bounds(left.bounds, tokens[symbol].text, right.bounds)
            return result
        }
        if let result = days(left, symbol, right) { return result }
        if one == .date || other == .date || one == .timestamp || one == .timestampWithZone || one == .time
            || other == .timestamp || other == .timestampWithZone || other == .time
        {
            throw refused("arithmetic with dates and times is not known here", symbol)
        }
        let isCertain = [one, other].allSatisfy { $0.isNumber || $0.isText || $0 == .boolean }
        guard isCertain, !readsCatalog else { return SQLOperand(words, .unknown) }
        throw noOperator(left, symbol, right)
    }

    /// Days added to a date, taken from it, or between two of them.
    private func days(_ left: SQLOperand, _ symbol: Int, _ right: SQLOperand) -> SQLOperand? {
        func isDays(_ type: SQLType) -> Bool { type == .int32 || type == .int16 }
        let call: (SQLType, String)
        switch (left.type, tokens[symbol].text, right.type) {
        case (.date, "+", let type) where isDays(type), (let type, "+", .date) where isDays(type):
            call = (.date, "fairlead_date_add")
        case (.date, "-", let type) where isDays(type): call = (.date, "fairlead_date_subtract")
        case (.date, "-", .date): call = (.int32, "fairlead_days")
        default: return nil
        }
        var result = SQLOperand(left.words.lowerBound...right.words.upperBound, call.0)
        result.dateCall = (symbol, call.1)
        return result
    }

    func noOperator(_ left: SQLOperand, _ symbol: Int, _ right: SQLOperand) -> SQLFailure {
        func name(_ operand: SQLOperand) -> String { operand.isOpen ? "unknown" : operand.type.displayName }
        return SQLFailure(
            "42883", "operator does not exist: \(name(left)) \(tokens[symbol].text) \(name(right))",
            hint: "No operator matches the given name and argument types. You might need to add explicit type casts.",
            offset: tokens[symbol].start)
    }
}
