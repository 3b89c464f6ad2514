// Regular expressions as PostgreSQL writes them.

import Capabilities

/// An advanced regular expression, read into steps (manual, "POSIX Regular Expressions"; regcomp.c, regc_lex.c).
///
/// Only whether it matches is asked for, so which of several matches it prefers does not matter. Classes and capitals are those
/// of the locale C, which is what `pg_database` says.
struct SQLRegularExpression {
    /// The longest pattern, in characters, and how deeply groups may stand in groups.
    static let longest = 20_000
    static let deepest = 200

    private let pattern: [UInt32]
    private var at = 0
    private var depth = 0
    private var ignoresCase: Bool
    private var root = Node.sequence([])

    indirect enum Node {
        case one(SQLCharacterSet)
        case edge(SQLRegularProgram.Edge)
        case sequence([Node])
        case choice([Node])
        case repeated(Node, least: Int, most: Int?)
    }

    private static let characters: [Character: UInt32] = [
        "a": 0x07, "b": 0x08, "B": 0x5C, "e": 0x1B, "n": 0x0A, "t": 0x09, "r": 0x0D, "f": 0x0C, "v": 0x0B,
    ]
    private static let edges: [Character: SQLRegularProgram.Edge] = [
        "m": .wordStart, "M": .wordEnd, "y": .wordEdge, "Y": .noWordEdge, "A": .start, "Z": .end,
    ]

    private init(_ pattern: String, ignoringCase: Bool) throws(SQLFailure) {
        self.pattern = pattern.unicodeScalars.map(\.value)
        ignoresCase = ignoringCase
        guard self.pattern.count <= Self.longest else { throw Self.refused("more than \(Self.longest) characters") }
        if isNext("***") { throw Self.refused("***") }
        if isNext("(?"), at + 2 < self.pattern.count, Self.isLetter(self.pattern[at + 2]) { try options() }
        root = try alternatives()
        guard next == nil else { throw Self.invalid("parentheses () not balanced") }
    }

    /// Whether it is found in `text`; fails with `2201B` for what is no regular expression.
    ///
    /// `goOn` is called after every some thousand steps.
    static func matches(
        _ text: String, _ pattern: String, ignoringCase: Bool, goOn: () throws(SQLFailure) -> Void = {}
    ) throws(SQLFailure) -> Bool {
        let expression = try SQLRegularExpression(pattern, ignoringCase: ignoringCase)
        return try SQLRegularProgram(expression.root).matches(text, goOn)
    }

    private static func invalid(_ reason: String) -> SQLFailure {
        SQLFailure("2201B", "invalid regular expression: \(reason)")
    }

    static func refused(_ what: String) -> SQLFailure {
        .refused(.sqlQuery, "\(what) in a regular expression is not known here")
    }

    // MARK: Characters

    private var next: Character? {
        at < pattern.count ? Unicode.Scalar(pattern[at]).map(Character.init) : nil
    }
    private func isNext(_ word: String) -> Bool { pattern[at...].starts(with: word.unicodeScalars.map(\.value)) }
    private static func isLetter(_ code: UInt32) -> Bool { code | 0x20 &- 0x61 < 26 }
    private static func isDigit(_ code: UInt32) -> Bool { code &- 0x30 < 10 }

    private mutating func take(_ character: Character) -> Bool {
        guard next == character else { return false }
        at += 1
        return true
    }

    /// `(?i)` at the beginning.
    private mutating func options() throws(SQLFailure) {
        at += 2
        while let option = next, option != ")" {
            switch option {
            case "i": ignoresCase = true
            case "c": ignoresCase = false
            case "s", "t": break
            default: throw Self.refused("this option")
            }
            at += 1
        }
        guard take(")") else { throw Self.invalid("parentheses () not balanced") }
    }

    private func single(_ code: UInt32) -> SQLCharacterSet {
        var set = SQLCharacterSet()
        set.add(code...code)
        if ignoresCase { set.addBothCases() }
        return set
    }

    // MARK: Branches

    private mutating func alternatives() throws(SQLFailure) -> Node {
        var branches = [try branch()]
        while take("|") { branches.append(try branch()) }
        return branches.count == 1 ? branches[0] : .choice(branches)
    }

    private mutating func branch() throws(SQLFailure) -> Node {
        var parts: [Node] = []
        while let character = next, character != "|", character != ")" {
            let atom = try atom()
            guard let (least, most) = try quantifier() else {
                parts.append(atom)
                continue
            }
            if case .edge = atom { throw Self.invalid("quantifier operand invalid") }
            if let again = next, again == "*" || again == "+" || again == "?" || again == "{" && isBound {
                throw Self.invalid("quantifier operand invalid")
            }
            parts.append(.repeated(atom, least: least, most: most))
        }
        return .sequence(parts)
    }

    private var isBound: Bool { at + 1 < pattern.count && Self.isDigit(pattern[at + 1]) }

    private mutating func quantifier() throws(SQLFailure) -> (Int, Int?)? {
        var bounds: (Int, Int?)
        switch next {
        case "*": bounds = (0, nil)
        case "+": bounds = (1, nil)
        case "?": bounds = (0, 1)
        case "{" where isBound:
            at += 1
            let least = try number()
            bounds = (least, least)
            if take(",") {
                bounds.1 = at < pattern.count && Self.isDigit(pattern[at]) ? try number() : nil
            }
            guard next == "}" else { throw Self.invalid("invalid repetition count(s)") }
            if let most = bounds.1, most < least { throw Self.invalid("invalid repetition count(s)") }
        default: return nil
        }
        at += 1
        // Whether as little as possible is matched does not change whether something is.
        _ = take("?")
        return bounds
    }

