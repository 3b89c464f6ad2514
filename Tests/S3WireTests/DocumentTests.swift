// The documents of S3, read and written, and its dates.

import S3Wire
import Testing

@Suite("Documents")
struct DocumentTests {
    static func parse(_ text: String) throws -> S3XMLElement { try S3XMLElement.parse(Array(text.utf8)) }

    @Test("a document is read whatever its declarations, prefixes, comments and white space")
    func document() throws {
        let root = try Self.parse(
            """
            \u{FEFF}<?xml version="1.0" encoding='UTF-8'?>
            <!-- <Delete> -->
            <s3:Delete xmlns:s3="http://s3.amazonaws.com/doc/2006-03-01/" a='"'>
              <s3:Object ><Key>a&amp;b&lt;c&gt;&quot;&apos;&#13;&#x1F600;</Key></s3:Object>
              <Object><Key><![CDATA[<raw>&amp;]]></Key><Empty/></Object>
              <Quiet> true </Quiet>
            </s3:Delete>

            """)
        #expect(root.isNamed("Delete"))
        #expect(root.children.count == 3)
        #expect(root.children[0].child("Key")?.text == Array("a&b<c>\"'\r\u{1F600}".utf8))
        #expect(root.children[1].child("Key")?.text == Array("<raw>&amp;".utf8))
        #expect(root.text("Quiet") == Array("true".utf8))
    }

    @Test(
        "what is not well formed, or could grow, is refused",
        arguments: [
            "", "text", "<a>", "<a></b>", "<a", "<a b></a>", "<a b=c></a>", "<a b=\"<\"></a>", "<a>&bad;</a>",
            "<a>&#0;</a>", "<a>&#xD800;</a>", "<a>&amp</a>", "<a/><b/>", "<a/>x", "<a><!-- </a>", "<a><![CDATA[</a>",
            "<a>\u{0}</a>", "<!DOCTYPE a [<!ENTITY x \"y\">]><a>&x;</a>", "<!DOCTYPE a><a/>",
            String(repeating: "<a>", count: 9) + String(repeating: "</a>", count: 9),
            "<r>" + String(repeating: "<a/>", count: 100_000) + "</r>",
        ])
    func refused(text: String) {
        let refusal = #expect(throws: S3Refusal.self) { try Self.parse(text) }
        #expect(refusal?.code == .malformedXML)
    }

    @Test("no byte string makes the reader trap")
    func garbage() {
        let alphabet = Array("<>/&;#x\"'= a!-[]?CDAT".utf8)
        var state: UInt64 = 7
        for _ in 0..<20_000 {
            var text: [UInt8] = []
            for _ in 0..<24 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            _ = try? S3XMLElement.parse(text)
        }
    }

    @Test("what is written is read back, whatever is in it")
    func written() throws {
        let texts = ["plain", "a&b<c>\"d'", "\u{1}\t\r\n", "日本", ""]
        var writer = S3XMLWriter("Root")
        for text in texts { writer.element("E", text) }
        writer.tag(Array("abc".utf8))
        writer.close("Root")
        let root = try S3XMLElement.parse(writer.bytes)
        #expect(root.children.dropLast().map { String(decoding: $0.text, as: UTF8.self) } == texts)
        #expect(root.text("ETag") == Array("\"abc\"".utf8))
    }

    @Test("dates are those of RFC 9110, 5.6.7, in all three forms, and of ISO 8601")
    func dates() {
        for text in ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"] {
            #expect(S3Date(http: Array(text.utf8))?.seconds == 784_111_777)
        }
        #expect(S3Date(seconds: 784_111_777).http == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(S3Date(basic: Array("20130524T000000Z".utf8))?.seconds == 1_369_353_600)
        #expect(S3Date(seconds: 1_369_353_600).basic == "20130524T000000Z")
        #expect(S3Date.iso(milliseconds: 1_369_353_600_042) == "2013-05-24T00:00:00.042Z")
        #expect(S3Date(seconds: 951_782_400).http == "Tue, 29 Feb 2000 00:00:00 GMT")
        #expect(S3Date(seconds: -1).http == "Wed, 31 Dec 1969 23:59:59 GMT")
        for seconds in stride(from: Int64(0), to: 4_102_444_800, by: 86_399 * 7) {
            let date = S3Date(seconds: seconds)
            #expect(S3Date(http: Array(date.http.utf8)) == date)
            #expect(S3Date(basic: Array(date.basic.utf8)) == date)
        }
    }

    @Test(
        "what is no date is none",
        arguments: [
            "", "yesterday", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "20130524T000000Z",
            "Sun, 06 Nov 99999999999999999999 08:49:37 GMT",
        ])
    func noDate(text: String) {
        #expect(S3Date(http: Array(text.utf8)) == nil)
    }

    @Test("every byte survives percent-encoding")
    func percent() {
        let bytes = (0...255).map { UInt8($0) }
        var text: [UInt8] = []
        S3Percent.append(bytes, to: &text)
        #expect(S3Percent.decoded(text) == bytes)
        #expect(S3Percent.decoded(Array("a%2".utf8)) == nil)
        #expect(S3Percent.decoded(Array("%zz".utf8)) == nil)
    }
}
