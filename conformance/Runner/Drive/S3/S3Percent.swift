// Percent-encoding as S3 and its signatures have it.

import Digest

/// RFC 3986's percent-encoding of all bytes but the unreserved ones, in upper case ("Create a signed AWS API request").
enum S3Percent {
    /// `bytes` encoded; a slash stays where it separates the parts of a key.
    static func encode(_ bytes: [UInt8], keepsSlash: Bool = false) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count)
        for byte in bytes {
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F, 0x7E: text.append(byte)
            case 0x2F where keepsSlash: text.append(byte)
            default:
                text.append(0x25)
                text += hexadecimal([byte]).map { (0x61...0x66).contains($0) ? $0 - 0x20 : $0 }
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// What `text` stands for; a percent sign without two digits stays as it is.
    static func decode(_ text: some StringProtocol) -> [UInt8] {
        let bytes = Array(text.utf8)
        var decoded: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index] == 0x25, index + 2 < bytes.count,
                let byte = bytesOfHexadecimal(bytes[index + 1...index + 2])?.first
            {
                decoded.append(byte)
                index += 3
            } else {
                decoded.append(bytes[index])
                index += 1
            }
        }
        return decoded
    }
}
