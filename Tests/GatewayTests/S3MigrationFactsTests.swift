// What is decided about objects that move, without a server.

import S3Wire
import Testing

@testable import Gateway

@Suite("objects that move")
struct S3MigrationFactsTests {
    private static func facts(_ fields: String, method: S3Method = .head) throws -> S3ObjectFacts {
        let head = Array("HTTP/1.1 200 OK\r\n\(fields)\r\n".utf8)
        let reply = S3MigrationReply(try S3ResponseHead(head.span, answering: method), head)
        return try #require(S3ObjectFacts(reply))
    }

    private static let canary = """
        Content-Length: 7\r\nETag: "0123"\r\nContent-Type: text/x\r\nX-Amz-Meta-A: 1\r\nServer: x\r\nDate: y\r\n
        """

    @Test("an object is what clients have said of it, and not what servers say of themselves")
    func fields() throws {
        let facts = try Self.facts(
            Self.canary + "Content-Encoding: aws-chunked, gzip\r\nx-amz-tagging-count: 2\r\nx-amz-request-id: z\r\n")
        let fields = facts.fields.map {
            ("\(String(decoding: $0.key, as: UTF8.self)): \(String(decoding: $0.value, as: UTF8.self))")
        }
        #expect(fields.sorted() == ["content-encoding: gzip", "content-type: text/x", "x-amz-meta-a: 1"])
        #expect(facts.size == 7 && facts.tagCount == 2 && facts.etag == Array("0123".utf8) && !facts.cameInParts)
        #expect(try Self.facts("Content-Length: 1\r\nETag: \"ab-3\"\r\n").cameInParts)
    }

    @Test("a copy may have more where the other place adds it itself, and never less or other")
    func difference() throws {
        let facts = try Self.facts(Self.canary)
        #expect(facts.difference(from: try Self.facts(Self.canary)).isNothing(but: []))
        let added = facts.difference(from: try Self.facts(Self.canary + "x-amz-meta-mtime: 5\r\n"))
        #expect(!added.isNothing(but: []) && added.isNothing(but: [Array("x-amz-meta-mtime".utf8)]))
        let without = try Self.facts("Content-Length: 7\r\nContent-Type: text/x\r\n")
        #expect(facts.difference(from: without).lost == [Array("x-amz-meta-a".utf8)])
        let other = try Self.facts(Self.canary.replacing("text/x", with: "text/y"))
        #expect(facts.difference(from: other).lost == [Array("content-type".utf8)])
        #expect(facts.difference(from: try Self.facts(Self.canary.replacing("7", with: "8"))).size)
        #expect(facts.difference(from: try Self.facts(Self.canary + "x-amz-tagging-count: 1\r\n")).tags)
    }

    @Test("a check goes with an object only if it is one of the whole")
    func checksums() throws {
        func checksum(_ fields: String, tag: String = "ab") throws -> String? {
            try Self.facts("Content-Length: 1\r\nETag: \"\(tag)\"\r\n\(fields)").checksum.map {
                String(decoding: $0.name, as: UTF8.self)
            }
        }
        let crc = "x-amz-checksum-crc32: AAAAAA==\r\n"
        #expect(try checksum(crc) == nil)
        #expect(try checksum(crc + "x-amz-checksum-type: FULL_OBJECT\r\n", tag: "ab-1") == "x-amz-checksum-crc32")
        #expect(try checksum(crc + "x-amz-checksum-type: COMPOSITE\r\n") == nil)
    }

    @Test("what is asked in the gateway's name is signed as servers check it", arguments: [true, false])
    func signature(isStreamed: Bool) throws {
        let signer = S3OwnSigner(
            accessKey: Array("KEY".utf8), secret: Array("secret".utf8), region: Array("eu-north-7".utf8))
        var request = S3MigrationRequest(.put, Array("bucket".utf8), Array("a b/+\u{e9}?".utf8))
            .with("uploadId", "x/y+z=").with("uploads")
        request.add("x-amz-meta-note", "two  blanks")
        request.add("content-type", "text/x")
        if isStreamed { request.streamed = 3 } else { request.document = [1, 2, 3] }
        let bytes = request.bytes(for: "example.com:9000", signer)
        let end = try #require(bytes.firstRange(of: Array("\r\n\r\n".utf8))).upperBound
        let head = Array(bytes[..<end])
        let parsed = try S3Request(head, S3RequestHead(head.span), baseDomains: S3BaseDomains())
        #expect(parsed.key == request.key && parsed.parameter("uploadId") == Array("x/y+z=".utf8))
        #expect(parsed.head.contentLength == 3 && bytes.count - end == (isStreamed ? 0 : 3))
        let now = try #require(parsed.field("x-amz-date").flatMap { S3Date(basic: $0) })
        let right = S3Authenticator(accessKeys: ["KEY": "secret"], region: "eu-north-7")
        #expect(throws: Never.self) { try right.access(parsed, now: now) }
        let wrong = S3Authenticator(accessKeys: ["KEY": "other"])
        #expect(throws: S3Refusal.self) { try wrong.access(parsed, now: now) }
    }

