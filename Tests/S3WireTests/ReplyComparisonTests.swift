// What counts as a difference between two S3 answers, and how an answer is kept as it passes.

import Testing
import Wire

@testable import S3Wire

@Suite("two answers to one S3 request")
struct ReplyComparisonTests {
    /// The answer in `text`, fed in pieces of `size` bytes.
    private func reply(_ text: String, method: S3Method = .get, size: Int = .max, limit: Int = 1 << 16) throws
        -> S3ComparableReply?
    {
        let bytes = Array(text.utf8)
        var collector = S3ReplyCollector(answering: method, limit: limit)
        var start = 0
        while start < bytes.count {
            let piece = Array(bytes[start..<min(bytes.count, start + min(size, bytes.count))])
            var offset = 0
            if let reply = try collector.take(piece.span, at: &offset) { return reply }
            start += piece.count
        }
        return collector.finish()
    }

    private func answer(_ status: Int, _ fields: String = "", _ body: String = "") -> String {
        "HTTP/1.1 \(status) OK\r\n\(fields)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    }

    private func kind(
        _ primary: String, _ candidate: String, isHead: Bool = false, _ masks: Set<S3ReplyMask> = []
    ) throws -> S3DifferenceKind? {
        let method: S3Method = isHead ? .head : .get
        let left = try #require(try reply(primary, method: method))
        let right = try #require(try reply(candidate, method: method))
        return S3ReplyComparison.difference(left, right, isHead: isHead, masks: masks)?.kind
    }

    @Test("an answer is the same however it is framed and cut", arguments: [1, 2, 7, .max])
    func collected(size: Int) throws {
        let plain = try #require(try reply(answer(200, "ETag: x\r\n", "hello"), size: size))
        #expect(plain.status == 200 && plain.body == Array("hello".utf8) && plain.length == 5 && plain.keepsAlive)
        let chunked = try #require(
            try reply(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
                size: size))
        #expect(chunked.body == plain.body && chunked.length == 5)
        let closing = try #require(try reply("HTTP/1.1 200 OK\r\n\r\nhello", size: size))
        #expect(closing.body == plain.body && !closing.keepsAlive)
        let long = try #require(try reply(answer(200, "", "hello"), size: size, limit: 4))
        #expect(long.body == [] && !long.isWhole && long.length == 5)
        #expect(try reply(answer(200, "", "hello"), method: .head, size: size)?.length == 0)
    }

    @Test("a range that is the whole may be called one or not where that is masked, and nothing else")
    func ranges() throws {
        let masks: Set<S3ReplyMask> = [.rangeStatus]
        let whole = answer(200, "ETag: a\r\n", "abc")
        let range = answer(206, "Content-Range: bytes 0-2/3\r\nETag: a\r\n", "abc")
        #expect(try kind(whole, range) == .status && kind(range, whole) == .status)
        #expect(try kind(whole, range, masks) == nil && kind(range, whole, masks) == nil)
        #expect(try kind(answer(200, "ETag: b\r\n", "abc"), range, masks) == .header)
        #expect(try kind(answer(200, "ETag: a\r\n", "abd"), range, masks) == .body)
        let part = "Content-Range: bytes 0-2/4\r\nETag: a\r\n"
        #expect(try kind(whole, answer(206, part, "abc"), masks) == .header)
        #expect(try kind(answer(200, part, "abc"), answer(206, part, "abc"), masks) == nil)
        #expect(try kind(answer(200, part, "abc"), answer(206, part, "abd"), masks) == .body)
        #expect(try kind(whole, answer(206, "ETag: a\r\n", "abc"), masks) == .status)
        #expect(try kind(answer(416, "", "<Error/>"), answer(200), masks) == nil)
        #expect(try kind(answer(416, "", "<Error/>"), whole, masks) == .status)
        #expect(try kind(range, answer(206, "Content-Range: bytes 0-2/4\r\nETag: a\r\n", "abc"), masks) == .header)
    }

