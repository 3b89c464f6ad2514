// Sums of decimal numbers as text, the way Redis writes them.

import Glibc

/// Adds decimal numbers that are given as text; redis src/t_string.c, incrbyfloatCommand.
public enum DecimalText {
    #if arch(x86_64) || arch(i386)
        private typealias Number = Float80
    #else
        private typealias Number = Double
    #endif

    /// The longest text that is read as a number: redis src/util.h, MAX_LONG_DOUBLE_CHARS without its end.
    private static let longest = 5 * 1024 - 1

    /// The sum as text: up to 17 digits behind the point, no exponent, no zeros at the end.
    ///
    /// - Throws: `notAFloat` when `value` is no finite number, `notFinite` when the sum is none.
    public static func sum(_ value: [UInt8], _ addend: [UInt8]) throws(Failure) -> [UInt8] {
        guard let first = number(value), let second = number(addend) else { throw .notAFloat }
        let sum = first + second
        guard sum.isFinite else { throw .notFinite }
        return text(sum)
    }

    /// Whether `text` is a finite number and nothing else.
    public static func isNumber(_ text: [UInt8]) -> Bool { number(text) != nil }

    private static func number(_ text: [UInt8]) -> Number? {
        guard let first = text.first, text.count <= longest, first > 0x20, !text.contains(0) else { return nil }
        // Hexadecimal floats, `inf` and `nan` are numbers to the parser; only the first of them is one to Redis.
        guard let number = Number(String(decoding: text, as: UTF8.self)), number.isFinite else { return nil }
        return number
    }

    private static func text(_ number: Number) -> [UInt8] {
        // A finite number of this width has fewer than 5,000 digits before the point.
        var buffer = [CChar](repeating: 0, count: 5120)
        let length = withVaList([number]) { vsnprintf(&buffer, 5120, format, $0) }
        var text = buffer[..<Int(max(0, min(length, Int32(buffer.count - 1))))].map { UInt8(bitPattern: $0) }
        if text.contains(UInt8(ascii: ".")) {
            while text.last == UInt8(ascii: "0") { text.removeLast() }
            if text.last == UInt8(ascii: ".") { text.removeLast() }
        }
        return text == Array("-0".utf8) ? Array("0".utf8) : text
    }

    #if arch(x86_64) || arch(i386)
        private static let format = "%.17Lf"
    #else
        private static let format = "%.17f"
    #endif
}
