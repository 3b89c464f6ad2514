// What counts as a difference between two replies, and what does not.

import Testing
import Wire

@testable import RedisWire

@Suite("two replies to one command")
struct ReplyComparisonTests {
    private func difference(
        _ primary: String, _ candidate: String, _ rule: RedisReplyRule = .exact, _ masks: Set<RedisReplyMask> = []
    ) -> RedisReplyDifference? {
        RedisReplyComparison.difference(Array(primary.utf8), Array(candidate.utf8), rule, masks: masks)
    }

    private func kind(
        _ primary: String, _ candidate: String, _ rule: RedisReplyRule = .exact, _ masks: Set<RedisReplyMask> = []
    ) -> RedisDifferenceKind? {
        difference(primary, candidate, rule, masks)?.kind
    }

    @Test("each kind of difference is told from the others, and from none")
    func kinds() {
        #expect(kind("$1\r\na\r\n", "$1\r\na\r\n") == nil)
        #expect(kind(":1\r\n", "$1\r\n1\r\n") == .type)
        #expect(kind("*0\r\n", "%0\r\n") == .type)
        #expect(kind("$2\r\nab\r\n", "$2\r\nac\r\n") == .value)
        #expect(kind(":1\r\n", ":2\r\n") == .value)
        #expect(kind("$1\r\na\r\n", "$-1\r\n") == .missing)
        #expect(kind("$-1\r\n", "$1\r\na\r\n") == .extra)
        #expect(kind("+OK\r\n", "-ERR no\r\n") == .unexpectedError)
        #expect(kind("-ERR no\r\n", "+OK\r\n") == .missingError)
        #expect(kind("-WRONGTYPE no\r\n", "-ERR no\r\n") == .errorCode)
        #expect(kind("-ERR no\r\n", "-ERR nay\r\n") == .errorText)
        #expect(kind("+OK\r\n", "-ERR UNSUPPORTED list.push: not here\r\n") == .refused)
        #expect(kind("-ERR syntax\r\n", "-ERR UNSUPPORTED list.push: not here\r\n") == .refused)
        #expect(kind("*2\r\n:1\r\n:2\r\n", "*2\r\n:2\r\n:1\r\n") == .order)
        #expect(kind("*2\r\n:1\r\n:2\r\n", "*1\r\n:1\r\n") == .length)
        #expect(kind("$3\r\n0.1\r\n", "$4\r\n1e-1\r\n") == .numberText)
        #expect(kind(":1\r\n", "pudding") == .broken)
    }

