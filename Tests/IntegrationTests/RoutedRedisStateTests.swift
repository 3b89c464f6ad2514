// What becomes of a client's state where its keys lie on several backends.

import Foundation
import RedisWire
import TestSupport
import Testing

@Suite("the state of a client of several backends", .serialized, .blocking)
struct RoutedRedisStateTests {
    private static let aborted = "-EXECABORT Transaction discarded because of previous errors.\r\n"

    @Test("a transaction is for the backend of its first key", arguments: [false, true])
    func transaction(isPipelined: Bool) throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        let commands = [
            ["MULTI"], ["SET", "a:1", "1"], ["INCR", "a:1"], ["PING"], ["EXEC"], ["GET", "b:1"], ["GET", "a:1"],
        ]
        let replies =
            isPipelined
            ? try RoutedRedis.pipeline(client, commands)
            : try commands.flatMap { try RoutedRedis.pipeline(client, [$0]) }
        #expect(
            replies == [
                "+OK\r\n", "+QUEUED\r\n", "+QUEUED\r\n", "+QUEUED\r\n", "*3\r\n+OK\r\n:2\r\n+PONG\r\n", "$-1\r\n",
                "$1\r\n2\r\n",
            ])
        #expect(
            try RoutedRedis.pipeline(client, [["MULTI"], ["EXEC"], ["MULTI"], ["DISCARD"], ["GET", "a:1"]]) == [
                "+OK\r\n", "*0\r\n", "+OK\r\n", "+OK\r\n", "$1\r\n2\r\n",
            ])
    }

    @Test(
        "a key of another backend makes the whole transaction fail, and nothing of it is done",
        arguments: [false, true])
    func spoiled(isKept: Bool) throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        if isKept { #expect(try client.ask("CLIENT", "SETNAME", "me") == "+OK\r\n") }
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("SET", "x", "1") == "+QUEUED\r\n")
        #expect(try client.ask("SET", "b:1", "1").hasPrefix("-CROSSSLOT"))
        #expect(try client.ask("SET", "x", "2") == "+QUEUED\r\n")
        #expect(try client.ask("EXEC") == Self.aborted)
        #expect(try client.ask("GET", "x") == "$-1\r\n")
        #expect(try client.ask("GET", "b:1") == "$-1\r\n")
        let piped = try RoutedRedis.pipeline(
            client, [["MULTI"], ["SET", "x", "1"], ["GET", "b:1"], ["EXEC"], ["GET", "x"]])
        #expect(piped[0] == "+OK\r\n" && piped[1] == "+QUEUED\r\n" && piped[2].hasPrefix("-CROSSSLOT"))
        #expect(piped[3] == Self.aborted && piped[4] == "$-1\r\n")
        if isKept { #expect(try client.ask("CLIENT", "GETNAME") == "$2\r\nme\r\n") }
    }

    @Test("WATCH holds its keys' backend, and other backends can be asked meanwhile", arguments: [false, true])
    func watch(isTouched: Bool) throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        try client.ask("SET", "b:1", "B")
        #expect(try client.ask("WATCH", "a:1") == "+OK\r\n")
        if isTouched { try place.direct(place.alpha).ask("SET", "a:1", "7") }
        #expect(try client.ask("GET", "b:1") == "$1\r\nB\r\n")
        #expect(try client.ask("WATCH", "b:1").contains("is held at backend 'alpha'"))
        #expect(try client.ask("BLPOP", "b:q", "0.05") == "*-1\r\n")
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("INCR", "a:1") == "+QUEUED\r\n")
        #expect(try client.ask("EXEC") == (isTouched ? "*-1\r\n" : "*1\r\n:1\r\n"))
        #expect(try client.ask("WATCH", "b:1") == "+OK\r\n")
        #expect(try client.ask("UNWATCH") == "+OK\r\n")
    }

    @Test("blocking commands wait at their keys' backend and delay nobody")
    func blocking() throws {
        let place = try RoutedRedis()
        let (client, other) = (try place.gateway.connect(), try place.gateway.connect())
        try client.send([["BLPOP", "b:q", "0"], ["GET", "a:1"], ["GET", "x"]].flatMap { RawConnection.command($0) })
        #expect(try other.ask("SET", "a:1", "1") == "+OK\r\n")
        #expect(!client.hasInput(within: 50))
        #expect(try other.ask("RPUSH", "b:q", "v") == ":1\r\n")
        #expect(try client.reply() == "*2\r\n$3\r\nb:q\r\n$1\r\nv\r\n")
        #expect(try client.reply() == "$1\r\n1\r\n")
        #expect(try client.reply() == "$-1\r\n")
    }

    @Test("a RESP3 subscriber hears its channels between commands for all backends")
    func subscribed() throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        #expect(try client.ask("HELLO", "3").hasPrefix("%7"))
        #expect(try client.ask("SUBSCRIBE", "a:news") == ">3\r\n$9\r\nsubscribe\r\n$6\r\na:news\r\n:1\r\n")
        for round in 0..<10 {
            #expect(try client.ask("SET", "b:1", "\(round)") == "+OK\r\n")
            #expect(try client.ask("GET", "a:1") == "_\r\n")
            #expect(try place.direct(place.main).ask("PUBLISH", "a:news", "\(round)") == ":1\r\n")
            #expect(try client.reply() == ">3\r\n$7\r\nmessage\r\n$6\r\na:news\r\n$1\r\n\(round)\r\n")
        }
        #expect(try client.ask("UNSUBSCRIBE") == ">3\r\n$11\r\nunsubscribe\r\n$6\r\na:news\r\n:0\r\n")
        #expect(try client.ask("GET", "b:1") == "$1\r\n9\r\n")
    }

    @Test("RESET takes everything away")
    func reset() throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        try client.ask("SET", "x", "1")
        #expect(try client.ask("HELLO", "3").hasPrefix("%7"))
        #expect(try client.ask("SELECT", "3") == "+OK\r\n")
        #expect(try client.ask("WATCH", "b:1") == "+OK\r\n")
        #expect(try client.ask("CLIENT", "SETNAME", "me").hasPrefix("+OK"))
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("RESET") == "+RESET\r\n")
        #expect(try client.ask("GET", "x") == "$1\r\n1\r\n")
        #expect(try client.ask("GET", "none") == "$-1\r\n")
        #expect(try client.ask("CLIENT", "GETNAME") == "$-1\r\n")
        #expect(try client.ask("QUIT") == "+OK\r\n")
        #expect(try client.rest() == [])
    }

    @Test("RESET takes a client back to the first database, RESP2 and its shared connections")
    func resetOfNothingHeld() throws {
        let place = try RoutedRedis(["{ prefix: \"a:\", backend: alpha }", "{ prefix: \"b:\", backend: beta }"])
        let client = try place.gateway.connect()
        // What is parked by then is the connection of the state before.
        #expect(try client.ask("SELECT", "5") == "+OK\r\n")
        #expect(try client.ask("RESET") == "+RESET\r\n")
        #expect(try client.ask("SET", "k", "v") == "+OK\r\n")
        let server = try place.direct(place.main)
        #expect(try server.ask("GET", "k") == "$1\r\nv\r\n")
        #expect(try client.ask("HELLO", "3").hasPrefix("%7"))
        #expect(try client.ask("RESET") == "+RESET\r\n")
        #expect(try client.ask("GET", "none") == "$-1\r\n")
        // A client in another database is given no connection of this one.
        let other = try place.gateway.connect()
        #expect(try other.ask("SELECT", "5") == "+OK\r\n")
        try server.ask("RPUSH", "q", "of 0")
        #expect(try other.ask("BLPOP", "q", "0.05") == "*-1\r\n")
    }

    @Test("nothing behind RESET overtakes what is under way before it")
    func resetBehindOthers() throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        try client.ask("SET", "k", "0")
        for round in 1...30 {
            #expect(try client.ask("HELLO", "3").hasPrefix("%7"))
            // It keeps the server from reading until both connections have something for it.
            let replies = try RoutedRedis.pipeline(
                client,
                [["EVAL", "for i = 1, 1000000 do end", "0"], ["GET", "k"], ["RESET"], ["SET", "k", "\(round)"]])
            let before = "\(round - 1)"
            #expect(replies == ["_\r\n", "$\(before.utf8.count)\r\n\(before)\r\n", "+RESET\r\n", "+OK\r\n"])
        }
    }

    @Test("a connection beside a watched one is of the database that the client has chosen since")
    func selectedWhileWatching() throws {
        let place = try RoutedRedis(["{ prefix: \"a:\", backend: alpha }"])
        let client = try place.gateway.connect()
        #expect(try client.ask("WATCH", "m") == "+OK\r\n")
        #expect(try client.ask("BLPOP", "a:q", "0.05") == "*-1\r\n")
        #expect(try client.ask("SELECT", "5") == "+OK\r\n")
        #expect(try client.ask("SET", "a:1", "five") == "+OK\r\n")
        let alpha = try place.direct(place.alpha)
        #expect(try alpha.ask("GET", "a:1") == "$-1\r\n")
        #expect(try RoutedRedis.pipeline(alpha, [["SELECT", "5"], ["GET", "a:1"]]) == ["+OK\r\n", "$4\r\nfive\r\n"])
    }

    @Test("a subscriber that never stops asking hears its channels all the same")
    func busySubscriber() throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        #expect(try client.ask("HELLO", "3").hasPrefix("%7"))
        #expect(try client.ask("SUBSCRIBE", "news").hasPrefix(">3"))
        // So many are always under way that the gateway is never without.
        let count = 200_000
        let get = RawConnection.command(["GET", "a:1"])
        let pipeline = Array(repeating: get, count: 1000).flatMap(\.self)
        let sender = Thread { for _ in 0..<(count / 1000) { try? client.send(pipeline) } }
        sender.start()
        for _ in 0..<1000 { #expect(try client.reply() == "_\r\n") }
        #expect(try place.direct(place.main).ask("PUBLISH", "news", "1") == ":1\r\n")
        var replies = 1000
        while replies < count, try client.reply() == "_\r\n" { replies += 1 }
        #expect(replies < count, "it came behind all replies")
        client.close()
    }
}
