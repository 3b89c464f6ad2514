// The bounds on everything an S3 client or server may send outside of a body's payload.

import Wire

/// The named bounds of the S3 wire; sizes are bytes as they came, with their line ends.
package enum S3Limits {
    package static let head = Limit(
        "head", S3Bound.head,
        source: "ours: S3 allows 8 KiB of header fields, and a presigned URL and a session token come on top")
    package static let requestLine = Limit(
        "request-line", S3Bound.requestLine,
        source: "ours: RFC 9112 section 3 asks for at least 8000, and a percent-encoded key alone may take 3072")
    package static let fields = Limit(
        "fields", S3Bound.fields, source: "ours: an SDK sends about 20, and user metadata of 2 KiB seldom more than 100"
    )
    package static let blankLines = Limit(
        "blank-lines", 8, source: "ours: RFC 9112 section 2.2 asks for at least one before a request line")
    package static let chunkDigits = Limit(
        "chunk-digits", S3Bound.chunkDigits, source: "ours: 60 bits, so that no chunk size can leave the range of Int")
    package static let chunkExtension = Limit(
        "chunk-extension", S3Bound.chunkExtension,
        source: "ours: RFC 9112 section 7.1.1 asks for a bound, and S3 uses none")
    package static let trailerSection = Limit(
        "trailer-section", S3Bound.trailerSection,
        source: "ours: S3 trailers carry one checksum and at most one signature")
    package static let trailerFields = Limit(
        "trailer-fields", 64, source: "ours: S3 trailers carry one checksum and at most one signature")
    package static let interimResponses = Limit(
        "interim-responses", 32, source: "ours: a server sends one 100, and 102 or 103 a few times at most")
    package static let errorResource = Limit(
        "error-resource", 2048, source: "ours: S3 keys have at most 1024 bytes, some of them percent-encoded")
    package static let errorDetail = Limit(
        "error-detail", 16384, source: "ours: the canonical request of a wrong signature helps whoever made it")
    package static let errorMessage = Limit("error-message", 1024, source: "ours: a message is a sentence or two")
    package static let document = Limit(
        "document", 4 << 20, source: "ours: 10,000 parts or 1,000 keys of 1,024 bytes, some of them escaped")
    package static let documentDepth = Limit(
        "document-depth", 8, source: "ours: the deepest document that a request of S3 carries has three levels")
    package static let documentElements = Limit(
        "document-elements", 100_000, source: "ours: 10,000 parts, each with a number, a tag and a checksum or two")
    package static let userMetadata = Limit(
        "user-metadata", 2048, source: "Amazon S3 user guide, Working with object metadata: 2 KB of names and values")
    package static let signedHeaders = Limit(
        "signed-headers", S3Bound.fields, source: "no request has more fields")
    package static let upload = Limit(
        "upload", 5 << 30,
        source: "Amazon S3 user guide, multipart upload limits: 5 GiB in one PUT, of an object or a part")
    package static let clockSkew = Limit(
        "clock-skew-seconds", 900, source: "Amazon S3 API reference, RequestTimeTooSkewed: 15 minutes")
    package static let presignedSeconds = Limit(
        "presigned-seconds", 604_800, source: "Amazon S3 API reference, X-Amz-Expires: seven days")
    package static let chunkLine = Limit(
        "aws-chunk-line", 4096, source: "ours: a size, a signature of 64 digits, or one trailer")
}

/// The values of the bounds that are compared on the hot path, as constants the compiler can see.
///
/// A global `Limit` is made on first use, and asking whether it has been made costs more than the comparison.
enum S3Bound {
    @inline(__always) static var head: Int { 65536 }
    @inline(__always) static var requestLine: Int { 32768 }
    @inline(__always) static var fields: Int { 256 }
    @inline(__always) static var chunkDigits: Int { 15 }
    @inline(__always) static var chunkExtension: Int { 4096 }
    @inline(__always) static var trailerSection: Int { 16384 }
}
