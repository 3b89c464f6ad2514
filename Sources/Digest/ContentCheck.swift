// The checks that go with content, whatever their kind.

/// A hash or a cyclic check of content, under way; by reference, because a hash cannot be copied.
package final class ContentCheck: @unchecked Sendable {
    private var crc: CRC?
    private var hash: HashFunction?

    /// By the names that S3 has for them: `CRC32`, `CRC32C`, `CRC64NVME`, `SHA1`, `SHA256`; nil for others.
    package init?(_ name: String) {
        switch name {
        case "SHA1": hash = HashFunction(.sha1)
        case "SHA256": hash = HashFunction(.sha256)
        default:
            guard let algorithm = CRCAlgorithm(name) else { return nil }
            crc = CRC(algorithm)
        }
    }

    package func update(_ bytes: [UInt8]) {
        crc?.update(bytes)
        hash?.update(bytes)
    }

    /// The check of all bytes, most significant first; asked for once.
    package func finish() -> [UInt8] { crc?.bytes ?? hash?.finish() ?? [] }
}

extension CRCAlgorithm {
    /// By the names that S3 has for them; nil for others.
    package init?(_ name: String) {
        switch name {
        case "CRC32": self = .crc32
        case "CRC32C": self = .crc32c
        case "CRC64NVME": self = .crc64NVME
        default: return nil
        }
    }
}
