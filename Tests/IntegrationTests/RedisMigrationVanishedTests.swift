// A target that loses a part of what it held while it serves: the source does not lose it too.

import Foundation
import TestSupport
import Testing

@Suite("fairlead migrate with a target that loses keys", .serialized, .blocking)
struct RedisMigrationVanishedTests {
    private static func names(_ numbers: Range<Int>) -> [String] { numbers.map { "k\($0)" } }

    /// One whose data has been cut over, with a hundred keys.
    private static func cutOver(to target: RedisServer) throws -> MovingRedis {
        let moving = try MovingRedis(to: "url: \"redis://127.0.0.1:\(target.port)\"")
        let client = try moving.connect()
        _ = try RoutedRedis.pipeline(client, names(0..<100).map { ["SET", $0, "v"] })
        client.close()
        #expect(try moving.migrate("--force").ending == .exited(0))
        #expect(try moving.migrate("--cut-over").ending == .exited(0))
        return moving
    }

    private static func level(_ moving: MovingRedis) throws {
        try eventually("level") { try moving.get("/migrate").contains("\"step\": \"level\"") }
    }

    @Test(
        "more than clients can have deleted unseen stays at the source until that is ordered", arguments: [true, false])
    func afterRestart(isOrdered: Bool) throws {
        let target = try RedisServer()
        let moving = try Self.cutOver(to: target)
        try moving.kill()
        let there = try RawConnection(port: target.port)
        _ = try RoutedRedis.pipeline(there, [["DEL"] + Self.names(0..<30)])
        try moving.start()
        try eventually("the problem") { try moving.get("/migrate").contains("'new' lacks 30 keys that 'old' has") }
        let direct = try moving.direct()
        #expect(try direct.ask("DBSIZE") == ":100\r\n")
        #expect(try moving.migrate("--roll-back").errorText.contains("not level"))
        let next = try isOrdered ? moving.migrate() : moving.migrate("--roll-back", "--force")
        #expect(next.ending == .exited(0), "\(next.errorText)")
        #expect(try direct.ask("DBSIZE") == (isOrdered ? ":70\r\n" : ":100\r\n"))
        for one in [there, direct] { one.close() }
    }

    @Test("of a gateway that has noted all that clients deleted, one key is too many")
    func whileNoted() throws {
        let target = try RedisServer()
        let moving = try Self.cutOver(to: target)
        try Self.level(moving)
        let (direct, there, client) = (try moving.direct(), try RawConnection(port: target.port), try moving.connect())
        #expect(try there.ask("DEL", "k7") == ":1\r\n")
        // What clients delete is no loss, however much it is.
        _ = try RoutedRedis.pipeline(client, [["DEL"] + Self.names(50..<100)])
        try eventually("the deletions") { try direct.ask("DBSIZE") == ":50\r\n" }
        // The copier's connection breaks, and all is gone through.
        _ = try direct.ask("CLIENT", "KILL", "TYPE", "normal")
        _ = try client.ask("DEL", "k8")
        try eventually("the problem") { try moving.get("/migrate").contains("'new' lacks 1 key that 'old' has") }
        #expect(try moving.get("/migrate").contains("('k7')") && direct.ask("EXISTS", "k7", "k8") == ":1\r\n")
        for one in [direct, there, client] { one.close() }
    }

    @Test("all that a client deletes at once is deleted at the source")
    func flushed() throws {
        let target = try RedisServer()
        let moving = try Self.cutOver(to: target)
        try Self.level(moving)
        let (direct, client) = (try moving.direct(), try moving.connect())
        #expect(try client.ask("FLUSHALL") == "+OK\r\n" && client.ask("SET", "new", "v") == "+OK\r\n")
        try eventually("the deletions") { try direct.ask("DBSIZE") == ":1\r\n" }
        try Self.level(moving)
        for one in [direct, client] { one.close() }
    }

    @Test("what comes to the end of its life at the target is no loss")
    func expired() throws {
        let target = try RedisServer()
        let moving = try Self.cutOver(to: target)
        let client = try moving.connect()
        _ = try RoutedRedis.pipeline(client, (0..<40).map { ["SET", "short\($0)", "v", "PX", "1500"] })
        try Self.level(moving)
        try moving.kill()
        let there = try RawConnection(port: target.port)
        try eventually("their end") { try there.ask("DBSIZE") == ":100\r\n" }
        try moving.start()
        try Self.level(moving)
        let direct = try moving.direct()
        #expect(try direct.ask("DBSIZE") == ":100\r\n")
        for one in [client, there, direct] { one.close() }
    }
}
