// Random commands, of one connection and of several, get the replies that a real redis-server gives.

import Foundation
import TestSupport
import Testing

@Suite("random commands to the translated Redis front", .serialized, .blocking)
struct TranslatedRedisRandomTests {
    /// Seconds of new games; `make soak` sets more.
    private static let seconds = Double(ProcessInfo.processInfo.environment["FAIRLEAD_SOAK_SECONDS"] ?? "") ?? 4
    /// Another one at each soak, and part of what a failure says; `FAIRLEAD_SOAK_SEED` plays it again.
    ///
    /// A plain run plays the same games each time, so that it fails for what was changed.
    private static let seed =
        UInt64(ProcessInfo.processInfo.environment["FAIRLEAD_SOAK_SEED"] ?? "")
        ?? (ProcessInfo.processInfo.environment["FAIRLEAD_SOAK_SECONDS"] == nil
            ? 1000 : UInt64.random(in: 1000..<1_000_000_000))

    @Test("one connection hears the same", arguments: [2, 3], [UInt64(11), 12, 13, 14])
    func alone(_ version: Int, _ seed: UInt64) throws {
        try Self.playAlone(version, seed, try TranslatedRedis(), commands: 2000)
    }

    @Test("several connections hear the same", arguments: [UInt64(21), 22, 23, 24])
    func together(_ seed: UInt64) throws {
        try TranslatedRedisGame(try TranslatedRedis(), seed: seed).play(commands: 1200)
    }

    @Test("new games go on hearing the same")
    func on() throws {
        let end = Date(timeIntervalSinceNow: Self.seconds)
        let both = try TranslatedRedis()
        var seed = Self.seed
        repeat {
            try TranslatedRedisGame(both, seed: seed).play(commands: 400)
            try Self.playAlone(seed.isMultiple(of: 2) ? 2 : 3, seed, both, commands: 400)
            seed &+= 1
        } while Date() < end
    }

    private static func playAlone(_ version: Int, _ seed: UInt64, _ both: TranslatedRedis, commands: Int) throws {
        let (translated, real) = try both.pair()
        for connection in [translated, real] {
            for words in [["HELLO", "\(version)"], ["FLUSHALL"]] {
                try connection.send(RawConnection.command(words))
                _ = try ReplyTree(from: connection)
            }
        }
        var generator = TranslatedRedisGenerator(seed: seed)
        for index in 0..<commands {
            let words = generator.next()
            try real.send(RawConnection.command(words))
            try translated.send(RawConnection.command(words))
            let expected = try ReplyTree(from: real)
            let actual = try ReplyTree(from: translated)
            let command = words[0].uppercased()
            if TranslatedRedisGrammar.timed.contains(command), expected.isNear(actual) { continue }
            try #require(
                actual.comparable(command) == expected.comparable(command), "seed \(seed), command \(index): \(words)")
        }
    }
}
