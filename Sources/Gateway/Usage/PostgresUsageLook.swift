// One look at a SQL text: the words outside of literals, names in quotes and comments, as features of tables.

import Wire

/// Finds keywords, functions, types and operators by tables; a word that is in none of them leaves nothing behind.
struct PostgresUsageLook {
    /// Bytes of a text that are looked at.
    static let most = 16 * 1024
    /// Bytes of a text that tell it from others.
    private static let mostHashed = 1024

    private let words: PostgresUsageTable
    private let definesTypes: Bool
    private var previous: UInt64 = 0
    private var isAfterCast = false

    init(_ words: PostgresUsageTable, definesTypes: Bool) {
        self.words = words
        self.definesTypes = definesTypes
    }

    /// A hash that is the same for texts that differ in numbers and in quoted literals only.
    static func hash(_ text: Range<Int>, in bytes: Bytes) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var isQuoted = false
        for place in text.prefix(mostHashed) {
            let byte = bytes[place]
            if byte == UInt8(ascii: "'") {
                isQuoted.toggle()
            } else if isQuoted || byte.isASCIIDigit {
                continue
            }
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        return hash == 0 ? 1 : hash
    }

    /// The hash of a word in lower case, as the tables have it.
    static func hash(_ word: some StringProtocol) -> UInt64 {
        word.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }

    mutating func run(_ text: Range<Int>, in bytes: Bytes, _ note: (Int) -> Void) {
        let end = text.prefix(Self.most).upperBound
        var place = text.lowerBound
        while place < end {
            let byte = bytes[place]
            let next = place + 1 < end ? bytes[place + 1] : 0
            switch byte {
            case UInt8(ascii: "'"): place = Self.quoted(byte, place, end, in: bytes, escapes: false)
            case UInt8(ascii: "\""): place = Self.quoted(byte, place, end, in: bytes, escapes: false)
            case UInt8(ascii: "-") where next == byte:
                place = (bytes.firstIndex(of: .lineFeed, from: place) ?? end) + 1
            case UInt8(ascii: "/") where next == UInt8(ascii: "*"): place = Self.comment(place, end, in: bytes)
            case UInt8(ascii: "$"):
                let tagEnd = Self.tagEnd(place, end, in: bytes)
                if next.isASCIIDigit {
                    note(words[.parameter])
                } else if tagEnd < end, bytes[tagEnd] == byte {
                    note(words[.dollarQuotes])
                }
                place = Self.dollar(place, end, in: bytes)
            case UInt8(ascii: ":") where next == byte:
                isAfterCast = true
                place += 2
                continue
            case UInt8(ascii: "-") where next == UInt8(ascii: ">"), UInt8(ascii: "@") where next == UInt8(ascii: ">"):
                note(words[byte == UInt8(ascii: "-") ? .jsonArrow : .containment])
                place += 2
            case UInt8(ascii: "~"):
                note(words[.regularExpression])
                place += 1
            case _ where Self.isLetter(byte): place = word(place, end, in: bytes, note)
            case _ where byte.isASCIIDigit:
                while place < end, Self.isPart(bytes[place]) || bytes[place] == UInt8(ascii: ".") { place += 1 }
            default:
                place += 1
                if byte == 0x20 || byte &- 9 < 5 { continue }
            }
            isAfterCast = false
        }
    }

    private mutating func word(_ start: Int, _ end: Int, in bytes: Bytes, _ note: (Int) -> Void) -> Int {
        var place = start
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        while place < end, Self.isPart(bytes[place]) {
            hash = (hash ^ UInt64(bytes[place].asciiLowercased)) &* 0x0000_0100_0000_01B3
            place += 1
        }
        let next = place < end ? bytes[place] : 0
        // E'…', where a backslash keeps a quote.
        if next == UInt8(ascii: "'"), place - start == 1 {
            return Self.quoted(next, place, end, in: bytes, escapes: bytes[start].asciiLowercased == UInt8(ascii: "e"))
        }
        let isCall = next == UInt8(ascii: "(")
        if isAfterCast || previous == words.asWord && words.types[hash] != nil {
            note(words.types[hash] ?? words[.unknownType])
        } else if definesTypes, let type = words.types[hash] {
            note(type)
        } else if isCall, let function = words.functions[hash] {
            note(function)
        } else if isCall, !words.isKeyword(hash), !words.precedesNames.contains(previous) {
            note(words[.unknownFunction])
        }
        if let feature = words.keywords[hash] { note(feature) }
        if previous == words.forWord, let feature = words.locks[hash] { note(feature) }
        previous = hash
        return place
    }

    // MARK: What is skipped

    static func quoted(_ mark: UInt8, _ start: Int, _ end: Int, in bytes: Bytes, escapes: Bool) -> Int {
        var place = start + 1
        while place < end {
            if bytes[place] == mark { return place + 1 }
            place += escapes && bytes[place] == UInt8(ascii: "\\") ? 2 : 1
        }
        return end
    }

    static func comment(_ start: Int, _ end: Int, in bytes: Bytes) -> Int {
        var place = start + 2
        var depth = 1
        while place + 1 < end {
            if bytes[place] == UInt8(ascii: "*"), bytes[place + 1] == UInt8(ascii: "/") {
                depth -= 1
                place += 2
                if depth == 0 { return place }
            } else if bytes[place] == UInt8(ascii: "/"), bytes[place + 1] == UInt8(ascii: "*") {
                depth += 1
                place += 2
            } else {
                place += 1
            }
        }
        return end
    }

    /// The end of `$1`, or of a literal in dollars with its tag, which may have any bytes but its own end.
    static func dollar(_ start: Int, _ end: Int, in bytes: Bytes) -> Int {
        var tagEnd = start + 1
        if tagEnd < end, bytes[tagEnd].isASCIIDigit {
            while tagEnd < end, bytes[tagEnd].isASCIIDigit { tagEnd += 1 }
            return tagEnd
        }
        tagEnd = Self.tagEnd(start, end, in: bytes)
        guard tagEnd < end, bytes[tagEnd] == UInt8(ascii: "$") else { return tagEnd }
        let length = tagEnd - start + 1
        var place = tagEnd + 1
        while place + length <= end {
            if bytes[place] == UInt8(ascii: "$"),
                (0..<length).allSatisfy({ bytes[place + $0] == bytes[start + $0] })
            {
                return place + length
            }
            place += 1
        }
        return end
    }

    private static func tagEnd(_ start: Int, _ end: Int, in bytes: Bytes) -> Int {
        var place = start + 1
        while place < end, isPart(bytes[place]), bytes[place] != UInt8(ascii: "$") { place += 1 }
        return place
    }

    static func isLetter(_ byte: UInt8) -> Bool {
        byte.asciiLowercased &- 0x61 < 26 || byte == UInt8(ascii: "_") || byte >= 0x80
    }

    static func isPart(_ byte: UInt8) -> Bool {
        isLetter(byte) || byte.isASCIIDigit || byte == UInt8(ascii: "$")
    }
}
