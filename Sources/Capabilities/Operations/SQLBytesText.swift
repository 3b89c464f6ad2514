// Bytes and UUIDs as SQL writes them.

/// Texts of type `bytea`.
public enum SQLBytesText {
    /// The bytes of `\x0aff`, or of the older form with `\012` and `\\`; nil when it is neither.
    public static func parse(_ text: [UInt8]) -> [UInt8]? {
        if text.count >= 2, text[0] == UInt8(ascii: "\\"), text[1] | 0x20 == UInt8(ascii: "x") {
            var bytes: [UInt8] = []
            var high: UInt8?
            for character in text.dropFirst(2) {
                if character == 0x20 || character == 0x0A || character == 0x09, high == nil { continue }
                guard let digit = hexadecimalValue(character) else { return nil }
                if let first = high {
                    bytes.append(first << 4 | digit)
                    high = nil
                } else {
                    high = digit
                }
            }
            return high == nil ? bytes : nil
        }
        var bytes: [UInt8] = []
        var index = 0
        while index < text.count {
            guard text[index] == UInt8(ascii: "\\") else {
                bytes.append(text[index])
                index += 1
                continue
            }
            if index + 1 < text.count, text[index + 1] == UInt8(ascii: "\\") {
                bytes.append(text[index])
                index += 2
                continue
            }
            guard index + 3 < text.count, text[index + 1] &- 0x30 < 4, text[index + 2] &- 0x30 < 8,
                text[index + 3] &- 0x30 < 8
            else { return nil }
            bytes.append((text[index + 1] &- 0x30) << 6 | (text[index + 2] &- 0x30) << 3 | (text[index + 3] &- 0x30))
            index += 4
        }
        return bytes
    }

    /// The text that PostgreSQL writes: `\x0aff`.
    public static func hexadecimal(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = [UInt8(ascii: "\\"), UInt8(ascii: "x")]
        for byte in bytes {
            for digit in [byte >> 4, byte & 15] { text.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
        }
        return text
    }

    static func hexadecimalValue(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x41...0x46: character - 0x37
        case 0x61...0x66: character - 0x57
        default: nil
        }
    }
}

/// Texts of type `uuid`.
public enum SQLUUIDText {
    /// The sixteen bytes of a UUID, with or without hyphens and braces; nil when it is none.
    public static func bytes(_ text: [UInt8]) -> [UInt8]? {
        var text = text[...]
        if text.first == UInt8(ascii: "{") {
            guard text.last == UInt8(ascii: "}") else { return nil }
            text = text.dropFirst().dropLast()
        }
        var digits: [UInt8] = []
        for character in text where character != UInt8(ascii: "-") {
            guard let digit = SQLBytesText.hexadecimalValue(character), digits.count < 32 else { return nil }
            digits.append(digit)
        }
        guard digits.count == 32 else { return nil }
        return (0..<16).map { digits[2 * $0] << 4 | digits[2 * $0 + 1] }
    }

    /// The usual form, in small letters.
    public static func text(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            for digit in [byte >> 4, byte & 15] { text.append(digit < 10 ? 0x30 + digit : 0x57 + digit) }
        }
        return text
    }

    public static func normalized(_ given: [UInt8]) -> [UInt8]? { bytes(given).map { text($0) } }
}
