// Regular expressions as PostgreSQL writes them, for the C library, which knows fewer words and only bytes.

import Capabilities
import Glibc

/// An advanced regular expression as an extended one of POSIX, over the bytes of UTF-8 (manual, "POSIX Regular Expressions";
/// regc_lex.c).
struct SQLRegularExpression {
    private let pattern: [UInt8]
    private var at = 0
    private var text: [UInt8] = []
    private var ignoresCase = false

    /// A character of several bytes.
    private static let several: [UInt8] =
        [0x5B, 0xC2, 0x2D, 0xF4, 0x5D, 0x5B, 0x80, 0x2D, 0xBF, 0x5D] + Array("{1,3}".utf8)
    private static let classes: [UInt8: String] = [
        UInt8(ascii: "d"): "0-9", UInt8(ascii: "s"): "[:space:]", UInt8(ascii: "w"): "[:alnum:]_",
    ]
    private static let characters: [UInt8: UInt8] = [
        UInt8(ascii: "n"): 0x0A, UInt8(ascii: "t"): 0x09, UInt8(ascii: "r"): 0x0D, UInt8(ascii: "f"): 0x0C,
        UInt8(ascii: "v"): 0x0B,
    ]
    private static let constraints: [UInt8: String] = [
        UInt8(ascii: "m"): "\\<", UInt8(ascii: "M"): "\\>", UInt8(ascii: "y"): "\\b", UInt8(ascii: "Y"): "\\B",
        UInt8(ascii: "A"): "^", UInt8(ascii: "Z"): "$",
    ]

    private init(_ pattern: [UInt8]) { self.pattern = pattern }

    /// Whether it is found in `text`; fails with `2201B` for what is no regular expression.
    static func matches(_ text: String, _ pattern: String, ignoringCase: Bool) throws(SQLFailure) -> Bool {
        var reader = SQLRegularExpression(Array(pattern.utf8))
        try reader.read()
        var compiled = regex_t()
        let flags = REG_EXTENDED | REG_NOSUB | (ignoringCase || reader.ignoresCase ? REG_ICASE : 0)
        let words = reader.text.map { CChar(bitPattern: $0) } + [0]
        guard regcomp(&compiled, words, flags) == 0 else { throw invalid(pattern) }
        defer { regfree(&compiled) }
        return regexec(&compiled, text, 0, nil, 0) == 0
    }

    private static func invalid(_ pattern: String) -> SQLFailure {
        SQLFailure("2201B", "invalid regular expression: \(pattern)")
    }

    private func refused(_ what: String) -> SQLFailure {
        .refused(.sqlQuery, "\(what) in a regular expression is not known here")
    }

    private var next: UInt8? { at < pattern.count ? pattern[at] : nil }
    private func isNext(_ word: String) -> Bool { pattern[at...].starts(with: word.utf8) }

