// Keys and slots of commands, without a server; IntegrationTests hold them to a real one.

import Testing
import Wire

@testable import RedisWire

@Suite("keys and slots of a command")
struct KeysTests {
    private static func slots(_ words: String...) -> RedisSlots? {
        let bytes =
            Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
        guard case .whole(let whole) = RedisWholeCommand.find(in: bytes.span, at: 0) else { return nil }
        return RedisSlots.of(RedisKeys.of(whole, in: bytes.span), whole, in: bytes.span)
    }

    @Test("keys of one slot are told from keys of several, and from none")
    func several() throws {
        let foo = try #require(RedisSlot(12182))
        #expect(Self.slots("GET", "foo") == .one(foo))
        #expect(Self.slots("MGET", "foo", "{foo}1", "x{foo}y{bar}") == .one(foo))
        #expect(Self.slots("MGET", "foo", "bar") == .several)
        #expect(Self.slots("MSET", "foo", "bar", "{foo}", "bar") == .one(foo))
        #expect(Self.slots("ZUNIONSTORE", "bar", "1", "foo") == .several)
        #expect(Self.slots("SORT", "foo", "STORE", "bar") == .several)
        #expect(Self.slots("PING") == RedisSlots.none)
        #expect(Self.slots("NOSUCH", "foo") == RedisSlots.none)
        #expect(Self.slots("EVAL", "x", "99999999999999999999", "foo") == RedisSlots.none)
        #expect(Self.slots("EVAL", "x", "2", "foo") == RedisSlots.none)
        #expect(Self.slots("SPUBLISH", "foo", "m") == .one(foo))
        #expect(RedisSlot(16384) == nil)
        #expect(RedisSlot(-1) == nil)
    }

    @Test("places of keys never leave the command, whatever it says of itself")
    func bounds() {
        var random = SystemRandomNumberGenerator()
        let pool = ["", "1", "2", "7", "STREAMS", "STORE", "KEYS", "LIMIT", "AUTH2", "GROUP", "-1", "\u{0}"]
        for name in RedisCommand.names {
            for _ in 0..<20 {
                let count = Int.random(in: 0...9, using: &random)
                let words = [name.description] + (0..<count).map { _ in pool.randomElement(using: &random) ?? "" }
                let bytes =
                    Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
                guard case .whole(let whole) = RedisWholeCommand.find(in: bytes.span, at: 0) else {
                    Issue.record("not whole: \(words)")
                    continue
                }
                let keys = RedisKeys.of(whole, in: bytes.span)
                var last = 0
                for index in 0..<keys.count {
                    let place = keys.place(index) ?? -1
                    #expect(place > last && place < words.count, "\(words)")
                    last = place
                }
                #expect(keys.place(keys.count) == nil)
                var cursor = RedisKeyCursor(keys, of: whole, in: bytes.span)
                var found = 0
                while cursor.next(in: bytes.span) != nil { found += 1 }
                #expect(found == keys.count, "\(words)")
            }
        }
    }
}
