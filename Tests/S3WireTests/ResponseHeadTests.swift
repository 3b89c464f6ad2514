// What a response head says, given the request it answers.

import S3Wire
import Testing
import Wire

@Suite("Response heads")
struct ResponseHeadTests {
    @Test("a body is delimited by length, by chunks, or by the end of the stream")
    func framings() {
        #expect(responses("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc") == ["200 length(3)", "body 3"])
        #expect(
            responses("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
                == ["200 chunked", "body 3"])
        #expect(responses("HTTP/1.1 200 OK\r\n\r\nabcdef") == ["200 untilClose", "body 6 until the end"])
        #expect(responses("HTTP/1.0 200 OK\r\n\r\n") == ["200 untilClose close", "body 0 until the end"])
    }

    @Test("HEAD, 1xx, 204 and 304 have no body whatever they announce")
    func bodyless() {
        #expect(
            responses(
                "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", to: .head)
                == ["200 none", "200 length(1)", "body 1"])
        #expect(
            responses("HTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n", to: .head) == ["404 none"])
        #expect(
            responses(
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 100 Continue\r\nX: y\r\n\r\nHTTP/1.1 204 No\r\n\r\n", to: .put)
                == ["100 none", "100 none", "204 none"])
        #expect(responses("HTTP/1.1 304 Not\r\nContent-Length: 7\r\n\r\n") == ["304 none"])
    }

    @Test("a 204 that announces a body is noted, a zero length is not")
    func forbiddenBody() throws {
        func head(_ text: String) throws -> S3ResponseHead {
            try S3ResponseHead(Array(text.utf8).span, answering: .delete)
        }
        #expect(try head("HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n").announcesForbiddenBody)
        #expect(try head("HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n").announcesForbiddenBody)
        #expect(try !head("HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n").announcesForbiddenBody)
        #expect(try !head("HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n").announcesForbiddenBody)
        #expect(try head("HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n").contentLength == 5)
    }

    @Test("a server says whether it keeps its connection")
    func keepAlive() {
        #expect(responses("HTTP/1.1 204 No\r\nConnection: close\r\n\r\n") == ["204 none close"])
        #expect(responses("HTTP/1.0 204 No\r\nConnection: Keep-Alive\r\n\r\n") == ["204 none"])
        #expect(responses("HTTP/1.0 204 No\r\nConnection: close, keep-alive\r\n\r\n") == ["204 none close"])
    }

    @Test("a reason may be empty, missing, or above ASCII")
    func reasons() {
        for line in ["HTTP/1.1 204 ", "HTTP/1.1 204", "HTTP/1.1 204 \u{C4}h"] {
            #expect(responses(line + "\r\n\r\n") == ["204 none"])
        }
    }

    @Test(
        "a status line that is not exactly one is an error",
        arguments: [
            "HTTP/2.0 200 OK", "HTTP/1.2 200 OK", "HTTP/1.1  200 OK", "HTTP/1.1 20 OK", "HTTP/1.1 2000",
            "HTTP/1.1 099 No",
            "HTTP/1.1 600 No", "HTTP/1.1 2x0 OK", "ICY 200 OK", "SSH-2.0-OpenSSH_9.2p1", "http/1.1 200 OK",
        ])
    func statusLine(_ line: String) {
        #expect(responses(line + "\r\n\r\n") == ["error bad-status-line"])
    }

    @Test(
        "a backend whose framing has two readings is an error",
        arguments: [
            ("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", "content-length-with-transfer-encoding"),
            ("Content-Length: 1\r\nContent-Length: 2\r\n", "content-length-repeated"),
            ("Content-Length: 1,2\r\n", "bad-content-length"), ("A: b\r\n c\r\n", "obsolete-folding"),
            ("Transfer-Encoding: gzip\r\n", "transfer-encoding-not-implemented"), ("A : b\r\n", "blank-before-colon"),
            ("A: b\0\r\n", "nul-in-head"), ("A: \rb\r\n", "bare-carriage-return"), ("A: b\n", "bare-line-feed"),
        ])
    func ambiguity(_ fields: String, _ code: String) {
        #expect(responses("HTTP/1.1 200 OK\r\n\(fields)\r\n") == ["error \(code)"])
    }

    @Test("chunks in HTTP/1.0 are an error")
    func chunkedInOldVersion() {
        #expect(
            responses("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                == ["error transfer-encoding-in-http-1.0"])
    }
}
