// A value with its expiry in front, for backends that know no expiry.

/// The bytes that are stored: the value itself, or a mark, eight bytes of expiry and the value.
///
/// A value without expiry is stored as it is, so that what other clients of the backend wrote can be read; one that
/// happens to begin with the mark gets an envelope with an expiry of zero, which means none.
enum ExpiryEnvelope {
    private static let mark: [UInt8] = [0x00, 0x46, 0x4C, 0x45]
    private static let headerSize = 12

    static func wrap(_ value: [UInt8], expiresAt: Int64?) -> [UInt8] {
        guard expiresAt != nil || value.starts(with: mark) else { return value }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(headerSize + value.count)
        bytes += mark
        withUnsafeBytes(of: (expiresAt ?? 0).bigEndian) { bytes += $0 }
        bytes += value
        return bytes
    }

    static func unwrap(_ bytes: [UInt8]) -> (value: [UInt8], expiresAt: Int64?) {
        guard bytes.count >= headerSize, bytes.starts(with: mark) else { return (bytes, nil) }
        let expiry = bytes[4..<headerSize].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        return (Array(bytes[headerSize...]), expiry == 0 ? nil : expiry)
    }
}