    @Test("where it is says the path and the byte, what it is says types and sizes and no byte of a value")
    func evidence() throws {
        let found = try #require(
            difference("*2\r\n:1\r\n*1\r\n$6\r\nsecret\r\n", "*2\r\n:1\r\n*1\r\n$6\r\nsecrEt\r\n"))
        #expect(found.path == [1, 0])
        #expect(found.offset == 4)
        #expect(found.primary == "bulk string, 6 bytes")
        #expect(found.candidate == "bulk string, 6 bytes")
        let error = try #require(difference("-WRONGTYPE secret\r\n", "-SECRET secret\r\n"))
        #expect(error.primary == "error WRONGTYPE, 16 bytes")
        #expect(error.candidate == "error other, 13 bytes")
    }

    @Test("sets and maps have no order, and neither have the replies that are said to have none")
    func unordered() {
        #expect(kind("~2\r\n:1\r\n:2\r\n", "~2\r\n:2\r\n:1\r\n") == nil)
        #expect(kind("%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n", "%2\r\n+b\r\n:2\r\n+a\r\n:1\r\n") == nil)
        #expect(kind("%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n", "%2\r\n+a\r\n:2\r\n+b\r\n:1\r\n") == .value)
        #expect(kind("*2\r\n:1\r\n:2\r\n", "*2\r\n:2\r\n:1\r\n", .unordered) == nil)
        #expect(kind("*2\r\n:1\r\n:2\r\n", "*2\r\n:2\r\n:3\r\n", .unordered) == .value)
        let flat = "*4\r\n+a\r\n:1\r\n+b\r\n:2\r\n"
        #expect(kind(flat, "*4\r\n+b\r\n:2\r\n+a\r\n:1\r\n", .unorderedPairs) == nil)
        #expect(kind(flat, "*4\r\n+b\r\n:1\r\n+a\r\n:2\r\n", .unorderedPairs) == .value)
    }

    @Test("picks at random and pages of a scan agree in their shape alone")
    func shapes() {
        #expect(kind("$1\r\na\r\n", "$2\r\nbb\r\n", .shape) == nil)
        #expect(kind("$1\r\na\r\n", "$-1\r\n", .shape) == .missing)
        #expect(kind("*2\r\n+a\r\n+b\r\n", "*2\r\n+b\r\n+c\r\n", .shape) == nil)
        #expect(kind("*2\r\n+a\r\n+b\r\n", "*1\r\n+b\r\n", .shape) == .length)
        #expect(kind("*2\r\n$1\r\n0\r\n*1\r\n+a\r\n", "*2\r\n$2\r\n17\r\n*0\r\n", .shape) == nil)
        #expect(kind("*2\r\n$1\r\n0\r\n*0\r\n", "*2\r\n$1\r\n0\r\n$0\r\n\r\n", .shape) == .type)
    }

    @Test("a mask takes away its own difference and no other")
    func masks() {
        let examples: [(RedisReplyMask, RedisDifferenceKind, String, String, RedisReplyRule)] = [
            (.lifetime, .lifetime, ":100\r\n", ":99\r\n", .seconds),
            (.numberText, .numberText, "$3\r\n0.1\r\n", "$4\r\n0.10\r\n", .exact),
            (.errorText, .errorText, "-ERR a\r\n", "-ERR b\r\n", .exact),
            (.errorCode, .errorCode, "-ERR a\r\n", "-OOPS a\r\n", .exact),
            (.order, .order, "*2\r\n:1\r\n:2\r\n", "*2\r\n:2\r\n:1\r\n", .exact),
            (.nullType, .type, "$-1\r\n", "_\r\n", .exact),
            (.statusType, .type, "+OK\r\n", "$2\r\nOK\r\n", .exact),
        ]
        #expect(Set(examples.map(\.0)) == Set(RedisReplyMask.allCases))
        for (mask, found, primary, candidate, rule) in examples {
            #expect(kind(primary, candidate, rule) == found)
            #expect(kind(primary, candidate, rule, [mask]) == nil, "\(mask)")
            let others = Set(RedisReplyMask.allCases).subtracting([mask, .errorCode])
            #expect(kind(primary, candidate, rule, others) == found, "\(mask)")
        }
    }

    @Test("lives may differ by two seconds, and not in whether there is one")
    func lifetimes() {
        #expect(kind(":100\r\n", ":98\r\n", .seconds, [.lifetime]) == nil)
        #expect(kind(":100\r\n", ":97\r\n", .seconds, [.lifetime]) == .lifetime)
        #expect(kind(":100000\r\n", ":98000\r\n", .milliseconds, [.lifetime]) == nil)
        #expect(kind(":100000\r\n", ":97999\r\n", .milliseconds, [.lifetime]) == .lifetime)
        #expect(kind(":1\r\n", ":-1\r\n", .seconds, [.lifetime]) == .lifetime)
        #expect(kind(":9223372036854775807\r\n", ":0\r\n", .seconds, [.lifetime]) == .lifetime)
    }

    @Test("whole numbers keep all their digits")
    func bigNumbers() {
        #expect(kind("$16\r\n9007199254740993\r\n", "$16\r\n9007199254740992\r\n") == .value)
        #expect(kind("$3\r\nnan\r\n", "$3\r\ninf\r\n") == .value)
    }

    @Test("a reply that is not taken apart differs where its bytes do")
    func opaque() {
        let streamed = "$?\r\n;3\r\nabc\r\n;0\r\n"
        #expect(kind(streamed, streamed) == nil)
        #expect(kind(streamed, "$3\r\nabc\r\n") == .value)
        #expect(kind("$3\r\nabc\r\n", streamed) == .broken)
        for text in ["$1\r\nb\r\u{8a}", "$01\r\nb\r\n", "%-1\r\n", "*-2\r\n", "$1\r\nb\r\n\r\n", ":1\r", "\r\n"] {
            #expect(RedisReplyTree(Array(text.utf8).span) == nil, "\(text)")
        }
    }

    @Test("attributes are no part of the reply")
    func attributes() {
        #expect(kind("|1\r\n+ttl\r\n:5\r\n$1\r\na\r\n", "$1\r\na\r\n") == nil)
    }

    @Test("whatever the bytes are, nothing traps and nothing is read beyond them", arguments: 0..<16)
    func hostile(seed: Int) {
        var generator = SeededGenerator(state: UInt64(seed) &* 0x9E37_79B9 | 1)
        let marks = Array("+-:$*_,#!=(~%>|0123456789-\r\n\r\n\r\n".utf8)
        let whole = Array("*3\r\n$3\r\nabc\r\n%1\r\n+k\r\n,1.5\r\n|1\r\n+a\r\n:1\r\n~2\r\n:1\r\n_\r\n".utf8)
        for _ in 0..<2_000 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...6, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[index] = marks.randomElement(using: &generator) ?? 0
            }
            if Bool.random(using: &generator) { bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator)) }
            if let tree = RedisReplyTree(bytes.span) { _ = RedisReplyComparison.describe(tree, bytes) }
            for rule in RedisReplyRule.allCases {
                _ = RedisReplyComparison.difference(whole, bytes, rule, masks: [])
                _ = RedisReplyComparison.difference(bytes, whole, rule, masks: Set(RedisReplyMask.allCases))
            }
        }
        let deep = Array(String(repeating: "*1\r\n", count: 5_000).utf8) + Array(":1\r\n".utf8)
        #expect(RedisReplyTree(deep.span) == nil)
        #expect(RedisReplyTree(Array("*9223372036854775807\r\n".utf8).span) == nil)
    }
}
