// Tells commands with other options apart by one word that is read, for who cannot afford to read them all.

import Wire

/// A number from 0 to 63 that is another one for each option of a command, as far as one word shows it.
///
/// Options are words of letters, and the numbers that belong to one stand behind it; so the last word that is no number is an option,
/// or what an option is given. Words that are none of letters have the outline 0.
package enum RedisOutline {
    /// Letters of a word that count, and numbers that are passed on the way to it.
    private static let lettersAtMost = 16
    private static let numbersAtMost = 3
    /// Digits of a number, the line before them included, behind which nobody looks for its beginning.
    private static let numberAtMost = 32

    /// The outline of the last word that is no number, of a command that ends at `end`, which lies in `bytes` as far as it is there.
    package static func ofLastWord(in bytes: Bytes, endingAt end: Int) -> Int {
        guard end <= bytes.count else { return 0 }
        var last = end &- 3
        var numbers = 0
        while last >= 0, bytes[last].isASCIIDigit {
            let least = max(0, last &- numberAtMost)
            while last > least, bytes[last] != UInt8(ascii: "$") { last &-= 1 }
            numbers &+= 1
            guard last > least, numbers <= numbersAtMost else { return 0 }
            last &-= 3
        }
        return outline(upTo: last, in: bytes)
    }

    /// The outline of the word at `index`, the name being 0, of the command that begins at `start`; 0 where it is not there.
    package static func ofWord(_ index: Int, in bytes: Bytes, at start: Int) -> Int {
        var offset = start
        guard case .value(let count) = RedisWholeCommand.header(0x2A, in: bytes, at: &offset), index < count else {
            return 0
        }
        for place in 0...index {
            guard case .value(let length) = RedisWholeCommand.header(0x24, in: bytes, at: &offset),
                length <= bytes.count &- offset
            else { return 0 }
            if place == index { return outline(upTo: offset &+ length &- 1, in: bytes) }
            offset &+= length &+ 2
        }
        return 0
    }

    /// The outline of `line`: of its word at `index`, or of the last that is no number where that is nil.
    package static func of(_ line: RedisCommandLine, at index: Int?) -> Int {
        func outline(_ word: [UInt8]) -> Int { Self.outline(upTo: word.count - 1, in: word.span) }
        if let index {
            return index > 0 && index <= line.arguments.count ? outline(line.arguments[index - 1]) : 0
        }
        var place = line.arguments.count - 1
        var numbers = 0
        while place >= 0, line.arguments[place].last?.isASCIIDigit == true {
            numbers += 1
            guard numbers <= numbersAtMost else { return 0 }
            place -= 1
        }
        return place >= 0 ? outline(line.arguments[place]) : 0
    }

    /// The same of a command that came in pieces, as far as its words are kept.
    package static func of(_ words: RedisPassingWords, at index: Int?) -> Int {
        let bytes = words.bytes
        func outline(_ place: Int) -> Int { Self.outline(upTo: words.range(place).upperBound - 1, in: bytes.span) }
        if let index { return index < words.count ? outline(index) : 0 }
        var place = words.count - 1
        var numbers = 0
        while place > 0, let last = words.range(place).last, bytes[last].isASCIIDigit {
            numbers += 1
            guard numbers <= numbersAtMost else { return 0 }
            place -= 1
        }
        return place > 0 ? outline(place) : 0
    }

    /// Of the letters up to `last`.
    private static func outline(upTo last: Int, in bytes: Bytes) -> Int {
        var sum: UInt64 = 0
        var place = last
        let least = max(0, last &- lettersAtMost &+ 1)
        while place >= least, let letter = letter(bytes[place]) {
            sum = sum &* 31 &+ UInt64(letter)
            place &-= 1
        }
        // Under this factor no two options of one command are alike; a test holds that.
        return Int(truncatingIfNeeded: (sum &* 0xB431_C903_EA07_BCC9) &>> 58)
    }

    private static func letter(_ byte: UInt8) -> UInt8? {
        let lower = byte | 0x20
        return lower &- 0x61 < 26 ? lower : byte == UInt8(ascii: "-") ? byte : nil
    }
}
