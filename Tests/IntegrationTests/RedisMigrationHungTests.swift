// Places that hang while keys move: nobody waits for them for long, and they can be left.

import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("fairlead migrate with a place that hangs", .serialized, .blocking)
struct RedisMigrationHungTests {
    private static func section(_ server: RedisServer, mode: String = "session") -> String {
        "url: \"redis://127.0.0.1:\(server.port)\", mode: \(mode)"
    }

    @Test("a target is left by force, with a client that waits for its answer", arguments: ["session", "shared"])
    func leavingTarget(mode: String) throws {
        let target = try RedisServer()
        let moving = try MovingRedis(to: Self.section(target, mode: mode), mode: mode)
        #expect(try moving.migrate("--force").ending == .exited(0))
        #expect(try moving.migrate("--cut-over").ending == .exited(0))
        let direct = try moving.direct()
        let client = try moving.connect()
        #expect(try client.ask("SET", "k", "there") == "+OK\r\n")
        try eventually("the copy of k") { try direct.ask("GET", "k") == "$5\r\nthere\r\n" }
        target.process.freeze()
        defer { target.process.thaw() }
        try client.send(RawConnection.command(["SET", "k", "late"]))
        let back = try moving.migrate("--roll-back", "--force")
        #expect(back.ending == .exited(0), "\(back.errorText)")
        #expect(!String(decoding: try client.rest(), as: UTF8.self).contains("OK"))
        let after = try moving.connect()
        #expect(try after.ask("GET", "k") == "$5\r\nthere\r\n" && after.ask("SET", "k", "here") == "+OK\r\n")
        #expect(try direct.ask("GET", "k") == "$4\r\nhere\r\n")
        for one in [direct, client, after] { one.close() }
    }

    @Test("a source is left by force, and keeps whatever the target does not have")
    func leavingSource() throws {
        let target = try RedisServer()
        let moving = try MovingRedis(to: Self.section(target))
        #expect(try moving.migrate("--force").ending == .exited(0))
        let client = try moving.connect()
        #expect(try client.ask("SET", "k", "v") == "+OK\r\n")
        let there = try RawConnection(port: target.port)
        try eventually("the copy of k") { try there.ask("EXISTS", "k") == ":1\r\n" }
        moving.source.process.freeze()
        defer { moving.source.process.thaw() }
        try client.send(RawConnection.command(["SET", "late", "v"]))
        let cut = try moving.migrate("--cut-over", "--force")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        #expect(try client.rest() == [])
        #expect(try moving.get("/migrate").contains("\"partial\": true, \"kept\": null"))
        let after = try moving.connect()
        #expect(try after.ask("GET", "k") == "$1\r\nv\r\n" && after.ask("SET", "k", "w") == "+OK\r\n")
        // It is copied to again as soon as it answers.
        moving.source.process.thaw()
        let direct = try moving.direct()
        try eventually("the copy back") { try direct.ask("GET", "k") == "$1\r\nw\r\n" }
        try eventually("level") { try moving.get("/migrate").contains("\"step\": \"level\"") }
        #expect(try direct.ask("EXISTS", "late") == ":1\r\n")
        #expect(try moving.migrate("--roll-back").ending == .exited(0))
        for one in [there, client, after, direct] { one.close() }
    }

