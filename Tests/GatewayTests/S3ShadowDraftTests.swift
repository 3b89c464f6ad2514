// Requests of the shadow's own that stand for clients': what they say, and that a server takes their signature.

import S3Wire
import Testing

@testable import Gateway

@Suite("a request for a scratch bucket")
struct S3ShadowDraftTests {
    private let now = S3Date(seconds: 1_764_000_000)
    private let key = S3ShadowSignature(accessKey: Array("AKIASHADOW".utf8), secret: Array("secret".utf8))

    private func request(_ text: String) throws -> S3Request {
        let bytes = Array(text.utf8)
        return try S3Request(bytes, S3RequestHead(bytes.span), baseDomains: S3BaseDomains())
    }

    /// What a server reads of the draft, whose signature it checks.
    private func sent(_ draft: S3ShadowDraft) throws -> (request: S3Request, body: [UInt8]) {
        let bytes = draft.bytes(key, now: now)
        var scanner = S3HeadScanner(.client)
        var offset = 0
        let length = try #require(try scanner.next(bytes.span, at: &offset))
        let head = Array(bytes[..<length])
        let request = try S3Request(head, S3RequestHead(head.span), baseDomains: S3BaseDomains())
        let access = try S3Authenticator(accessKeys: ["AKIASHADOW": "secret"]).access(request, now: now)
        let body = Array(bytes[length...])
        #expect(access.payload == .hash(S3Authenticator.hash.sha256Text(body)))
        #expect(request.head.contentLength ?? 0 == body.count)
        return (request, body)
    }

