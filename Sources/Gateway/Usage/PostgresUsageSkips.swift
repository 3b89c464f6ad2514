// What a look at a SQL text passes over: literals, names in quotes and comments.

import Wire

extension PostgresUsageLook {
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

    static func tagEnd(_ start: Int, _ end: Int, in bytes: Bytes) -> Int {
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
