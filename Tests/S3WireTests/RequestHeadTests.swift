// What a request head says, and every head that could be read in two ways.

import S3Wire
import Testing
import Wire

@Suite("Request heads")
struct RequestHeadTests {
    private func parse(_ text: String) throws -> (S3RequestHead, [UInt8]) {
        let bytes = Array(text.utf8)
        return (try S3RequestHead(bytes.span), bytes)
    }

    @Test("the parts of a head are found in place")
    func parts() throws {
        let (head, bytes) = try parse(
            "GET /b/k%2F//..//a+b?acl&x=a%20b?c HTTP/1.1\r\nHost: h:9000\r\nx-amz-meta-A:  v \t\r\n\r\n")
        #expect(bytes.span.text(head.methodRange) == "GET")
        #expect(bytes.span.text(head.target) == "/b/k%2F//..//a+b?acl&x=a%20b?c")
        #expect(bytes.span.text(head.path) == "/b/k%2F//..//a+b")
        #expect(head.query.map { bytes.span.text($0) } == "acl&x=a%20b?c")
        #expect(head.host.map { bytes.span.text($0) } == "h:9000")
        #expect(head.minorVersion == 1)
        #expect(head.framing == .none)
        #expect(head.keepsAlive)
        #expect(head.fieldCount == 2)
        #expect(head.length == bytes.count)
    }

    @Test("fields are recognised in any case of their names")
    func facts() throws {
        let (head, _) = try parse(
            "PUT /b/k HTTP/1.1\r\nhOST:h\r\nEXPECT: 100-Continue\r\ncontent-LENGTH: 0042\r\n"
                + "X-Amz-Decoded-Content-Length: 17\r\nIf-None-Match: *\r\nConnection: foo, Close ,bar\r\n\r\n")
        #expect(head.framing == .length(42))
        #expect(head.contentLength == 42)
        #expect(head.decodedContentLength == 17)
        #expect(head.expectsContinue)
        #expect(head.isConditional)
        #expect(!head.keepsAlive)
        #expect(!head.mayBeSentAgain)
    }

    @Test("bytes above ASCII in values and targets pass")
    func obsText() throws {
        let bytes = Array("GET /b/\u{E4} HTTP/1.1\r\nHost: h\r\nx-amz-meta-n: \u{FC}\u{1}\r\n\r\n".utf8)
        #expect(try S3RequestHead(bytes.span).fieldCount == 2)
    }

    @Test("only a safe request without a body may be sent again")
    func sendingAgain() throws {
        for (line, expected) in [
            ("GET / HTTP/1.1\r\n", true), ("HEAD / HTTP/1.1\r\n", true), ("OPTIONS * HTTP/1.1\r\n", true),
            ("DELETE / HTTP/1.1\r\n", false), ("PUT / HTTP/1.1\r\n", false),
            ("POST /b/k?uploadId=1 HTTP/1.1\r\n", false),
            ("get / HTTP/1.1\r\n", false), ("GET / HTTP/1.1\r\nContent-Length: 1\r\n", false),
            ("GET / HTTP/1.1\r\nContent-Length: 0\r\n", true),
            ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n", false),
            ("GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n", false),
        ] {
            #expect(try parse(line + "Host: h\r\n\r\n").0.mayBeSentAgain == expected, "\(line)")
        }
    }

    @Test("HTTP/1.0 closes unless it asks to stay, and needs no Host")
    func oldVersion() throws {
        #expect(try !parse("GET / HTTP/1.0\r\n\r\n").0.keepsAlive)
        #expect(try parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").0.keepsAlive)
        #expect(try parse("GET / HTTP/1.0\r\n\r\n").0.host == nil)
        #expect(try parse("PUT / HTTP/1.1\r\nHost: h\r\nExpect: later\r\n\r\n").0.expectsContinue)
        #expect(try !parse("PUT / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n").0.expectsContinue)
    }

    @Test("the host of an absolute form is found, and must be that of the Host field")
    func absoluteForm() throws {
        let (head, bytes) = try parse("GET http://B.h:80/k?acl HTTP/1.1\r\nHost: b.h:80\r\n\r\n")
        #expect(bytes.span.text(head.path) == "/k")
        #expect(head.host.map { bytes.span.text($0) } == "b.h:80")
        #expect(try parse("GET https://h HTTP/1.1\r\nHost: h\r\n\r\n").0.path.isEmpty)
        #expect(try parse("GET http://h?acl HTTP/1.1\r\nHost: h\r\n\r\n").0.query?.count == 3)
        #expect(requests("GET http://other/ HTTP/1.1\r\nHost: h\r\n\r\n") == ["error host-differs-from-target"])
        #expect(requests("GET http://u@h/ HTTP/1.1\r\nHost: h\r\n\r\n") == ["error bad-target"])
        #expect(requests("GET http:///k HTTP/1.1\r\nHost: h\r\n\r\n") == ["error bad-target"])
        #expect(requests("GET ftp://h/ HTTP/1.1\r\nHost: h\r\n\r\n") == ["error bad-target"])
    }

