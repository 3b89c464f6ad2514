// The one-byte answer of a server to SSLRequest or GSSENCRequest.

import Wire

/// What a server said to an encryption request.
package enum PostgresEncryptionAnswer: Sendable, Equatable {
    /// `S` or `G`: the handshake starts now.
    case accepted
    /// `N`: it goes on in the clear, or the client gives up.
    case refused
    /// `E`: an error message. It came unauthenticated, so its text is not to be shown (CVE-2024-10977); close.
    case failed

    /// The answer in the bytes received so far; nil when none came.
    ///
    /// Throws `bytes-after-encryption-answer` when more than the one byte came, which someone in the middle may
    /// have put there (CVE-2021-23222), and `invalid-encryption-answer` for any other byte.
    package static func read(
        _ bytes: Bytes, to encryption: PostgresEncryption
    ) throws(WireError) -> PostgresEncryptionAnswer? {
        guard bytes.count > 0 else { return nil }
        let answer: PostgresEncryptionAnswer
        switch (bytes[0], encryption) {
        case (UInt8(ascii: "S"), .tls), (UInt8(ascii: "G"), .gss): answer = .accepted
        case (UInt8(ascii: "N"), _): answer = .refused
        case (UInt8(ascii: "E"), _): return .failed
        default:
            throw WireError(
                .server, "invalid-encryption-answer",
                "byte \(PostgresHeaderReader.printable(bytes[0])) in answer to an encryption request")
        }
        guard bytes.count == 1 else {
            throw WireError(
                .server, "bytes-after-encryption-answer",
                "\(bytes.count - 1) bytes in the clear after the answer to an encryption request")
        }
        return answer
    }
}
