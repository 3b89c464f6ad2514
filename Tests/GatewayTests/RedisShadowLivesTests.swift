// Which keys end by themselves about now, as a shadow knows it.

import Testing

@testable import Gateway

@Suite("Lives of a shadow's keys")
struct RedisShadowLivesTests {
    private static func command(_ words: String) -> [UInt8] {
        let words = words.split(separator: " ")
        return Array(("*\(words.count)\r\n" + words.map { "$\($0.utf8.count)\r\n\($0)\r\n" }.joined()).utf8)
    }

    @Test(
        "are in seconds, rounded up, whatever says them",
        arguments: [
            ("SET k v EX 10", 10), ("set k v nx px 15", 1), ("SET k v PX 2001", 3), ("SET k v EXAT 1060", 60),
            ("SET k v PXAT 1000500", 1), ("GETEX k EX 7", 7), ("SETEX k 5 v", 5), ("PSETEX k 1500 v", 2),
            ("EXPIRE k 9 NX", 9), ("PEXPIREAT k 1009000", 9), ("HEXPIRE k 4 FIELDS 1 f", 4), ("RESTORE k 3000 x", 3),
            ("RESTORE k 1002000 x REPLACE ABSTTL", 2), ("SET k v", nil), ("SET k v KEEPTTL", nil), ("DEL k", nil),
            ("SET k", nil), ("SET k v EX ten", nil), ("GETEX k PERSIST", nil), ("SET", nil), ("EXPIRE k", nil),
            ("SET k v EX 99999999999999999999", nil),
        ] as [(String, Int?)])
    func seconds(words: String, life: Int?) {
        #expect(RedisShadowLives.seconds(of: Self.command(words).span, second: 1000) == life)
    }

    @Test("excuse a write about their end, and not before or long after")
    func ends() {
        var lives = RedisShadowLives()
        lives.note(Self.command("SET k v EX 100").span, [7], now: 0, second: 1000)
        let end: UInt64 = 100_000_000_000
        #expect(!lives.mayBeEnding([7], now: 0))
        #expect(!lives.mayBeEnding([7], now: end - RedisShadowLives.before - 1))
        #expect(lives.mayBeEnding([8, 7], now: end - RedisShadowLives.before))
        #expect(lives.mayBeEnding([7], now: end + RedisShadowLives.after))
        #expect(!lives.mayBeEnding([7], now: end + RedisShadowLives.after + 1))
        #expect(!lives.mayBeEnding([8], now: end))
    }

    @Test("that are too many to be kept excuse all until the last of them has ended")
    func many() {
        var lives = RedisShadowLives()
        let command = Self.command("SET k v EX 100")
        for key in 0..<UInt64(RedisShadowLives.limit) { lives.note(command.span, [key], now: 0, second: 1000) }
        let ended = 100_000_000_000 + RedisShadowLives.after + 1
        #expect(!lives.mayBeEnding([1 << 40], now: ended))
        lives.note(command.span, [1 << 40], now: 50_000_000_000, second: 1000)
        #expect(lives.mayBeEnding([3], now: ended))
        #expect(!lives.mayBeEnding([3], now: ended + 50_000_000_000))
        // What has ended makes room.
        lives.note(command.span, [1 << 40], now: ended, second: 1000)
        #expect(!lives.mayBeEnding([1 << 40], now: ended + 60_000_000_000))
        #expect(lives.mayBeEnding([1 << 40], now: ended + 100_000_000_000))
    }
}
