// One word of a command that tells its options from others.

import Testing
import Wire

@testable import RedisWire

@Suite("the outline of a command")
struct OutlineTests {
    private static func bytes(_ words: String) -> [UInt8] {
        let words = words.split(separator: " ", omittingEmptySubsequences: false)
        return Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
    }

    /// The outline of `words`, of their bytes and as a translator has them, which have to be one.
    private static func last(_ words: String) -> Int {
        let bytes = bytes(words)
        let found = RedisOutline.ofLastWord(in: bytes.span, endingAt: bytes.count)
        let line = RedisCommandLine(
            words.split(separator: " ", omittingEmptySubsequences: false).map { Array($0.utf8) })
        #expect(RedisOutline.of(line, at: nil) == found, "\(words)")
        return found
    }

    private static func word(_ index: Int, of words: String) -> Int {
        let bytes = Array("+OK\r\n".utf8) + bytes(words)
        let found = RedisOutline.ofWord(index, in: bytes.span, at: 5)
        let line = RedisCommandLine(words.split(separator: " ").map { Array($0.utf8) })
        #expect(RedisOutline.of(line, at: index) == found, "\(words)")
        return found
    }

    @Test("goes by the last word that is no number, in any case")
    func lastWord() {
        #expect(Self.last("SET k v NX") == Self.last("set key another-value nx"))
        #expect(Self.last("SET k v NX") != Self.last("SET k v XX"))
        #expect(Self.last("SET k v EX 60") == Self.last("SET k v EX 86400"))
        #expect(Self.last("SET k v EX 60") != Self.last("SET k v PX 60"))
        #expect(Self.last("SET k v EXAT 1800000000") != Self.last("SET k v PXAT 1800000000000"))
        #expect(Self.last("ZRANGE k a b BYLEX LIMIT 0 10") == Self.last("ZRANGE k a b LIMIT 3 4"))
        // Neither a word of letters nor numbers behind one.
        for words in ["SCAN 0 MATCH user:*", "SET k v ", "A 1 2 3 4", "1 2", "7"] {
            #expect(Self.last(words) == 0, "\(words)")
        }
        let long = "SET k v " + String(repeating: "1", count: 40)
        #expect(RedisOutline.ofLastWord(in: Self.bytes(long).span, endingAt: Self.bytes(long).count) == 0)
    }

    @Test("or by the word at a place")
    func wordAtPlace() {
        #expect(Self.word(2, of: "ZADD k NX 1 m") == Self.word(2, of: "zadd key nx 2 n"))
        #expect(Self.word(2, of: "ZADD k NX 1 m") != Self.word(2, of: "ZADD k XX 1 m"))
        #expect(Self.word(1, of: "CONFIG GET x") != Self.word(1, of: "CONFIG SET x y"))
        #expect(Self.word(2, of: "ZADD k 1 m") == 0)
        #expect(Self.word(9, of: "ZADD k 1 m") == 0)
    }

    @Test("what came in pieces, and what is no command, has none, wherever it is cut")
    func pieces() {
        let whole = Self.bytes("ZADD key NX 1 m")
        for end in 0...whole.count {
            for start in 0...end {
                let part = Array(whole[start..<end])
                let outline = RedisOutline.ofLastWord(in: part.span, endingAt: part.count)
                #expect((0..<64).contains(outline))
                #expect(RedisOutline.ofLastWord(in: part.span, endingAt: part.count + 1) == 0)
                if start > 0 { #expect(RedisOutline.ofWord(2, in: part.span, at: 0) == 0) }
            }
        }
    }
}
