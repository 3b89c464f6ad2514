// What a look at a SQL text finds beside words: literals, numbers, operators and names in quotes.

import Wire

extension PostgresUsageLook {
    /// Digits of a number that any server takes for one; IEEE 754's doubles keep as many.
    static let mostDigits = 17

    static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 9 < 5 }

    /// scan.l, `op_chars`.
    static func isOperator(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "/"), UInt8(ascii: "<"),
            UInt8(ascii: ">"), UInt8(ascii: "="):
            true
        default: isSpecial(byte)
        }
    }

    /// Signs of which one has to be in an operator that ends with a plus or a minus.
    private static func isSpecial(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "~"), UInt8(ascii: "!"), UInt8(ascii: "@"), UInt8(ascii: "#"), UInt8(ascii: "^"),
            UInt8(ascii: "&"), UInt8(ascii: "|"), UInt8(ascii: "`"), UInt8(ascii: "?"), UInt8(ascii: "%"):
            true
        default: false
        }
    }

    /// Notes the literal from `start` to `stop`, which is told from others by what it stands behind.
    mutating func literal(_ start: Int, _ stop: Int, in bytes: Bytes, _ note: (Int) -> Void) -> Int {
        if isBeforeTimeZone {
            zone(min(start + 1, stop)..<max(start + 1, stop - 1), in: bytes, note)
        } else if statement == words.copyWord, mark == 0, previous == words.fromWord || previous == words.toWord {
            note(words[.copyFile])
        }
        leave(UInt8(ascii: "'"))
        return stop
    }

    /// Notes the time zone in `value` unless it is UTC under any of its names.
    mutating func zone(_ value: Range<Int>, in bytes: Bytes, _ note: (Int) -> Void) {
        isBeforeTimeZone = false
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for place in value { hash = (hash ^ UInt64(bytes[place].asciiLowercased)) &* 0x0000_0100_0000_01B3 }
        if !words.utcNames.contains(hash) { note(words[.timeZone]) }
    }

    mutating func number(_ start: Int, _ end: Int, in bytes: Bytes, _ note: (Int) -> Void) -> Int {
        var place = start
        var digits = 0
        while place < end, Self.isPart(bytes[place]) || bytes[place] == UInt8(ascii: ".") {
            if bytes[place].isASCIIDigit { digits += 1 }
            place += 1
        }
        if digits > Self.mostDigits { note(words[.longNumber]) }
        if isBeforeTimeZone { zone(start..<place, in: bytes, note) }
        leave(UInt8(ascii: "0"))
        return place
    }

    /// A name in quotes; one that is called is a function that nobody knows.
    mutating func name(_ start: Int, _ end: Int, in bytes: Bytes, _ note: (Int) -> Void) -> Int {
        let stop = Self.quoted(bytes[start], start, end, in: bytes, escapes: false)
        // A qualifier leaves all as it is before what it qualifies.
        if stop < end, bytes[stop] == UInt8(ascii: ".") {
            isQualified = true
            return stop + 1
        }
        if mark == UInt8(ascii: ":") { note(words[.unknownType]) }
        if stop < end, bytes[stop] == UInt8(ascii: "("), !isName { note(words[.unknownFunction]) }
        // The name is that of no keyword, and a type may stand behind it.
        leave(0)
        previous = 0
        return stop
    }

    mutating func dollar(_ start: Int, _ end: Int, in bytes: Bytes, _ note: (Int) -> Void) -> Int {
        let tagEnd = Self.tagEnd(start, end, in: bytes)
        if start + 1 < end, bytes[start + 1].isASCIIDigit {
            note(words[.parameter])
        } else if tagEnd < end, bytes[tagEnd] == UInt8(ascii: "$") {
            note(words[.dollarQuotes])
        }
        leave(UInt8(ascii: "$"))
        return Self.dollar(start, end, in: bytes)
    }

    /// An operator, as scan.l takes it: as many signs as there are, but none that begins a comment.
    mutating func operation(_ start: Int, _ end: Int, in bytes: Bytes, _ note: (Int) -> Void) -> Int {
        var stop = start
        var isSpecial = false
        while stop < end, Self.isOperator(bytes[stop]) {
            let next = stop + 1 < end ? bytes[stop + 1] : 0
            let beginsComment =
                bytes[stop] == UInt8(ascii: "-") && next == UInt8(ascii: "-")
                || bytes[stop] == UInt8(ascii: "/") && next == UInt8(ascii: "*")
            if beginsComment, stop > start { break }
            if Self.isSpecial(bytes[stop]) { isSpecial = true }
            stop += 1
        }
        while !isSpecial, stop - start > 1, bytes[stop - 1] == UInt8(ascii: "+") || bytes[stop - 1] == UInt8(ascii: "-")
        {
            stop -= 1
        }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for place in start..<stop { hash = (hash ^ UInt64(bytes[place])) &* 0x0000_0100_0000_01B3 }
        if let feature = words.operators[hash] {
            if feature >= 0 { note(feature) }
        } else {
            note(words[.unknownOperator])
        }
        // SET TimeZone = …
        if isBeforeTimeZone, bytes[start] != UInt8(ascii: "=") {
            isBeforeTimeZone = false
            note(words[.timeZone])
        }
        leave(bytes[start])
        return stop
    }
}
