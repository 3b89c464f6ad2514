// A statement's words with what is to be put in their place, and the text that comes of it.

import Capabilities

/// Words and edits; the text keeps account of where each word came from, so that errors point to the client's own text.
struct SQLRewrite {
    let source: [UInt8]
    let tokens: [SQLToken]
    private var before: [String]
    private var after: [String]
    private var replacement: [String?]
    /// Text around words, which nests as the words do, whoever put it there first.
    private var wraps: [(words: ClosedRange<Int>, open: String, close: String, level: Int)] = []
    /// Words in small letters, which are no edits: what stands there means the same.
    private var folded: [Int: String] = [:]
    /// Where the operand of a finished cast begins, by the index of the cast's last word.
    var castStarts: [Int: Int] = [:]
    /// The last word of a cast, by the index of its `::`.
    var castEnds: [Int: Int] = [:]
    var castTypes: [Int: SQLDeclaredType] = [:]
    /// The parenthesis or bracket that closes another one, so that deep nesting costs no search at each level.
    private let closings: [Int?]

    init(_ source: [UInt8], _ tokens: [SQLToken]) {
        self.source = source
        self.tokens = tokens
        before = Array(repeating: "", count: tokens.count)
        after = before
        replacement = Array(repeating: nil, count: tokens.count)
        var open: [Int] = []
        var closings = [Int?](repeating: nil, count: tokens.count)
        for index in tokens.indices where tokens[index].kind == .mark {
            switch tokens[index].text {
            case "(", "[": open.append(index)
            case ")", "]": if let last = open.popLast() { closings[last] = index }
            default: break
            }
        }
        self.closings = closings
    }

    // MARK: Edits

    mutating func replace(_ index: Int, _ text: String) { replacement[index] = text }
    mutating func fold(_ index: Int, _ text: String) { folded[index] = text }
    mutating func remove(_ range: Range<Int>) { for index in range { replacement[index] = "" } }
    /// Puts text in the place of everything, edits included; the first word carries the places of errors.
    mutating func replaceAll(_ text: String) {
        before = Array(repeating: "", count: tokens.count)
        after = before
        replacement = Array(repeating: "", count: tokens.count)
        wraps = []
        replacement[0] = text
    }
    /// Puts text before a word and everything that already stands before it.
    mutating func prefix(_ index: Int, _ text: String) { before[index] = text + before[index] }
    /// Puts text behind a word and everything that already stands behind it.
    mutating func suffix(_ index: Int, _ text: String) { after[index] += text }
    /// Removes words with everything that was put before and behind them.
    mutating func blank(_ range: Range<Int>) {
        for index in range { (before[index], replacement[index], after[index]) = ("", "", "") }
        wraps.removeAll { range.contains($0.words.lowerBound) && range.contains($0.words.upperBound) }
    }
    /// Puts text around words; what stands around the same words already is within it.
    ///
    /// A higher level goes around lower ones.
    mutating func wrap(_ words: ClosedRange<Int>, _ open: String, _ close: String, level: Int = 0) {
        wraps.append((words, open, close, level))
    }
    /// Takes the new text of `range` away.
    mutating func cut(_ range: Range<Int>) -> String {
        let text = newText(range)
        blank(range)
        return text
    }
    func isEdited(_ index: Int) -> Bool { replacement[index] != nil }

    // MARK: Looking

    func isWord(_ index: Int, _ word: String) -> Bool { tokens.indices.contains(index) && tokens[index].isWord(word) }
    func isOperator(_ index: Int, _ name: String) -> Bool {
        tokens.indices.contains(index) && tokens[index].isOperator(name)
    }
    func isMark(_ index: Int, _ mark: String) -> Bool { tokens.indices.contains(index) && tokens[index].isMark(mark) }
    func isWords(_ index: Int, _ words: String...) -> Bool {
        for (ahead, word) in words.enumerated() where !isWord(index + ahead, word) { return false }
        return true
    }

    /// The words from `start` on; none where the statement is over before that, as one may end anywhere.
    func rest(_ start: Int) -> Range<Int> { min(start, tokens.count)..<tokens.count }

