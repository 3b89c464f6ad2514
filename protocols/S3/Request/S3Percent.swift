// Percent-encoding as S3's signatures define it.

import Wire

/// RFC 3986, 2.1, with the rules of "Create a signed AWS API request": only unreserved characters stay.
package enum S3Percent {
    /// The bytes that the text at `range` stands for; nil when an escape is no escape.
    package static func decoded(_ bytes: Bytes, _ range: Range<Int>, plusIsSpace: Bool = false) -> [UInt8]? {
        var plain: [UInt8] = []
        plain.reserveCapacity(range.count)
        var index = range.lowerBound
        while index < range.upperBound {
            let byte = bytes[index]
            index &+= 1
            if byte == UInt8(ascii: "%") {
                guard range.upperBound - index >= 2, let high = digit(bytes[index]), let low = digit(bytes[index &+ 1])
                else { return nil }
                plain.append(high << 4 | low)
                index &+= 2
            } else {
                plain.append(plusIsSpace && byte == UInt8(ascii: "+") ? S3Byte.space : byte)
            }
        }
        return plain
    }

    /// The bytes that `text` stands for; nil when an escape is no escape.
    package static func decoded(_ text: [UInt8]) -> [UInt8]? { decoded(text.span, 0..<text.count) }

    /// Appends `plain`, encoded.
    package static func append(_ plain: some Sequence<UInt8>, keepsSlash: Bool = false, to text: inout [UInt8]) {
        for byte in plain {
            if isUnreserved(byte) || keepsSlash && byte == S3Byte.slash {
                text.append(byte)
            } else {
                text.append(UInt8(ascii: "%"))
                text.append(hexadecimal(byte >> 4))
                text.append(hexadecimal(byte & 0xF))
            }
        }
    }

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: true
        default: false
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x37
        case 0x61...0x66: byte - 0x57
        default: nil
        }
    }

    private static func hexadecimal(_ value: UInt8) -> UInt8 { value + (value < 10 ? 0x30 : 0x37) }
}
