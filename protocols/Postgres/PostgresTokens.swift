// Cuts a SQL text into words, signs and literals.

import Wire

/// A part of a statement; white space and comments are none.
enum PostgresToken: Equatable {
    /// A word in lower case, or a quoted name as it is spelled.
    case word(String, isQuoted: Bool)
    /// A string or a number; only that there is one matters.
    case literal
    /// Any other byte, such as a parenthesis.
    case sign(UInt8)

    /// The parts of `text`; nil where it depends on the server's settings how they are read, or where one has no end
    /// (manual, 4.1 "Lexical Structure").
    static func all(in text: Bytes) -> [PostgresToken]? {
        var cutter = PostgresTokenCutter()
        return cutter.run(text) ? cutter.tokens : nil
    }

    /// Takes a relation's name, with that of its schema or without, from the front of `rest`; nil where there is none.
    static func takeName(from rest: inout ArraySlice<PostgresToken>) -> (name: String, isQualified: Bool)? {
        guard case .word(var name, _) = rest.popFirst() else { return nil }
        let isQualified = rest.first == .sign(UInt8(ascii: "."))
        while rest.first == .sign(UInt8(ascii: ".")) {
            rest.removeFirst()
            guard case .word(let next, _) = rest.popFirst() else { return nil }
            name = next
        }
        return (name, isQualified)
    }
}

/// The walk through one text.
private struct PostgresTokenCutter {
    var tokens: [PostgresToken] = []
    private var place = 0

    mutating func run(_ text: Bytes) -> Bool {
        while place < text.count {
            let byte = text[place]
            let next = place + 1 < text.count ? text[place + 1] : 0
            let isFine: Bool
            switch byte {
            case 0: return true
            case 0x20, 0x09...0x0D:
                place += 1
                isFine = true
            case UInt8(ascii: "-") where next == byte:
                while place < text.count, text[place] != 0x0A, text[place] != 0x0D { place += 1 }
                isFine = true
            case UInt8(ascii: "/") where next == UInt8(ascii: "*"): isFine = skipComment(text)
            case UInt8(ascii: "'"): isFine = takeString(text, escapes: false)
            case UInt8(ascii: "\""): isFine = takeName(text)
            case UInt8(ascii: "$") where !next.isASCIIDigit: isFine = takeDollars(text)
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                while place < text.count, text[place].isASCIIDigit || text[place] == UInt8(ascii: ".") { place += 1 }
                tokens.append(.literal)
                isFine = true
            case _ where Self.begins(byte): isFine = takeWord(text)
            default:
                place += 1
                tokens.append(.sign(byte))
                isFine = true
            }
            guard isFine else { return false }
        }
        return true
    }

    private static func begins(_ byte: UInt8) -> Bool {
        byte.asciiLowercased &- 0x61 < 26 || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    /// Comments nest.
    private mutating func skipComment(_ text: Bytes) -> Bool {
        var depth = 0
        while place + 1 < text.count {
            if text[place] == UInt8(ascii: "/"), text[place + 1] == UInt8(ascii: "*") {
                depth += 1
                place += 2
            } else if text[place] == UInt8(ascii: "*"), text[place + 1] == UInt8(ascii: "/") {
                depth -= 1
                place += 2
                if depth == 0 { return true }
            } else {
                place += 1
            }
        }
        return false
    }

    /// Whether a backslash means something in a plain string is a setting of the session's, so one with a backslash is unclear.
    private mutating func takeString(_ text: Bytes, escapes: Bool) -> Bool {
        place += 1
        while place < text.count {
            switch text[place] {
            case UInt8(ascii: "\\"):
                guard escapes else { return false }
                place += 2
            case UInt8(ascii: "'"):
                place += 1
                guard place < text.count, text[place] == UInt8(ascii: "'") else {
                    tokens.append(.literal)
                    return true
                }
                place += 1
            default: place += 1
            }
        }
        return false
    }

    private mutating func takeName(_ text: Bytes) -> Bool {
        let start = place + 1
        guard let end = text.firstIndex(of: UInt8(ascii: "\""), from: start) else { return false }
        tokens.append(.word(text.text(start..<end), isQuoted: true))
        place = end + 1
        return true
    }

    private mutating func takeWord(_ text: Bytes) -> Bool {
        let start = place
        while place < text.count,
            Self.begins(text[place]) || text[place].isASCIIDigit || text[place] == UInt8(ascii: "$")
        {
            place += 1
        }
        let word = text.text(start..<place).lowercased()
        let next = place < text.count ? text[place] : 0
        if next == UInt8(ascii: "'"), word == "e" { return takeString(text, escapes: true) }
        // Names and strings with Unicode escapes.
        if word == "u", next == UInt8(ascii: "&") { return false }
        tokens.append(.word(word, isQuoted: false))
        return true
    }

    /// `$tag$ … $tag$`.
    private mutating func takeDollars(_ text: Bytes) -> Bool {
        guard let tagEnd = text.firstIndex(of: UInt8(ascii: "$"), from: place + 1) else { return false }
        let length = tagEnd + 1 - place
        // As long as a name may be; and what is compared at each byte stays short.
        guard length <= 65 else { return false }
        for index in (place + 1)..<tagEnd where !Self.begins(text[index]) && !text[index].isASCIIDigit { return false }
        var end = tagEnd + 1
        while end + length <= text.count {
            var same = 0
            while same < length, text[end + same] == text[place + same] { same += 1 }
            if same == length {
                place = end + length
                tokens.append(.literal)
                return true
            }
            end += 1
        }
        return false
    }
}
