// Users that the gateway asks for in front of trusted Redis servers, which know the gateway only.

import Foundation
import RedisWire
import TestSupport
import Testing

@Suite("Redis users of the gateway's own", .serialized, .blocking)
struct RedisUserTests {
    // The SHA-256 of `secret`.
    private static let hash = "#2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"

    private static func place(_ mode: String, routes: [String] = []) throws -> RoutedRedis {
        try RoutedRedis(
            routes, listener: ["users: { ann: \"\(hash)\", default: plain }"], servers: .init(password: "sesame"),
            login: ", login: { user: default, password: sesame }", mode: mode)
    }

    @Test("nobody gets further than -NOAUTH before a login", arguments: ["session", "shared"])
    func strangers(mode: String) throws {
        let place = try Self.place(mode)
        let client = try place.gateway.connect()
        let noauth = "-NOAUTH Authentication required.\r\n"
        for command in [["GET", "x"], ["PING"], ["MULTI"], ["CLIENT", "LIST"], ["SUBSCRIBE", "c"]] {
            try client.send(RawConnection.command(command))
            #expect(try client.reply() == noauth)
        }
        #expect(try client.ask("HELLO", "3").hasPrefix("-NOAUTH HELLO must be called"))
        #expect(try client.ask("RESET") == "+RESET\r\n")
        let wrong = "-WRONGPASS invalid username-password pair or user is disabled.\r\n"
        #expect(try client.ask("AUTH", "ann", "sesame") == wrong)
        #expect(try client.ask("AUTH", "eve", "secret") == wrong)
        #expect(try client.ask("AUTH", "sesame") == wrong)
        #expect(try client.ask("HELLO", "3", "AUTH", "ann", "x") == wrong)
        #expect(try client.ask("GET", "x") == noauth)
        try client.send("GET x\r\n")
        #expect(try client.reply() == noauth)
        #expect(try client.ask("QUIT") == "+OK\r\n")
        #expect(try client.rest() == [])
        #expect(try place.gateway.metrics().sum("fairlead_upstreams_opened_total") == 0)
    }

    @Test("a stranger's long commands end the connection", arguments: ["session", "shared"])
    func limits(mode: String) throws {
        let place = try Self.place(mode)
        let many = try place.gateway.connect()
        try many.send("*11\r\n")
        #expect(try many.reply() == "-ERR Protocol error: unauthenticated multibulk length\r\n")
        #expect(try many.rest() == [])
        let long = try place.gateway.connect()
        try long.send("*2\r\n$4\r\nECHO\r\n$16385\r\n")
        #expect(try long.reply() == "-ERR Protocol error: unauthenticated bulk length\r\n")
        #expect(try long.rest() == [])
    }

    @Test("a user is let in, and the backend knows the gateway", arguments: ["session", "shared"], [false, true])
    func login(mode: String, byHello: Bool) throws {
        let place = try Self.place(mode)
        let client = try place.gateway.connect()
        if byHello {
            #expect(try client.ask("HELLO", "3", "AUTH", "ann", "secret", "SETNAME", "me").hasPrefix("%7"))
            #expect(try client.ask("CLIENT", "GETNAME") == "$2\r\nme\r\n")
            #expect(try client.ask("GET", "none") == "_\r\n")
        } else {
            #expect(try client.ask("AUTH", "ann", "secret") == "+OK\r\n")
            #expect(try client.ask("GET", "none") == "$-1\r\n")
        }
        #expect(try client.ask("ACL", "WHOAMI") == "$7\r\ndefault\r\n")
        #expect(try client.ask("SET", "x", "1") == "+OK\r\n")
        #expect(
            try RoutedRedis.pipeline(client, [["MULTI"], ["INCR", "x"], ["EXEC"]]) == [
                "+OK\r\n", "+QUEUED\r\n", "*1\r\n:2\r\n",
            ])
        #expect(try client.ask("SELECT", "2") == "+OK\r\n")
        #expect(try client.ask("EXISTS", "x") == ":0\r\n")
        #expect(try client.ask("SELECT", "0") == "+OK\r\n")
        #expect(try client.ask("AUTH", "ann", "wrong").hasPrefix("-WRONGPASS"))
        #expect(try client.ask("GET", "x") == "$1\r\n2\r\n")
        #expect(try client.ask("AUTH", "plain") == "+OK\r\n")
        #expect(try client.ask("GET", "x") == "$1\r\n2\r\n")
        #expect(try client.ask("RESET") == "+RESET\r\n")
        #expect(try client.ask("GET", "x").hasPrefix("-NOAUTH"))
        #expect(try client.ask("AUTH", "ann", "secret") == "+OK\r\n")
        #expect(try client.ask("GET", "x") == "$1\r\n2\r\n")
        for word in ["sesame", "secret", "plain"] { #expect(!place.gateway.log.contains(word)) }
        #expect(try !place.gateway.get("/config").body.contains("sesame"))
        client.close()
        try place.gateway.settles("nothing left") { $0.isEmpty }
    }

