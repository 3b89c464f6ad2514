// PREPARE, EXECUTE, DECLARE and FETCH, as words.

import Capabilities

extension PostgresStatementReader {
    private func closing(_ open: Int) throws(SQLFailure) -> Int {
        var depth = 0
        for index in open..<tokens.count {
            if tokens[index].isMark("(") { depth += 1 }
            if tokens[index].isMark(")") { depth -= 1 }
            if depth == 0 { return index }
        }
        throw error(tokens.count)
    }

    private func rest(_ start: Int) throws(SQLFailure) -> Range<Int> {
        guard start < tokens.count, let last = tokens.last else { throw error(start) }
        return tokens[start].start..<last.end
    }

    func prepare() throws(SQLFailure) -> PostgresStatementKind {
        let name = try name(1)
        var index = 2
        var types: [SQLType] = []
        if index < tokens.count, tokens[index].isMark("(") {
            let close = try closing(index)
            var start = index + 1
            while start < close {
                var (stop, depth) = (start, 0)
                while stop < close, depth > 0 || !tokens[stop].isMark(",") {
                    if tokens[stop].isMark("(") { depth += 1 }
                    if tokens[stop].isMark(")") { depth -= 1 }
                    stop += 1
                }
                types.append(try type(tokens[start..<stop]))
                start = stop + 1
            }
            index = close + 1
        }
        guard word(index) == "as" else { throw error(index) }
        let isQuery =
            index + 1 < tokens.count && tokens[index + 1].isMark("(") || Self.prepared.contains(word(index + 1))
        guard isQuery else { throw error(index + 1) }
        return .prepare(name: name, types: types, text: try rest(index + 1))
    }

    /// What SQL calls types beside the names of the catalogue and those that errors use.
    private static let typeNames: [String: SQLType] = [
        "int": .int32, "decimal": .numeric, "dec": .numeric, "float": .float64, "char": .fixedText,
        "character": .fixedText, "timestamp": .timestamp, "time": .time,
    ]

    /// The type of a parameter; what stands in parentheses behind it says nothing there (parse_type.c, typenameTypeIdAndMod).
    private func type(_ words: ArraySlice<SQLToken>) throws(SQLFailure) -> SQLType {
        var name: [String] = []
        var depth = 0
        for word in words {
            if word.isMark("(") { depth += 1 }
            if depth == 0 { name.append(word.kind == .quotedName ? "\"\(word.text)\"" : word.text) }
            if word.isMark(")") { depth -= 1 }
        }
        let isArray = name.suffix(2) == ["[", "]"]
        let shown = (isArray ? name.dropLast(2) : name[...]).joined(separator: " ")
        let type =
            Self.typeNames[shown]
            ?? SQLType.allCases.first { $0.displayName == shown || $0.catalogName == shown && $0 != .character }
        guard let type, let whole = isArray ? type.array : type else {
            throw SQLFailure("42704", "type \"\(shown)\" does not exist", offset: words.first?.start)
        }
        return whole
    }

    func execute() throws(SQLFailure) -> PostgresStatementKind {
        let name = try name(1)
        guard tokens.count > 2 else { return .execute(name: name, arguments: 0..<0) }
        guard tokens[2].isMark("(") else { throw error(2) }
        let close = try closing(2)
        try end(close + 1)
        return .execute(name: name, arguments: close > 3 ? tokens[3].start..<tokens[close - 1].end : 0..<0)
    }

    func declare() throws(SQLFailure) -> PostgresStatementKind {
        let name = try name(1)
        var options = PostgresCursorOptions()
        var index = 2
        while index < tokens.count, word(index) != "cursor" {
            switch word(index) {
            case "binary": options.isBinary = true
            case "no" where word(index + 1) == "scroll":
                options.isForwardOnly = true
                index += 1
            case "scroll": options.isScrollable = true
            case "insensitive", "asensitive": break
            default: throw error(index)
            }
            index += 1
        }
        if options.isScrollable, options.isForwardOnly {
            throw SQLFailure("42P11", "cannot specify both SCROLL and NO SCROLL")
        }
        index += 1
        if word(index) == "with", word(index + 1) == "hold" {
            options.isHoldable = true
            index += 2
        } else if word(index) == "without", word(index + 1) == "hold" {
            index += 2
        }
        guard word(index) == "for" else { throw error(index) }
        return .declare(name: name, options: options, text: try rest(index + 1))
    }

    func fetch() throws(SQLFailure) -> PostgresStatementKind {
        let moves = word(0) == "move"
        var index = 1
        var step = PostgresCursorStep.forward(1)
        switch word(index) {
        case "next": index += 1
        case "prior":
            step = .backward(1)
            index += 1
        case "first":
            step = .absolute(1)
            index += 1
        case "last":
            step = .absolute(-1)
            index += 1
        case "all":
            step = .forward(nil)
            index += 1
        case "absolute", "relative":
            let isAbsolute = word(index) == "absolute"
            index += 1
            guard let number = signed(&index) else { throw error(index) }
            step = isAbsolute ? .absolute(number) : .relative(number)
        case "forward", "backward":
            let isForward = word(index) == "forward"
            index += 1
            var count: Int? = 1
            if word(index) == "all" {
                count = nil
                index += 1
            } else if let number = signed(&index) {
                count = number
            }
            step = isForward ? .forward(count) : .backward(count)
        default: if let number = signed(&index) { step = .forward(number) }
        }
        if word(index) == "from" || word(index) == "in" { index += 1 }
        try end(index + 1)
        return .fetch(name: try name(index), step: step, moves: moves)
    }

    /// A whole number with its sign; leaves the index behind it.
    private func signed(_ index: inout Int) -> Int? {
        var place = index
        let isNegative = place < tokens.count && tokens[place].isOperator("-")
        if isNegative || place < tokens.count && tokens[place].isOperator("+") { place += 1 }
        guard place < tokens.count, tokens[place].kind == .integer else { return nil }
        index = place + 1
        return isNegative ? -tokens[place].number : tokens[place].number
    }
}
