// Every feature of S3 that is told apart: operations, header fields, query parameters, signatures and payloads.

import S3Wire
import Usage
import Wire

/// The words of requests and their features, as data.
struct S3UsageTable: Sendable {
    /// A word in lower case, and its feature.
    struct Word: Sendable {
        let bytes: [UInt8]
        let feature: Int
    }

    static let shared = S3UsageTable()

    let table: UsageTable
    let headers, parameters, payloads: [Word]
    /// Fields of S3's own that every request may have.
    let plainHeaders: [Word]
    /// Fields of which translators take some values, with the features of all others.
    let values: [Word]
    let parameter, payloadHash, tls, metadata, contentType, unknownHeader, version: Int
    let signature4, signature4a, signature2, signatureOther, presigned4, presigned2: Int

    static let pathSize = 0
    static let bodySize = 1
    static let headSize = 2

    /// The feature of the word in `range`, in any case; nil when it is none of `words`.
    static func find(_ range: Range<Int>, in bytes: Bytes, _ words: [Word]) -> Int? {
        for word in words where word.bytes.count == range.count {
            var place = range.lowerBound
            while place < range.upperBound, bytes[place].asciiLowercased == word.bytes[place - range.lowerBound] {
                place += 1
            }
            if place == range.upperBound { return word.feature }
        }
        return nil
    }

    private init() {
        var features = S3Command.allCases.map { "s3.operation.\($0.name)" }
        let exactCount = features.count
        func add(_ name: String) -> Int {
            features.append(name)
            return features.count - 1
        }
        func list(_ kind: String, _ words: String) -> [Word] {
            words.split(separator: " ").map { Word(bytes: Array($0.utf8), feature: add("s3.\(kind).\($0)")) }
        }
        headers = list("header", Self.headerNames)
        parameters = list("query", Self.parameterNames)
        payloads = list("payload", Self.payloadNames)
        plainHeaders = ["x-amz-date", "x-amz-content-sha256", "x-amz-user-agent"].map {
            Word(bytes: Array($0.utf8), feature: -1)
        }
        values = S3Refusals.fieldsOfSomeValues.sorted().map {
            Word(bytes: Array("x-amz-\($0)".utf8), feature: add("s3.value.x-amz-\($0)"))
        }
        version = add("s3.value.versionid")
        metadata = add("s3.header.x-amz-meta")
        contentType = add("s3.header.content-type")
        unknownHeader = add("s3.header.unknown")
        parameter = add("s3.query.unknown")
        payloadHash = add("s3.payload.sha256")
        tls = add("s3.protocol.tls")
        signature4 = add("s3.signature.v4")
        signature4a = add("s3.signature.v4a")
        signature2 = add("s3.signature.v2")
        signatureOther = add("s3.signature.unknown")
        presigned4 = add("s3.signature.v4-presigned")
        presigned2 = add("s3.signature.v2-presigned")
        table = UsageTable(
            features: features, exactCount: exactCount, requests: 0..<exactCount,
            sizes: ["s3.path.bytes", "s3.body.bytes", "s3.head.bytes"])
    }

    /// Fields that change what a request asks for; those of HTTP itself that every request has are not among them.
    private static let headerNames =
        "range if-match if-none-match if-modified-since if-unmodified-since if-range expect content-md5 content-encoding "
        + "content-disposition content-language cache-control expires transfer-encoding origin "
        + "x-amz-acl x-amz-grant-read x-amz-grant-write x-amz-grant-full-control x-amz-grant-read-acp x-amz-grant-write-acp "
        + "x-amz-copy-source x-amz-copy-source-range x-amz-copy-source-if-match x-amz-copy-source-if-none-match "
        + "x-amz-copy-source-if-modified-since x-amz-copy-source-if-unmodified-since x-amz-metadata-directive "
        + "x-amz-tagging x-amz-tagging-directive x-amz-storage-class x-amz-website-redirect-location "
        + "x-amz-server-side-encryption x-amz-server-side-encryption-aws-kms-key-id x-amz-server-side-encryption-context "
        + "x-amz-server-side-encryption-bucket-key-enabled x-amz-server-side-encryption-customer-algorithm "
        + "x-amz-checksum-algorithm x-amz-sdk-checksum-algorithm x-amz-checksum-mode x-amz-checksum-type "
        + "x-amz-checksum-crc32 x-amz-checksum-crc32c x-amz-checksum-crc64nvme x-amz-checksum-sha1 x-amz-checksum-sha256 "
        + "x-amz-trailer x-amz-decoded-content-length x-amz-object-lock-mode x-amz-object-lock-retain-until-date "
        + "x-amz-object-lock-legal-hold x-amz-bypass-governance-retention x-amz-bucket-object-lock-enabled x-amz-mfa "
        + "x-amz-request-payer x-amz-expected-bucket-owner x-amz-security-token x-amz-object-attributes "
        + "x-amz-max-parts x-amz-part-number-marker x-amz-mp-object-size x-amz-write-offset-bytes x-amz-object-ownership "
        + "x-amz-rename-source x-amz-optional-object-attributes "
        + "x-amz-source-expected-bucket-owner x-amz-if-match-size x-amz-if-match-last-modified-time"

    /// Parameters by which an operation is chosen or shaped.
    private static let parameterNames =
        "prefix delimiter marker max-keys start-after continuation-token list-type fetch-owner encoding-type key-marker "
        + "version-id-marker versionid versions uploads uploadid partnumber part-number-marker max-parts max-uploads "
        + "upload-id-marker delete acl tagging retention legal-hold torrent attributes restore select select-type policy "
        + "policystatus versioning location lifecycle cors website notification encryption logging replication requestpayment "
        + "accelerate object-lock ownershipcontrols publicaccessblock inventory metrics analytics intelligent-tiering "
        + "response-content-type response-content-disposition response-content-encoding response-content-language "
        + "response-cache-control response-expires x-id max-buckets bucket-region session renameobject "
        + "x-amz-algorithm x-amz-credential x-amz-date x-amz-expires x-amz-signedheaders x-amz-signature "
        + "x-amz-security-token x-amz-checksum-mode awsaccesskeyid signature expires"

    /// What stands in the place of a body's hash.
    private static let payloadNames =
        "unsigned-payload streaming-aws4-hmac-sha256-payload streaming-aws4-hmac-sha256-payload-trailer "
        + "streaming-unsigned-payload-trailer streaming-aws4-ecdsa-p256-sha256-payload"
}
