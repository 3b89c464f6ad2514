// What the reply framer notes about RESP2 and RESP3 replies.

import Testing
import Wire

@testable import RedisWire

@Suite("replies")
struct ReplyFramerTests {
    /// One line a reply: type, text, elements, integer at the end, bytes.
    private func transcript(_ input: String) -> [String] {
        replies(input).events.map { reply in
            var line = String(Unicode.Scalar(reply.kind)) + reply.text.description
            if reply.elementCount > 0 { line += " elements=\(reply.elementCount)" }
            if reply.endsWithInteger { line += " integer=\(reply.lastInteger)" }
            return line + " bytes=\(reply.byteCount)"
        }
    }

    @Test("every simple type is one reply")
    func simpleTypes() {
        let input =
            "+OK\r\n-ERR no\r\n:-12\r\n$3\r\nabc\r\n_\r\n,3.14\r\n#t\r\n!5\r\nERR x\r\n=7\r\ntxt:abc\r\n(123\r\n"
        #expect(
            transcript(input) == [
                "+OK bytes=5", "-ERR bytes=9", ": bytes=6", "$ bytes=9", "_ bytes=3", ", bytes=7", "# bytes=4",
                "!ERR bytes=11", "= bytes=13", "( bytes=6",
            ])
    }

    @Test("nulls and empty values are one reply each")
    func nulls() {
        #expect(
            transcript("$-1\r\n*-1\r\n*0\r\n$0\r\n\r\n~0\r\n%0\r\n+\r\n") == [
                "$ bytes=5", "* bytes=5", "* bytes=4", "$ bytes=6", "~ bytes=4", "% bytes=4", "+ bytes=3",
            ])
    }

    @Test("nested aggregates are one reply, a map's pairs count double")
    func nested() {
        #expect(transcript("*2\r\n*1\r\n$1\r\na\r\n%2\r\n+k\r\n:1\r\n+l\r\n~1\r\n#f\r\n+OK\r\n").count == 2)
        #expect(transcript("%1\r\n+k\r\n*2\r\n:1\r\n*0\r\n").count == 1)
        #expect(transcript("*3\r\n*-1\r\n$-1\r\n_\r\n").count == 1)
    }

    @Test("an attribute is not a reply, but its bytes count with the reply it precedes")
    func attributes() {
        #expect(transcript("|1\r\n+ttl\r\n:3600\r\n+OK\r\n") == ["+OK bytes=22"])
        #expect(transcript("|0\r\n$-1\r\n") == ["$ bytes=9"])
        #expect(transcript("|1\r\n+a\r\n*2\r\n:1\r\n:2\r\n|1\r\n+b\r\n+c\r\n:5\r\n").count == 1)
        let inside = "*2\r\n|1\r\n+a\r\n+b\r\n$3\r\nabc\r\n|1\r\n+a\r\n+b\r\n:7\r\n"
        #expect(transcript(inside) == ["*abc elements=2 integer=7 bytes=\(inside.utf8.count)"])
        #expect(!replies("|1\r\n+a\r\n+b\r\n").isAtBoundary, "a reply must follow")
    }

    @Test("a push gives its kind")
    func pushes() {
        #expect(
            transcript(">3\r\n+message\r\n$1\r\na\r\n$1\r\nb\r\n>2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n") == [
                ">message elements=3 bytes=28", ">invalidate elements=2 bytes=32",
            ])
    }

    @Test("a confirmation gives its kind and its total")
    func confirmations() {
        #expect(
            transcript("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:12\r\n*3\r\n$11\r\nunsubscribe\r\n$-1\r\n:0\r\n") == [
                "*subscribe elements=3 integer=12 bytes=31", "*unsubscribe elements=3 integer=0 bytes=31",
            ])
    }

    @Test("a first element of 24 bytes is kept, of 25 it is not, and nested it never is")
    func firstElement() {
        let text = String(repeating: "t", count: 24)
        #expect(transcript("*1\r\n$24\r\n\(text)\r\n") == ["*\(text) elements=1 bytes=35"])
        #expect(transcript("*1\r\n$25\r\n\(text)t\r\n") == ["* elements=1 bytes=36"])
        #expect(transcript("*1\r\n*1\r\n+a\r\n") == ["* elements=1 bytes=12"])
        #expect(transcript("*2\r\n:1\r\n+a\r\n") == ["* elements=2 bytes=12"])
    }

    @Test("streamed strings and aggregates are one reply")
    func streamed() {
        #expect(transcript("$?\r\n;4\r\nHell\r\n;5\r\no wor\r\n;0\r\n+OK\r\n") == ["$ bytes=29", "+OK bytes=5"])
        #expect(transcript("$?\r\n;0\r\n").count == 1)
        #expect(transcript("*?\r\n:1\r\n*?\r\n.\r\n$?\r\n;1\r\nx\r\n;0\r\n.\r\n+OK\r\n").count == 2)
        #expect(transcript("%?\r\n+a\r\n:1\r\n.\r\n").count == 1)
        #expect(transcript("*2\r\n~?\r\n:1\r\n.\r\n+x\r\n").count == 1)
        #expect(transcript("|?\r\n+a\r\n:1\r\n.\r\n+OK\r\n").count == 1)
    }

    @Test("a lone carriage return is part of a line")
    func loneReturn() {
        #expect(transcript("+a\rb\r\r\n") == ["+a\rb\r bytes=7"])
    }

    @Test("a payload that looks like replies is one payload")
    func payload() {
        #expect(transcript("$10\r\n+OK\r\n-ERR\r\r\n+OK\r\n").count == 2)
    }

    @Test(
        "error codes are labels of a bounded set",
        arguments: [
            ("-WRONGTYPE Operation against\r\n", "WRONGTYPE"), ("-MOVED 3999 127.0.0.1:6381\r\n", "MOVED"),
            ("-MY code\r\n", "other"), ("-ERR\r\n", "ERR"), ("!21\r\nSYNTAX invalid syntax\r\n", "other"),
            ("-\(String(repeating: "E", count: 60)) x\r\n", "other"), ("-\r\n", "other"),
        ])
    func errorCodes(input: String, code: String) {
        let noted = replies(input)
        #expect(noted.events.map { $0.errorCode?.description } == [code])
        #expect(replies("+OK\r\n").events.first?.errorCode == nil)
    }

    @Test(
        "what is no RESP ends the facts, named",
        arguments: [
            ("x", "reply-mark"), ("\r\n", "reply-mark"), (".\r\n", "reply-mark"), ("*1\r\n.", "reply-mark"),
            (";1\r\n", "reply-mark"), ("$-2\r\n", "reply-length"), ("*-2\r\n", "reply-length"),
            ("%-1\r\n", "reply-length"),
            ("$\r\n", "reply-length"), ("$x\r\n", "reply-length"), ("$1?\r\n", "reply-length"),
            ("=?\r\n", "reply-length"),
            ("$9223372036854775808\r\n", "reply-length"), ("*9223372036854775807\r\n", "reply-elements"),
            ("$1\r\nab", "reply-end"), ("$1\r\na\rb", "reply-end"), ("$1\rx", "reply-end"), ("$?\r\n+", "reply-chunk"),
            ("$?\r\n;-1\r\n", "reply-length"), ("*?\r\n.x", "reply-end"),
        ])
    func refused(input: String, code: String) {
        #expect(replies("+OK\r\n" + input).errorCode == code)
        #expect(replies("+OK\r\n" + input).events.count == 1)
    }

    @Test("32 levels pass, a 33rd ends the facts")
    func depth() {
        let limit = RedisLimits.replyDepth.maximum
        let deepest = String(repeating: "*1\r\n", count: limit)
        #expect(transcript(deepest + ":1\r\n").count == 1)
        #expect(transcript(deepest + "*0\r\n").count == 1)
        #expect(replies(deepest + "*1\r\n").errorCode == "reply-depth")
    }

    @Test("a line at its limit passes, one byte more ends the facts")
    func lineLength() {
        let limit = Limit("line", 100, source: "test")
        for (length, code) in [(100, nil), (101, "reply-line")] as [(Int, String?)] {
            for cuts in [[], Array(0...length)] {
                var framer = RedisReplyFramer(lineLimit: limit)
                let input = Array("+\(String(repeating: "a", count: length))\r\n".utf8)
                #expect(feed(&framer, input, cutAt: cuts).errorCode == code)
            }
        }
    }

    @Test("boundaries are told, so that an error reply never lands inside another reply")
    func boundaries() {
        for prefix in ["+O", "+OK\r", "$3\r\nab", "$3\r\nabc", "*1\r\n", "|1\r\n+a\r\n+b\r\n", "*2\r\n:1\r\n"] {
            #expect(!replies(prefix).isAtBoundary, "\(prefix)")
        }
        #expect(replies("").isAtBoundary)
        #expect(replies("+OK\r\n").isAtBoundary)
    }
}