    /// The original text of some words.
    func text(_ range: Range<Int>) -> String {
        guard !range.isEmpty else { return "" }
        return String(
            decoding: source[tokens[range.lowerBound].start..<tokens[range.upperBound - 1].end], as: UTF8.self)
    }

    /// The parenthesis or bracket that closes the one at `index`.
    func closing(_ index: Int) throws(SQLFailure) -> Int {
        if closings.indices.contains(index), let close = closings[index] { return close }
        var depth = 0
        for place in rest(index) where tokens[place].kind == .mark {
            switch tokens[place].text {
            case "(", "[": depth += 1
            case ")", "]":
                depth -= 1
                if depth == 0 { return place }
            default: break
            }
        }
        throw SQLFailure("42601", "syntax error at end of input", offset: tokens.last?.end)
    }

    /// The one that opens what closes at `index`.
    func opening(_ index: Int) throws(SQLFailure) -> Int {
        var depth = 0
        var place = index
        while place >= 0 {
            if tokens[place].kind == .mark {
                switch tokens[place].text {
                case ")", "]": depth += 1
                case "(", "[":
                    depth -= 1
                    if depth == 0 { return place }
                default: break
                }
            }
            place -= 1
        }
        throw syntaxError(index)
    }

    func syntaxError(_ index: Int) -> SQLFailure {
        guard index < tokens.count else {
            return SQLFailure("42601", "syntax error at end of input", offset: tokens.last?.end)
        }
        return SQLFailure(
            "42601", "syntax error at or near \"\(text(index..<(index + 1)))\"", offset: tokens[index].start)
    }

    /// The pieces between commas in `range`, outside of parentheses.
    func split(_ range: Range<Int>) -> [Range<Int>] {
        var pieces: [Range<Int>] = []
        var depth = 0
        var start = range.lowerBound
        for index in range where tokens[index].kind == .mark {
            switch tokens[index].text {
            case "(", "[": depth += 1
            case ")", "]": depth -= 1
            case "," where depth == 0:
                pieces.append(start..<index)
                start = index + 1
            default: break
            }
        }
        pieces.append(start..<range.upperBound)
        return pieces
    }

    // MARK: The text

    /// The new text of `range`, and which of its places came from which places of the source.
    func result(_ range: Range<Int>? = nil) -> (sql: [UInt8], places: [(new: Int, old: Int)]) {
        var sql: [UInt8] = []
        var places: [(new: Int, old: Int)] = []
        var lastEnd = -1
        let range = range ?? 0..<tokens.count
        let (opens, closes) = edges(range)
        for index in range {
            let token = tokens[index]
            let open = opens[index]
            let isPlain = before[index].isEmpty && replacement[index] == nil && open == nil
            if lastEnd >= 0, !isPlain || token.start > lastEnd { sql.append(0x20) }
            if let open { sql += open.utf8 }
            sql += before[index].utf8
            places.append((sql.count, token.start))
            if let replacement = replacement[index] {
                sql += replacement.utf8
            } else if let word = folded[index] {
                sql += word.utf8
            } else {
                sql += source[token.start..<token.end]
            }
            let close = closes[index]
            if let close { sql += close.utf8 }
            sql += after[index].utf8
            // An edited word may end in anything: the next one must not grow together with it.
            lastEnd = after[index].isEmpty && replacement[index] == nil && close == nil ? token.end : 0
        }
        return (sql, places)
    }

    /// What wraps put before and behind words: the longest begins first and ends last.
    private func edges(_ range: Range<Int>) -> (opens: [Int: String], closes: [Int: String]) {
        guard !wraps.isEmpty else { return ([:], [:]) }
        var opens: [Int: String] = [:]
        var closes: [Int: String] = [:]
        let within = wraps.enumerated().filter {
            range.contains($0.element.words.lowerBound) && range.contains($0.element.words.upperBound)
        }
        let fromWithin = within.sorted {
            let (one, other) = ($0.element, $1.element)
            return (one.words.count, one.level, $0.offset) < (other.words.count, other.level, $1.offset)
        }
        for (_, wrap) in fromWithin {
            opens[wrap.words.lowerBound] = wrap.open + (opens[wrap.words.lowerBound] ?? "")
            closes[wrap.words.upperBound, default: ""] += wrap.close
        }
        return (opens, closes)
    }

