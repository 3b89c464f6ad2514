// Commands that a listener denies: none reaches a server, in any spelling, and clients hear of it as of an ACL.

import Foundation
import RedisWire
import TestSupport
import Testing

@Suite("commands that a Redis listener denies", .serialized, .blocking)
struct RedisDenyTests {
    private static let denied = "deny: [FLUSHALL, \"config set\", \"CLIENT|KILL\", NO.SUCH, EVAL]"

    private static func refusal(_ name: String) -> String {
        "-NOPERM fairlead: '\(name)' is denied on listener 'redis'\r\n"
    }

    private static func place(_ mode: String, _ listener: [String] = [denied]) throws -> (RedisServer, Fairlead) {
        let server = try RedisServer()
        return (server, try Fairlead(to: server, listener: listener, backend: ["mode: \(mode)"]))
    }

    @Test("are answered in their place, and all others pass", arguments: ["session", "shared"])
    func answers(mode: String) throws {
        let (server, gateway) = try Self.place(mode)
        let client = try gateway.connect()
        let replies = try RoutedRedis.pipeline(
            client,
            [
                ["SET", "k", "1"], ["FlushAll"], ["GET", "k"], ["CONFIG", "SET", "maxmemory", "1"],
                ["CONFIG", "GET", "maxmemory"], ["CLIENT", "KILL", "ID", "1"], ["CLIENT", "GETNAME"], ["no.such", "x"],
                ["EVAL", "return 1", "0"], ["EVAL_RO", "return 1", "0"], ["FLUSHDB"], ["GET", "k"],
            ])
        #expect(
            replies == [
                "+OK\r\n", Self.refusal("flushall"), "$1\r\n1\r\n", Self.refusal("config set"),
                "*2\r\n$9\r\nmaxmemory\r\n$1\r\n0\r\n", Self.refusal("client kill"), "$-1\r\n",
                Self.refusal("no.such"), Self.refusal("eval"), ":1\r\n", "+OK\r\n", "$-1\r\n",
            ])
        try client.send("FLUSHALL ASYNC\r\n\"CONFIG\" \"s\\x65t\" maxmemory 1\r\n*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")
        #expect(try client.reply() == Self.refusal("flushall"))
        #expect(try client.reply() == Self.refusal("config set"))
        #expect(try client.reply() == "$-1\r\n")
        #expect(try gateway.metrics().sum("fairlead_commands_refused_total", "reason=\"denied\"") == 7)
        let control = try RawConnection(port: server.port)
        let calls = try control.ask("INFO", "commandstats")
        for name in ["flushall", "config|set", "client|kill", "cmdstat_eval:"] { #expect(!calls.contains(name)) }
    }

    @Test("spoil a transaction as an ACL of the server does", arguments: ["session", "shared"])
    func transactions(mode: String) throws {
        let (server, gateway) = try Self.place(mode)
        let control = try RawConnection(port: server.port)
        #expect(try control.ask("ACL", "SETUSER", "u", "on", "nopass", "+@all", "-flushall", "~*") == "+OK\r\n")
        let restricted = try RawConnection(port: server.port)
        #expect(try restricted.ask("AUTH", "u", "x") == "+OK\r\n")
        let client = try gateway.connect()
        for commands in [
            [["MULTI"], ["INCR", "n"], ["FLUSHALL"], ["INCR", "n"], ["EXEC"], ["GET", "n"]],
            [["MULTI"], ["FLUSHALL"], ["EXEC"], ["EXEC"]], [["MULTI"], ["FLUSHALL"], ["DISCARD"], ["PING"]],
            [["MULTI"], ["INCR", "n"], ["EXEC"], ["FLUSHALL"], ["MULTI"], ["EXEC"]],
        ] {
            let own = try RoutedRedis.pipeline(restricted, commands).map(Self.code)
            _ = try control.ask("DEL", "n")
            #expect(try RoutedRedis.pipeline(client, commands).map(Self.code) == own, "\(commands)")
            _ = try control.ask("DEL", "n")
        }
        let calls = try control.ask("INFO", "commandstats")
        #expect(calls.contains("cmdstat_flushall:calls=0,") || !calls.contains("cmdstat_flushall"))
    }

    /// An error by its code alone: the sentences differ.
    private static func code(_ reply: String) -> String {
        reply.hasPrefix("-") ? String(reply.prefix { $0 != " " }) : reply
    }

