// Glob patterns as Redis matches them: `*`, `?`, classes, and `\` before a character that means itself.

package enum Glob {
    /// Whether `pattern` matches all of `string`.
    ///
    /// A mismatch goes back to the last `*` only, so the work is at most the product of both lengths. What is odd in it
    /// is odd in Redis 7.0 (`stringmatchlen`): an empty string matches the empty pattern only, and a class without its
    /// end ends with the pattern.
    package static func matches(_ pattern: [UInt8], _ string: [UInt8]) -> Bool {
        var place = 0
        var index = 0
        var star = -1
        var resume = 0
        if string.isEmpty { return pattern.isEmpty }
        while index < string.count {
            if place < pattern.count, pattern[place] == UInt8(ascii: "*") {
                while place < pattern.count, pattern[place] == UInt8(ascii: "*") { place += 1 }
                if place == pattern.count { return true }
                star = place
                resume = index
            } else if place < pattern.count, let next = step(pattern, place, string[index]) {
                place = next
                index += 1
            } else if star >= 0 {
                resume += 1
                index = resume
                place = star
            } else {
                return false
            }
        }
        while place < pattern.count, pattern[place] == UInt8(ascii: "*") { place += 1 }
        return place == pattern.count
    }

    /// Whether a pattern matches every key, so that nothing has to be compared.
    package static func isEverything(_ pattern: [UInt8]) -> Bool { pattern == [UInt8(ascii: "*")] }

    /// The place behind the element at `place` when that matches `byte`.
    private static func step(_ pattern: [UInt8], _ place: Int, _ byte: UInt8) -> Int? {
        switch pattern[place] {
        case UInt8(ascii: "?"): return place + 1
        case UInt8(ascii: "["): return stepClass(pattern, place + 1, byte)
        case UInt8(ascii: "\\") where place + 1 < pattern.count: return pattern[place + 1] == byte ? place + 2 : nil
        case byte: return place + 1
        default: return nil
        }
    }

    private static func stepClass(_ pattern: [UInt8], _ start: Int, _ byte: UInt8) -> Int? {
        var place = start
        let isNegated = place < pattern.count && pattern[place] == UInt8(ascii: "^")
        if isNegated { place += 1 }
        var isIn = false
        while place < pattern.count, pattern[place] != UInt8(ascii: "]") {
            let left = pattern.count - place
            if pattern[place] == UInt8(ascii: "\\"), left >= 2 {
                place += 1
                if pattern[place] == byte { isIn = true }
            } else if left >= 3, pattern[place + 1] == UInt8(ascii: "-") {
                let low = min(pattern[place], pattern[place + 2])
                let high = max(pattern[place], pattern[place + 2])
                if low <= byte, byte <= high { isIn = true }
                place += 2
            } else if pattern[place] == byte {
                isIn = true
            }
            place += 1
        }
        guard isIn != isNegated else { return nil }
        return min(place + 1, pattern.count)
    }
}
