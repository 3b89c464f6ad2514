// Options that come late are seen, however often their command was seen before.

import Reactor
import RedisWire
import Testing

@testable import Gateway

@Suite("a command with an option that was not seen")
struct UsageOutlineTests {
    /// The features that one application's recorder sees in `commands`: as bytes that pass, or as a translator reads them.
    private static func features(of commands: [[String]], isTranslated: Bool = false) throws -> Set<String> {
        guard isTranslated else {
            let bytes = commands.flatMap { words in
                Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
            }
            return try UsageReading().features(of: bytes, on: "redis")
        }
        let worker = try Worker(index: 0)
        let listener = ListenerUsage(UsageTables.of(.redis), samples: 0, worker: worker)
        let usage = RedisUsage(listener, client: nil)
        usage.become(UsageIdentity())
        for words in commands { usage.received(RedisCommandLine(words.map { Array($0.utf8) })) }
        return listener.snapshots.reduce(into: []) { features, snapshot in
            for (place, _) in snapshot.counters { features.insert(listener.table.features[place]) }
        }
    }

    @Test("has an outline of its own among the options of its command")
    func apart() {
        let words = RedisUsageTable.shared
        for (id, options) in words.options.enumerated() {
            guard let options, words.outlines[id].words < .max else { continue }
            // Marks such as ~ belong to the word before them.
            let names = options.words.map(\.word.description).filter { $0.first?.isLetter == true }
            let outlines = names.map { name in
                RedisOutline.of(RedisCommandLine([[], Array(name.utf8)]), at: 1)
            }
            #expect(Set(outlines).count == names.count, "\(names)")
        }
    }

    @Test(
        "is looked at, in whatever way it comes",
        arguments: [
            (["SET", "k", "v", "NX"], ["SET", "k", "v", "XX"], "redis.option.set.xx"),
            (["SET", "k", "v", "EX", "60"], ["SET", "k", "v", "PX", "60"], "redis.option.set.px"),
            (["ZADD", "k", "NX", "1", "m"], ["ZADD", "k", "GT", "1", "m"], "redis.option.zadd.gt"),
            (["CONFIG", "GET", "a"], ["CONFIG", "SET", "a"], "redis.subcommand.config.set"),
            (["GET", "k"], ["GETEX", "k", "PERSIST"], "redis.option.getex.persist"),
        ])
    func late(often: [String], once: [String], feature: String) throws {
        let usual = Array(repeating: often, count: 100)
        #expect(try Self.features(of: usual).contains(feature) == false)
        for isTranslated in [false, true] {
            let found = try Self.features(of: usual + [once] + usual, isTranslated: isTranslated)
            #expect(found.contains(feature), "\(once), \(isTranslated)")
        }
    }

    @Test("and a counter that comes in a transaction for once")
    func transactions() throws {
        let usual = Array(repeating: ["INCR", "k"], count: 100)
        let transaction = [["MULTI"], ["INCR", "k"], ["EXEC"]]
        for isTranslated in [false, true] {
            #expect(
                try Self.features(of: usual + transaction, isTranslated: isTranslated)
                    .contains("redis.shape.incr.queued"))
            for end in ["EXEC", "DISCARD", "RESET"] {
                let outside = [["MULTI"], [end]] + usual
                #expect(
                    try !Self.features(of: outside, isTranslated: isTranslated)
                        .contains("redis.shape.incr.queued"))
            }
        }
    }
}