    @Test(
        "a bucket goes into the host where its name may stand there", arguments: ["bucket", "a.b-9", "Bucket", "b_c"])
    func addressing(bucket: String) throws {
        let signer = S3OwnSigner(
            accessKey: Array("KEY".utf8), secret: Array("secret".utf8), region: Array("us-east-1".utf8))
        let request = S3MigrationRequest(.get, Array(bucket.utf8), Array("a b".utf8)).with("acl")
        let bytes = request.bytes(for: "s3.example.com", signer, addressing: .virtualHosted)
        let isInHost = bucket == "bucket" || bucket == "a.b-9"
        let text = String(decoding: bytes, as: UTF8.self)
        let start =
            isInHost ? "GET /a%20b?acl HTTP/1.1\r\nhost: \(bucket)." : "GET /\(bucket)/a%20b?acl HTTP/1.1\r\nhost: s3."
        #expect(text.hasPrefix(start), "\(text)")
        let parsed = try S3Request(
            bytes, S3RequestHead(bytes.span), baseDomains: S3BaseDomains(["s3.example.com"]))
        #expect(parsed.bucket == request.bucket && parsed.key == request.key)
        let now = try #require(parsed.field("x-amz-date").flatMap { S3Date(basic: $0) })
        #expect(throws: Never.self) { try S3Authenticator(accessKeys: ["KEY": "secret"]).access(parsed, now: now) }
        // The list of buckets is at the domain itself.
        let service = S3MigrationRequest(.get).bytes(for: "s3.example.com", nil, addressing: .virtualHosted)
        #expect(String(decoding: service, as: UTF8.self).hasPrefix("GET / HTTP/1.1\r\nhost: s3.example.com\r\n"))
    }

    @Test("a storage class is one where it is not the usual one")
    func storageClass() throws {
        #expect(try Self.facts(Self.canary + "x-amz-storage-class: STANDARD\r\n").storageClass == nil)
        #expect(try Self.facts(Self.canary + "x-amz-storage-class: GLACIER\r\n").storageClass == Array("GLACIER".utf8))
    }

    @Test("a bucket and a key are noted as one name, whatever the key")
    func names() {
        for key in [[], Array("k".utf8), Array("/a/b".utf8), [0xFF, 0x2F]] as [[UInt8]] {
            let name = S3MigrationName.spell(Array("b".utf8), key)
            #expect(S3MigrationName.key(name) == MigrationKey(part: .bucket(Array("b".utf8)), name: key))
        }
    }

    @Test("keys of several deletions are read through every framing", arguments: ["plain", "chunked", "aws", "long"])
    func listing(framing: String) throws {
        let document = "<Delete><Object><Key>k1</Key></Object><Object><Key>k2</Key></Object></Delete>"
        let aws =
            "\(String(document.utf8.count, radix: 16));chunk-signature=0\r\n\(document)\r\n0;chunk-signature=0\r\n\r\n"
        let chunks = "\(String(document.utf8.count, radix: 16))\r\n\(document)\r\n0\r\n\r\n"
        let body: (fields: String, text: String) =
            switch framing {
            case "chunked": ("Transfer-Encoding: chunked\r\n", chunks)
            case "aws":
                (
                    "Content-Length: \(aws.utf8.count)\r\nx-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD\r\n",
                    aws
                )
            case "long": ("Content-Length: 5000000\r\n", String(repeating: " ", count: 5_000_000))
            default: ("Content-Length: \(document.utf8.count)\r\n", document)
            }
        let head = Array("POST /b?delete HTTP/1.1\r\nHost: h\r\n\(body.fields)\r\n".utf8)
        var listing = try #require(
            S3MigrationListing(head, S3RequestHead(head.span), bucket: Array("b".utf8)))
        let bytes = Array(body.text.utf8)
        for start in stride(from: 0, to: bytes.count, by: framing == "long" ? 100_000 : 7) {
            listing.take(bytes.span.extracting(start..<min(bytes.count, start + (framing == "long" ? 100_000 : 7))))
        }
        #expect(listing.keys == (framing == "long" ? nil : [Array("k1".utf8), Array("k2".utf8)]))
    }
}
