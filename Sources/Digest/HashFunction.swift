// Hash functions over OpenSSL, fed piece by piece or at once.

import COpenSSL

/// A hash function that a protocol of ours asks for.
package enum HashAlgorithm: Sendable, CaseIterable {
    /// RFC 1321; for S3's ETags and `Content-MD5`, which no security rests on.
    case md5
    /// FIPS 180-4; for S3's `x-amz-checksum-sha1`.
    case sha1
    /// FIPS 180-4.
    case sha256

    /// The length of what it gives, in bytes.
    package var byteCount: Int {
        switch self {
        case .md5: 16
        case .sha1: 20
        case .sha256: 32
        }
    }

    /// OpenSSL's description of it, looked up once: a look-up costs more than hashing a short text.
    fileprivate var method: OpaquePointer {
        switch self {
        case .md5: Self.methods.md5
        case .sha1: Self.methods.sha1
        case .sha256: Self.methods.sha256
        }
    }

    /// What OpenSSL keeps for the life of the process and never changes.
    private struct Methods: @unchecked Sendable {
        let md5 = Self.fetch("MD5")
        let sha1 = Self.fetch("SHA1")
        let sha256 = Self.fetch("SHA256")

        private static func fetch(_ name: String) -> OpaquePointer {
            guard let method = EVP_MD_fetch(nil, name, nil) else {
                preconditionFailure("this machine's OpenSSL settings forbid \(name), which Fairlead needs")
            }
            return method
        }
    }

    private static let methods = Methods()
}

/// A hash under way.
package struct HashFunction: ~Copyable, @unchecked Sendable {
    package let algorithm: HashAlgorithm
    private let context: OpaquePointer

    package init(_ algorithm: HashAlgorithm) {
        guard let context = EVP_MD_CTX_new() else { preconditionFailure("out of memory") }
        EVP_DigestInit_ex2(context, algorithm.method, nil)
        self.algorithm = algorithm
        self.context = context
    }

    deinit { EVP_MD_CTX_free(context) }

    package mutating func update(_ bytes: RawSpan) {
        bytes.withUnsafeBytes { bytes in _ = EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) }
    }

    package mutating func update(_ bytes: [UInt8]) { update(bytes.span.bytes) }

    package mutating func update(_ bytes: ArraySlice<UInt8>) { update(bytes.span.bytes) }

    /// The hash of all that came, ``HashAlgorithm/byteCount`` bytes; the next piece begins another hash.
    package mutating func finish() -> [UInt8] {
        let hash = [UInt8](unsafeUninitializedCapacity: algorithm.byteCount) { buffer, count in
            EVP_DigestFinal_ex(context, buffer.baseAddress, nil)
            count = algorithm.byteCount
        }
        EVP_DigestInit_ex2(context, nil, nil)
        return hash
    }
}

extension HashAlgorithm {
    /// The hash of `bytes`.
    package func hash(_ bytes: [UInt8]) -> [UInt8] { hash(bytes.span.bytes) }

    /// The hash of `bytes`.
    package func hash(_ bytes: RawSpan) -> [UInt8] {
        var function = HashFunction(self)
        function.update(bytes)
        return function.finish()
    }
}
