// What the request framer notes about RESP commands.

import Testing
import Wire

@testable import RedisWire

@Suite("requests as RESP arrays")
struct RequestFramerTests {
    private func command(_ input: String) -> RedisRequest? {
        let noted = requests(input)
        guard noted.events.count == 1, case .commandReceived(let request) = noted.events[0] else { return nil }
        return request
    }

    @Test("a command is noted with its name in any case, its arguments and its bytes")
    func plain() {
        let input = "*2\r\n$3\r\ngEt\r\n$3\r\nkey\r\n"
        let expected = RedisRequest(command: RedisCommand("get"), argumentCount: 2, byteCount: UInt64(input.utf8.count))
        #expect(requests(input) == Noted(events: [.commandReceived(expected)]))
    }

    @Test("a pipeline gives one event a command, each with its own bytes")
    func pipeline() {
        let noted = requests("*1\r\n$4\r\nPING\r\n*2\r\n$4\r\nECHO\r\n$1\r\nx\r\nPING\r\n")
        let bytes = noted.events.map { event -> UInt64 in
            if case .commandReceived(let request) = event { request.byteCount } else { 0 }
        }
        #expect(bytes == [14, 21, 6])
        #expect(noted.isAtBoundary)
    }

    @Test("zero and negative counts are no commands", arguments: ["*0\r\n", "*-1\r\n", "*-9223372036854775808\r\n"])
    func noCommand(input: String) {
        #expect(requests(input) == Noted(events: [.emptyReceived(byteCount: UInt64(input.utf8.count))]))
    }

    @Test("an unknown or overlong name is unknown and well framed")
    func unknownNames() {
        #expect(command("*1\r\n$6\r\nNOSUCH\r\n")?.command == .unknown)
        #expect(command("*1\r\n$4\r\nget\0\r\n")?.command == .unknown)
        #expect(command("*1\r\n$0\r\n\r\n")?.command == .unknown)
        #expect(command("*1\r\n$40\r\n\(String(repeating: "g", count: 40))\r\n")?.command == .unknown)
    }

    @Test("the byte after a header's carriage return and the two after an argument are skipped unchecked")
    func looseEnds() {
        #expect(command("*2\rX$4\rYECHOzz$1\r\nxQQ")?.command == RedisCommand("echo"))
    }

    @Test(
        "what the server refuses ends the facts, named",
        arguments: [
            ("*\r\n", "multibulk-length"), ("*01\r\n", "multibulk-length"), ("*-0\r\n", "multibulk-length"),
            ("*+1\r\n", "multibulk-length"), ("*1x\r\n", "multibulk-length"), ("*1\n$4\nPING\n", "multibulk-length"),
            ("*2147483648\r\n", "multibulk-length"), ("*99999999999999999999\r\n", "multibulk-length"),
            ("*1\r\n:4\r\n", "bulk-mark"), ("*1\r\n$-1\r\n", "bulk-length"), ("*1\r\n$\r\n", "bulk-length"),
            ("*1\r\n$9223372036854775808\r\n", "bulk-length"), ("*1\r\n$04\r\n", "bulk-length"),
        ])
    func refused(input: String, code: String) {
        #expect(requests("PING\r\n" + input).errorCode == code)
        #expect(requests("PING\r\n" + input).events.count == 1, "what came before is still noted")
    }

    @Test("the largest count and length are accepted, and waited for")
    func largest() {
        let count = requests("*2147483647\r\n$1\r\n")
        #expect(count.errorCode == nil && count.events.isEmpty && !count.isAtBoundary)
        let length = requests("*1\r\n$9223372036854775807\r\nabc")
        #expect(length.errorCode == nil && length.events.isEmpty && !length.isAtBoundary)
    }

    @Test("a lost framer stays lost")
    func staysLost() {
        var framer = RedisRequestFramer()
        #expect(feed(&framer, Array("*x".utf8), cutAt: []).errorCode == "multibulk-length")
        #expect(feed(&framer, Array("PING\r\n".utf8), cutAt: []).errorCode == "framing-lost")
    }

    @Test("a large argument is skipped however it is cut")
    func largeArgument() {
        let value = String(repeating: "\r\n*1", count: 50_000)
        let request = command("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$\(value.utf8.count)\r\n\(value)\r\n")
        #expect(request?.command == RedisCommand("set"))
        #expect(request?.argumentCount == 3)
    }

    @Test(
        "CLIENT REPLY is noted with exactly one mode",
        arguments: [
            ("CLIENT REPLY OFF", RedisEffect.replyOff), ("client reply on", .replyOn),
            ("CLIENT Reply Skip", .replySkip),
            ("CLIENT REPLY", .none), ("CLIENT REPLY OFF x", .none), ("CLIENT REPLY foo", .none),
            ("CLIENT ID off", .none),
            ("CLIENT replyreplyreplyreplyreply off", .none),
        ])
    func clientReply(line: String, effect: RedisEffect) {
        #expect(command(resp(line))?.effect == effect)
        #expect(command(line + "\r\n")?.effect == effect)
    }

    @Test(
        "commands that change what follows are noted",
        arguments: [
            ("SUBSCRIBE a", RedisEffect.subscribe), ("PSUBSCRIBE a", .subscribe), ("SSUBSCRIBE a", .subscribe),
            ("UNSUBSCRIBE", .unsubscribe), ("PUNSUBSCRIBE", .unsubscribe), ("SUNSUBSCRIBE", .unsubscribe),
            ("MONITOR", .monitor), ("RESET", .reset), ("QUIT", .quit), ("MULTI", .multi), ("EXEC", .exec),
            ("DISCARD", .discard), ("HELLO 3", .hello), ("PSYNC ? -1", .replicate), ("SYNC", .replicate),
            ("REPLCONF ACK 1", .unanswered), ("REPLCONF getack *", .unanswered), ("REPLCONF capa x", .none),
            ("POST /", .crossProtocol), ("Host: x", .crossProtocol), ("GET x", .none),
        ])
    func effects(line: String, effect: RedisEffect) {
        #expect(command(resp(line))?.effect == effect)
        #expect(command(line + "\n")?.effect == effect)
    }

    @Test("HELLO is noted with the version it asks for")
    func hello() {
        #expect(command(resp("HELLO 3 AUTH u p"))?.helloVersion == 3)
        #expect(command(resp("HELLO 2"))?.helloVersion == 2)
        #expect(command(resp("HELLO"))?.helloVersion == 0)
        #expect(command(resp("HELLO 33"))?.helloVersion == 0)
    }

    @Test(
        "whether a command may block is noted",
        arguments: [
            ("BLPOP l 0", true), ("WAIT 1 0", true), ("BZMPOP 0 1 z MIN", true), ("LPOP l", false),
            ("XREAD BLOCK 0 STREAMS s $", true), ("XREAD COUNT 1 BLOCK 0 STREAMS s $", true),
            ("XREAD STREAMS block 0", false), ("XREAD COUNT 1 STREAMS s 0", false),
            ("XREADGROUP GROUP g c BLOCK 5 STREAMS s >", true), ("XREADGROUP GROUP block streams STREAMS s >", false),
        ])
    func mayBlock(line: String, expected: Bool) {
        #expect(command(resp(line))?.mayBlock == expected)
    }
}

/// The words of `line` as a RESP command.
func resp(_ line: String) -> String {
    let words = line.split(separator: " ")
    return "*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()
}
