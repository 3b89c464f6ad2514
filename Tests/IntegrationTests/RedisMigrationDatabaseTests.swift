// Databases while data moves: places that have fewer of them, and clients that go from one to another.

import Foundation
import TestSupport
import Testing

@Suite("fairlead migrate with several databases", .serialized, .blocking)
struct RedisMigrationDatabaseTests {
    private static func server(databases: Int) throws -> RedisServer {
        try RedisServer(.init(arguments: ["--databases", "\(databases)"]))
    }

    private static func url(_ server: RedisServer) -> String { "url: \"redis://127.0.0.1:\(server.port)\"" }

    private static func ask(_ server: RedisServer, _ commands: [[String]]) throws -> [String] {
        let connection = try RawConnection(port: server.port)
        defer { connection.close() }
        return try RoutedRedis.pipeline(connection, commands)
    }

    @Test("keys of a database that the target has not got are named, and nothing of them comes to another one")
    func fewerAtTarget() throws {
        let target = try Self.server(databases: 4)
        let moving = try MovingRedis(to: Self.url(target))
        let direct = try moving.direct()
        _ = try RoutedRedis.pipeline(
            direct, [["SET", "same", "zero"], ["SELECT", "7"], ["SET", "same", "seven"], ["SET", "only", "seven"]])
        let result = try moving.migrate("--force")
        #expect(result.ending == .exited(1), "\(result.text)")
        #expect(result.errorText.contains("'new' cannot hold 2 keys of type string"), "\(result.errorText)")
        #expect(
            result.errorText.contains("'only' of database 7: 'new' has no database 7 (ERR DB index is out of range)"),
            "\(result.errorText)")
        #expect(try Self.ask(target, [["GET", "same"], ["DBSIZE"]]) == ["$4\r\nzero\r\n", ":1\r\n"])
        // What can be held follows all the same.
        let client = try moving.connect()
        #expect(try client.ask("SET", "later", "v") == "+OK\r\n")
        try eventually("a copy") { try Self.ask(target, [["GET", "later"]]) == ["$1\r\nv\r\n"] }
        for one in [direct, client] { one.close() }
    }

    @Test("a database that the source has not got costs the source nothing on the way back")
    func fewerAtSource() throws {
        let source = try Self.server(databases: 4)
        let target = try Self.server(databases: 16)
        let moving = try MovingRedis(to: Self.url(target), from: source)
        _ = try Self.ask(source, [["SET", "same", "zero"], ["SET", "gone", "zero"]])
        #expect(try moving.migrate("--force").ending == .exited(0))
        #expect(try moving.migrate("--cut-over").ending == .exited(0))
        let client = try moving.connect()
        _ = try RoutedRedis.pipeline(
            client,
            [["SELECT", "7"], ["SET", "same", "seven"], ["DEL", "gone"], ["SELECT", "0"], ["SET", "last", "v"]])
        try eventually("a copy") { try Self.ask(source, [["GET", "last"]]) == ["$1\r\nv\r\n"] }
        #expect(
            try Self.ask(source, [["GET", "same"], ["GET", "gone"]]) == ["$4\r\nzero\r\n", "$4\r\nzero\r\n"])
        let back = try moving.migrate("--roll-back")
        #expect(
            back.ending == .exited(1) && back.errorText.contains("'same' of database 7: 'old' has no database 7"),
            "\(back.errorText)")
        _ = try RoutedRedis.pipeline(client, [["SELECT", "7"], ["DEL", "same"]])
        client.close()
        #expect(try moving.migrate("--roll-back").ending == .exited(0))
        #expect(try Self.ask(source, [["DBSIZE"], ["GET", "same"]]) == [":3\r\n", "$4\r\nzero\r\n"])
    }

    @Test("what clients write in a database that they have asked for in any way is copied from that one")
    func askedInAnyWay() throws {
        let target = try Self.server(databases: 16)
        let moving = try MovingRedis(to: Self.url(target))
        #expect(try moving.migrate("--force").ending == .exited(0))
        let client = try moving.connect()
        _ = try RoutedRedis.pipeline(
            client, [["MULTI"], ["SELECT", "3"], ["DISCARD"], ["SET", "discarded", "v"]])
        _ = try RoutedRedis.pipeline(
            client, [["MULTI"], ["SELECT", "3"], ["SET", "inside", "v"], ["EXEC"], ["SET", "behind", "v"]])
        let inline = try moving.connect()
        try inline.send("SELECT 5\r\n")
        #expect(try inline.reply() == "+OK\r\n" && inline.ask("SET", "inline", "v") == "+OK\r\n")
        let eager = try moving.connect()
        #expect(
            try RoutedRedis.pipeline(eager, [["SELECT", "1"], ["SELECT", "99"], ["SET", "eager", "v"]])
                == ["+OK\r\n", "-ERR DB index is out of range\r\n", "+OK\r\n"])
        for one in [client, inline, eager] { one.close() }
        let level = try moving.migrate()
        #expect(level.ending == .exited(0), "\(level.errorText)")
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        for (database, key) in [(0, "discarded"), (3, "inside"), (3, "behind"), (5, "inline"), (1, "eager")] {
            #expect(
                try Self.ask(target, [["SELECT", "\(database)"], ["GET", key]])[1] == "$1\r\nv\r\n",
                "\(key) in \(database)")
        }
    }

    @Test("a shadow writes nothing at a candidate that has not got the scratch database")
    func scratch() throws {
        let candidate = try Self.server(databases: 4)
        _ = try Self.ask(candidate, [["SET", "order:1", "own"]])
        let redis = try ShadowedRedis(candidate: Self.url(candidate), shadow: "scratch-database: \"9\"")
        let client = try redis.connect()
        _ = try RoutedRedis.pipeline(
            client, [["SET", "order:1", "client"], ["SET", "order:2", "client"], ["DEL", "order:1"]])
        // Nor once it was refused.
        try redis.gateway.settles("drops") {
            $0.sum("fairlead_shadow_dropped_total", "reason=\"candidate-unready\"") > 0
        }
        _ = try RoutedRedis.pipeline(client, [["SET", "order:1", "client"], ["GET", "order:3"]])
        client.close()
        let report = try redis.report()
        #expect(report.isAccountedFor && report.compared == 0, "\(report)")
        #expect(try Self.ask(candidate, [["GET", "order:1"], ["DBSIZE"]]) == ["$3\r\nown\r\n", ":1\r\n"])
    }

    @Test("a shadow repeats nothing of a client whose database it cannot tell", arguments: [true, false])
    func untold(isInline: Bool) throws {
        let candidate = try RedisServer()
        let redis = try ShadowedRedis(candidate: Self.url(candidate), shadow: "writes: [\"\"]")
        let client = try redis.connect()
        if isInline {
            try client.send("SELECT 3\r\n")
            #expect(try client.reply() == "+OK\r\n")
        } else {
            _ = try RoutedRedis.pipeline(client, [["MULTI"], ["SELECT", "3"], ["EXEC"]])
        }
        #expect(try client.ask("SET", "k", "v") == "+OK\r\n")
        // RESET is as good as a new connection.
        #expect(try client.ask("RESET") == "+RESET\r\n" && client.ask("SET", "other", "v") == "+OK\r\n")
        let report = try redis.report()
        #expect(report.isAccountedFor && report.differing == 0 && report.identical == 1, "\(report)")
        #expect(try Self.ask(candidate, [["EXISTS", "k"], ["DBSIZE"]]) == [":0\r\n", ":1\r\n"])
        client.close()
    }
}