    @Test("no spelling of AUTH or HELLO makes a client a user of the backend", arguments: ["session", "shared"])
    func zeroBytes(mode: String) throws {
        let place = try Self.place(mode)
        let server = try place.direct(place.main)
        #expect(try server.ask("AUTH", "sesame") == "+OK\r\n")
        #expect(try server.ask("ACL", "SETUSER", "root", "on", ">pw", "+@all", "~*") == "+OK\r\n")
        // A server that compares names up to a zero byte takes one of these for AUTH, by its hash.
        let spellings = (0..<3000).map { ["AUTH\0\($0)", "root", "pw"] }
        #expect(try RoutedRedis.pipeline(server, spellings).contains("+OK\r\n"))
        let client = try place.gateway.connect()
        #expect(try client.ask("AUTH", "ann", "secret") == "+OK\r\n")
        let replies = try RoutedRedis.pipeline(client, spellings)
        #expect(replies.allSatisfy { $0.hasPrefix("-ERR fairlead: ") })
        #expect(try client.ask("ACL", "WHOAMI") == "$7\r\ndefault\r\n")
        #expect(try client.ask("HELLO", "2", "AUTH\0", "root", "pw").hasPrefix("-WRONGPASS"))
        #expect(try client.ask("HELLO", "2", "SETNAME\0", "AUTH").hasPrefix("*14"))
        #expect(try client.ask("ACL", "WHOAMI") == "$7\r\ndefault\r\n")
        // In a transaction nothing is executed behind it; a long one, and an inline one, are no way round either.
        #expect(
            try RoutedRedis.pipeline(client, [["MULTI"], ["SET", "x", "1"], ["AUTH\085", "root", "pw"], ["EXEC"]]).last?
                .hasPrefix("-EXECABORT") == true)
        #expect(try client.ask("EXISTS", "x") == ":0\r\n")
        try client.send("\"AUTH\\x0085\" root pw\r\n")
        #expect(try client.reply().hasPrefix("-ERR fairlead: "))
        try client.send("*3\r\n$7\r\nAUTH\085\r\n$4\r\nroot\r\n$200000\r\np")
        #expect(try client.reply().hasPrefix("-ERR fairlead: "))
        #expect(try client.rest() == [])
    }

    @Test("users lead to backends of their own")
    func routes() throws {
        let place = try Self.place("shared", routes: ["{ user: ann, backend: alpha }"])
        let (ann, other) = (try place.gateway.connect(), try place.gateway.connect())
        #expect(
            try RoutedRedis.pipeline(ann, [["AUTH", "ann", "secret"], ["SET", "x", "ann"], ["GET", "x"]]) == [
                "+OK\r\n", "+OK\r\n", "$3\r\nann\r\n",
            ])
        #expect(try RoutedRedis.pipeline(other, [["AUTH", "plain"], ["GET", "x"]]) == ["+OK\r\n", "$-1\r\n"])
        let alpha = try place.direct(place.alpha)
        #expect(try alpha.ask("AUTH", "sesame") == "+OK\r\n")
        #expect(try alpha.ask("GET", "x") == "$3\r\nann\r\n")
        #expect(try ann.ask("AUTH", "plain") == "+OK\r\n")
        #expect(try ann.ask("GET", "x") == "$-1\r\n")
    }

    @Test("a login that the backend does not take is the gateway's fault, not the client's")
    func refused() throws {
        let place = try RoutedRedis(
            [], listener: ["users: { ann: secret }"], servers: .init(password: "sesame"),
            login: ", login: { password: wrong }")
        let client = try place.gateway.connect()
        #expect(try client.ask("AUTH", "ann", "secret") == "+OK\r\n")
        #expect(try client.ask("GET", "x").hasPrefix("-ERR fairlead: backend 'main'"))
        #expect(try client.ask("PING").hasPrefix("-ERR fairlead: backend 'main'"))
    }

    @Test("a login again takes nothing away", arguments: ["session", "shared"])
    func again(mode: String) throws {
        let place = try Self.place(mode)
        let (client, other) = (try place.gateway.connect(), try place.gateway.connect())
        #expect(try other.ask("AUTH", "plain") == "+OK\r\n")
        // What is watched stays watched.
        #expect(try client.ask("AUTH", "plain") == "+OK\r\n")
        #expect(try client.ask("WATCH", "w") == "+OK\r\n")
        #expect(try client.ask("AUTH", "plain") == "+OK\r\n")
        #expect(try client.ask("AUTH", "ann", "secret") == "+OK\r\n")
        #expect(try other.ask("SET", "w", "theirs") == "+OK\r\n")
        #expect(
            try RoutedRedis.pipeline(client, [["MULTI"], ["SET", "w", "mine"], ["EXEC"]]) == [
                "+OK\r\n", "+QUEUED\r\n", "*-1\r\n",
            ])
        // A transaction is none with half of its commands.
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("SET", "m", "1") == "+QUEUED\r\n")
        #expect(try client.ask("AUTH", "plain").contains("cannot be part of a transaction"))
        #expect(try client.ask("SET", "m", "2") == "+QUEUED\r\n")
        #expect(try client.ask("EXEC").hasPrefix("-EXECABORT"))
        #expect(try client.ask("GET", "m") == "$-1\r\n")
        // Channels stay, with RESP2 as with RESP3.
        #expect(try client.ask("SUBSCRIBE", "c").hasPrefix("*3"))
        #expect(try client.ask("AUTH", "plain").hasPrefix("-ERR Can't execute 'auth'"))
        #expect(try other.ask("PUBLISH", "c", "x") == ":1\r\n")
        #expect(try client.reply().hasPrefix("*3\r\n$7\r\nmessage"))
        let modern = try place.gateway.connect()
        #expect(try modern.ask("HELLO", "3", "AUTH", "default", "plain").hasPrefix("%7"))
        #expect(try modern.ask("SUBSCRIBE", "c").hasPrefix(">3"))
        #expect(try modern.ask("AUTH", "plain") == "+OK\r\n")
        #expect(try other.ask("PUBLISH", "c", "y") == ":2\r\n")
        #expect(try modern.reply().hasPrefix(">3\r\n$7\r\nmessage"))
    }
}
