// What one backend would answer as if it were alone, where the rest lies at others: it is refused rather than guessed.

import Foundation
import RedisWire
import TestSupport
import Testing

@Suite("what reaches beyond one of several backends", .serialized, .blocking)
struct RoutedRedisElsewhereTests {
    @Test("commands about one connection are refused to a client that has several")
    func connections() throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        for command in [
            ["CLIENT", "REPLY", "OFF"], ["CLIENT", "REPLY", "SKIP"], ["client", "tracking", "on", "bcast"],
        ] {
            try client.send(RawConnection.command(command))
            #expect(try client.reply().contains("is about one connection"))
        }
        #expect(try client.ask("CLIENT", "TRACKING", "OFF") == "+OK\r\n")
        #expect(try client.ask("SET", "a:1", "1") == "+OK\r\n")
        #expect(try place.direct(place.alpha).ask("GET", "a:1") == "$1\r\n1\r\n")
        // All at one place: as the server has it.
        let one = try RoutedRedis([], listener: ["deny: [FLUSHALL]"])
        let alone = try one.gateway.connect()
        try alone.send(
            [["CLIENT", "REPLY", "SKIP"], ["SET", "k", "1"], ["GET", "k"]].flatMap { RawConnection.command($0) })
        #expect(try alone.reply() == "$1\r\n1\r\n")
    }

    @Test("SORT looks for keys by patterns of its own route only")
    func patterns() throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        try client.ask("RPUSH", "l", "2", "1")
        try client.ask("RPUSH", "a:l", "2", "1")
        try client.ask("MSET", "a:w1", "one", "a:w2", "two")
        for pattern in ["a:w*", "*", "b:*"] {
            #expect(try client.ask("SORT", "l", "GET", pattern).contains("begin the pattern with the prefix"))
            #expect(try client.ask("SORT", "l", "BY", pattern).contains("begin the pattern with the prefix"))
        }
        #expect(try client.ask("SORT", "a:l", "GET", "a:w*") == "*2\r\n$3\r\none\r\n$3\r\ntwo\r\n")
        #expect(try client.ask("SORT", "l", "GET", "w*", "GET", "#") == "*4\r\n$-1\r\n$1\r\n1\r\n$-1\r\n$1\r\n2\r\n")
        #expect(try client.ask("SORT", "l", "BY", "nosort") == "*2\r\n$1\r\n2\r\n$1\r\n1\r\n")
        #expect(try client.ask("SORT", "l", "BY", "a:w*", "GET").hasPrefix("-ERR"))
        // Keys and numbers that are called as options are.
        for key in ["by", "get"] {
            try client.ask("RPUSH", key, "2", "1")
            #expect(try client.ask("SORT", key, "GET", "a:w*").contains("begin the pattern with the prefix"))
        }
        #expect(
            try client.ask("SORT", "l", "STORE", "get", "GET", "a:w*").contains("begin the pattern with the prefix"))
        #expect(try client.ask("SORT", "l", "LIMIT", "0", "1", "GET", "#") == "*1\r\n$1\r\n1\r\n")
    }

    @Test("no key goes to a database of another backend")
    func databases() throws {
        // Database 3 is at beta, but for keys of alpha.
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        try client.ask("SET", "k", "1")
        for command in [
            ["MOVE", "k", "3"], ["COPY", "k", "j", "DB", "3"], ["COPY", "k", "j", "REPLACE", "db", "3"],
            ["COPY", "k", "j", "DB", "4", "DB", "3"], ["COPY", "k", "j", "DB", "4", "REPLACE", "DB", "5", "DB", "3"],
            ["SWAPDB", "0", "3"],
        ] {
            try client.send(RawConnection.command(command))
            #expect(try client.reply().contains("names a database that is at another backend"))
        }
        #expect(try client.ask("MOVE", "k", "4") == ":1\r\n")
        #expect(try client.ask("COPY", "k", "j") == ":0\r\n")
        #expect(try client.ask("SET", "a:1", "1") == "+OK\r\n")
        #expect(try client.ask("MOVE", "a:1", "3") == ":1\r\n")
    }

    @Test("a transaction at one place may hold SELECT, whatever else the listener has")
    func selectInTransaction() throws {
        let place = try RoutedRedis([], listener: ["deny: [FLUSHALL]"])
        let client = try place.gateway.connect()
        #expect(
            try RoutedRedis.pipeline(
                client, [["MULTI"], ["SELECT", "1"], ["SET", "k", "one"], ["EXEC"], ["GET", "k"]]) == [
                    "+OK\r\n", "+QUEUED\r\n", "+QUEUED\r\n", "*2\r\n+OK\r\n+OK\r\n", "$3\r\none\r\n",
                ])
    }

    @Test("a command in crumbs is held to its bound, before a login and behind it")
    func crumbs() throws {
        let place = try RoutedRedis([], listener: ["users: { default: plain }"])
        let stranger = try place.gateway.connect()
        try stranger.send("*2\r\n$4\r\nAUTH\r\n$10000\r\n")
        for _ in 0..<200 { try stranger.send("x") }
        // Far beyond what is held of a stranger; it is answered, or closed, long before all is sent.
        let flood = [UInt8](repeating: 0x78, count: 1 << 20)
        var isRefused = false
        for _ in 0..<64 where !isRefused { isRefused = (try? stranger.send(flood)) == nil }
        let metrics = try place.gateway.metrics()
        #expect(metrics.sum("fairlead_bytes_total", "from=\"client\"") < 16 << 20)
    }
}