    func newText(_ range: Range<Int>) -> String { String(decoding: result(range).sql, as: UTF8.self) }
}

// MARK: Operands

extension SQLRewrite {
    /// Words that end an operand although they look like names.
    private static let notOperands: Set<String> = [
        "and", "or", "not", "in", "like", "ilike", "between", "is", "as", "on", "when", "then", "else", "select",
        "where", "having", "by", "values", "from", "join", "using", "set", "limit", "offset", "returning", "any", "all",
        "some", "distinct", "case", "exists", "array", "over", "filter", "union", "except", "intersect", "default",
        "check", "primary", "unique", "references", "key",
    ]

    /// Whether the word at `index` ends or begins something else than an operand.
    func isKeyWord(_ index: Int) -> Bool {
        tokens[index].kind == .word && Self.notOperands.contains(tokens[index].text)
    }

    /// Where the operand begins whose last word is at `end`: a literal, a name with its qualifiers, a call, a group, a CASE.
    func operandStart(endingAt end: Int) throws(SQLFailure) -> Int {
        guard end >= 0 else { throw syntaxError(end + 1) }
        if let start = castStarts[end] { return start }
        let token = tokens[end]
        var start = end
        if token.isMark(")") {
            start = try opening(end)
            guard start > 0, tokens[start - 1].isName, !Self.notOperands.contains(tokens[start - 1].text) else {
                return start
            }
            start -= 1
        } else if token.isMark("]") {
            // `ARRAY[…]`
            var depth = 0
            while start >= 0 {
                if tokens[start].isMark("]") { depth += 1 }
                if tokens[start].isMark("[") { depth -= 1 }
                if depth == 0 { break }
                start -= 1
            }
            guard start > 0 else { throw syntaxError(end) }
            // `ARRAY[…]`, or an item of what stands before it.
            return tokens[start - 1].isWord("array") ? start - 1 : try operandStart(endingAt: start - 1)
        } else if token.isWord("end") {
            var depth = 0
            while start >= 0 {
                if tokens[start].isWord("end") { depth += 1 }
                if tokens[start].isWord("case") { depth -= 1 }
                if depth == 0 { return start }
                start -= 1
            }
            throw syntaxError(end)
        } else if token.kind == .mark || token.kind == .operator {
            throw syntaxError(end)
        } else if token.isString || !token.isName {
            return end
        }
        while start >= 2, tokens[start - 1].isMark("."), tokens[start - 2].isName { start -= 2 }
        // A field of a row in parentheses.
        if start >= 2, tokens[start - 1].isMark("."), tokens[start - 2].isMark(")") {
            return try operandStart(endingAt: start - 2)
        }
        return start
    }

    /// The last word of the operand that begins at `start`, casts included.
    func operandEnd(from start: Int) throws(SQLFailure) -> Int {
        var end = start
        while end < tokens.count, tokens[end].isOperator("-") || tokens[end].isOperator("+") { end += 1 }
        guard end < tokens.count else { throw syntaxError(end) }
        if tokens[end].isMark("(") {
            end = try closing(end)
        } else if tokens[end].isWord("case") {
            var depth = 0
            while end < tokens.count {
                if tokens[end].isWord("case") { depth += 1 }
                if tokens[end].isWord("end") { depth -= 1 }
                if depth == 0 { break }
                end += 1
            }
            guard end < tokens.count else { throw syntaxError(end) }
        } else if tokens[end].isName, castTypes[end] != nil, !tokens[end].isWord("cast"),
            let literal = ((end + 1)..<min(end + 8, tokens.count)).first(where: { castStarts[$0] == end })
        {
            // `date '2024-01-01'`
            end = literal
        } else if tokens[end].isName {
            while end + 2 < tokens.count, tokens[end + 1].isMark("."), tokens[end + 2].isName { end += 2 }
            if isMark(end + 1, "(") { end = try closing(end + 1) }
        }
        let isConstructor = tokens[end].isWord("array")
        while !isConstructor, isMark(end + 1, "[") || isMark(end, ")") && isMark(end + 1, ".") {
            end = isMark(end + 1, "[") ? try closing(end + 1) : end + 2
        }
        guard end < tokens.count else { throw syntaxError(end) }
        while let next = castEnds[end + 1] { end = next }
        return end
    }
}