    private mutating func read() throws(SQLFailure) {
        if isNext("***") { throw refused("***") }
        if isNext("(?"), at + 2 < pattern.count, pattern[at + 2] | 0x20 &- 0x61 < 26 { try options() }
        while let byte = next {
            at += 1
            switch byte {
            case UInt8(ascii: "\\"): try escape()
            case UInt8(ascii: "["): try bracket()
            case UInt8(ascii: "."): any(but: [])
            case UInt8(ascii: "("):
                if isNext("?:") { at += 2 } else if next == UInt8(ascii: "?") { throw refused("(?") }
                text.append(byte)
            case UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "?"):
                text.append(byte)
                skipPreference()
            case UInt8(ascii: "{"): quantifier()
            case 0x80...: character(byte)
            default: text.append(byte)
            }
        }
    }

    /// `(?i)` at the beginning.
    private mutating func options() throws(SQLFailure) {
        at += 2
        while let byte = next, byte != UInt8(ascii: ")") {
            switch byte {
            case UInt8(ascii: "i"): ignoresCase = true
            case UInt8(ascii: "c"): ignoresCase = false
            case UInt8(ascii: "s"), UInt8(ascii: "t"): break
            default: throw refused("this option")
            }
            at += 1
        }
        guard next != nil else { throw Self.invalid(String(decoding: pattern, as: UTF8.self)) }
        at += 1
    }

    /// Whether as little as possible is matched does not change whether something is.
    private mutating func skipPreference() { if next == UInt8(ascii: "?") { at += 1 } }

    private mutating func quantifier() {
        guard let digit = next, digit &- 0x30 < 10 else {
            text += "\\{".utf8
            return
        }
        text.append(UInt8(ascii: "{"))
        while let byte = next {
            text.append(byte)
            at += 1
            if byte == UInt8(ascii: "}") { break }
        }
        skipPreference()
    }

    /// A character of several bytes, which a quantifier behind it means as a whole.
    private mutating func character(_ first: UInt8) {
        text += [UInt8(ascii: "("), first]
        while let byte = next, byte & 0xC0 == 0x80 {
            text.append(byte)
            at += 1
        }
        text.append(UInt8(ascii: ")"))
    }

    /// Any character that is none of some of ASCII.
    private mutating func any(but excluded: [UInt8]) {
        text += "([^".utf8
        text += excluded
        text += [0x80, UInt8(ascii: "-"), 0xFF]
        text += "]|".utf8
        text += Self.several
        text.append(UInt8(ascii: ")"))
    }

    private mutating func escape() throws(SQLFailure) {
        guard let byte = next else { throw Self.invalid(String(decoding: pattern, as: UTF8.self)) }
        at += 1
        if let members = Self.classes[byte] {
            text += "[\(members)]".utf8
        } else if let members = Self.classes[byte | 0x20] {
            any(but: Array(members.utf8))
        } else if let constraint = Self.constraints[byte] {
            text += constraint.utf8
        } else if let character = Self.characters[byte] {
            text.append(character)
        } else if byte | 0x20 &- 0x61 < 26 || byte &- 0x30 < 10 {
            throw refused("\\\(Character(Unicode.Scalar(byte)))")
        } else if byte >= 0x80 {
            character(byte)
        } else {
            text += [UInt8(ascii: "\\"), byte]
        }
    }

    /// `[abc]`, in which a backslash means something to PostgreSQL and nothing to POSIX.
    private mutating func bracket() throws(SQLFailure) {
        let isNegated = next == UInt8(ascii: "^")
        if isNegated { at += 1 }
        var members: [UInt8] = []
        var isFirst = true
        while true {
            guard let byte = next else { throw Self.invalid(String(decoding: pattern, as: UTF8.self)) }
            at += 1
            if byte == UInt8(ascii: "]"), !isFirst { break }
            isFirst = false
            switch byte {
            case 0x80...: throw refused("a character that is not ASCII in brackets")
            case UInt8(ascii: "["):
                members.append(byte)
                // `[:alpha:]`
                guard let kind = next, [UInt8(ascii: ":"), UInt8(ascii: "."), UInt8(ascii: "=")].contains(kind) else {
                    break
                }
                repeat {
                    guard let inner = next else { throw Self.invalid(String(decoding: pattern, as: UTF8.self)) }
                    members.append(inner)
                    at += 1
                } while !(members.last == UInt8(ascii: "]") && members[members.count - 2] == kind)
            case UInt8(ascii: "\\"):
                guard let escaped = next else { throw Self.invalid(String(decoding: pattern, as: UTF8.self)) }
                at += 1
                if let known = Self.classes[escaped] {
                    members += known.utf8
                } else if let character = Self.characters[escaped] {
                    members.append(character)
                } else if [UInt8(ascii: "]"), UInt8(ascii: "-"), UInt8(ascii: "^")].contains(escaped)
                    || escaped | 0x20 &- 0x61 < 26 || escaped &- 0x30 < 10 || escaped >= 0x80
                {
                    throw refused("\\\(Character(Unicode.Scalar(escaped))) in brackets")
                } else {
                    members.append(escaped)
                }
            default: members.append(byte)
            }
        }
        guard isNegated else {
            text.append(UInt8(ascii: "["))
            text += members
            text.append(UInt8(ascii: "]"))
            return
        }
        // A minus at the end would begin a range of what follows.
        if members.last == UInt8(ascii: "-") { members = [UInt8(ascii: "-")] + members.dropLast() }
        any(but: members)
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
