// Numbers and words in arguments, read as redis-server reads them.

import Capabilities
import RedisWire

/// Readers of single arguments; each throws the error reply that the server gives.
enum RedisArgument {
    static func integer(
        _ text: [UInt8], or error: RedisErrorText = .notAnInteger
    ) throws(RedisErrorText) -> Int64 {
        guard let number = RedisInteger.parse(text) else { throw error }
        return number
    }

    static func integer(
        _ text: [UInt8], from low: Int64, to high: Int64 = .max, or error: RedisErrorText
    ) throws(RedisErrorText) -> Int64 {
        let number = try integer(text, or: error)
        guard number >= low, number <= high else { throw error }
        return number
    }

    /// A count that is zero or more.
    static func count(_ text: [UInt8]) throws(RedisErrorText) -> Int64 {
        try integer(text, from: 0, or: .notPositive)
    }

    /// How many random members; a negative number asks for repetition and is bounded.
    static func randomCount(_ text: [UInt8]) throws(RedisErrorText) -> Int64 {
        let number = try integer(text)
        guard number != .min else { throw .outOfBounds(-.max, .max) }
        guard number > -Int64(RedisLimits.randomPicks.maximum) else { throw .outOfRange }
        return number
    }

    /// Source: redis src/object.c getDoubleFromObject: what strtod takes, without space before it or anything behind.
    static func double(
        _ text: [UInt8], or error: RedisErrorText = .notAFloat
    ) throws(RedisErrorText) -> Double {
        if let number = smallInteger(text) { return number }
        guard let number = parsedDouble(text), !number.isNaN else { throw error }
        let isOutOfRange = number.isInfinite ? !spellsInfinity(text) : number == 0 && hasValue(text)
        guard !isOutOfRange else { throw error }
        return number
    }

    /// Whether what INCRBYFLOAT adds is finite; it is wider than a double, so that `1e400` is a number.
    ///
    /// Source: redis src/util.c string2ld.
    static func isFinite(_ text: [UInt8]) throws(RedisErrorText) -> Bool {
        if DecimalText.isNumber(text) { return true }
        return try double(text).isFinite
    }

    /// An end of a range of scores: a number, or one behind a parenthesis that leaves it out.
    ///
    /// Source: redis src/t_zset.c zslParseRange, where an empty number is zero.
    static func scoreBound(_ text: [UInt8]) throws(RedisErrorText) -> (score: Double, isExcluded: Bool) {
        let isExcluded = text.first == 0x28
        let digits = isExcluded ? Array(text.dropFirst()) : text
        if digits.isEmpty { return (0, isExcluded) }
        guard let score = smallInteger(digits) ?? parsedDouble(digits), !score.isNaN else { throw .boundNotAFloat }
        return (score, isExcluded)
    }

    /// Milliseconds of a blocking command's time-out, which is in seconds and may have a fraction.
    ///
    /// Source: redis src/timeout.c getTimeoutFromObjectOrReply, where a number beyond the range becomes a negative one.
    static func timeout(_ text: [UInt8]) throws(RedisErrorText) -> Int64 {
        let seconds = try double(text, or: .timeoutNotAFloat)
        let milliseconds = (seconds * 1000).rounded(.up)
        guard milliseconds >= 0, milliseconds < 0x1p63 else { throw .timeoutNegative }
        return min(Int64(milliseconds), longestWait)
    }

    /// A thousand years: whoever adds a time of day to it stays within the range.
    private static let longestWait: Int64 = 1000 * 366 * 86_400_000

    /// A cursor of a scan.
    ///
    /// Source: redis src/db.c parseScanCursorOrReply, which takes what strtoul takes.
    static func cursor(_ text: [UInt8]) throws(RedisErrorText) -> UInt64 {
        var cursor: UInt64 = 0
        var digits = text[...]
        let isNegative = digits.first == 0x2D
        if isNegative || digits.first == 0x2B { digits = digits.dropFirst() }
        guard !digits.isEmpty || text.isEmpty else { throw .invalidCursor }
        for byte in digits {
            guard byte &- 0x30 < 10 else { throw .invalidCursor }
            let (product, isTooLarge) = cursor.multipliedReportingOverflow(by: 10)
            let (sum, overflows) = product.addingReportingOverflow(UInt64(byte &- 0x30))
            guard !isTooLarge, !overflows else { throw .invalidCursor }
            cursor = sum
        }
        return isNegative ? 0 &- cursor : cursor
    }

    // MARK: Parts

    /// A whole number that a double holds exactly, the usual score.
    private static func smallInteger(_ text: [UInt8]) -> Double? {
        guard text.count < 16, let number = RedisInteger.parse(text) else { return nil }
        return Double(number)
    }

    private static func parsedDouble(_ text: [UInt8]) -> Double? {
        guard let first = text.first, first > 0x20, !text.contains(0) else { return nil }
        return Double(String(decoding: text, as: UTF8.self))
    }

    private static func spellsInfinity(_ text: [UInt8]) -> Bool {
        text.contains { $0 | 0x20 == 0x69 }
    }

    /// Whether a digit before the exponent is not zero.
    private static func hasValue(_ text: [UInt8]) -> Bool {
        text.prefix { $0 | 0x20 != 0x65 }.contains { $0 &- 0x31 < 9 }
    }
}

extension [UInt8] {
    /// Whether these are the letters of `word`, which is given in lower case, in any case.
    func isWord(_ word: StaticString) -> Bool {
        guard count == word.utf8CodeUnitCount else { return false }
        for index in indices {
            let byte = self[index]
            guard (byte &- 0x41 < 26 ? byte | 0x20 : byte) == word.utf8Start[index] else { return false }
        }
        return true
    }
}
