// The tables of names, and the error line that the gateway composes.

import Testing
import Wire

@testable import RedisWire

@Suite("names and composed errors")
struct NamesAndErrorsTests {
    @Test("every name finds its own id, in any case")
    func lookup() {
        for id in 1..<RedisCommand.count {
            let name = RedisCommand.names[id]
            #expect(RedisCommand(name) == RedisCommand(rawValue: UInt16(id)), "\(name)")
            #expect(name.description == name.description.lowercased())
        }
        #expect(RedisCommand("GeT").description == "get")
        #expect(RedisCommand("nosuch") == .unknown)
        #expect(RedisCommand(rawValue: 60_000).description == "unknown")
    }

    @Test("names are unique")
    func unique() {
        #expect(Set(RedisCommand.names.map(\.description)).count == RedisCommand.count)
        #expect(Set(RedisErrorCode.names.map(\.description)).count == RedisErrorCode.count)
    }

    @Test("the named commands carry their own names")
    func constants() {
        let constants: [RedisCommand] = [
            .client, .hello, .subscribe, .psubscribe, .ssubscribe, .unsubscribe, .punsubscribe, .sunsubscribe, .monitor,
            .reset, .quit, .multi, .exec, .discard, .replconf, .sync, .psync, .host, .post, .xread, .xreadgroup, .blpop,
            .brpop, .brpoplpush, .blmove, .blmpop, .bzpopmin, .bzpopmax, .bzmpop, .wait, .waitaof,
        ]
        let names =
            "client hello subscribe psubscribe ssubscribe unsubscribe punsubscribe sunsubscribe monitor reset quit "
            + "multi exec discard replconf sync psync host: post xread xreadgroup blpop brpop brpoplpush blmove blmpop "
            + "bzpopmin bzpopmax bzmpop wait waitaof"
        #expect(constants.map(\.description).joined(separator: " ") == names)
        #expect(constants.filter { !$0.isSpecial }.isEmpty)
        #expect(!RedisCommand("get").isSpecial && !RedisCommand.unknown.isSpecial)
    }

    @Test("a composed error is one RESP error line")
    func composed() {
        let line = RedisErrorReply.compose("backend redis-main refused the connection")
        #expect(line == Array("-ERR fairlead: backend redis-main refused the connection\r\n".utf8))
        #expect(replies(String(decoding: line, as: UTF8.self)).events.map(\.errorCode) == [.err])
    }

    @Test("control bytes cannot end the line early")
    func sanitised() {
        let line = RedisErrorReply.compose("a\r\n+OK\r\nb\0c\u{7F}d\u{85}e")
        #expect(line == Array("-ERR fairlead: a  +OK  b c d e\r\n".utf8))
    }

    @Test("a long message is cut at a character within the bound")
    func bounded() {
        let limit = RedisLimits.errorReply.maximum
        let line = RedisErrorReply.compose(String(repeating: "é", count: limit))
        #expect(line.count <= limit && line.count >= limit - 2)
        #expect(String(validating: line, as: UTF8.self)?.hasSuffix("é\r\n") == true)
        #expect(RedisErrorReply.compose(String(repeating: "x", count: limit - 17)).count == limit)
        #expect(RedisErrorReply.compose(String(repeating: "x", count: limit)).count == limit)
    }
}
