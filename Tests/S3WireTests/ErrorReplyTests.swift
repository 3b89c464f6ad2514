// The bytes of the gateway's own S3 errors.

import S3Wire
import Testing
import Wire

@Suite("Error replies")
struct ErrorReplyTests {
    @Test("a reply is a whole response with the document of S3")
    func whole() {
        let reply = S3ErrorReply(
            .badGateway, message: "backend blobs: connection refused", resource: Array("/b/k".utf8), requestID: "s1-2")
        let document =
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>BadGateway</Code>"
            + "<Message>backend blobs: connection refused</Message><Resource>/b/k</Resource>"
            + "<RequestId>s1-2</RequestId></Error>"
        #expect(
            String(decoding: reply.bytes, as: UTF8.self)
                == "HTTP/1.1 502 Bad Gateway\r\nx-amz-request-id: s1-2\r\nContent-Type: application/xml\r\n"
                + "Content-Length: \(document.utf8.count)\r\nConnection: close\r\n\r\n\(document)")
        #expect(
            feedEveryWay(reply.bytes, .server) == [
                "502 length(\(document.utf8.count)) close", "body \(document.utf8.count)",
            ])
    }

    @Test("a reply to HEAD has no body, and a kept connection is not announced closed")
    func head() {
        let reply = S3ErrorReply(.gatewayTimeout, message: "late", answersHead: true, closes: false)
        #expect(feedEveryWay(reply.bytes, .server, answering: [.head]) == ["504 none"])
        #expect(reply.bytes.suffix(4) == Array("\r\n\r\n".utf8)[...])
    }

    @Test("what is refused to HEAD is told in a field, on one line")
    func refusedHead() {
        let message = "UNSUPPORTED object.head: backend 'b'\r\nSet-Cookie: a"
        func text(answersHead: Bool) -> String {
            let reply = S3ErrorReply(.notImplemented, message: message, answersHead: answersHead, closes: false)
            return String(decoding: reply.bytes, as: UTF8.self)
        }
        let head = text(answersHead: true)
        #expect(head.contains("\r\nx-fairlead-refusal: UNSUPPORTED object.head: backend 'b'  Set-Cookie: a\r\n"))
        #expect(!text(answersHead: false).contains("x-fairlead-refusal"))
    }

    @Test("what a peer sent is escaped and bounded")
    func hostile() throws {
        let resource = Array("/<b>&\"'\r\n\0\u{1B}".utf8) + [0xFF] + [UInt8](repeating: 0x26, count: 100_000)
        let reply = S3ErrorReply(
            .invalidRequest, message: String(repeating: "\u{1F6A2}", count: 10_000), resource: resource,
            requestID: "a\r\nSet-Cookie: b")
        let text = String(decoding: reply.bytes, as: UTF8.self)
        #expect(text.contains("<Resource>/&lt;b&gt;&amp;&quot;&apos;  \u{FFFD}\u{FFFD}\u{FFFD}&amp;"))
        #expect(text.contains("x-amz-request-id: aSet-Cookie:b\r\n"))
        #expect(!text.contains("\r\nSet-Cookie"))
        #expect(text.contains("<RequestId>a  Set-Cookie: b</RequestId>"))
        #expect(reply.bytes.count < 16_384)
        #expect(reply.bytes.allSatisfy { $0 != 0 && $0 != 0x1B })
    }

    @Test("every code makes a well-formed response of its status")
    func codes() {
        for code in S3ErrorCode.allCases {
            let transcript = feedEveryWay(S3ErrorReply(code, message: "").bytes, .server)
            #expect(transcript.first?.hasPrefix("\(code.status) length(") == true)
            #expect(transcript.count == 2)
        }
    }

    @Test("a broken rule is answered with the status that fits, and with 502 when the server broke it")
    func mapping() {
        for (code, status) in [
            ("transfer-encoding-not-implemented" as StaticString, 501), ("head-too-large", 431),
            ("too-many-fields", 431),
            ("start-line-too-long", 414), ("version-not-supported", 505), ("connect-refused", 405), ("bad-target", 400),
            ("content-length-repeated", 400), ("bad-chunk-size", 400),
        ] {
            #expect(S3ErrorCode(WireError(.client, code, "")).status == status)
            #expect(S3ErrorCode(WireError(.server, code, "")) == .badGateway)
        }
    }
}
