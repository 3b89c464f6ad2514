// The names that S3 has for checksums.

import Capabilities
import Digest
import S3Wire

extension ObjectChecksum.Algorithm {
    /// The field that holds it.
    var fieldName: StaticString {
        switch self {
        case .crc32: "x-amz-checksum-crc32"
        case .crc32c: "x-amz-checksum-crc32c"
        case .crc64NVME: "x-amz-checksum-crc64nvme"
        case .sha1: "x-amz-checksum-sha1"
        case .sha256: "x-amz-checksum-sha256"
        }
    }

    /// The element that holds it.
    var elementName: StaticString {
        switch self {
        case .crc32: "ChecksumCRC32"
        case .crc32c: "ChecksumCRC32C"
        case .crc64NVME: "ChecksumCRC64NVME"
        case .sha1: "ChecksumSHA1"
        case .sha256: "ChecksumSHA256"
        }
    }

    /// The algorithm whose field has this name, in lower case.
    init?(fieldName: [UInt8]) {
        guard let algorithm = Self.allCases.first(where: { S3Request.equals(fieldName, $0.fieldName) }) else {
            return nil
        }
        self = algorithm
    }

    var byteCount: Int {
        switch self {
        case .crc32, .crc32c: 4
        case .crc64NVME: 8
        case .sha1: 20
        case .sha256: 32
        }
    }
}

extension ObjectChecksum {
    /// As fields and elements show it: in Base64, with the number of parts when it is made of theirs.
    var text: [UInt8] { base64(value) + (parts.map { Array("-\($0)".utf8) } ?? []) }

    /// The value of `x-amz-checksum-type` and `ChecksumType`.
    var kind: String { parts == nil ? "FULL_OBJECT" : "COMPOSITE" }

    /// Reads what a client expects; nil when it is no such check.
    init?(_ algorithm: Algorithm, text: [UInt8]) {
        let pieces = text.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard let first = pieces.first, pieces.count <= 2, let value = bytesOfBase64(first),
            value.count == algorithm.byteCount
        else { return nil }
        var parts: Int?
        if pieces.count == 2 {
            guard let number = Array(pieces[1]).decimal else { return nil }
            parts = number
        }
        self.init(algorithm, value, parts: parts)
    }
}

extension S3XMLWriter {
    /// An element for the check, and one for its kind when that is asked for.
    mutating func checksum(_ checksum: ObjectChecksum?, withKind: Bool = false) {
        guard let checksum else { return }
        element(checksum.algorithm.elementName, checksum.text)
        if withKind { element("ChecksumType", checksum.kind) }
    }
}
