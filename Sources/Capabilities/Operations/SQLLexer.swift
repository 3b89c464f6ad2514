// Splits the text of SQL into words and statements, by PostgreSQL's lexical rules.

/// Reads words (PostgreSQL documentation, "Lexical Structure"; scan.l).
public struct SQLLexer {
    /// The most words of one text: what is beyond is no statement that a person or a driver wrote.
    public static let wordLimit = 1_000_000
    /// The largest number of a parameter: what the protocol's 16 bits can count.
    public static let parameterLimit = 65_535

    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    private init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// The words of `bytes`, without comments and white space.
    public static func tokens(_ bytes: [UInt8]) throws(SQLFailure) -> [SQLToken] {
        try tokens(bytes, in: 0..<bytes.count)
    }

    /// The words in a part of `bytes`; their places count from the start of `bytes`.
    public static func tokens(_ bytes: [UInt8], in range: Range<Int>) throws(SQLFailure) -> [SQLToken] {
        var lexer = SQLLexer(bytes, range)
        var tokens: [SQLToken] = []
        while let token = try lexer.next() {
            guard tokens.count < wordLimit else {
                throw SQLFailure("54001", "statement has more than \(wordLimit) words", offset: token.start)
            }
            tokens.append(token)
        }
        return tokens
    }

    /// The words of each statement of `bytes`, which semicolons separate; empty statements are left out.
    public static func statements(_ bytes: [UInt8]) throws(SQLFailure) -> [[SQLToken]] {
        var statements: [[SQLToken]] = []
        var current: [SQLToken] = []
        var depth = 0
        for token in try tokens(bytes) {
            if token.kind == .mark {
                if token.text == "(" { depth += 1 } else if token.text == ")" { depth -= 1 }
            }
            if token.isMark(";"), depth <= 0 {
                if !current.isEmpty { statements.append(current) }
                current = []
                depth = 0
            } else {
                current.append(token)
            }
        }
        if !current.isEmpty { statements.append(current) }
        return statements
    }

    private func byte(_ ahead: Int = 0) -> UInt8 {
        position + ahead < end ? bytes[position + ahead] : 0
    }