    @Test("has the client's words and another place and signature")
    func plain() throws {
        let client = try request(
            "PUT /photos/a%20b%2F%C3%A9?x-id=PutObject&tag=a%26b HTTP/1.1\r\nHost: client:1\r\nContent-Type: text/x\r\n"
                + "x-amz-meta-mixed:  v  w \r\nExpect: 100-continue\r\nX-Amz-Security-Token: t\r\n"
                + "Authorization: AWS4-HMAC-SHA256 Credential=AKID/20251124/eu-north-1/s3/aws4_request, "
                + "SignedHeaders=host, Signature=00\r\nx-amz-date: 20251124T000000Z\r\nx-amz-content-sha256: "
                + "UNSIGNED-PAYLOAD\r\nContent-Length: 3\r\n\r\n")
        var draft = S3ShadowDraft(client, content: Array("abc".utf8), host: Array("new:9".utf8))
        draft.path = Array("/scratch".utf8) + client.path
        let (request, body) = try sent(draft)
        #expect(body == Array("abc".utf8))
        #expect(request.path == Array("/scratch/photos/a b/é".utf8))
        #expect(request.field("host") == Array("new:9".utf8) && request.values(of: "authorization").count == 1)
        #expect(request.field("content-type") == Array("text/x".utf8))
        #expect(request.field("x-amz-meta-mixed") == Array("v  w".utf8))
        #expect(request.parameter("tag") == Array("a&b".utf8) && request.hasParameter("x-id"))
        for gone in ["expect", "x-amz-security-token"] as [StaticString] { #expect(!request.hasField(gone)) }
        #expect(try S3Authorization(request)?.credential.region == Array("eu-north-1".utf8))
    }

    @Test("is signed in its head where the client signed its address")
    func presigned() throws {
        let client = try request(
            "GET /b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20251124%2Fr1%2Fs3%2Faws4_request"
                + "&X-Amz-Date=20251124T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=00&partNumber=1 "
                + "HTTP/1.1\r\nHost: h\r\n\r\n")
        let (request, _) = try sent(S3ShadowDraft(client, content: [], host: Array("h".utf8)))
        #expect(request.parameters.map(\.name) == [Array("partNumber".utf8)])
    }

    @Test("has the content of an aws-chunked body, and its trailer in the head")
    func chunked() throws {
        let client = try request(
            "PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip,aws-chunked\r\nx-amz-decoded-content-length: 5\r\n"
                + "x-amz-trailer: x-amz-checksum-crc32\r\nx-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n"
                + "Content-Length: 60\r\n\r\n")
        let content = Array("3\r\nabc\r\n2\r\nde\r\n0\r\nx-amz-checksum-crc32:AAAA\r\n\r\n".utf8)
        let (request, body) = try sent(S3ShadowDraft(client, content: content, host: Array("h".utf8)))
        #expect(body == Array("abcde".utf8))
        #expect(request.field("content-encoding") == Array("gzip".utf8))
        #expect(request.field("x-amz-checksum-crc32") == Array("AAAA".utf8))
        #expect(!request.hasField("x-amz-trailer") && !request.hasField("x-amz-decoded-content-length"))
    }

    @Test("keeps no digest of a body that was replaced")
    func replaced() throws {
        let client = try request(
            "POST /b?delete HTTP/1.1\r\nHost: h\r\nContent-MD5: AAAA\r\nx-amz-checksum-crc32: AAAA\r\n"
                + "x-amz-sdk-checksum-algorithm: CRC32\r\nContent-Length: 3\r\n\r\n")
        var draft = S3ShadowDraft(client, content: Array("abc".utf8), host: Array("h".utf8))
        draft.replace(body: Array("defg".utf8))
        draft.add("content-md5", Array("BBBB".utf8))
        let (request, body) = try sent(draft)
        #expect(body == Array("defg".utf8))
        #expect(request.values(of: "content-md5") == [Array("BBBB".utf8)])
        #expect(!request.hasField("x-amz-checksum-crc32") && !request.hasField("x-amz-sdk-checksum-algorithm"))
    }

    @Test("completes an upload with the parts that the candidate has, or not at all")
    func parts() throws {
        func reply(_ body: String = "", tag: String = "") -> S3ComparableReply {
            var reply = S3ComparableReply()
            reply.status = 200
            reply.head = Array("HTTP/1.1 200 OK\r\n\(tag.isEmpty ? "" : "ETag: \"\(tag)\"\r\n")\r\n".utf8)
            reply.body = Array(body.utf8)
            return reply
        }
        func id(_ id: String) -> S3ComparableReply { reply("<R><UploadId>\(id)</UploadId></R>") }
        func list(_ parts: [(Int, String)]) -> [UInt8] {
            Array(
                ("<CompleteMultipartUpload>"
                    + parts.map { "<Part><PartNumber>\($0.0)</PartNumber><ETag>\"\($0.1)\"</ETag></Part>" }.joined()
                    + "</CompleteMultipartUpload>").utf8)
        }
        var uploads = S3ShadowUploads()
        uploads.answered(try request("POST /b/k?uploads HTTP/1.1\r\nHost: h\r\n\r\n"), id("ours"), id("theirs"))
        for (number, ours, theirs) in [(1, "a", "a"), (2, "b", "c")] {
            let part = try request("PUT /b/k?partNumber=\(number)&uploadId=ours HTTP/1.1\r\nHost: h\r\n\r\n")
            uploads.answered(part, reply(tag: ours), reply(tag: theirs))
        }
        let upload = try #require(uploads[Array("ours".utf8)])
        #expect(upload.id == Array("theirs".utf8))
        #expect(upload.completion(of: list([(1, "a")])) == list([(1, "a")]))
        let changed = try #require(upload.completion(of: list([(1, "a"), (2, "b")])))
        #expect(String(decoding: changed, as: UTF8.self).contains("<ETag>&quot;c&quot;</ETag>"))
        #expect(upload.completion(of: list([(3, "d")])) == nil && upload.completion(of: list([(2, "old")])) == nil)
        let abort = try request("DELETE /b/k?uploadId=ours HTTP/1.1\r\nHost: h\r\n\r\n")
        uploads.answered(abort, reply(), reply())
        #expect(uploads[Array("ours".utf8)] == nil)
    }
}