    /// A count of repetitions, at most 255 (regguts.h, DUPMAX).
    private mutating func number() throws(SQLFailure) -> Int {
        var value = 0
        while at < pattern.count, Self.isDigit(pattern[at]) {
            value = value * 10 + Int(pattern[at] - 0x30)
            guard value <= 255 else { throw Self.invalid("invalid repetition count(s)") }
            at += 1
        }
        return value
    }

    private mutating func atom() throws(SQLFailure) -> Node {
        let code = pattern[at]
        guard let character = next else { throw Self.invalid("this pattern") }
        at += 1
        switch character {
        case "^": return .edge(.start)
        case "$": return .edge(.end)
        case ".": return .one(.any)
        case "[": return .one(try bracket())
        case "\\": return try escape()
        case "*", "+", "?": throw Self.invalid("quantifier operand invalid")
        case "{" where at < pattern.count && Self.isDigit(pattern[at]):
            throw Self.invalid("quantifier operand invalid")
        case "(":
            if isNext("?:") { at += 2 } else if next == "?" { throw Self.refused("(?") }
            depth += 1
            guard depth <= Self.deepest else { throw Self.refused("a group within \(Self.deepest) others") }
            let group = try alternatives()
            depth -= 1
            guard take(")") else { throw Self.invalid("parentheses () not balanced") }
            // A constraint in a group is an atom.
            return .sequence([group])
        default: return .one(single(code))
        }
    }

    private mutating func escape() throws(SQLFailure) -> Node {
        guard let character = next else { throw Self.invalid("invalid escape \\ sequence") }
        let code = pattern[at]
        at += 1
        if let set = SQLCharacterSet.shorthand(character) { return .one(set) }
        if let edge = Self.edges[character] { return .edge(edge) }
        if let code = Self.characters[character] { return .one(single(code)) }
        if Self.isLetter(code) || Self.isDigit(code) { throw Self.refused("\\\(character)") }
        return .one(single(code))
    }

    // MARK: Brackets

    private mutating func bracket() throws(SQLFailure) -> SQLCharacterSet {
        let isNegated = take("^")
        var set = SQLCharacterSet()
        var isFirst = true
        while let character = next, character != "]" || isFirst {
            if character == "-", !isFirst, !isNext("-]") { throw Self.invalid("invalid character range") }
            isFirst = false
            guard let start = try member(&set) else { continue }
            var end = start
            if isNext("-"), !isNext("-]") {
                at += 1
                guard let last = try member(&set) else { throw Self.invalid("invalid character range") }
                end = last
            }
            guard start <= end else { throw Self.invalid("invalid character range") }
            set.add(start...end)
        }
        guard take("]") else { throw Self.invalid("brackets [] not balanced") }
        if ignoresCase { set.addBothCases() }
        return isNegated ? set.inverted : set
    }

    /// One character, or a class that goes into the set; nil then.
    private mutating func member(_ set: inout SQLCharacterSet) throws(SQLFailure) -> UInt32? {
        guard let character = next else { throw Self.invalid("brackets [] not balanced") }
        let code = pattern[at]
        at += 1
        if character == "\\" {
            guard let escaped = next else { throw Self.invalid("invalid escape \\ sequence") }
            let code = pattern[at]
            at += 1
            if escaped.isLowercase, let known = SQLCharacterSet.shorthand(escaped) {
                set.add(known)
                return nil
            }
            if let code = Self.characters[escaped] { return code }
            if Self.isLetter(code) || Self.isDigit(code) { throw Self.refused("\\\(escaped) in brackets") }
            return code
        }
        guard character == "[", let kind = next, kind == ":" || kind == "." || kind == "=" else { return code }
        at += 1
        guard kind == ":" else { throw Self.refused("[\(kind)") }
        var name = ""
        while let letter = next, letter != ":" {
            name.append(letter)
            at += 1
        }
        if name.isEmpty || name == "<" || name == ">" { throw Self.refused("[:\(name)") }
        guard isNext(":]") else { throw Self.invalid("brackets [] not balanced") }
        at += 2
        guard let known = SQLCharacterSet.named(name) else { throw Self.invalid("invalid character class") }
        set.add(known)
        return nil
    }

    /// A pattern of SIMILAR TO as a regular expression for a whole text (regexp.c, similar_escape).
    static func similar(_ pattern: [UInt8], escape: UInt8?) throws(SQLFailure) -> [UInt8] {
        var text = Array("^(?:".utf8)
        var isEscaped = false
        var isInBrackets = false
        for byte in pattern {
            if isEscaped {
                guard byte != UInt8(ascii: "\"") else { throw .refused(.sqlQuery, "this pattern is not known here") }
                text += [UInt8(ascii: "\\"), byte]
                isEscaped = false
            } else if byte == escape {
                isEscaped = true
            } else if isInBrackets {
                if byte == UInt8(ascii: "\\") { text.append(byte) }
                text.append(byte)
                isInBrackets = byte != UInt8(ascii: "]")
            } else {
                switch byte {
                case UInt8(ascii: "["):
                    text.append(byte)
                    isInBrackets = true
                case UInt8(ascii: "%"): text += ".*".utf8
                case UInt8(ascii: "_"): text.append(UInt8(ascii: "."))
                case UInt8(ascii: "("): text += "(?:".utf8
                case UInt8(ascii: "\\"), UInt8(ascii: "."), UInt8(ascii: "^"), UInt8(ascii: "$"):
                    text += [UInt8(ascii: "\\"), byte]
                default: text.append(byte)
                }
            }
        }
        return text + Array(")$".utf8)
    }
}