    @Test("are found in every spelling that a server would take for them", arguments: ["session", "shared"])
    func spellings(mode: String) throws {
        let (server, gateway) = try Self.place(mode)
        let control = try RawConnection(port: server.port)
        let spellings = (0..<3000).map { ["FLUSHALL\0\($0)"] }
        #expect(try RoutedRedis.pipeline(control, spellings).contains("+OK\r\n"))
        #expect(try control.ask("SET", "k", "1") == "+OK\r\n")
        let client = try gateway.connect()
        let replies = try RoutedRedis.pipeline(client, spellings)
        #expect(replies.allSatisfy { $0.hasPrefix("-ERR fairlead: ") })
        // Long ones, and those behind MONITOR or in the middle of a subscription, are no way round.
        for opening in [[], ["MONITOR"], ["CLIENT", "REPLY", "ON"], ["WATCH", "w"]] {
            for command in [
                RawConnection.command(["FLUSHALL"]), Array("FLUSHALL\r\n".utf8),
                Array("*2\r\n$8\r\nFLUSHALL\r\n$300000\r\nx".utf8),
                Array("*4\r\n$6\r\nCONFIG\r\n$3\r\nSET\r\n$9\r\nmaxmemory\r\n$300000\r\nx".utf8),
            ] {
                let other = try gateway.connect()
                if !opening.isEmpty {
                    try other.send(RawConnection.command(opening))
                    #expect(try other.reply() == "+OK\r\n")
                }
                try other.send(command)
                var reply = try other.reply()
                while reply.hasPrefix("+") { reply = try other.reply() }
                #expect(reply.hasPrefix("-NOPERM"), "\(opening) \(reply)")
            }
        }
        #expect(try control.ask("EXISTS", "k") == ":1\r\n")
    }

    @Test("a client that has switched replies off goes on as with the server", arguments: ["session", "shared"])
    func unpairedReplies(mode: String) throws {
        let (server, gateway) = try Self.place(mode)
        let words = [
            // What is skipped may change who the client is; nobody is told whether it has.
            ["CLIENT", "REPLY", "SKIP"], ["SELECT", "1"], ["SET", "k", "v"], ["GET", "k"], ["RESET"], ["GET", "k"],
            ["CLIENT", "REPLY", "SKIP"], ["HELLO", "3"], ["GET", "none"], ["SELECT", "1"], ["GET", "k"], ["PING"],
        ]
        let clients = [try RawConnection(port: server.port), try gateway.connect()]
        for _ in 0..<2 {
            for client in clients { try client.send(words.flatMap { RawConnection.command($0) }) }
            let replies = try clients.map { client in try (0..<8).map { _ in try client.reply() } }
            #expect(replies[1] == replies[0])
            for client in clients { #expect(!client.hasInput(within: 50)) }
        }
        for client in clients { client.close() }
        try gateway.settles("nothing left") { $0.isEmpty }
    }

    @Test("are denied in front of a private backend too")
    func translated() throws {
        let folder = try TemporaryFolder()
        let gateway = try Fairlead(
            yaml: """
                admin: 127.0.0.1:0
                listeners:
                  redis: { protocol: redis, listen: 127.0.0.1:0, backend: store, deny: [FLUSHALL, config|get] }
                backends:
                  store: { adapter: embedded, options: { folder: "\(try folder.folder("data"))" } }
                """)
        let client = try gateway.connect()
        #expect(
            try RoutedRedis.pipeline(
                client,
                [["SET", "k", "1"], ["flushall"], ["MULTI"], ["CONFIG", "GET", "save"], ["EXEC"], ["GET", "k"]]) == [
                    "+OK\r\n", Self.refusal("flushall"), "+OK\r\n", Self.refusal("config get"),
                    "-EXECABORT Transaction discarded because of previous errors.\r\n", "$1\r\n1\r\n",
                ])
    }

    @Test("do not change what a trusted client gets for anything else", arguments: ["session", "shared"])
    func others(mode: String) throws {
        let (server, gateway) = try Self.place(mode)
        let (direct, through) = (try RawConnection(port: server.port), try gateway.connect())
        let value = String(repeating: "v", count: 300_000)
        let commands = [
            ["SET", "a", value], ["GET", "a"], ["MULTI"], ["APPEND", "a", "x"], ["STRLEN", "a"], ["EXEC"], ["NOSUCH"],
            ["GET"], ["SELECT", "1"], ["EXISTS", "a"], ["SELECT", "0"], ["BLPOP", "none", "0.01"], ["HELLO", "3"],
            ["HSET", "h", "f", "v"], ["HGETALL", "h"], ["SUBSCRIBE", "c"], ["UNSUBSCRIBE"], ["DEL", "a", "h"],
            ["RESET"],
            ["MSET", "a", value, "b", value], ["MULTI"], ["SET", "a", value], ["STRLEN", "a"], ["EXEC"], ["PING"],
        ]
        for _ in 0..<3 {
            let expected = try RoutedRedis.pipeline(direct, commands).map(Self.withoutID)
            #expect(try RoutedRedis.pipeline(through, commands).map(Self.withoutID) == expected)
        }
    }

    /// HELLO tells the connection's id, which is each connection's own.
    private static func withoutID(_ reply: String) -> String { reply.hasPrefix("%7") ? "%7" : reply }
}
