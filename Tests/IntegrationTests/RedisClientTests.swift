// redis-cli and redis-benchmark through the gateway, compared with a direct run.

import Foundation
import TestSupport
import Testing

@Suite("redis-cli through Fairlead", .serialized, .blocking)
struct RedisClientTests {
    private static let script = """
        SET key "a value"
        GET key
        GET missing
        INCR key
        NOSUCHCOMMAND a b
        RPUSH list 1 2 3
        LRANGE list 0 -1
        HSET hash a 1 b 2
        HGETALL hash
        SADD set x
        SMEMBERS set
        ZADD scores 1.5 a
        ZSCORE scores a
        EVAL "return {1,{2,{3,'four'}},false}" 0
        MULTI
        INCR counter
        GET counter
        EXEC
        MULTI
        INCR
        EXEC
        MULTI
        SET gone 1
        DISCARD
        GET gone
        SELECT 3
        GET key
        COMMAND COUNT
        CONFIG GET proto-max-bulk-len
        OBJECT ENCODING list
        SET "q\\"uoted\\x00" "line\\nfeed"
        GET "q\\"uoted\\x00"
        DEBUG PROTOCOL double
        DEBUG PROTOCOL map
        DEBUG PROTOCOL verbatim
        DEBUG PROTOCOL bignum
        PING
        """

    /// A server that takes DEBUG, and a gateway in front of it.
    private static func pair() throws -> (RedisServer, Fairlead) {
        let server = try RedisServer(.init(arguments: ["--enable-debug-command", "yes"]))
        return (server, try Fairlead(to: server))
    }

    private static func cli(_ port: Int, _ arguments: [String] = [], input: Data = Data()) throws -> CommandResult {
        try Command.checkBlocking(["redis-cli", "-p", "\(port)"] + arguments, input: input)
    }

    @Test("a script prints the same as directly", arguments: [["-2"], ["-3"], ["-3", "--json"], ["--no-raw"]])
    func script(_ arguments: [String]) throws {
        let (server, gateway) = try Self.pair()
        let input = Data((Self.script + "\n").utf8)
        let direct = try Command.runBlocking(["redis-cli", "-p", "\(server.port)"] + arguments, input: input)
        _ = try Self.cli(server.port, ["FLUSHALL"])
        let through = try Command.runBlocking(["redis-cli", "-p", "\(gateway.port())"] + arguments, input: input)
        #expect(direct.text.contains("EXECABORT"))
        // redis-cli 7.0 gives up where it has no JSON for a type; so it does through the gateway.
        #expect(through.status == direct.status)
        #expect(through.text == direct.text)
        #expect(through.errors == direct.errors)
    }

    @Test("--pipe loads every key")
    func pipe() throws {
        let (server, gateway) = try Self.pair()
        var input = Data()
        for index in 0..<20_000 { input.append(contentsOf: RawConnection.command(["SET", "k\(index)", "v\(index)"])) }
        let through = try Self.cli(gateway.port(), ["--pipe"], input: input)
        #expect(through.text.contains("errors: 0, replies: 20000"))
        #expect(try Self.cli(server.port, ["DBSIZE"]).text == "20000\n")
        #expect(try gateway.metrics().sum("fairlead_commands_total", "command=\"set\"") == 20_000)
    }

    @Test("a value of 20 MiB comes back as it went")
    func bigValue() throws {
        let (_, gateway) = try Self.pair()
        let block = Data((0..<1 << 16).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ ($0 >> 8)) })
        var value = Data()
        for _ in 0..<320 { value.append(block) }
        #expect(try Self.cli(gateway.port(), ["-x", "SET", "big"], input: value).text == "OK\n")
        #expect(try Self.cli(gateway.port(), ["GET", "big"]).output == value + [10])
    }

    @Test("a subscriber hears the same messages as directly", arguments: ["-2", "-3"])
    func subscribe(_ version: String) throws {
        let (server, gateway) = try Self.pair()
        var heard: [String] = []
        for port in [server.port, gateway.port()] {
            let folder = try TemporaryFolder()
            let log = folder.file("log")
            let subscriber = try ServerProcess(
                "redis-cli", ["stdbuf", "-oL", "redis-cli", version, "-p", "\(port)", "SUBSCRIBE", "news", "sport"],
                log: log)
            let text = { (try? String(contentsOfFile: log, encoding: .utf8)) ?? "" }
            let publisher = try gateway.connect()
            try eventually("both subscriptions") {
                try publisher.ask("PUBSUB", "NUMSUB", "news", "sport")
                    == "*4\r\n$4\r\nnews\r\n:1\r\n$5\r\nsport\r\n:1\r\n"
            }
            #expect(try publisher.ask("PUBLISH", "news", "one") == ":1\r\n")
            #expect(try publisher.ask("PUBLISH", "sport", "two") == ":1\r\n")
            try eventually("the second message") { text().hasSuffix("two\n") || text().hasSuffix("two\"\n") }
            subscriber.kill()
            heard.append(text())
            try eventually("no subscriber") {
                try publisher.ask("PUBSUB", "NUMSUB", "news") == "*2\r\n$4\r\nnews\r\n:0\r\n"
            }
        }
        #expect(heard[0].contains("one"))
        #expect(heard[0] == heard[1])
    }

    @Test("a blocking pop waits for its element and nothing times it out")
    func blockingPop() throws {
        let server = try RedisServer()
        let gateway = try Fairlead(to: server, backend: ["response-timeout: 1s"])
        let waiting = try gateway.connect()
        try waiting.send(RawConnection.command(["BLPOP", "queue", "0"]))
        #expect(!waiting.hasInput(within: 1500))
        let pusher = try gateway.connect()
        #expect(try pusher.ask("RPUSH", "queue", "job") == ":1\r\n")
        #expect(try waiting.reply() == "*2\r\n$5\r\nqueue\r\n$3\r\njob\r\n")
    }

    @Test("redis-benchmark's requests all reach the server, and all are counted")
    func benchmark() throws {
        let (server, gateway) = try Self.pair()
        let before = try RawConnection(port: server.port)
        try before.ask("CONFIG", "RESETSTAT")
        try Command.checkBlocking([
            "redis-benchmark", "-p", "\(gateway.port())", "-q", "-t", "set,get,incr,lpush", "-n", "4000", "-c", "20",
            "-P", "8",
        ])
        let stats = try before.ask("INFO", "commandstats")
        let metrics = try gateway.metrics()
        for name in ["set", "get", "incr", "lpush"] {
            #expect(stats.contains("cmdstat_\(name):calls=4000,"), "\(name)")
            #expect(metrics.sum("fairlead_commands_total", "command=\"\(name)\"") == 4000, "\(name)")
        }
        #expect(metrics.sum("fairlead_framing_lost_total") == 0)
    }
}
