// A target that was made to serve without all that the source holds: what stays there, and what does not.

import Foundation
import TestSupport
import Testing

@Suite("fairlead migrate by force", .serialized, .blocking)
struct RedisMigrationForceTests {
    @Test("what a target serves without by force stays at the source, and is there again after a roll-back")
    func leftBehind() throws {
        let folder = try TemporaryFolder()
        let moving = try MovingRedis(to: "adapter: embedded, options: { folder: \"\(folder.path)\" }")
        let before = try moving.connect()
        _ = try RoutedRedis.pipeline(
            before, [["XADD", "s", "*", "a", "b"], ["SET", "k", "v"], ["SET", "gone", "v"]])
        before.close()
        #expect(try moving.migrate("--force").ending == .exited(1))
        let cut = try moving.migrate("--cut-over", "--force")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        let client = try moving.connect()
        #expect(try client.ask("EXISTS", "s") == ":0\r\n")
        #expect(try client.ask("SET", "k", "w") == "+OK\r\n")
        #expect(try client.ask("DEL", "gone") == ":1\r\n")
        client.close()
        #expect(try moving.migrate().ending == .exited(0))
        // Nor does it go when all is compared after a start.
        try moving.kill()
        try moving.start()
        #expect(try moving.migrate().ending == .exited(0))
        let back = try moving.migrate("--roll-back")
        #expect(back.ending == .exited(0), "\(back.errorText)")
        let after = try moving.connect()
        #expect(try after.ask("XLEN", "s") == ":1\r\n")
        #expect(try after.ask("GET", "k") == "$1\r\nw\r\n")
        #expect(try after.ask("EXISTS", "gone") == ":0\r\n")
        after.close()
    }

