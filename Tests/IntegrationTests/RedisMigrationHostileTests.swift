// Places that say of themselves what cannot be, refuse single keys, or have much under one.

import Foundation
import Synchronization
import TestSupport
import Testing

@Suite("fairlead migrate with places that answer oddly", .serialized, .blocking)
struct RedisMigrationHostileTests {
    private static func url(_ server: RedisServer) -> String { "url: \"redis://127.0.0.1:\(server.port)\"" }

    @Test("numbers that cannot be are not counted with")
    func numbers() throws {
        let (source, target) = (try RedisServer(), try RedisServer())
        let front = try WrongRedis(source) { words, reply in
            switch words[0] {
            case "STRLEN": return words[1] == "a" ? ":-5\r\n" : ":9223372036854775807\r\n"
            case "INFO":
                let text = "# Keyspace\r\ndb0:keys=9223372036854775807,expires=0\r\ndb1:keys=5\r\ndb2:keys=-5\r\n"
                return "$\(text.utf8.count)\r\n\(text)\r\n"
            default: return reply
            }
        }
        let moving = try MovingRedis(to: Self.url(target), from: source, at: front.port)
        let direct = try moving.direct()
        _ = try RoutedRedis.pipeline(direct, ["a", "b", "c", "d"].map { ["SET", $0, "v"] })
        let moved = try moving.migrate("--force")
        #expect(moved.ending == .exited(0), "\(moved.errorText)")
        let there = try RawConnection(port: target.port)
        #expect(try there.ask("DBSIZE") == ":4\r\n")
        for one in [direct, there] { one.close() }
    }

    @Test("a key that the target does not take by its name is named, and the others move")
    func nameTooLong() throws {
        let memcached = try MemcachedServer()
        let moving = try MovingRedis(to: "adapter: memcached, url: \"\(memcached.url)\"")
        let direct = try moving.direct()
        let name = "long" + String(repeating: "x", count: 300)
        _ = try RoutedRedis.pipeline(direct, [["SET", "s", "v"], ["SET", name, "v"], ["SET", "t", "v"]])
        let result = try moving.migrate("--force")
        #expect(result.ending == .exited(1) && !result.errorText.contains("failed"), "\(result.errorText)")
        #expect(result.errorText.contains("'new' cannot hold 1 key of type string: 'longxxx"), "\(result.errorText)")
        #expect(result.text.contains("2 copied"), "\(result.text)")
        let client = try moving.connect()
        #expect(try client.ask("DEL", name) == ":1\r\n")
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(0), "\(cut.errorText)")
        let after = try moving.connect()
        #expect(try after.ask("GET", "s") == "$1\r\nv\r\n" && after.ask("GET", "t") == "$1\r\nv\r\n")
        for one in [direct, client, after] { one.close() }
    }

    @Test(
        "a delete that the target refuses stops the cut-over while something may be there",
        arguments: ["DEL", "DEL GET"])
    func refusedDelete(refused: String) throws {
        let target = try RedisServer()
        let there = try WrongRedis(target) { words, reply in
            let isRefused = refused.split(separator: " ").contains { $0 == words[0] }
            // What is refused stays there.
            return isRefused ? "-ERR UNSUPPORTED kv: no\r\n" : words == ["GET", "k"] ? "$1\r\nv\r\n" : reply
        }
        let moving = try MovingRedis(to: "url: \"redis://127.0.0.1:\(there.port)\"")
        let client = try moving.connect()
        #expect(try client.ask("SET", "k", "v") == "+OK\r\n")
        #expect(try moving.migrate("--force").ending == .exited(0))
        #expect(try client.ask("DEL", "k") == ":1\r\n")
        let cut = try moving.migrate("--cut-over")
        #expect(cut.ending == .exited(1) && cut.errorText.contains("1 key cannot be held there"), "\(cut.errorText)")
        client.close()
    }

    @Test("a key that the source does not give is named, and the others move")
    func unreadable() throws {
        let (source, target) = (try RedisServer(), try RedisServer())
        let front = try WrongRedis(source) { words, reply in
            words[0] == "GET" && words[1] == "bad" ? "-ERR it is broken\r\n" : reply
        }
        let moving = try MovingRedis(to: Self.url(target), from: source, at: front.port)
        let direct = try moving.direct()
        _ = try RoutedRedis.pipeline(direct, [["SET", "good", "v"], ["SET", "bad", "v"], ["SET", "other", "v"]])
        let result = try moving.migrate("--force")
        #expect(result.ending == .exited(1))
        #expect(
            result.errorText.contains("1 key of type keys that cannot be read: 'bad': ERR it is broken"),
            "\(result.errorText)")
        let there = try RawConnection(port: target.port)
        #expect(try there.ask("EXISTS", "good", "other", "bad") == ":2\r\n")
        for one in [direct, there] { one.close() }
    }

    @Test("collections end a batch once so many of their bytes are held")
    func batches() throws {
        let target = try RedisServer()
        let moving = try MovingRedis(to: Self.url(target))
        let direct = try moving.direct()
        let fill = "for i = 1, 12 do redis.call('rpush', KEYS[1], string.rep('x', 1048576)) end"
        for number in 0..<6 { _ = try direct.ask("EVAL", fill, "1", "list:\(number)") }
        #expect(try moving.migrate("--force").ending == .exited(0))
        // Each batch asks for the types of all that is left: of six, and of the three behind 36 MiB, in both passes.
        #expect(try direct.ask("INFO", "commandstats").contains("cmdstat_type:calls=18,"))
        direct.close()
    }

    /// Answers HPEXPIRETIME as a server does that has lives of fields: that of `short` ends at `end`.
    private static func lives(_ words: [String], _ reply: String, _ end: String) -> String {
        guard words[0] == "HPEXPIRETIME" else { return reply }
        let fields = words.dropFirst(4)
        return "*\(fields.count)\r\n" + fields.map { $0 == "short" ? ":\(end)\r\n" : ":-1\r\n" }.joined()
    }

    @Test("lives of fields move where the target has them, and are named where it has not", arguments: [true, false])
    func fieldLives(isKept: Bool) throws {
        let (source, target) = (try RedisServer(), try RedisServer())
        let end = "4102444800000"
        let front = try WrongRedis(source) { words, reply in Self.lives(words, reply, end) }
        let given = Mutex<[[String]]>([])
        let there = try WrongRedis(target) { words, reply in
            guard isKept else { return reply }
            if words[0] == "HPEXPIREAT" {
                given.withLock { $0.append(words) }
                return "*1\r\n:1\r\n"
            }
            return Self.lives(words, reply, end)
        }
        let moving = try MovingRedis(
            to: "url: \"redis://127.0.0.1:\(there.port)\"", from: source, at: front.port)
        let direct = try moving.direct()
        _ = try RoutedRedis.pipeline(direct, [["HSET", "h", "short", "1", "long", "2"], ["HSET", "plain", "f", "v"]])
        let result = try moving.migrate("--force")
        #expect(result.ending == .exited(isKept ? 0 : 1), "\(result.errorText)")
        let after = try RawConnection(port: target.port)
        if isKept {
            #expect(given.withLock { $0 } == [["HPEXPIREAT", "h", end, "FIELDS", "1", "short"]])
            #expect(try after.ask("HLEN", "h") == ":2\r\n")
        } else {
            #expect(
                result.errorText.contains("1 key of type hash with lives of fields: 'h': ERR unknown command"),
                "\(result.errorText)")
            #expect(try after.ask("EXISTS", "h", "plain") == ":1\r\n")
        }
        for one in [direct, after] { one.close() }
    }
}
