// Fuzzes what a request says of its signature, and the canonical text that is made of it.

import S3Wire
import Wire

/// A hash that tells texts apart well enough here; the real ones are OpenSSL's.
private func toyHash(_ bytes: [UInt8]) -> [UInt8] {
    var state: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    return (0..<32).map { UInt8(truncatingIfNeeded: state >> (UInt64($0 % 8) * 8)) }
}

private let functions = S3HashFunctions(
    sha256: { @Sendable in toyHash($0) }, hmac: { @Sendable key, message in toyHash(key + [0] + message) })

/// Checks that a signed head has one canonical form, of which every line was signed for.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzS3Signature(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let head = try? S3RequestHead(bytes.span),
        let request = try? S3Request(bytes, head, baseDomains: S3BaseDomains(["s3.test"]))
    else { return 0 }
    precondition((request.key?.count ?? 0) + (request.bucket?.count ?? 0) <= count)
    for parameter in request.parameters { precondition(parameter.name.count + parameter.value.count <= count) }
    guard let authorization = try? S3Authorization(request) else { return 0 }
    _ = try? authorization.check(now: S3Date(seconds: 1_700_000_000))
    guard let canonical = try? S3CanonicalRequest(request, authorization) else { return 0 }
    precondition(authorization.signedHeaders.count <= S3Limits.signedHeaders.maximum)
    let signer = S3Signer(authorization, secret: Array("secret".utf8), functions)
    precondition(signer.signature(of: canonical).count == 64)
    var chunks = signer
    let first = chunks.nextChunk(sha256: toyHash([]))
    precondition(first != chunks.nextChunk(sha256: toyHash([])), "chunk signatures are chained")
    return 0
}
