// A statement as an example: its words and signs, with sizes in the place of literals, numbers and names in quotes.

import Wire

/// Composes the example of one statement.
struct PostgresUsageSample {
    private var out = ""
    private var isCut = false

    /// The statement in `text` without what it says; nil where it has a password.
    ///
    /// What stands behind a literal that may not have ended where it seems to, because a backslash is in it, is left out: whether
    /// it is one there depends on the session's `standard_conforming_strings`.
    static func redacted(_ text: Range<Int>, in bytes: Bytes) -> String? {
        var sample = PostgresUsageSample()
        var place = text.lowerBound
        let end = text.prefix(PostgresUsageLook.most).upperBound
        while place < end, !sample.isCut {
            guard let next = sample.take(place, end, in: bytes) else { return nil }
            place = next
        }
        if sample.isCut || end < text.upperBound { sample.out += "…" }
        return sample.out
    }

    /// Takes what begins at `place`; where the next begins, or nil where nothing may be shown.
    private mutating func take(_ place: Int, _ end: Int, in bytes: Bytes) -> Int? {
        let byte = bytes[place]
        let next = place + 1 < end ? bytes[place + 1] : 0
        switch byte {
        case UInt8(ascii: "'"): return literal(place, end, in: bytes, escapes: false)
        case UInt8(ascii: "\""):
            let stop = PostgresUsageLook.quoted(byte, place, end, in: bytes, escapes: false)
            add("<name, \(max(0, stop - place - 2)) bytes>")
            return stop
        case UInt8(ascii: "-") where next == byte:
            space()
            return min(end, (bytes.firstIndex(of: .lineFeed, from: place) ?? end) + 1)
        case UInt8(ascii: "/") where next == UInt8(ascii: "*"):
            space()
            return PostgresUsageLook.comment(place, end, in: bytes)
        case UInt8(ascii: "$"):
            let stop = PostgresUsageLook.dollar(place, end, in: bytes)
            if next.isASCIIDigit {
                add(Self.plain(place..<min(stop, place + 6), in: bytes))
            } else {
                add("<text, \(stop - place) bytes>")
            }
            return stop
        case _ where byte.isASCIIDigit:
            var stop = place
            while stop < end, PostgresUsageLook.isPart(bytes[stop]) || bytes[stop] == UInt8(ascii: ".") { stop += 1 }
            add("<number, \(stop - place) bytes>")
            return stop
        case _ where PostgresUsageLook.isLetter(byte): return word(place, end, in: bytes)
        case 0x21...0x7E: add(Self.plain(place..<(place + 1), in: bytes))
        case 0x20, 0x09...0x0D: space()
        default: add("?")
        }
        return place + 1
    }

    private mutating func word(_ start: Int, _ end: Int, in bytes: Bytes) -> Int? {
        var place = start
        while place < end, PostgresUsageLook.isPart(bytes[place]) { place += 1 }
        // E'…', where a backslash keeps a quote.
        if place < end, bytes[place] == UInt8(ascii: "'"), place - start == 1 {
            return literal(place, end, in: bytes, escapes: bytes[start].asciiLowercased == UInt8(ascii: "e"))
        }
        let word = Self.plain(start..<place, in: bytes)
        guard word.lowercased() != "password" else { return nil }
        // Longer than a name can be: NAMEDATALEN.
        add(word.utf8.count < 64 ? word : "<name, \(word.utf8.count) bytes>")
        return place
    }

    private mutating func literal(_ start: Int, _ end: Int, in bytes: Bytes, escapes: Bool) -> Int {
        let stop = PostgresUsageLook.quoted(bytes[start], start, end, in: bytes, escapes: escapes)
        let isClosed = stop - start >= 2 && bytes[stop - 1] == bytes[start]
        add("<text, \(stop - start - (isClosed ? 2 : 1)) bytes>")
        let isDoubtful = !escapes && (start..<stop).contains { bytes[$0] == UInt8(ascii: "\\") }
        if isDoubtful || !isClosed { isCut = true }
        return stop
    }

    private mutating func space() {
        if !out.isEmpty, out.utf8.last != 0x20 { add(" ") }
    }

    private mutating func add(_ text: String) {
        guard out.utf8.count + text.utf8.count <= UsageSamples.length else {
            isCut = true
            return
        }
        out += text
    }

    /// The bytes of `range` as text, with what is not ASCII as question marks.
    private static func plain(_ range: Range<Int>, in bytes: Bytes) -> String {
        String(decoding: range.map { bytes[$0] < 0x80 ? bytes[$0] : UInt8(ascii: "?") }, as: UTF8.self)
    }
}