    @Test("what a source acknowledges until it is left, while nothing can be copied from it, is not deleted there")
    func unread() throws {
        let (source, target) = (try RedisServer(), try RedisServer())
        let hangs = Mutex(false)
        let front = try WrongRedis(source) { words, reply in
            // Clients are answered, and whoever copies is not.
            while words[0] == "TYPE", hangs.withLock({ $0 }) { usleep(2_000) }
            return reply
        }
        defer { hangs.withLock { $0 = false } }
        let moving = try MovingRedis(to: Self.section(target), from: source, at: front.port)
        #expect(try moving.migrate("--force").ending == .exited(0))
        hangs.withLock { $0 = true }
        let acknowledged = Mutex(0)
        let thread = Thread {
            guard let client = try? moving.connect() else { return }
            defer { client.close() }
            while (try? client.ask("SET", "w\(acknowledged.withLock { $0 })", "v")) == "+OK\r\n" {
                acknowledged.withLock { $0 += 1 }
            }
        }
        thread.start()
        try eventually("writes") { acknowledged.withLock { $0 } > 50 }
        let cut = try moving.migrate("--cut-over", "--force")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        try eventually("the writer's end") { thread.isFinished }
        hangs.withLock { $0 = false }
        try eventually("level") { try moving.get("/migrate").contains("\"step\": \"level\"") }
        let count = acknowledged.withLock { $0 }
        let direct = try moving.direct()
        let found = try RoutedRedis.pipeline(direct, (0..<count).map { ["EXISTS", "w\($0)"] })
        #expect(found.count { $0 == ":1\r\n" } == count)
        direct.close()
    }

    @Test("a target that hangs is not made to serve, by force either")
    func ontoTarget() throws {
        let target = try RedisServer()
        let moving = try MovingRedis(to: Self.section(target))
        #expect(try moving.migrate("--force").ending == .exited(0))
        target.process.freeze()
        defer { target.process.thaw() }
        let client = try moving.connect()
        #expect(try client.ask("SET", "k", "v") == "+OK\r\n")
        let cut = try moving.migrate("--cut-over", "--force")
        #expect(cut.errorText.contains("failed: new: it has not answered"), "\(cut.errorText)")
        #expect(try moving.get("/migrate").contains("\"serving\": \"source\""))
        #expect(try client.ask("GET", "k") == "$1\r\nv\r\n")
        target.process.thaw()
        #expect(try moving.migrate().ending == .exited(0))
        #expect(try moving.migrate("--cut-over").ending == .exited(0))
        let there = try RawConnection(port: target.port)
        #expect(try there.ask("GET", "k") == "$1\r\nv\r\n")
        for one in [client, there] { one.close() }
    }

    @Test("clients go on at the end of the lease though the target still hangs, and the cut-over is refused")
    func lease() throws {
        let (source, target) = (try RedisServer(), try RedisServer())
        let isAnswered = Mutex(false)
        let front = try WrongRedis(source) { words, reply in
            // It is under way until clients are held, and has to be copied then.
            while words.starts(with: ["SET", "k"]), !isAnswered.withLock({ $0 }) { usleep(2_000) }
            return reply
        }
        let moving = try MovingRedis(to: Self.section(target), from: source, at: front.port)
        #expect(try moving.migrate("--force").ending == .exited(0))
        let writer = try moving.connect()
        try writer.send(RawConnection.command(["SET", "k", "v"]))
        let direct = try moving.direct()
        try eventually("the write") { try direct.ask("EXISTS", "k") == ":1\r\n" }
        target.process.freeze()
        defer { target.process.thaw() }
        let outcome = Mutex<CommandResult?>(nil)
        Thread {
            let result = try? moving.migrate("--cut-over")
            outcome.withLock { $0 = result }
        }.start()
        try eventually("the hold") { try moving.get("/migrate").contains("\"step\": \"holding\"") }
        let other = try moving.connect()
        try other.send(RawConnection.command(["GET", "k"]))
        isAnswered.withLock { $0 = true }
        #expect(try other.reply() == "$1\r\nv\r\n")
        // Whoever copies still waits.
        #expect(try moving.get("/migrate").contains("\"outcome\": null"))
        target.process.thaw()
        try eventually("the outcome") { outcome.withLock { $0 != nil } }
        let words = outcome.withLock { $0?.errorText } ?? ""
        #expect(words.contains("refused: ") && words.contains("(2 s)"), "\(words)")
        #expect(try other.ask("GET", "k") == "$1\r\nv\r\n")
        // Nothing stands in the way of the next one.
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        let there = try RawConnection(port: target.port)
        #expect(try there.ask("GET", "k") == "$1\r\nv\r\n")
        for one in [writer, direct, other, there] { one.close() }
    }
}
