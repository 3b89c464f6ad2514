// Where bodies end: lengths, chunks, trailers and their bounds.

import S3Wire
import Testing
import Wire

@Suite("Body framer")
struct BodyFramerTests {
    private func chunked(_ body: String) -> [String] {
        Array(requests("PUT /b/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + body).dropFirst())
    }

    @Test("a length delimits exactly, and the next head follows")
    func length() {
        #expect(
            requests("PUT /b/k HTTP/1.0\r\nContent-Length: 4\r\n\r\n\r\n\r\nGET / HTTP/1.0\r\n\r\n")
                == ["PutObject /b/k length(4) close", "body 4", "ListBuckets / none close"])
    }

    @Test("a PUT without a length has no body; the backend says what it misses")
    func noLength() {
        #expect(
            requests("PUT /b/k HTTP/1.1\r\nHost: h\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")
                == ["PutObject /b/k none", "ListBuckets / none"])
    }

    @Test("chunks, extensions and trailers are followed")
    func chunks() {
        #expect(chunked("0\r\n\r\n") == ["body 0"])
        #expect(chunked("5\r\nhello\r\n00A;x=\"a;b\"\r\n0123456789\r\n0\r\n\r\n") == ["body 15"])
        #expect(chunked("1\r\n\r\r\n0;e\r\nx-amz-checksum-crc32: AAAA==\r\nb:\r\n\r\n") == ["body 1 trailers 2"])
    }

    @Test(
        "a chunk or a trailer with two readings is refused",
        arguments: [
            ("\r\n", "bad-chunk-size"), (";\r\n", "bad-chunk-size"), ("g\r\n", "bad-chunk-size"),
            ("0x1\r\n", "bad-chunk-size"), ("-1\r\n", "bad-chunk-size"), (" 1\r\n", "bad-chunk-size"),
            ("1 \r\n", "bad-chunk-size"), ("1\n", "bad-chunk-size"), ("1\r\r\n", "bad-chunk-size"),
            ("1;a\nb\r\n", "bad-chunk-extension"), ("1;a\0\r\n", "bad-chunk-extension"),
            ("1;a\rb\r\n", "bad-chunk-size"),
            ("1\r\nab\r\n", "bad-chunk-end"), ("1\r\na\n", "bad-chunk-end"), ("1\r\na\rb", "bad-chunk-end"),
            ("0\r\n\rX", "bad-trailer"), ("0\r\n\n", "bad-trailer"), ("0\r\na b: c\r\n\r\n", "bad-trailer"),
            ("0\r\n: c\r\n\r\n", "bad-trailer"), ("0\r\na: c\r\n d\r\n\r\n", "bad-trailer"),
            ("0\r\na: b\nc", "bad-trailer"),
            ("0\r\na: \0", "bad-trailer"), ("0\r\na\r\n\r\n", "bad-trailer"), ("0\r\na: b\rc", "bad-trailer"),
            ("0\r\nContent-Length: 3\r\n\r\n", "forbidden-trailer"), ("0\r\nHOST: 3\r\n\r\n", "forbidden-trailer"),
            ("0\r\ntransfer-Encoding: chunked\r\n\r\n", "forbidden-trailer"),
        ])
    func ambiguity(_ body: String, _ code: String) {
        #expect(chunked(body) == ["error \(code)"])
    }

    @Test("names that only begin like a framing field are trailers like any other")
    func nearlyForbidden() {
        #expect(chunked("0\r\nhosts: a\r\nhos: b\r\ncontent-lengths: c\r\n\r\n") == ["body 0 trailers 3"])
    }

