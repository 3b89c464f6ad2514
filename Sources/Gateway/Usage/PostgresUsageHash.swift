// Hashes of SQL texts and words, as a look takes them.

import Wire

extension PostgresUsageLook {
    /// Bytes of a text that tell it from others.
    private static let mostHashed = 1024

    /// A hash that is the same for texts that differ in numbers and in quoted literals only; where `literals` tell too, these do
    /// but for their digits.
    static func hash(_ text: Range<Int>, in bytes: Bytes, literals: Bool = false) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var isQuoted = false
        var digits = 0
        for place in text.prefix(mostHashed) {
            let byte = bytes[place]
            if byte == UInt8(ascii: "'") {
                isQuoted.toggle()
            } else if isQuoted, !literals {
                continue
            } else if byte.isASCIIDigit {
                digits += 1
                // Whether a number is a long one tells.
                if digits != mostDigits + 1 { continue }
            } else if byte != UInt8(ascii: ".") {
                digits = 0
            }
            hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
        }
        return hash == 0 ? 1 : hash
    }

    /// The hash of a word in lower case, as the tables have it.
    static func hash(_ word: some StringProtocol) -> UInt64 {
        word.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01B3 }
    }

    /// The key of two words, one behind the other.
    static func join(_ first: UInt64, _ second: UInt64) -> UInt64 { (first &* 0x9E37_79B9_7F4A_7C15) ^ second }
}
