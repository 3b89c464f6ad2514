// Moving data while clients write it: nothing that was acknowledged is lost, whenever it is interrupted.

import Foundation
import TestSupport
import Testing

@Suite("fairlead migrate", .serialized, .blocking)
struct RedisMigrationTests {
    private static func server() throws -> RedisServer {
        try RedisServer(.init(arguments: ["--enable-debug-command", "yes"]))
    }

    private static func target(_ server: RedisServer) -> String { "url: \"redis://127.0.0.1:\(server.port)\"" }

    /// A number over all that a server holds: keys, types, contents, and which keys expire.
    private static func digest(_ server: RedisServer) throws -> String {
        let connection = try RawConnection(port: server.port)
        defer { connection.close() }
        return try connection.ask("DEBUG", "DIGEST")
    }

    /// Keys of every type, in two databases, some of them larger than a piece.
    private static func fill(_ connection: RawConnection, strings: Int = 500) throws {
        var commands: [[String]] = (0..<strings).map { ["SET", "s:\($0)", "value \($0)"] }
        commands += (0..<50).map { ["SET", "life:\($0)", "v", "PX", "\(600_000 + $0)"] }
        commands += [["RPUSH", "list"] + (0..<2500).map { "item \($0)" }]
        commands += [["SADD", "set"] + (0..<2500).map { "member \($0)" }]
        commands += [["HSET", "hash"] + (0..<2500).flatMap { ["field \($0)", "value \($0)"] }]
        commands += [["ZADD", "zset"] + (0..<2500).flatMap { ["\($0).5", "member \($0)"] }]
        commands += [
            ["XADD", "stream", "*", "a", "1"], ["XGROUP", "CREATE", "stream", "group", "0"], ["PFADD", "hll", "x"],
        ]
        commands += [
            ["SET", "binary", "\u{0}\u{1}\r\n"], ["SET", "", "empty key"], ["SELECT", "3"], ["SET", "other", "db"],
        ]
        commands += [["HSET", "small", "f", "v"], ["SELECT", "0"]]
        for command in commands {
            let reply = try RoutedRedis.pipeline(connection, [command])[0]
            guard !reply.hasPrefix("-") else { throw SupportError("\(command.prefix(2)): \(reply)") }
        }
    }

    @Test("from one server to another under eight writers, and back", arguments: ["session", "shared"])
    func thereAndBack(mode: String) throws {
        let server = try Self.server()
        let moving = try MovingRedis(to: Self.target(server), mode: mode)
        let direct = try moving.direct()
        try Self.fill(direct)
        let writers = (0..<8).map { MovingWriter("w\($0)", keys: 200) { try moving.connect() } }
        let copied = try moving.migrate("--force")
        #expect(copied.ending == .exited(0), "\(copied.errorText)")
        #expect(copied.text.contains("hold the same"))
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        // They write at the target now, and what they write comes to the source as well.
        let there = writers.map(\.written)
        try eventually("writes at the target") { zip(writers, there).allSatisfy { $0.written > $1 + 50 } }
        #expect(try moving.get("/migrate").contains("\"serving\": \"target\""))
        for writer in writers { try writer.stop() }
        let after = try moving.connect()
        for writer in writers {
            #expect(try writer.lost(on: after) == [], "\(writer.name)")
            #expect(writer.reconnects == 2)
        }
        try eventually("level again") { try Self.digest(server) == Self.digest(moving.source) }
        #expect(try after.ask("XLEN", "stream") == ":1\r\n" && after.ask("LLEN", "list") == ":2500\r\n")
        after.close()

        // The way back, with something written at the target in the last moment.
        let last = try moving.connect()
        #expect(try last.ask("SET", "last", "word") == "+OK\r\n")
        let back = try moving.migrate("--roll-back")
        #expect(back.ending == .exited(0), "\(back.errorText)")
        #expect(try direct.ask("GET", "last") == "$4\r\nword\r\n")
        let again = try moving.connect()
        #expect(try again.ask("GET", "last") == "$4\r\nword\r\n")
        #expect(try again.ask("SET", "here", "again") == "+OK\r\n")
        #expect(try direct.ask("GET", "here") == "$5\r\nagain\r\n")
        last.close()
        again.close()
        direct.close()
    }

