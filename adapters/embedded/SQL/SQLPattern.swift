// Patterns of LIKE.

import Capabilities

/// Patterns of LIKE: `%`, `_`, and a character that makes the next one mean itself.
enum SQLPattern {
    /// Fails with `22025` where matching comes to an escape character that is the pattern's last (like_match.c).
    static func like(_ text: [UInt8], _ pattern: [UInt8], escape: UInt8?) throws(SQLFailure) -> Bool {
        var place = 0
        var index = 0
        // Where to go on when what follows the last `%` did not fit.
        var retry: (pattern: Int, text: Int)?
        while true {
            if index < pattern.count {
                let byte = pattern[index]
                if byte == UInt8(ascii: "%"), byte != escape {
                    index += 1
                    retry = (index, place)
                    if place < text.count { try checkBehindPercent(text[place...], pattern[index...], escape) }
                    continue
                }
                if place < text.count {
                    if byte == UInt8(ascii: "_"), byte != escape {
                        index += 1
                        place += 1
                        while place < text.count, text[place] & 0xC0 == 0x80 { place += 1 }
                        continue
                    }
                    let isEscaped = byte == escape
                    guard !isEscaped || index + 1 < pattern.count else { throw endsWithEscape }
                    if text[place] == (isEscaped ? pattern[index + 1] : byte) {
                        index += isEscaped ? 2 : 1
                        place += 1
                        continue
                    }
                }
            } else if place == text.count {
                return true
            }
            guard let (pattern, start) = retry, start < text.count else { return false }
            index = pattern
            place = start + 1
            retry = (pattern, place)
        }
    }

    private static var endsWithEscape: SQLFailure {
        SQLFailure("22025", "LIKE pattern must not end with escape character")
    }

    /// What follows a `%` is looked at before any text is matched with it.
    private static func checkBehindPercent(
        _ text: ArraySlice<UInt8>, _ pattern: ArraySlice<UInt8>, _ escape: UInt8?
    ) throws(SQLFailure) {
        guard let escape, pattern.last == escape else { return }
        let any = pattern.prefix { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "_") }
        guard any.count + 1 == pattern.count, escape != UInt8(ascii: "%"), escape != UInt8(ascii: "_") else { return }
        // Each `_` takes a character first.
        let taken = any.count { $0 == UInt8(ascii: "_") }
        if text.count(where: { $0 & 0xC0 != 0x80 }) >= taken { throw endsWithEscape }
    }
}
