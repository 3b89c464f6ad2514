// Strings and keys: the operation that each command becomes, or the server's own error.

import Capabilities
import Testing

@testable import Gateway

@Suite("Redis commands on strings and keys become operations")
struct RedisTranslationKeyTests {
    private let k = bytes("k")
    private let v = bytes("v")

    private func operation(_ words: String) -> KeyValueOperation? {
        guard case .perform(.keyValue(let operation), _) = translated(words) else { return nil }
        return operation
    }

    @Test("SET honours every word")
    func set() {
        #expect(operation("SET k v") == .set(key: k, value: v, SetOptions()))
        #expect(operation("set k v nx get") == .set(key: k, value: v, SetOptions(.absent, returnsOld: true)))
        #expect(operation("SET k v XX KEEPTTL") == .set(key: k, value: v, SetOptions(.present, expiry: .kept)))
        #expect(operation("SET k v EX 10") == .set(key: k, value: v, SetOptions(expiry: .at(1_010_000))))
        #expect(operation("SET k v PX 10 NX") == .set(key: k, value: v, SetOptions(.absent, expiry: .at(1_000_010))))
        #expect(operation("SET k v EXAT 10") == .set(key: k, value: v, SetOptions(expiry: .at(10_000))))
        #expect(operation("SET k v EX 1 EX 2") == .set(key: k, value: v, SetOptions(expiry: .at(1_002_000))))
    }

    @Test(
        "options that exclude each other, or are none, are syntax errors",
        arguments: [
            "NX XX", "XX NX", "EX", "EX 1 PX 1", "EX 1 KEEPTTL", "KEEPTTL EX 1", "PERSIST", "FOO", "NX EX 5 FOO",
            "EX 1 PXAT 2",
        ])
    func setSyntax(_ options: String) {
        #expect(refusal("SET k v \(options)") == "ERR syntax error")
    }

    @Test("times that make no sense are refused with the command's name")
    func times() {
        for words in ["SET k v EX 0", "SET k v PX -1", "SET k v EX 9223372036854775", "SET k v PX 9223372036854775807"]
        {
            #expect(refusal(words) == "ERR invalid expire time in 'set' command")
        }
        #expect(refusal("SETEX k 0 v") == "ERR invalid expire time in 'setex' command")
        #expect(refusal("SET k v EX x") == "ERR value is not an integer or out of range")
        #expect(refusal("EXPIRE k 9223372036854775807") == "ERR invalid expire time in 'expire' command")
    }

    @Test("a wrong time in GETEX is seen only after the key was looked at")
    func getAndExpire() {
        #expect(operation("GETEX k") == .getAndExpire(key: k, .kept))
        #expect(operation("GETEX k PERSIST") == .getAndExpire(key: k, .never))
        #expect(operation("GETEX k PX 5") == .getAndExpire(key: k, .at(1_000_005)))
        #expect(
            translated("GETEX k EX x")
                == .refuse(.notAnInteger, after: .keyValue(.get(key: k)), whenMissing: .null))
        #expect(refusal("GETEX k PERSIST EX 1") == "ERR syntax error")
    }

    @Test("EXPIRE takes its conditions")
    func conditions() {
        #expect(operation("EXPIRE k 10") == .expire(key: k, at: 1_010_000, .always))
        #expect(operation("PEXPIREAT k 10 XX GT") == .expire(key: k, at: 10, .ifSomeAndLater))
        #expect(operation("EXPIREAT k -1 lt") == .expire(key: k, at: -1000, .ifEarlier))
        #expect(refusal("EXPIRE k 1 NX GT").hasPrefix("ERR NX and XX, GT or LT options"))
        #expect(refusal("EXPIRE k 1 GT LT").hasPrefix("ERR GT and LT options"))
        #expect(refusal("EXPIRE k 1 FOO") == "ERR Unsupported option FOO")
    }

    @Test("numbers are read before the key is touched")
    func numbers() {
        #expect(operation("DECRBY k 5") == .increment(key: k, by: -5))
        #expect(refusal("DECRBY k -9223372036854775808") == "ERR decrement would overflow")
        #expect(refusal("INCRBY k 1.5") == "ERR value is not an integer or out of range")
        #expect(refusal("SETRANGE k -1 v") == "ERR offset is out of range")
        #expect(refusal("INCRBYFLOAT k inf") == "after a look: ERR increment would produce NaN or Infinity")
        #expect(refusal("MSET a 1 b") == "ERR wrong number of arguments for 'mset' command")
    }

    @Test("SCAN takes its options, a star is no pattern, and a page is bounded")
    func scan() {
        #expect(operation("SCAN 5") == .scan(cursor: 5, match: nil, count: 10, type: nil))
        #expect(
            operation("SCAN 0 MATCH a* COUNT 7 TYPE hash")
                == .scan(cursor: 0, match: bytes("a*"), count: 7, type: bytes("hash")))
        #expect(operation("SCAN 0 MATCH *") == .scan(cursor: 0, match: nil, count: 10, type: nil))
        #expect(
            operation("SCAN 0 COUNT 9223372036854775807") == .scan(cursor: 0, match: nil, count: 1 << 20, type: nil))
        #expect(refusal("SCAN x") == "ERR invalid cursor")
        #expect(refusal("SCAN 18446744073709551616") == "ERR invalid cursor")
        #expect(refusal("SCAN 0 COUNT 0") == "ERR syntax error")
        #expect(
            translated("HSCAN k 0 COUNT x")
                == .refuse(.notAnInteger, after: .hash(HashOperation(k, .count)), whenMissing: .emptyPage))
    }

    @Test("COPY names its database only when it is another one")
    func copy() {
        #expect(operation("COPY k v DB 0") == .copy(from: k, to: v, toDatabase: nil, replaces: false))
        #expect(operation("COPY k k DB 3 REPLACE") == .copy(from: k, to: k, toDatabase: 3, replaces: true))
        #expect(refusal("COPY k k") == "ERR source and destination objects are the same")
        #expect(refusal("COPY k v DB 16") == "ERR DB index is out of range")
    }

    @Test("replies have the server's shapes")
    func shapes() {
        #expect(replies("GET k", .bytes(v)) == ["$1\r\nv\r\n", "$1\r\nv\r\n"])
        #expect(replies("GET k", .missing) == ["$-1\r\n", "_\r\n"])
        #expect(replies("SET k v NX", .missing) == ["$-1\r\n", "_\r\n"])
        #expect(replies("SETNX k v", .missing) == [":0\r\n", ":0\r\n"])
        #expect(replies("TTL k", .integer(1_001_499)) == [":1\r\n", ":1\r\n"])
        #expect(replies("PTTL k", .done) == [":-1\r\n", ":-1\r\n"])
        #expect(replies("EXPIRETIME k", .missing) == [":-2\r\n", ":-2\r\n"])
        #expect(replies("TYPE k", .missing) == ["+none\r\n", "+none\r\n"])
        #expect(
            replies("SCAN 0", .page(cursor: 3, [.bytes(k)]))[0] == "*2\r\n$1\r\n3\r\n*1\r\n$1\r\nk\r\n")
        #expect(replies("GET k", .integer(1)) == ["no reply", "no reply"], "an answer that fits no reply is none")
    }
}
