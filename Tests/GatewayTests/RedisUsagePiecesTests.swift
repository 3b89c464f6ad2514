// What the recorder sees of commands that come in more than one piece.

import Reactor
import RedisWire
import Testing

@testable import Gateway

@Suite("commands in pieces")
struct RedisUsagePiecesTests {
    /// The features and sizes that one application's recorder sees of `bytes`, which come in pieces of `step` bytes.
    private static func seen(_ bytes: [UInt8], step: Int) throws -> (features: Set<String>, sizes: [UInt64]) {
        let listener = ListenerUsage(UsageTables.of(.redis), samples: 1, worker: try Worker(index: 0))
        let usage = RedisUsage(listener, client: nil)
        usage.become(UsageIdentity())
        var framer = RedisRequestFramer(keepsWords: true)
        var start = 0
        while start < bytes.count {
            let piece = bytes.span.extracting(start..<min(start + step, bytes.count))
            var offset = 0
            while let event = try framer.next(piece, at: &offset) {
                guard case .commandReceived(let request) = event else { continue }
                usage.received(request, in: piece, endingAt: offset, pending: 1, words: framer.words)
            }
            start += step
        }
        let snapshot = try #require(listener.snapshots.first)
        return (Set(snapshot.counters.map { listener.table.features[$0.0] }), snapshot.sizes)
    }

    private static func bytes(_ words: [String]) -> [UInt8] {
        Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
    }

    @Test(
        "show what they show as a whole: options, forms and sizes",
        arguments: [
            ["SET", "key", String(repeating: "v", count: 3000), "PX", "60000"],
            ["SET", "", "v", "NX", "EX", "60"], ["SET", String(repeating: "k", count: 65), "v", "KEEPTTL"],
            ["ZADD", "k", "GT", "CH", "1", "m", "2", "n"], ["CONFIG", "SET", "a", "b"], ["JSON.SET", "k", "$", "1"],
            ["BITFIELD", "k", "GET", "u8", "0"], ["ZUNION", "2", "a", "b", "WEIGHTS", "1", "2"],
            ["RESTORE", "k", "1000", String(repeating: "x", count: 200), "ABSTTL"], ["SELECT", "3"],
            ["EVAL", String(repeating: " ", count: 2100), "0"], ["HSET", "k"] + (0..<100).map { "\($0)" },
        ])
    func alike(words: [String]) throws {
        // What has just passed does not tell of the next.
        let bytes = Self.bytes(["SET", "k", "v", "XX"]) + Self.bytes(words)
        let whole = try Self.seen(bytes, step: bytes.count)
        for step in [1, 2, 3, 5, 17, 64, 1000] where step < bytes.count {
            let pieces = try Self.seen(bytes, step: step)
            #expect(pieces.features == whole.features, "in pieces of \(step)")
            #expect(pieces.sizes == whole.sizes, "in pieces of \(step)")
        }
    }

    @Test("a late option is seen though its command comes in pieces")
    func late() throws {
        let value = String(repeating: "v", count: 3000)
        let usual = Array(repeating: Self.bytes(["SET", "k", value, "EX", "9"]), count: 200).flatMap(\.self)
        let seen = try Self.seen(usual + Self.bytes(["SET", "k", value, "PX", "9"]), step: 1024)
        #expect(seen.features.contains("redis.option.set.px"))
    }

    @Test("a text that is not there is no script of a known kind, nor of another")
    func scripts() throws {
        let script = "if redis.call('get',KEYS[1]) == ARGV[1] then return redis.call('del',KEYS[1]) else return 0 end"
        let seen = try Self.seen(Self.bytes(["EVAL", script, "1", "k", "owner"]), step: 40)
        #expect(seen.features.filter { $0.hasPrefix("redis.shape.") }.isEmpty)
    }
}