    @Test("each kind of difference is told from the others, and from none")
    func kinds() throws {
        #expect(try kind(answer(200, "", "a"), answer(200, "Server: other\r\nDate: now\r\n", "a")) == nil)
        #expect(try kind(answer(200, "", "a"), answer(206, "", "a")) == .status)
        #expect(try kind(answer(200, "ETag: a\r\n"), answer(200, "ETag: b\r\n")) == .header)
        #expect(try kind(answer(200, "x-amz-meta-k: a\r\n"), answer(200)) == .header)
        #expect(try kind(answer(200, "", "ab"), answer(200, "", "a")) == .length)
        #expect(try kind(answer(200, "", "ab"), answer(200, "", "ac")) == .body)
        #expect(try kind(answer(200, "", "ab"), answer(200, "", "abc"), isHead: true) == .header)
        let missing = "<Error><Code>NoSuchKey</Code><RequestId>1</RequestId></Error>"
        #expect(try kind(answer(404, "", missing), answer(404, "", missing.replacing("1", with: "22"))) == nil)
        #expect(
            try kind(answer(404, "", missing), answer(404, "", missing.replacing("Key", with: "Bucket"))) == .errorCode)
    }

    @Test("lists are compared by what they say, whatever the order of their elements' parts")
    func lists() throws {
        func list(_ contents: String) -> String {
            answer(200, "", "<?xml version='1.0'?><ListBucketResult>\(contents)</ListBucketResult>")
        }
        let one = "<Contents><Key>a</Key><Size>1</Size><ETag>&quot;x&quot;</ETag><Owner><ID>me</ID></Owner></Contents>"
        let same = "<Contents><Size>1</Size><Key>a</Key><ETag>x</ETag></Contents>"
        #expect(try kind(list(one), list("\n  " + same)) == nil)
        #expect(try kind(list(one), list(one + same)) == .document)
        #expect(try kind(list(one), list(same.replacing("<Size>1", with: "<Size>2"))) == .document)
        #expect(try kind(list(one), list(same.replacing("<ETag>x", with: "<ETag>y"))) == .document)
        #expect(try kind(list(one), list(same.replacing("<ETag>x", with: "<ETag>y")), [.etag]) == nil)
        let second = same.replacing("<Key>a", with: "<Key>b")
        #expect(try kind(list(one + second), list(second + one)) == .document)
    }

    @Test("a mask takes away its own difference and no other")
    func masks() throws {
        let examples: [(S3ReplyMask, String)] = [
            (.etag, "ETag"), (.lastModified, "Last-Modified"), (.lastModified, "X-Amz-Meta-Mtime"),
            (.contentType, "Content-Type"),
            (.checksum, "x-amz-checksum-crc32"),
        ]
        // That of ranges is about the status.
        #expect(Set(examples.map(\.0)) == Set(S3ReplyMask.allCases).subtracting([.rangeStatus]))
        for (mask, field) in examples {
            let (left, right) = (answer(200, "\(field): a\r\n"), answer(200, "\(field): b\r\n"))
            #expect(try kind(left, right) == .header)
            #expect(try kind(left, right, [mask]) == nil)
            #expect(try kind(left, right, Set(S3ReplyMask.allCases).subtracting([mask])) == .header)
        }
    }

    @Test("what is told holds no byte of a name or a value of the user's")
    func evidence() throws {
        let left = try #require(try reply(answer(200, "x-amz-meta-secret: secret\r\n", "secret")))
        let right = try #require(try reply(answer(200, "x-amz-meta-secret: Secret\r\n", "secret")))
        let found = try #require(S3ReplyComparison.difference(left, right, isHead: false, masks: []))
        #expect(found == S3ReplyDifference(.header, at: "x-amz-meta-…", "6 bytes", "6 bytes"))
        let other = try #require(try reply(answer(200, "x-amz-meta-secret: secret\r\n", "secreT")))
        #expect(
            S3ReplyComparison.difference(left, other, isHead: false, masks: [])
                == S3ReplyDifference(.body, at: "byte 5", "6 bytes", "6 bytes"))
    }
}