    @Test("killed at any point, the same commands go on and nothing acknowledged is lost")
    func killed() throws {
        let server = try Self.server()
        let moving = try MovingRedis(to: Self.target(server))
        let direct = try moving.direct()
        try Self.fill(direct, strings: 3000)
        let writers = (0..<4).map { MovingWriter("w\($0)", keys: 100) { try moving.connect() } }
        try moving.interrupt(4, after: 200_000..<1_200_000, "--rate", "2000")
        #expect(try moving.get("/migrate").contains("\"serving\": \"source\""))
        #expect(try moving.migrate("--force").ending == .exited(0))
        #expect(try moving.migrate("--cut-over").ending == .exited(0))
        // After the cut-over a restart is served by the target.
        try moving.kill()
        try moving.start()
        #expect(try moving.get("/migrate").contains("\"serving\": \"target\""))
        let there = writers.map(\.written)
        try eventually("writes at the target") { zip(writers, there).allSatisfy { $0.written > $1 + 20 } }
        for writer in writers { try writer.stop() }
        let after = try moving.connect()
        for writer in writers { #expect(try writer.lost(on: after) == [], "\(writer.name)") }
        // What was deleted at the source while nobody noted it is not there either.
        let keys = try after.ask("DBSIZE")
        #expect(try after.ask("EXISTS", "s:0", "s:2999", "list", "hll") == ":4\r\n", "\(keys)")
        #expect(try moving.migrate("--finish").ending == .exited(0))
        #expect(try moving.migrate("--roll-back").ending == .exited(1))
        after.close()
        direct.close()
    }

    @Test(
        "given again, or stopped and given again, while it copies, the command leaves nothing out",
        arguments: [true, false])
    func givenAgain(stops: Bool) throws {
        let server = try Self.server()
        let moving = try MovingRedis(to: Self.target(server))
        let direct = try moving.direct()
        try Self.fill(direct, strings: 3000)
        let thread = Thread { _ = try? moving.migrate("--force", "--rate", "500") }
        thread.start()
        try eventually("copying") { try moving.get("/migrate").contains("\"step\": \"filling\"") }
        if stops { #expect(try moving.migrate("--stop").ending == .exited(0)) }
        #expect(try moving.migrate("--force").ending == .exited(0))
        #expect(try Self.digest(server) == Self.digest(moving.source))
        direct.close()
    }

    @Test("to private backends, as far as they can hold it", arguments: ["embedded", "memcached"])
    func privateTargets(name: String) throws {
        let memcached = try MemcachedServer()
        let folder = try TemporaryFolder()
        let moving = try MovingRedis(
            to: name == "embedded"
                ? "adapter: embedded, options: { folder: \"\(folder.path)\" }"
                : "adapter: memcached, url: \"\(memcached.url)\"")
        let direct = try moving.direct()
        let strings = (0..<400).map { ["SET", "s:\($0)", "value \($0)"] } + [["SET", "life", "v", "EX", "500"]]
        _ = try RoutedRedis.pipeline(direct, strings)
        if name == "embedded" {
            _ = try RoutedRedis.pipeline(
                direct,
                [
                    ["RPUSH", "list"] + (0..<1500).map { "\($0)" }, ["SADD", "set", "a", "b"],
                    ["HSET", "hash", "f", "v"],
                    ["ZADD", "zset", "1.5", "m"],
                ])
        }
        let report = "\(Tools.repository)/conformance/reports/\(name).json"
        // Nobody was seen yet, so that there is nothing to judge.
        let unseen = try moving.migrate("--report", report)
        #expect(unseen.ending == .exited(1) && unseen.errorText.contains("nothing was seen"), "\(unseen.errorText)")
        let seen = try moving.connect()
        #expect(try seen.ask("GET", "s:1") == "$7\r\nvalue 1\r\n")
        let moved = try moving.migrate("--report", report)
        #expect(moved.ending == .exited(0), "\(moved.errorText)\(moved.text)")
        #expect(try moving.migrate("--cut-over").ending == .exited(0))
        let client = try moving.connect()
        for index in [0, 17, 399] {
            #expect(try client.ask("GET", "s:\(index)") == "$\("value \(index)".utf8.count)\r\nvalue \(index)\r\n")
        }
        let left = Int(try client.ask("TTL", "life").dropFirst().dropLast()) ?? 0
        #expect(left > 450 && left <= 500)
        if name == "embedded" {
            #expect(try client.ask("LLEN", "list") == ":1500\r\n" && client.ask("SCARD", "set") == ":2\r\n")
            #expect(
                try client.ask("HGET", "hash", "f") == "$1\r\nv\r\n"
                    && client.ask("ZSCORE", "zset", "m") == "$3\r\n1.5\r\n")
        }
        client.close()
        direct.close()
    }

    @Test("is refused where it would go wrong, with what to do")
    func refusals() throws {
        let server = try Self.server()
        let moving = try MovingRedis(to: Self.target(server))
        #expect(try moving.migrate().errorText.contains("--report FILE"))
        // The listener's application uses lists, which memcached has not.
        let client = try moving.connect()
        _ = try client.ask("RPUSH", "list", "a")
        // Nor does a report on something else say anything of the target.
        let reports = "\(Tools.repository)/conformance/reports"
        let foreign = try moving.migrate("--report", "\(reports)/memcached.json")
        #expect(
            foreign.ending == .exited(1)
                && foreign.errorText.contains("is about adapter memcached, and 'new' is a trusted backend"),
            "\(foreign.errorText)")
        let memcached = try MovingRedis(to: "adapter: memcached, url: \"tcp://127.0.0.1:1\"")
        let user = try memcached.connect()
        _ = try user.ask("RPUSH", "list", "a")
        let other = try memcached.migrate("--report", "\(reports)/embedded.json")
        #expect(
            other.errorText.contains("is about adapter embedded, and 'new' is adapter memcached"), "\(other.errorText)")
        let blocked = try memcached.migrate("--report", "\(reports)/memcached.json")
        #expect(blocked.ending == .exited(1) && blocked.text.contains("list.push: the candidate refuses it"))
        user.close()
        let changed = try MovingRedis(to: "adapter: memcached, url: \"tcp://127.0.0.1:1\", gaps: { kv.scan: refuse }")
        let another = try changed.migrate("--report", "\(reports)/memcached.json")
        #expect(another.errorText.contains("belongs to another configuration of 'new'"), "\(another.errorText)")
        #expect(try moving.migrate("--cut-over").errorText.contains("the migration has not begun"))
        #expect(try moving.migrate("--finish").ending == .exited(1))

