// After a cut-over what clients write is copied back: without being told to, for as long as it is not stopped.

import Foundation
import TestSupport
import Testing

@Suite("fairlead migrate after a cut-over", .serialized, .blocking)
struct RedisMigrationBackTests {
    private static func section(_ server: RedisServer) -> String { "url: \"redis://127.0.0.1:\(server.port)\"" }

    /// One whose data has been cut over, with ten keys.
    private static func cutOver(to target: RedisServer, from source: RedisServer? = nil) throws -> MovingRedis {
        let moving = try MovingRedis(to: section(target), from: source)
        let client = try moving.connect()
        _ = try RoutedRedis.pipeline(client, (0..<10).map { ["SET", "k\($0)", "v"] })
        client.close()
        #expect(try moving.migrate("--force").ending == .exited(0))
        #expect(try moving.migrate("--cut-over").ending == .exited(0))
        return moving
    }

    private static func write(_ key: String, _ moving: MovingRedis) throws {
        let client = try moving.connect()
        #expect(try client.ask("SET", key, "v") == "+OK\r\n")
        client.close()
    }

    @Test("goes on by itself when the gateway starts again, as the outcome of no order")
    func restart() throws {
        let target = try RedisServer()
        let moving = try Self.cutOver(to: target)
        try moving.kill()
        // Written by nobody that this gateway has seen.
        let there = try RawConnection(port: target.port)
        #expect(try there.ask("SET", "unseen", "v") == "+OK\r\n")
        try moving.start()
        try Self.write("seen", moving)
        let direct = try moving.direct()
        try eventually("the copies") { try direct.ask("EXISTS", "unseen", "seen") == ":2\r\n" }
        try eventually("level") { try moving.get("/migrate").contains("\"step\": \"level\"") }
        #expect(try moving.get("/migrate").contains("\"outcome\": null"))
        #expect(try moving.migrate("--status").text.contains("next: fairlead migrate redis --finish, or --roll-back"))
        let back = try moving.migrate("--roll-back")
        #expect(back.ending == .exited(0), "\(back.errorText)")
        #expect(try direct.ask("DBSIZE") == ":12\r\n")
        for one in [there, direct] { one.close() }
    }

    @Test("is tried again when the source was gone for a while, and says so; the outcome of before stands")
    func blip() throws {
        let (source, target) = (try RedisServer(), try RedisServer())
        let moving = try Self.cutOver(to: target, from: source)
        source.stop()
        try Self.write("meanwhile", moving)
        try eventually("the second failure") { try moving.get("/migrate").contains("it is tried again in 2 s") }
        #expect(try moving.get("/migrate").contains("\"outcome\": \"cut-over\""))
        let status = try moving.migrate("--status").text
        #expect(
            status.contains("copying back has failed") && status.contains("--roll-back once it is level"), "\(status)")
        // It comes back empty, and is filled with all there is.
        let again = try RedisServer(port: source.port)
        let direct = try RawConnection(port: again.port)
        try eventually("the copies") { try direct.ask("DBSIZE") == ":11\r\n" }
        try eventually("level") { try moving.get("/migrate").contains("\"step\": \"level\"") }
        #expect(try moving.get("/migrate").contains("\"outcome\": \"cut-over\""))
        #expect(try moving.migrate("--roll-back").ending == .exited(0))
        direct.close()
    }

    @Test("stays stopped over a restart, and goes on when that is ordered")
    func stopped() throws {
        let target = try RedisServer()
        let moving = try Self.cutOver(to: target)
        #expect(try moving.migrate("--stop").ending == .exited(0))
        try moving.kill()
        try moving.start()
        try Self.write("late", moving)
        let status = try moving.migrate("--status").text
        #expect(status.contains("nothing is copied back"), "\(status)")
        let direct = try moving.direct()
        #expect(try direct.ask("EXISTS", "late") == ":0\r\n")
        #expect(try moving.migrate().ending == .exited(0))
        #expect(try direct.ask("EXISTS", "late") == ":1\r\n")
        try moving.kill()
        try moving.start()
        try Self.write("later", moving)
        try eventually("the copy") { try direct.ask("EXISTS", "later") == ":1\r\n" }
        direct.close()
    }

    @Test("takes nothing from the source by itself when the target has lost all that it held")
    func vanished() throws {
        let target = try RedisServer()
        let moving = try Self.cutOver(to: target)
        try moving.kill()
        let there = try RawConnection(port: target.port)
        #expect(try there.ask("FLUSHALL") == "+OK\r\n")
        try moving.start()
        try eventually("the problem") { try moving.get("/migrate").contains("'new' holds nothing and 'old' does") }
        let direct = try moving.direct()
        #expect(try direct.ask("DBSIZE") == ":10\r\n")
        // Whoever orders it means it.
        #expect(try moving.migrate().ending == .exited(0))
        #expect(try direct.ask("DBSIZE") == ":0\r\n")
        for one in [there, direct] { one.close() }
    }

    @Test("a listener that does not move is said to be none, where no other moves either")
    func noneMoves() throws {
        let port = try FreePort.take()
        let gateway = try MovingGateway(
            "redis",
            """
            listeners:
              redis: { protocol: redis, listen: "127.0.0.1:\(port)", backend: old }
            backends:
              old: { url: "redis://127.0.0.1:1" }

            """)
        let words = try gateway.migrate(["--status"]).errorText
        #expect(words.contains("no migrate section") && words.contains("no other has one"), "\(words)")
        #expect(!words.contains("there are"), "\(words)")
    }
}
