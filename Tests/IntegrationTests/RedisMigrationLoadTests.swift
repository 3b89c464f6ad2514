// Many keys, moved under writes by a gateway that is killed again and again: a few thousand, or a million in `make soak`.

import Foundation
import TestSupport
import Testing

@Suite("fairlead migrate with many keys", .serialized, .blocking)
struct RedisMigrationLoadTests {
    private static let isSoak = ProcessInfo.processInfo.environment["FAIRLEAD_SOAK_SECONDS"] != nil
    private static let keys = isSoak ? 1_000_000 : 6_000

    @Test("everything is at the target, as it was promised", arguments: ["embedded", "memcached"])
    func everything(name: String) throws {
        let memcached = try MemcachedServer(["-m", "1024"])
        let folder = try TemporaryFolder()
        let moving = try MovingRedis(
            to: name == "embedded"
                ? "adapter: embedded, options: { folder: \"\(folder.path)\" }"
                : "adapter: memcached, url: \"\(memcached.url)\"")
        let direct = try moving.direct()
        #expect(try direct.ask("DEBUG", "POPULATE", "\(Self.keys)", "p") == "+OK\r\n")
        let writers = (0..<4).map { index in
            MovingWriter("w\(index)", keys: 500, transactions: name == "embedded") { try moving.connect() }
        }
        try moving.interrupt(3, after: 100_000..<(Self.isSoak ? 20_000_000 : 1_500_000))
        let start = ContinuousClock.now
        let moved = try moving.migrate("--force")
        #expect(moved.ending == .exited(0), "\(moved.errorText)")
        if Self.isSoak {
            print("\(name): \(Self.keys) keys were copied and compared in \(ContinuousClock.now - start)")
        }
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        try moving.kill()
        try moving.start()
        let there = writers.map(\.written)
        try eventually("writes at the target") { zip(writers, there).allSatisfy { $0.written > $1 + 20 } }
        for writer in writers { try writer.stop() }
        let client = try moving.connect()
        for writer in writers { #expect(try writer.lost(on: client) == [], "\(writer.name)") }
        var wrong = 0
        for start in stride(from: 0, to: Self.keys, by: 500) {
            let numbers = start..<min(Self.keys, start + 500)
            let replies = try RoutedRedis.pipeline(client, numbers.map { ["GET", "p:\($0)"] })
            for (number, reply) in zip(numbers, replies) {
                let value = "value:\(number)"
                if reply != "$\(value.utf8.count)\r\n\(value)\r\n" { wrong += 1 }
            }
        }
        #expect(wrong == 0)
        client.close()
        direct.close()
    }
}