    @Test(
        "a head with two readings is refused",
        arguments: [
            ("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "content-length-with-transfer-encoding"),
            ("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n", "content-length-with-transfer-encoding"),
            ("Content-Length: 1\r\ncontent-length: 1\r\n", "content-length-repeated"),
            ("Content-Length: 1\r\nContent-Length: 2\r\n", "content-length-repeated"),
            ("Content-Length: 1, 1\r\n", "bad-content-length"), ("Content-Length: +1\r\n", "bad-content-length"),
            ("Content-Length: -1\r\n", "bad-content-length"), ("Content-Length: 0x1\r\n", "bad-content-length"),
            ("Content-Length: 1 1\r\n", "bad-content-length"), ("Content-Length:\r\n", "bad-content-length"),
            ("Content-Length: 9223372036854775808\r\n", "bad-content-length"),
            ("Content-Length: 99999999999999999999999999\r\n", "bad-content-length"),
            ("Transfer-Encoding: gzip, chunked\r\n", "transfer-encoding-not-implemented"),
            ("Transfer-Encoding: chunked, chunked\r\n", "transfer-encoding-not-implemented"),
            ("Transfer-Encoding: chunked;q=1\r\n", "transfer-encoding-not-implemented"),
            ("Transfer-Encoding: identity\r\n", "transfer-encoding-not-implemented"),
            ("Transfer-Encoding: \u{B}chunked\r\n", "transfer-encoding-not-implemented"),
            ("Transfer-Encoding:\r\n", "transfer-encoding-not-implemented"),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "transfer-encoding-repeated"),
            ("A: b\rc\r\n", "bare-carriage-return"), ("A: b\nB: c\r\n", "bare-line-feed"),
            ("A: b\0\r\n", "nul-in-head"), ("A: b\r\n c\r\n", "obsolete-folding"),
            ("A: b\r\n\tc\r\n", "obsolete-folding"),
            (" A: b\r\n", "obsolete-folding"), ("A : b\r\n", "blank-before-colon"),
            ("A\t: b\r\n", "blank-before-colon"),
            (": b\r\n", "field-without-name"), ("A\r\n", "bad-field-name"), ("A\u{E4}: b\r\n", "bad-field-name"),
            ("A(: b\r\n", "bad-field-name"), ("Host: h\r\n", "host-repeated"), ("A: b\r\r\n", "bare-carriage-return"),
        ])
    func ambiguity(_ fields: String, _ code: String) {
        #expect(requests("PUT /b/k HTTP/1.1\r\nHost: h\r\n\(fields)\r\n") == ["error \(code)"])
    }

    @Test(
        "a request line that is not exactly one is refused",
        arguments: [
            ("GET  / HTTP/1.1\r\n", "bad-target"), ("GET / \r\n", "bad-version"), ("GET /\r\n", "bad-target"),
            ("GET / HTTP/1.1 \r\n", "bad-version"), ("GET / HTTP/2.0\r\n", "version-not-supported"),
            ("GET / HTTP/1.2\r\n", "version-not-supported"), ("GET / http/1.1\r\n", "bad-version"),
            ("GET / HTTP/1.10\r\n", "bad-version"), ("G@T / HTTP/1.1\r\n", "bad-method"),
            ("GET /a\u{7F} HTTP/1.1\r\n", "bad-target"), ("GET /a\tb HTTP/1.1\r\n", "bad-target"),
            ("GET /a b HTTP/1.1\r\n", "bad-version"), ("GET b/k HTTP/1.1\r\n", "bad-target"),
            ("GET * HTTP/1.1\r\n", "bad-target"), ("CONNECT h:443 HTTP/1.1\r\n", "connect-refused"),
            ("\u{16}\u{3}\u{1}", "bad-method"), ("GET / HTTP/1.1\r", "bare-carriage-return"),
            (" GET / HTTP/1.1\r\n", "bad-method"),
        ])
    func requestLine(_ line: String, _ code: String) {
        // A CR inside the request line is not a token, so the version is what is wrong there.
        let expected = line.hasSuffix("\r") ? "bad-version" : code
        #expect(requests(line + "Host: h\r\n\r\n") == ["error \(expected)"])
    }

    @Test("HTTP/1.1 needs a Host of host bytes; an empty one is one")
    func host() {
        #expect(requests("GET / HTTP/1.1\r\n\r\n") == ["error host-missing"])
        #expect(requests("GET / HTTP/1.1\r\nHost: a b\r\n\r\n") == ["error bad-host"])
        #expect(requests("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n") == ["error bad-host"])
        #expect(requests("GET / HTTP/1.1\r\nHost:\r\n\r\n") == ["ListBuckets / none"])
        #expect(requests("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n") == ["ListBuckets / none"])
        #expect(requests("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n") == ["error host-repeated"])
    }

    @Test("chunks in HTTP/1.0 are refused")
    func chunkedInOldVersion() {
        #expect(
            requests("PUT / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")
                == ["error transfer-encoding-in-http-1.0"])
    }
}