    private mutating func next() throws(SQLFailure) -> SQLToken? {
        try skipSpace()
        guard position < end else { return nil }
        let start = position
        let first = byte()
        switch first {
        case UInt8(ascii: "'"):
            try skipString(escapes: false, from: start)
            return SQLToken(.string, start, position)
        case UInt8(ascii: "\""): return try quotedName(start)
        case UInt8(ascii: "$"): return try dollar(start)
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return number(start)
        case UInt8(ascii: "."):
            if byte(1) &- 0x30 < 10 { return number(start) }
            position += byte(1) == UInt8(ascii: ".") ? 2 : 1
            return SQLToken(.mark, start, position, position - start == 2 ? ".." : ".")
        case UInt8(ascii: ":"):
            let isPair = byte(1) == UInt8(ascii: ":") || byte(1) == UInt8(ascii: "=")
            position += isPair ? 2 : 1
            return SQLToken(.mark, start, position, text(start, position))
        case UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: ","),
            UInt8(ascii: ";"):
            position += 1
            return SQLToken(.mark, start, position, text(start, position))
        default: break
        }
        if Self.isNameStart(first) { return try word(start) }
        if Self.isOperator(first) { return operatorToken(start) }
        throw SQLFailure("42601", "syntax error at or near \"\(text(start, start + 1))\"", offset: start)
    }

    private func text(_ from: Int, _ to: Int) -> String { String(decoding: bytes[from..<min(to, end)], as: UTF8.self) }

    // MARK: Space and comments

    private mutating func skipSpace() throws(SQLFailure) {
        while position < end {
            switch byte() {
            case 0x20, 0x09...0x0D: position += 1
            case UInt8(ascii: "-") where byte(1) == UInt8(ascii: "-"):
                while position < end, byte() != 0x0A, byte() != 0x0D { position += 1 }
            case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"): try skipComment()
            default: return
            }
        }
    }

    private mutating func skipComment() throws(SQLFailure) {
        let start = position
        var depth = 0
        while position < end {
            if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") {
                depth += 1
                position += 2
            } else if byte() == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
                depth -= 1
                position += 2
                if depth == 0 { return }
            } else {
                position += 1
            }
        }
        throw SQLFailure("42601", "unterminated /* comment at or near \"\(text(start, end))\"", offset: start)
    }

    // MARK: Quotes

    /// Leaves the position behind the closing quote; quotes that a line break separates are one text.
    private mutating func skipString(escapes: Bool, from start: Int) throws(SQLFailure) {
        position += 1
        while position < end {
            if byte() == UInt8(ascii: "'") {
                guard byte(1) == UInt8(ascii: "'") else {
                    position += 1
                    return
                }
                position += 2
            } else if escapes, byte() == UInt8(ascii: "\\") {
                position += 2
            } else {
                position += 1
            }
        }
        throw SQLFailure("42601", "unterminated quoted string at or near \"\(text(start, end))\"", offset: start)
    }

    private mutating func quotedName(_ start: Int) throws(SQLFailure) -> SQLToken {
        position += 1
        var name: [UInt8] = []
        while position < end {
            let next = byte()
            if next == UInt8(ascii: "\"") {
                guard byte(1) == UInt8(ascii: "\"") else {
                    position += 1
                    guard !name.isEmpty else {
                        throw SQLFailure(
                            "42601", "zero-length delimited identifier at or near \"\"\"\"", offset: start)
                    }
                    return SQLToken(.quotedName, start, position, String(decoding: name, as: UTF8.self))
                }
                position += 1
            }
            name.append(next)
            position += 1
        }
        throw SQLFailure("42601", "unterminated quoted identifier at or near \"\(text(start, end))\"", offset: start)
    }

    private mutating func dollar(_ start: Int) throws(SQLFailure) -> SQLToken {
        if byte(1) &- 0x30 < 10 {
            position += 1
            var number = 0
            while byte() &- 0x30 < 10 {
                number = min(number * 10 + Int(byte() &- 0x30), Self.parameterLimit + 1)
                position += 1
            }
            guard number > 0, number <= Self.parameterLimit else {
                throw SQLFailure("42P02", "there is no parameter \(text(start, position))", offset: start)
            }
            return SQLToken(.parameter, start, position, number: number)
        }
        var tag = position + 1
        while tag < end, Self.isNamePart(bytes[tag]), bytes[tag] != UInt8(ascii: "$") { tag += 1 }
        guard tag < end, bytes[tag] == UInt8(ascii: "$") else {
            throw SQLFailure("42601", "syntax error at or near \"$\"", offset: start)
        }
        let length = tag + 1 - start
        position = tag + 1
        while position + length <= end {
            if byte() == UInt8(ascii: "$"), bytes[position..<(position + length)] == bytes[start..<(start + length)] {
                position += length
                return SQLToken(.dollarString, start, position, text(start, start + length))
            }
            position += 1
        }
        throw SQLFailure(
            "42601", "unterminated dollar-quoted string at or near \"\(text(start, end))\"", offset: start)
    }

    // MARK: Words, numbers, operators

    private mutating func word(_ start: Int) throws(SQLFailure) -> SQLToken {
        if byte(1) == UInt8(ascii: "'") {
            switch byte() | 0x20 {
            case UInt8(ascii: "e"):
                position += 1
                try skipString(escapes: true, from: start)
                return SQLToken(.escapeString, start, position)
            case UInt8(ascii: "b"), UInt8(ascii: "x"):
                position += 1
                try skipString(escapes: false, from: start)
                return SQLToken(.bitString, start, position)
            case UInt8(ascii: "n"):
                position += 1
                try skipString(escapes: false, from: start + 1)
                return SQLToken(.string, start + 1, position)
            default: break
            }
        }
        if byte() | 0x20 == UInt8(ascii: "u"), byte(1) == UInt8(ascii: "&"),
            byte(2) == UInt8(ascii: "'") || byte(2) == UInt8(ascii: "\"")
        {
            throw SQLFailure.refused(.sqlQuery, "U& escapes are not understood here", offset: start)
        }
        while position < end, Self.isNamePart(byte()) { position += 1 }
        var name = Array(bytes[start..<position])
        for index in name.indices where name[index] &- 0x41 < 26 { name[index] |= 0x20 }
        return SQLToken(.word, start, position, String(decoding: name, as: UTF8.self))
    }

    private mutating func number(_ start: Int) -> SQLToken {
        var isDecimal = false
        while byte() &- 0x30 < 10 { position += 1 }
        if byte() == UInt8(ascii: "."), byte(1) != UInt8(ascii: ".") {
            isDecimal = true
            position += 1
            while byte() &- 0x30 < 10 { position += 1 }
        }
        if byte() | 0x20 == UInt8(ascii: "e") {
            let sign = byte(1) == UInt8(ascii: "+") || byte(1) == UInt8(ascii: "-") ? 2 : 1
            if byte(sign) &- 0x30 < 10 {
                isDecimal = true
                position += sign
                while byte() &- 0x30 < 10 { position += 1 }
            }
        }
        if isDecimal { return SQLToken(.decimal, start, position) }
        var value = 0
        for digit in bytes[start..<position] where value <= Int(Int32.max) { value = value * 10 + Int(digit &- 0x30) }
        return SQLToken(.integer, start, position, number: min(value, Int(Int32.max)))
    }

    /// An operator ends where a comment starts, and with `+` or `-` only if it holds one of `~!@#%^&|?` or a backquote.
    private mutating func operatorToken(_ start: Int) -> SQLToken {
        while position < end, Self.isOperator(byte()) {
            if byte() == UInt8(ascii: "-"), byte(1) == UInt8(ascii: "-") { break }
            if byte() == UInt8(ascii: "/"), byte(1) == UInt8(ascii: "*") { break }
            position += 1
        }
        while position - start > 1,
            bytes[position - 1] == UInt8(ascii: "+") || bytes[position - 1] == UInt8(ascii: "-"),
            !bytes[start..<(position - 1)].contains(where: { "~!@#%^&|`?".utf8.contains($0) })
        {
            position -= 1
        }
        return SQLToken(.operator, start, position, text(start, position))
    }

    private static func isNameStart(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 0x61 < 26 || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    private static func isNamePart(_ byte: UInt8) -> Bool {
        isNameStart(byte) || byte &- 0x30 < 10 || byte == UInt8(ascii: "$")
    }

    private static func isOperator(_ byte: UInt8) -> Bool { "+-*/<>=~!@#%^&|`?".utf8.contains(byte) }
}

