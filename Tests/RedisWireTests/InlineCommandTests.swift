// What the request framer notes about inline commands.

import Testing
import Wire

@testable import RedisWire

@Suite("inline commands")
struct InlineCommandTests {
    private func names(_ input: String) -> [String] {
        requests(input).events.map { event in
            switch event {
            case .commandReceived(let request): "\(request.command) \(request.argumentCount)"
            case .emptyReceived: "empty"
            }
        }
    }

    @Test("a line ends with a line feed, with or without a carriage return")
    func lineEnds() {
        #expect(names("PING\nPING\r\n  GET\tk  \r\n") == ["ping 1", "ping 1", "get 2"])
    }

    @Test("blank lines are no commands")
    func blank() {
        #expect(names("\n\r\n  \t \r\nPING\n") == ["empty", "empty", "empty", "ping 1"])
    }

    @Test("a carriage return inside a line is a space")
    func bareReturn() {
        #expect(names("ECHO\ra\n") == ["echo 2"])
    }

    @Test("inline commands and RESP commands take turns")
    func turns() {
        #expect(names("PING\r\n*1\r\n$4\r\nPING\r\nPING\n*0\r\n") == ["ping 1", "ping 1", "ping 1", "empty"])
    }

    @Test(
        "quotes and escapes are read as the server reads them",
        arguments: [
            (#""PING" "a b""#, "ping 2"), (#"'PING' 'it\'s'"#, "ping 2"), (#""\x50\x49NG""#, "ping 1"),
            (#"P"ING""#, "ping 1"), (#"ECHO "\xzz\x4""#, "echo 2"), (#"ECHO "a\"b""#, "echo 2"),
            (#"ECHO 'a\\b'"#, "echo 2"), (#"ECHO """#, "echo 2"), (#""" a"#, "unknown 2"), (#""\xg""#, "unknown 1"),
            (#""\x5""#, "unknown 1"), (#""\x5\x50""#, "unknown 1"), (#"ECHO "\\""#, "echo 2"),
        ])
    func quotes(line: String, expected: String) {
        #expect(names(line + "\r\n") == [expected])
        #expect(names(line + "\n") == [expected])
    }

    @Test(
        "unbalanced quotes end the facts",
        arguments: [
            #"PING "a"#, #"PING 'a"#, #"PING "a"b"#, #"PING 'a'b"#, #"PING "a\"#, #"PING 'a\'"#, #"PING "\x"#,
            #"PING "\x5"#, #"PING 'it\'s\\'"#,
        ])
    func unbalanced(line: String) {
        #expect(requests(line + "\r\n").errorCode == "inline-quotes")
    }

    @Test("a zero byte ends the facts, because the server stops seeing the line's end")
    func zeroByte() {
        #expect(requests("PING\0\n").errorCode == "inline-zero")
    }

    @Test("64 KiB pass, and so does what the server may read beyond; more does not")
    func length() {
        let limit = RedisLimits.inlineLine.maximum
        #expect(limit >= 64 * 1024)
        #expect(names("ECHO " + String(repeating: "a", count: 65_536 - 5) + "\n") == ["echo 2"])
        #expect(names("ECHO " + String(repeating: "a", count: limit - 5) + "\n") == ["echo 2"])
        #expect(requests("ECHO " + String(repeating: "a", count: limit - 4) + "\n").errorCode == "inline-length")
    }
}
