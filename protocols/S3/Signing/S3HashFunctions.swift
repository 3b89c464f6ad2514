// The two hash functions of signatures, handed in because this module has none.

/// SHA-256 and HMAC-SHA-256, each giving 32 bytes.
package struct S3HashFunctions: Sendable {
    package let sha256: @Sendable (_ message: [UInt8]) -> [UInt8]
    package let hmac: @Sendable (_ key: [UInt8], _ message: [UInt8]) -> [UInt8]

    package init(
        sha256: @escaping @Sendable (_ message: [UInt8]) -> [UInt8],
        hmac: @escaping @Sendable (_ key: [UInt8], _ message: [UInt8]) -> [UInt8]
    ) {
        self.sha256 = sha256
        self.hmac = hmac
    }

    /// The hash of `message` in hexadecimal.
    package func sha256Text(_ message: [UInt8]) -> [UInt8] { S3HashFunctions.text(sha256(message)) }

    /// `bytes` in hexadecimal, lower case.
    package static func text(_ bytes: [UInt8]) -> [UInt8] {
        var text: [UInt8] = []
        text.reserveCapacity(2 * bytes.count)
        for byte in bytes {
            for digit in [byte >> 4, byte & 0xF] { text.append(digit + (digit < 10 ? 0x30 : 0x57)) }
        }
        return text
    }
}