        let direct = try RawConnection(port: server.port)
        _ = try direct.ask("SET", "precious", "v")
        #expect(try moving.migrate("--force").errorText.contains("the target is not empty"))
        // Nor does the target become the migration's own because it was refused once.
        try moving.kill()
        try moving.start()
        #expect(try moving.migrate("--force").errorText.contains("the target is not empty"))
        #expect(try direct.ask("GET", "precious") == "$1\r\nv\r\n")
        _ = try direct.ask("DEL", "precious")
        #expect(try moving.migrate("--force").ending == .exited(0))
        client.close()
        direct.close()
    }

    @Test("what clients write before it starts is copied once")
    func once() throws {
        let server = try Self.server()
        let moving = try MovingRedis(to: Self.target(server))
        let client = try moving.connect()
        _ = try RoutedRedis.pipeline(client, (0..<40).map { ["SET", "k\($0)", "v"] })
        #expect(try moving.migrate("--force").ending == .exited(0))
        let status = try moving.get("/migrate")
        #expect(status.contains("\"copied\": 40,") && status.contains("\"copied-again\": 0,"), "\(status)")
        client.close()
    }

    @Test("keys that the target cannot hold are named, and stop the cut-over")
    func unfit() throws {
        let memcached = try MemcachedServer()
        let moving = try MovingRedis(to: "adapter: memcached, url: \"\(memcached.url)\"")
        let direct = try moving.direct()
        _ = try RoutedRedis.pipeline(
            direct,
            [
                ["SET", "s", "v"], ["RPUSH", "list", "a"], ["HSET", "hash", "f", "v"],
                ["SET", String(repeating: "long", count: 100), "v"],
            ])
        let result = try moving.migrate("--force")
        #expect(result.ending == .exited(1))
        for type in ["list", "string"] {
            #expect(result.errorText.contains("'new' cannot hold 1 key of type \(type)"), "\(result.errorText)")
        }
        #expect(result.errorText.contains("note: 'new' does not list its keys"), "\(result.errorText)")
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(1) && cut.errorText.contains("3 keys cannot be held there (hash, list, string)"))
        #expect(cut.errorText.contains("'list'") && cut.errorText.contains("--cut-over --force"), "\(cut.errorText)")
        let forced = try moving.migrate("--cut-over", "--force")
        #expect(
            forced.ending == .exited(0) && forced.errorText.contains("3 keys that 'new' could not"),
            "\(forced.errorText)")
        let client = try moving.connect()
        #expect(try client.ask("SET", "s", "w") == "+OK\r\n")
        client.close()
        // Whoever lists no keys has a way back for as long as they are noted.
        let back = try moving.migrate("--roll-back")
        #expect(back.ending == .exited(0), "\(back.errorText)")
        #expect(try direct.ask("DBSIZE") == ":4\r\n" && direct.ask("GET", "s") == "$1\r\nw\r\n")
        let again = try moving.migrate("--force")
        #expect(again.ending == .exited(1) && again.text.contains("'new' holds all but these"), "\(again.text)")
        direct.close()
    }

    @Test("what is flushed does not come back where the target cannot list its keys", arguments: [0, 200])
    func flushed(written: Int) throws {
        let memcached = try MemcachedServer()
        let moving = try MovingRedis(to: "adapter: memcached, url: \"\(memcached.url)\"")
        let client = try moving.connect()
        _ = try RoutedRedis.pipeline(client, (0..<20).map { ["SET", "k\($0)", "v"] })
        #expect(try moving.migrate("--force").ending == .exited(0))
        #expect(try client.ask("FLUSHALL") == "+OK\r\n" && client.ask("SET", "new", "1") == "+OK\r\n")
        _ = try RoutedRedis.pipeline(client, (0..<written).map { ["SET", "w\($0)", "v"] })
        client.close()
        #expect(try moving.migrate().ending == .exited(0))
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        let after = try moving.connect()
        #expect(try after.ask("GET", "k1") == "$-1\r\n" && after.ask("GET", "new") == "$1\r\n1\r\n")
        after.close()
    }

    @Test("a key that could not be held no longer counts once it is gone, and its next step is the one that is due")
    func unfitAndGone() throws {
        let folder = try TemporaryFolder()
        let moving = try MovingRedis(to: "adapter: embedded, options: { folder: \"\(folder.path)\" }")
        #expect(try moving.migrate("--status").text.contains("not begun; next: fairlead migrate redis --report"))
        #expect(try moving.migrate("--finish").errorText.contains("the migration has not begun"))
        let client = try moving.connect()
        _ = try client.ask("XADD", "s", "*", "a", "b")
        let result = try moving.migrate("--force")
        #expect(result.ending == .exited(1) && !result.text.contains("hold the same"), "\(result.text)")
        #expect(result.text.contains("--cut-over --force"))
        for _ in 0..<2 {
            _ = try client.ask("DEL", "s")
            _ = try client.ask("XADD", "s", "*", "a", "b")
            #expect(try moving.migrate("--cut-over").errorText.contains("1 key cannot be held there (stream): 's'"))
        }
        _ = try client.ask("DEL", "s")
        let level = try moving.migrate()
        #expect(level.ending == .exited(0) && level.text.contains("hold the same"), "\(level.errorText)")
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        #expect(try moving.get("/metrics").contains("protocol=\"redis\",backend=\"new\""))
        // Started anew, the way back is made level and not begun again.
        try moving.kill()
        try moving.start()
        #expect(try moving.get("/metrics").contains("protocol=\"redis\",backend=\"new\""))
        #expect(try moving.get("/metrics").contains("protocol=\"redis\",backend=\"old\"") == false)
        let after = try moving.migrate()
        #expect(
            after.ending == .exited(0) && after.text.contains("next: fairlead migrate redis --finish, or --roll-back"))
        #expect(try moving.migrate("--cut-over").errorText.contains("served by the target already"))
        client.close()
    }

    @Test(
        "clients that wait, subscribe or are in a transaction are let go, and served by the target when they come again"
    )
    func statefulClients() throws {
        let server = try Self.server()
        let moving = try MovingRedis(to: Self.target(server))
        let blocked = try moving.connect()
        try blocked.send(RawConnection.command(["BLPOP", "queue", "0"]))
        let subscriber = try moving.connect()
        _ = try subscriber.ask("SUBSCRIBE", "news")
        let transaction = try moving.connect()
        _ = try transaction.ask("MULTI")
        _ = try transaction.ask("SET", "queued", "v")
        #expect(try moving.migrate("--force").ending == .exited(0))
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        #expect(try blocked.rest() == [] && subscriber.rest() == [] && transaction.rest() == [])
        let client = try moving.connect()
        #expect(try client.ask("EXISTS", "queued", "queue") == ":0\r\n")
        #expect(try client.ask("SET", "k", "v") == "+OK\r\n")
        let direct = try RawConnection(port: server.port)
        #expect(try direct.ask("GET", "k") == "$1\r\nv\r\n")
        for one in [blocked, subscriber, transaction, client, direct] { one.close() }
    }
}
