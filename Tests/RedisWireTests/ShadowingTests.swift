// Which commands may be sent to a second server as well.

import Testing
import Wire

@testable import RedisWire

@Suite("commands beside the primary")
struct ShadowingTests {
    private func command(_ words: [String]) -> [UInt8] {
        Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
    }

    private func shadowing(_ words: String...) throws -> RedisShadowing {
        let bytes = command(words)
        guard case .whole(let whole) = RedisWholeCommand.find(in: bytes.span, at: 0) else {
            Issue.record("no command")
            return .incomparable
        }
        return RedisShadowing.of(whole, in: bytes.span)
    }

    @Test("reads are compared as far as the protocol says something")
    func reads() throws {
        #expect(try shadowing("GET", "k") == .reads(.exact))
        #expect(try shadowing("SMEMBERS", "k") == .reads(.unordered))
        #expect(try shadowing("HGETALL", "k") == .reads(.unorderedPairs))
        #expect(try shadowing("SRANDMEMBER", "k") == .reads(.shape))
        #expect(try shadowing("TTL", "k") == .reads(.seconds))
        #expect(try shadowing("PTTL", "k") == .reads(.milliseconds))
        #expect(try shadowing("KEYS", "*") == .readsAll(.unordered))
        #expect(try shadowing("SORT", "k") == .reads(.exact))
        #expect(try shadowing("PING") == .reads(.exact))
    }

    @Test("writes are whole where what was there before does not matter")
    func writes() throws {
        #expect(try shadowing("SET", "k", "v") == .writes(.exact, isWhole: true))
        #expect(try shadowing("SET", "k", "v", "NX") == .writes(.exact, isWhole: false))
        #expect(try shadowing("DEL", "k") == .writes(.exact, isWhole: true))
        #expect(try shadowing("INCR", "k") == .writes(.exact, isWhole: false))
        #expect(try shadowing("SORT", "k", "STORE", "d") == .writes(.exact, isWhole: false))
        #expect(try shadowing("XADD", "k", "1-1", "f", "v") == .writes(.exact, isWhole: false))
    }

    @Test("what waits, is about the connection, or is another each time goes nowhere")
    func others() throws {
        for words in [["BLPOP", "k", "0"], ["MULTI"], ["SUBSCRIBE", "c"], ["SELECT", "1"], ["XREAD", "BLOCK", "0"]] {
            let bytes = command(words)
            guard case .whole(let whole) = RedisWholeCommand.find(in: bytes.span, at: 0) else { continue }
            #expect(RedisShadowing.of(whole, in: bytes.span) == .stateful, "\(words)")
        }
        #expect(try shadowing("SPOP", "k") == .incomparable)
        #expect(try shadowing("XADD", "k", "*", "f", "v") == .incomparable)
        #expect(try shadowing("EVAL", "return 1", "0") == .incomparable)
        #expect(try shadowing("TIME") == .incomparable)
        #expect(try shadowing("NOSUCH.COMMAND", "k") == .incomparable)
        #expect(try shadowing("COPY", "a", "b", "DB", "3") == .incomparable)
        #expect(try shadowing("FLUSHALL") == .incomparable)
    }

    @Test("whatever changes data by the server's own word is known to, and nothing that is sent as a read does")
    func consistent() {
        for (index, name) in RedisCommand.names.enumerated() {
            let command = RedisCommand(rawValue: UInt16(index))
            let bytes = self.command([name.description, "a", "b", "c"])
            guard case .whole(let whole) = RedisWholeCommand.find(in: bytes.span, at: 0) else { continue }
            switch RedisShadowing.of(whole, in: bytes.span) {
            case .reads, .readsAll:
                let mayWrite = RedisShadowing.mayWrite(command)
                #expect(!mayWrite || name.description == "sort", "\(name)")
            case .writes: #expect(RedisShadowing.mayWrite(command), "\(name)")
            case .stateful, .incomparable: break
            }
        }
    }

    @Test("a prefix goes before every key and nowhere else")
    func prefixed() {
        func moved(_ words: String...) -> [UInt8] { RedisShadowing.prefixed(command(words), Array("s:".utf8)) }
        #expect(moved("GET", "k") == command(["GET", "s:k"]))
        #expect(moved("MSET", "a", "1", "b", "2") == command(["MSET", "s:a", "1", "s:b", "2"]))
        #expect(moved("ZUNIONSTORE", "d", "2", "a", "b") == command(["ZUNIONSTORE", "s:d", "2", "s:a", "s:b"]))
        #expect(moved("PING") == command(["PING"]))
    }

    @Test("an example tells of sizes only")
    func redacted() {
        #expect(
            RedisShadowing.redacted(command(["SET", "secret-key", "secret", "EX", "10"]))
                == "SET <key, 10 bytes> <6 bytes> <2 bytes> <2 bytes>")
        let long = RedisShadowing.redacted(command(["SADD", "k"] + (0..<50).map { "secret\($0)" }))
        #expect(long.hasSuffix("and 43 more"))
        #expect(!long.contains("secret"))
    }

    @Test("the first key is found in the beginning of a command, or not at all")
    func firstKey() {
        let bytes = Array("*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$1000000\r\nvvv".utf8)
        #expect(RedisShadowing.firstKey(in: bytes.span, at: 0).map { Array(bytes[$0]) } == Array("key".utf8))
        for cut in 0..<20 { #expect(RedisShadowing.firstKey(in: Array(bytes[..<cut]).span, at: 0) == nil) }
        for hostile in ["*3\r\n$99999999999999999999\r\nSET\r\n", "*3\r\n$-1\r\n", "*3\r\n$3\r\nSET\r\n$\r\nk", "*"] {
            #expect(RedisShadowing.firstKey(in: Array(hostile.utf8).span, at: 0) == nil)
        }
    }
}