    @Test("what clients delete at such a target is gone after a roll-back too, though nobody has noted it")
    func unnotedDeletes() throws {
        let folder = try TemporaryFolder()
        let moving = try MovingRedis(to: "adapter: embedded, options: { folder: \"\(folder.path)\" }")
        let before = try moving.connect()
        let streams = (0..<3).map { ["XADD", "s\($0)", "*", "a", "b"] }
        _ = try RoutedRedis.pipeline(before, streams + (0..<100).map { ["SET", "k\($0)", "v"] })
        before.close()
        #expect(try moving.migrate("--force").ending == .exited(1))
        let cut = try moving.migrate("--cut-over", "--force")
        #expect(
            cut.ending == .exited(0) && cut.errorText.contains("3 keys that 'new' could not hold stay at 'old' alone"),
            "\(cut.errorText)")
        #expect(try moving.migrate("--stop").ending == .exited(0))
        let client = try moving.connect()
        #expect(try client.ask("DEL", "k0", "k1") == ":2\r\n")
        // Written anew it is the target's, and goes with it.
        #expect(try client.ask("SET", "s0", "v") == "+OK\r\n")
        client.close()
        // The notes go with the gateway.
        try moving.kill()
        try moving.start()
        #expect(try moving.migrate("--status").text.contains("3 keys that 'new' could not hold stay at 'old' alone"))
        #expect(try moving.migrate().ending == .exited(0))
        #expect(try moving.migrate("--status").text.contains("2 keys that 'new' could not hold stay at 'old' alone"))
        let late = try moving.connect()
        #expect(try late.ask("DEL", "s0") == ":1\r\n")
        // Nobody can name what this deletes; what the source alone holds is not meant.
        #expect(try late.ask("FLUSHALL") == "+OK\r\n" && late.ask("SET", "k9", "w") == "+OK\r\n")
        late.close()
        let level = try moving.migrate()
        #expect(level.ending == .exited(0), "\(level.errorText)")
        let back = try moving.migrate("--roll-back")
        #expect(
            back.ending == .exited(0)
                && back.errorText.contains("2 keys that 'new' could not hold stay at 'old' alone"), "\(back.errorText)")
        let after = try moving.connect()
        #expect(try after.ask("DBSIZE") == ":3\r\n" && after.ask("EXISTS", "k9", "s1", "s2") == ":3\r\n")
        after.close()
    }

    @Test(
        "a target that serves before the two are level keeps the source from losing anything, and says what that means")
    func notLevel() throws {
        let folder = try TemporaryFolder()
        let moving = try MovingRedis(to: "adapter: embedded, options: { folder: \"\(folder.path)\" }")
        let before = try moving.connect()
        _ = try RoutedRedis.pipeline(before, (0..<10).map { ["SET", "k\($0)", "v"] })
        before.close()
        let cut = try moving.migrate("--cut-over", "--force")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        let words = "not all of that is known by name"
        #expect(try cut.errorText.contains(words) && moving.migrate("--status").text.contains(words))
        #expect(try moving.migrate().ending == .exited(0))
        let back = try moving.migrate("--roll-back")
        #expect(back.ending == .exited(0) && back.errorText.contains(words), "\(back.errorText)")
        let after = try moving.connect()
        #expect(try after.ask("DBSIZE") == ":10\r\n")
        after.close()
    }

    @Test("what scripts without keys wrote until a forced cut-over stays at the source")
    func scriptsBeforeForce() throws {
        let target = try RedisServer()
        let moving = try MovingRedis(to: "url: \"redis://127.0.0.1:\(target.port)\"")
        #expect(try moving.migrate("--force").ending == .exited(0))
        let thread = Thread {
            guard let client = try? moving.connect() else { return }
            defer { client.close() }
            for index in 0..<100_000 {
                let script = "return redis.call('set', 'n\(index)', 'v')"
                guard (try? client.ask("EVAL", script, "0")) == "+OK\r\n" else { return }
            }
        }
        thread.start()
        let direct = try moving.direct()
        try eventually("the first script") { try direct.ask("EXISTS", "n0") == ":1\r\n" }
        let cut = try moving.migrate("--cut-over", "--force")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        #expect(try moving.get("/migrate").contains("\"partial\": true"))
        #expect(try moving.migrate().ending == .exited(0))
        #expect(try direct.ask("EXISTS", "n0") == ":1\r\n")
        direct.close()
    }

    @Test("scripts that are called with keys are said in --status, as they may write others")
    func scripts() throws {
        let target = try RedisServer()
        let moving = try MovingRedis(to: "url: \"redis://127.0.0.1:\(target.port)\"")
        #expect(try moving.migrate("--force").ending == .exited(0))
        #expect(try moving.migrate("--status").text.contains("scripts") == false)
        let client = try moving.connect()
        _ = try client.ask("EVAL", "return redis.call('set', KEYS[1], 'v')", "1", "declared")
        try eventually("the note") {
            try moving.migrate("--status").text.contains("note: clients call scripts or functions")
        }
        client.close()
    }

    @Test("an older form of what cannot be held does not stay at the target, nor come back over it")
    func olderForm() throws {
        let folder = try TemporaryFolder()
        let moving = try MovingRedis(to: "adapter: embedded, options: { folder: \"\(folder.path)\" }")
        let before = try moving.connect()
        #expect(try before.ask("SET", "k", "old") == "+OK\r\n")
        #expect(try moving.migrate("--force").ending == .exited(0))
        _ = try RoutedRedis.pipeline(before, [["DEL", "k"], ["XADD", "k", "*", "a", "b"]])
        before.close()
        #expect(try moving.migrate("--cut-over").errorText.contains("(stream): 'k'"))
        let cut = try moving.migrate("--cut-over", "--force")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        let client = try moving.connect()
        #expect(try client.ask("EXISTS", "k") == ":0\r\n")
        client.close()
        #expect(try moving.migrate().ending == .exited(0))
        #expect(try moving.migrate("--roll-back").ending == .exited(0))
        let after = try moving.connect()
        #expect(try after.ask("XLEN", "k") == ":1\r\n")
        after.close()
    }
}
