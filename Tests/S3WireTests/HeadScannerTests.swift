// Where heads end, and the bounds on them.

import S3Wire
import Testing
import Wire

@Suite("Head scanner")
struct HeadScannerTests {
    private func scan(_ text: String, _ side: Side = .client) throws(WireError) -> Int? {
        var scanner = S3HeadScanner(side)
        var offset = 0
        return try scanner.next(Array(text.utf8).span, at: &offset)
    }

    @Test("empty lines before a request are skipped and are no part of its head")
    func blankLines() throws {
        var scanner = S3HeadScanner(.client)
        var offset = 0
        #expect(scanner.isAtBoundary)
        #expect(try scanner.next(Array("\r\n\r".utf8).span, at: &offset) == nil)
        #expect(scanner.headLength == 0)
        #expect(!scanner.isAtBoundary)
        offset = 0
        #expect(try scanner.next(Array("\nGET".utf8).span, at: &offset) == nil)
        #expect(scanner.headLength == 3)
        offset = 0
        let rest = Array(" / HTTP/1.0\r\n\r\nGET".utf8)
        #expect(try scanner.next(rest.span, at: &offset) == 18)
        #expect(offset == rest.count - 3)
        #expect(scanner.isAtBoundary)
    }

    @Test("pipelined heads are found one by one")
    func pipeline() {
        #expect(
            requests("\r\nGET /a HTTP/1.1\r\nHost: h\r\n\r\n\r\nGET /b/k HTTP/1.1\r\nHost: h\r\n\r\n")
                == ["ListObjects /a none", "GetObject /b/k none"])
    }

    @Test("only so many empty lines are skipped")
    func blankLineLimit() {
        let most = String(repeating: "\r\n", count: S3Limits.blankLines.maximum)
        #expect(requests(most + "GET / HTTP/1.0\r\n\r\n") == ["ListBuckets / none close"])
        #expect(requests(most + "\r\nGET / HTTP/1.0\r\n\r\n") == ["error too-many-blank-lines"])
        #expect(requests("\rGET / HTTP/1.0\r\n\r\n") == ["error bare-carriage-return"])
        #expect(requests("\nGET / HTTP/1.0\r\n\r\n") == ["error bad-method"])
    }

    @Test("an empty line before a response is an error")
    func blankLineBeforeResponse() {
        #expect(responses("\r\nHTTP/1.1 200 OK\r\n\r\n") == ["error start-line-missing"])
    }

    @Test("a head may have exactly as many bytes as the bound allows")
    func headLimit() throws {
        let start = "GET / HTTP/1.0\r\n"
        let room = S3Limits.head.maximum - start.utf8.count - 2
        let line = "a: " + String(repeating: "x", count: 1000) + "\r\n"
        var fields = String(repeating: line, count: room / line.utf8.count - 1)
        fields += "b: " + String(repeating: "y", count: room - fields.utf8.count - 5) + "\r\n"
        #expect(try scan(start + fields + "\r\n") == S3Limits.head.maximum)
        #expect(requests(start + fields + "\r\n") == ["ListBuckets / none close"])
        #expect(requests(start + "c" + fields + "\r\n") == ["error head-too-large"])
    }

    @Test("a request line may have exactly as many bytes as the bound allows")
    func requestLineLimit() {
        let key = String(repeating: "k", count: S3Limits.requestLine.maximum - "GET /b/ HTTP/1.0\r\n".utf8.count)
        #expect(requests("GET /b/\(key) HTTP/1.0\r\n\r\n") == ["GetObject /b/\(key) none close"])
        #expect(requests("GET /b/\(key)k HTTP/1.0\r\n\r\n") == ["error start-line-too-long"])
    }

    @Test("a head may have exactly as many fields as the bound allows")
    func fieldLimit() {
        let most = String(repeating: "a: b\r\n", count: S3Limits.fields.maximum)
        #expect(requests("GET / HTTP/1.0\r\n\(most)\r\n") == ["ListBuckets / none close"])
        #expect(requests("GET / HTTP/1.0\r\n\(most)a: b\r\n\r\n") == ["error too-many-fields"])
    }

    @Test("a scanner that lost the framing says so and answers nothing more")
    func lost() {
        var scanner = S3HeadScanner(.client)
        var offset = 0
        #expect(throws: WireError.self) { try scanner.next(Array("GET /\n".utf8).span, at: &offset) }
        #expect(scanner.isLost)
        #expect(throws: WireError.self) { try scanner.next(Array("GET".utf8).span, at: &offset) }
    }
}