    @Test("the bounds of chunk lines and trailers hold at and just over")
    func limits() {
        let digits = String(repeating: "0", count: S3Limits.chunkDigits.maximum)
        #expect(chunked(digits + "\r\n\r\n") == ["body 0"])
        #expect(chunked("0" + digits + "\r\n\r\n") == ["error chunk-too-large"])
        #expect(chunked(String(repeating: "f", count: 16) + "\r\n") == ["error chunk-too-large"])
        let most = String(repeating: "e", count: S3Limits.chunkExtension.maximum)
        #expect(chunked("0;\(most)\r\n\r\n") == ["body 0"])
        #expect(chunked("0;\(most)e\r\n\r\n") == ["error chunk-extension-too-large"])
        let fields = String(repeating: "a:b\r\n", count: S3Limits.trailerFields.maximum)
        #expect(chunked("0\r\n\(fields)\r\n") == ["body 0 trailers \(S3Limits.trailerFields.maximum)"])
        #expect(chunked("0\r\n\(fields)a:b\r\n\r\n") == ["error too-many-trailers"])
        let value = String(repeating: "v", count: S3Limits.trailerSection.maximum - 6)
        #expect(chunked("0\r\na:\(value)\r\n\r\n") == ["body 0 trailers 1"])
        #expect(chunked("0\r\na:\(value)v\r\n\r\n") == ["error trailers-too-large"])
    }

    @Test("an aws-chunked body is content, whatever its own chunks say")
    func awsChunked() {
        let body = "5;chunk-signature=00\r\nhello\r\n0;chunk-signature=11\r\nx-amz-checksum-crc32:AAAA==\r\n\r\n"
        #expect(
            requests(
                "PUT /b/k HTTP/1.1\r\nHost: h\r\nContent-Encoding: aws-chunked\r\nx-amz-decoded-content-length: 5\r\n"
                    + "Content-Length: \(body.utf8.count)\r\n\r\n\(body)GET /b/k HTTP/1.1\r\nHost: h\r\n\r\n")
                == [
                    "PutObject /b/k length(\(body.utf8.count))", "body \(body.utf8.count)", "GetObject /b/k none",
                ])
        let size = String(body.utf8.count, radix: 16)
        #expect(chunked("\(size)\r\n\(body)\r\n0\r\n\r\n") == ["body \(body.utf8.count)"])
    }

    @Test("a stream that ends inside a body is an error, except where its end is the end")
    func truncation() {
        #expect(
            requests("PUT /b/k HTTP/1.0\r\nContent-Length: 4\r\n\r\nabc")
                == ["PutObject /b/k length(4) close", "error body-truncated"])
        #expect(chunked("4\r\nab") == ["error body-truncated"])
        #expect(chunked("0\r\n\r") == ["error body-truncated"])
    }

    @Test("payload that passes unseen counts like payload that was shown")
    func skipping() throws {
        var framer = S3Framer(.length(1 << 40), side: .server)
        #expect(framer.skippable == 1 << 40)
        #expect(framer.skip(1 << 39) == nil)
        #expect(framer.skippable == 1 << 39)
        #expect(framer.skip(.max) == S3BodyEnd(payload: 1 << 40, trailers: 0))
        var chunks = S3Framer(.chunked, side: .server)
        var offset = 0
        #expect(chunks.skippable == 0)
        #expect(try chunks.next(Array("fffffff\r\n".utf8).span, at: &offset) == nil)
        #expect(chunks.skippable == 0xFFF_FFFF)
        #expect(chunks.skip(0xFFF_FFFF) == nil)
        offset = 0
        #expect(
            try chunks.next(Array("\r\n0\r\n\r\n".utf8).span, at: &offset)
                == S3BodyEnd(payload: 0xFFF_FFFF, trailers: 0))
        var endless = S3Framer(.untilClose, side: .server)
        #expect(endless.skippable == nil)
        #expect(endless.skip(.max) == nil)
        #expect(endless.skip(.max) == nil)
        #expect(try endless.finish().payload == .max)
    }

    @Test("behind its end a framer consumes nothing and repeats the end")
    func afterTheEnd() throws {
        var framer = S3Framer(.length(1), side: .client)
        let bytes = Array("abc".utf8)
        var offset = 0
        #expect(try framer.next(bytes.span, at: &offset) == S3BodyEnd(payload: 1, trailers: 0))
        #expect(try framer.next(bytes.span, at: &offset) == S3BodyEnd(payload: 1, trailers: 0))
        #expect(offset == 1)
        #expect(framer.isAtBoundary)
    }
}