extension SQLToken {
    /// The characters that a text in quotes of any kind stands for; nil for other words.
    public func stringValue(in bytes: [UInt8]) throws(SQLFailure) -> [UInt8]? {
        switch kind {
        case .string: return Self.undoubled(bytes[(start + 1)..<(end - 1)])
        case .dollarString:
            let length = text.utf8.count
            return Array(bytes[(start + length)..<(end - length)])
        case .escapeString: return try unescaped(bytes[(start + 2)..<(end - 1)])
        default: return nil
        }
    }

    private static func undoubled(_ inner: ArraySlice<UInt8>) -> [UInt8] {
        var value: [UInt8] = []
        value.reserveCapacity(inner.count)
        var wasQuote = false
        for byte in inner {
            if byte == UInt8(ascii: "'"), wasQuote {
                wasQuote = false
                continue
            }
            wasQuote = byte == UInt8(ascii: "'")
            value.append(byte)
        }
        return value
    }

    private func unescaped(_ inner: ArraySlice<UInt8>) throws(SQLFailure) -> [UInt8] {
        var value: [UInt8] = []
        var index = inner.startIndex
        func digits(_ base: UInt32, _ atMost: Int) -> UInt32? {
            var number: UInt32 = 0
            var count = 0
            while count < atMost, index < inner.endIndex,
                let digit = Character(Unicode.Scalar(inner[index])).hexDigitValue, digit < base
            {
                number = number &* base &+ UInt32(digit)
                index += 1
                count += 1
            }
            return count == 0 ? nil : number
        }
        while index < inner.endIndex {
            let byte = inner[index]
            index += 1
            if byte == UInt8(ascii: "'") {
                index += 1
                value.append(byte)
                continue
            }
            guard byte == UInt8(ascii: "\\"), index < inner.endIndex else {
                value.append(byte)
                continue
            }
            let escape = inner[index]
            index += 1
            switch escape {
            case UInt8(ascii: "n"): value.append(0x0A)
            case UInt8(ascii: "t"): value.append(0x09)
            case UInt8(ascii: "r"): value.append(0x0D)
            case UInt8(ascii: "b"): value.append(0x08)
            case UInt8(ascii: "f"): value.append(0x0C)
            case UInt8(ascii: "x"): value.append(UInt8(truncatingIfNeeded: digits(16, 2) ?? 0x78))
            case UInt8(ascii: "0")...UInt8(ascii: "7"):
                index -= 1
                value.append(UInt8(truncatingIfNeeded: digits(8, 3) ?? 0))
            case UInt8(ascii: "u"), UInt8(ascii: "U"):
                let wanted = escape == UInt8(ascii: "u") ? 4 : 8
                guard let number = digits(16, wanted), let scalar = Unicode.Scalar(number), number != 0 else {
                    throw SQLFailure("22025", "invalid Unicode escape", offset: start)
                }
                value += Array(String(Character(scalar)).utf8)
            default: value.append(escape)
            }
        }
        return value
    }
}
