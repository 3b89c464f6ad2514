// What clients of a listener with routes are promised, one promise a test.

import Foundation
import RedisWire
import TestSupport
import Testing

@Suite("a Redis listener with routes", .serialized, .blocking)
struct RoutedRedisTests {
    @Test("sends each key to the backend of its longest prefix, and all else to the listener's own")
    func prefixes() throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        for key in ["x", "a:1", "a:deep:1", "b:1", "a"] { #expect(try client.ask("SET", key, key) == "+OK\r\n") }
        #expect(try place.direct(place.main).ask("EXISTS", "x", "a:deep:1", "a") == ":3\r\n")
        #expect(try place.direct(place.alpha).ask("KEYS", "*") == "*1\r\n$3\r\na:1\r\n")
        #expect(try place.direct(place.beta).ask("KEYS", "*") == "*1\r\n$3\r\nb:1\r\n")
        for key in ["x", "a:1", "a:deep:1", "b:1", "a"] {
            #expect(try client.ask("GET", key) == "$\(key.count)\r\n\(key)\r\n")
        }
        #expect(place.gateway.log.contains("prefix \"a:\" -> alpha"))
        client.close()
        try place.gateway.settles("nothing left") { $0.isEmpty }
    }

    @Test("answers a pipeline over all backends in its order")
    func order() throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        for round in 0..<20 {
            let keys = (0..<200).map { ["x", "a:", "b:"][($0 * 7 + round) % 3] + "\($0)" }
            let replies = try RoutedRedis.pipeline(
                client, keys.flatMap { [["SET", $0, "\(round) \($0)"], ["GET", $0], ["ECHO", $0]] })
            for (index, key) in keys.enumerated() {
                let value = "\(round) \(key)"
                #expect(replies[3 * index] == "+OK\r\n")
                #expect(replies[3 * index + 1] == "$\(value.count)\r\n\(value)\r\n")
                #expect(replies[3 * index + 2] == "$\(key.count)\r\n\(key)\r\n")
            }
        }
        #expect(try place.gateway.metrics().sum("fairlead_upstreams_opened_total") == 3)
    }

    @Test("goes by the database that the client has selected")
    func database() throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        let replies = try RoutedRedis.pipeline(
            client, [["SET", "x", "0"], ["SELECT", "3"], ["SET", "x", "3"], ["SELECT", "0"], ["GET", "x"]])
        #expect(replies == ["+OK\r\n", "+OK\r\n", "+OK\r\n", "+OK\r\n", "$1\r\n0\r\n"])
        let beta = try place.direct(place.beta)
        #expect(try beta.ask("SELECT", "3") == "+OK\r\n")
        #expect(try beta.ask("GET", "x") == "$1\r\n3\r\n")
        #expect(try client.ask("SELECT", "99").hasPrefix("-ERR DB index"))
        #expect(try client.ask("GET", "x") == "$1\r\n0\r\n")
    }

    @Test("goes by the user that the client has logged in as, where the backends ask")
    func user() throws {
        let place = try RoutedRedis(["{ user: ann, backend: alpha }", "{ user: ann, prefix: \"b:\", backend: beta }"])
        for server in [place.main, place.alpha, place.beta] {
            try place.direct(server).ask("ACL", "SETUSER", "ann", "on", ">secret", "+@all", "~*")
        }
        let (ann, other) = (try place.gateway.connect(), try place.gateway.connect())
        #expect(try ann.ask("AUTH", "ann", "wrong").hasPrefix("-WRONGPASS"))
        #expect(try ann.ask("SET", "x", "nobody's") == "+OK\r\n")
        #expect(try ann.ask("AUTH", "ann", "secret") == "+OK\r\n")
        #expect(try ann.ask("SET", "x", "ann's") == "+OK\r\n")
        #expect(try ann.ask("SET", "b:x", "ann's") == "+OK\r\n")
        #expect(try other.ask("GET", "x") == "$8\r\nnobody's\r\n")
        #expect(try place.direct(place.alpha).ask("GET", "x") == "$5\r\nann's\r\n")
        #expect(try place.direct(place.beta).ask("GET", "b:x") == "$5\r\nann's\r\n")
        #expect(try ann.ask("RESET") == "+RESET\r\n")
        #expect(try ann.ask("GET", "x") == "$8\r\nnobody's\r\n")
    }

    @Test("refuses a command with keys of several backends, and names the routes and no key")
    func crossing() throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        let reply = try client.ask("MSET", "a:secret", "1", "b:secret", "2")
        #expect(reply.hasPrefix("-CROSSSLOT fairlead: mset has keys of several backends"))
        #expect(reply.contains("prefix \"a:\" -> alpha") && reply.contains("prefix \"b:\" -> beta"))
        #expect(!reply.contains("secret"))
        #expect(try client.ask("MSET", "a:1", "1", "a:2", "2") == "+OK\r\n")
        for command in [
            ["RENAME", "a:1", "b:1"], ["SUNIONSTORE", "x", "a:1"], ["BLPOP", "a:q", "x", "1"], ["WATCH", "a:1", "x"],
        ] {
            let replies = try RoutedRedis.pipeline(client, [command, ["GET", "a:1"]])
            #expect(replies[0].hasPrefix("-CROSSSLOT"), "\(command)")
            #expect(replies[1] == "$1\r\n1\r\n")
        }
    }

    @Test("splits and merges what can be, where the configuration asks for it", arguments: ["2", "3"])
    func split(version: String) throws {
        let place = try RoutedRedis(listener: ["split: true"])
        let client = try place.gateway.connect()
        #expect(try client.ask("HELLO", version).contains("redis"))
        let null = version == "2" ? "$-1\r\n" : "_\r\n"
        #expect(try client.ask("MSET", "b:1", "B", "x", "X", "a:1", "A", "b:2", "BB") == "+OK\r\n")
        #expect(
            try client.ask("MGET", "a:1", "b:1", "none", "b:2", "x", "a:none")
                == "*6\r\n$1\r\nA\r\n$1\r\nB\r\n\(null)$2\r\nBB\r\n$1\r\nX\r\n\(null)")
        #expect(try client.ask("EXISTS", "a:1", "b:1", "none", "a:1") == ":3\r\n")
        #expect(try client.ask("TOUCH", "a:1", "b:1", "x") == ":3\r\n")
        #expect(try client.ask("UNLINK", "a:1", "x") == ":2\r\n")
        #expect(try client.ask("DEL", "a:1", "b:1", "b:2", "x") == ":2\r\n")
        #expect(try client.ask("MSET", "a:1", "1", "b:1") == "-ERR wrong number of arguments for 'mset' command\r\n")
        #expect(try client.ask("MSETNX", "a:1", "1", "b:1", "2").hasPrefix("-CROSSSLOT"))
        #expect(try client.ask("HSET", "b:h", "f", "v") == ":1\r\n")
        #expect(try client.ask("MGET", "a:1", "b:h") == "*2\r\n\(null)\(null)")
        #expect(try client.ask("DEL", "b:h", "a:h") == ":1\r\n")
    }

    @Test("a split reply of more than is held of one gets an error, and the client goes on")
    func largeSplit() throws {
        let place = try RoutedRedis(listener: ["split: true"])
        let client = try place.gateway.connect()
        // 40 MiB at each of two backends.
        let size = 40 << 20
        for key in ["a:large", "b:large"] {
            #expect(try client.ask("SETRANGE", key, "\(size - 1)", "x") == ":\(size)\r\n")
        }
        #expect(try client.ask("SET", "a:small", "1") == "+OK\r\n")
        let before = place.gateway.peakMemory
        for _ in 0..<3 {
            let replies = try RoutedRedis.pipeline(
                client, [["MGET", "a:large", "b:large"], ["MGET", "a:small", "b:small"]])
            #expect(
                replies[0].contains("the parts of this reply are more than 67108864 bytes"), "\(replies[0].prefix(200))"
            )
            #expect(replies[1] == "*2\r\n$1\r\n1\r\n$-1\r\n")
        }
        #expect(place.gateway.peakMemory - before < 200 << 20)
    }

    @Test("refuses what is about all keys, unless a pattern names one route's")
    func whole() throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        try client.ask("SET", "b:1", "1")
        for command in [
            ["DBSIZE"], ["KEYS", "*"], ["SCAN", "0"], ["RANDOMKEY"], ["FLUSHALL"], ["FLUSHDB"],
            ["SCAN", "0", "MATCH", "*b"], ["KEYS", "a*"],
        ] {
            try client.send(RawConnection.command(command))
            #expect(try client.reply().contains("is about all keys"), "\(command)")
        }
        #expect(try client.ask("WAIT", "0", "1").contains("is about one connection"))
        #expect(try client.ask("KEYS", "b:*") == "*1\r\n$3\r\nb:1\r\n")
        #expect(try client.ask("SCAN", "0", "COUNT", "10", "MATCH", "b:?") == "*2\r\n$1\r\n0\r\n*1\r\n$3\r\nb:1\r\n")
        #expect(try client.ask("INFO", "server").contains("tcp_port:\(place.main.port)"))
        #expect(try client.ask("PUBLISH", "b:channel", "x") == ":0\r\n")
    }

    @Test("asks where a command belongs that nobody knows")
    func unknown() throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        #expect(try client.ask("FT.NONE", "x").hasPrefix("-ERR unknown command 'FT.NONE'"))
        #expect(try client.ask("FT.NONE", "x", "a:1").contains("which words of this command are keys is not known"))
    }

    @Test("changes the prefix of keys where the configuration asks for it, and refuses what would show it")
    func rewrite() throws {
        let place = try RoutedRedis(["{ prefix: \"old:\", rewrite: \"n:\", backend: beta }"], listener: ["split: true"])
        let client = try place.gateway.connect()
        #expect(place.gateway.log.contains("KEYS REWRITTEN"))
        #expect(try client.ask("SET", "old:1", "v") == "+OK\r\n")
        #expect(try client.ask("MSET", "old:2", "w", "x", "y") == "+OK\r\n")
        #expect(try place.direct(place.beta).ask("MGET", "n:1", "n:2") == "*2\r\n$1\r\nv\r\n$1\r\nw\r\n")
        #expect(try client.ask("MGET", "x", "old:2", "old:1") == "*3\r\n$1\r\ny\r\n$1\r\nw\r\n$1\r\nv\r\n")
        #expect(try client.ask("EVAL", "return KEYS[1]", "1", "old:1") == "$3\r\nn:1\r\n")
        for command in [
            ["KEYS", "old:*"], ["BLPOP", "old:q", "1"], ["XREAD", "STREAMS", "old:s", "0"],
            ["LMPOP", "1", "old:q", "LEFT"], ["SORT", "old:l", "BY", "w_*"], ["WATCH", "old:1"],
            ["SORT", "old:l", "GET\0\0", "#"], ["GET\01", "old:1"],
        ] {
            try client.send(RawConnection.command(command))
            #expect(try client.reply().hasPrefix("-ERR fairlead: "), "\(command)")
        }
        #expect(try client.ask("GET", "old:1") == "$1\r\nv\r\n")
    }

    @Test("takes commands of any length and spelling to where their keys lead")
    func long() throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        let value = String(repeating: "v", count: 3_000_000)
        let replies = try RoutedRedis.pipeline(
            client,
            [
                ["SET", "b:1", "1"], ["SET", "a:long", value], ["STRLEN", "a:long"], ["GET", "b:1"], ["GET", "a:long"],
                ["PING"],
            ])
        #expect(replies[0...3] == ["+OK\r\n", "+OK\r\n", ":3000000\r\n", "$1\r\n1\r\n"])
        #expect(replies[4] == "$3000000\r\n\(value)\r\n" && replies[5] == "+PONG\r\n")
        #expect(try place.direct(place.alpha).ask("STRLEN", "a:long") == ":3000000\r\n")
        try client.send("SET a:1 inline\r\n\r\nGET a:1\r\nGET b:1\r\n*0\r\n")
        #expect(
            try [client.reply(), client.reply(), client.reply()] == ["+OK\r\n", "$6\r\ninline\r\n", "$1\r\n1\r\n"])
        // Beside a connection that holds something.
        #expect(try client.ask("CLIENT", "SETNAME", "me") == "+OK\r\n")
        #expect(try client.ask("SET", "a:long", value) == "+OK\r\n")
        #expect(try client.ask("CLIENT", "GETNAME") == "$2\r\nme\r\n")
        // Its keys are not all in what is looked at.
        try client.send(RawConnection.command(["MSET", "a:1", value, "b:1", "2"]))
        #expect(try client.reply().contains("does not say which backend it is for"))
    }

    @Test("a backend that fails answers its own commands with errors, in order, and no others")
    func failure() throws {
        let place = try RoutedRedis(listener: ["split: true"])
        let client = try place.gateway.connect()
        let commands = [
            ["GET", "x"], ["GET", "b:1"], ["GET", "a:1"], ["MGET", "x", "b:1"], ["BLPOP", "b:q", "1"], ["GET", "x"],
        ]
        #expect(try RoutedRedis.pipeline(client, [["MSET", "x", "1", "a:1", "2", "b:1", "3"]]) == ["+OK\r\n"])
        place.beta.process.stop()
        let replies = try RoutedRedis.pipeline(client, commands)
        #expect(replies[0] == "$1\r\n1\r\n" && replies[2] == "$1\r\n2\r\n" && replies[5] == "$1\r\n1\r\n")
        for index in [1, 3, 4] { #expect(replies[index].hasPrefix("-ERR fairlead: backend 'beta'"), "\(replies)") }
        let again = try RedisServer(.init(), port: place.beta.port)
        #expect(try client.ask("SET", "b:1", "4") == "+OK\r\n")
        #expect(try client.ask("MGET", "b:1", "x") == "*2\r\n$1\r\n4\r\n$1\r\n1\r\n")
        again.stop()
    }

    @Test("the loss of a backend is in the log once, however many commands were under way")
    func failureInTheLog() throws {
        let place = try RoutedRedis()
        let client = try place.gateway.connect()
        #expect(try client.ask("GET", "b:1") == "$-1\r\n")
        #expect(try place.direct(place.beta).ask("CLIENT", "PAUSE", "100000") == "+OK\r\n")
        try client.send((0..<300).flatMap { RawConnection.command(["GET", "b:\($0)"]) })
        // A second client's commands are a loss of its own.
        let other = try place.gateway.connect()
        try other.send(RawConnection.command(["GET", "b:x"]))
        #expect(!other.hasInput(within: 200))
        place.beta.process.kill()
        for _ in 0..<300 {
            let reply = try client.reply()
            #expect(reply.hasPrefix("-ERR fairlead: backend 'beta'"), "\(reply)")
        }
        #expect(try other.reply().hasPrefix("-ERR fairlead: backend 'beta'"))
        let lines = place.gateway.log.split(separator: "\n").count { $0.contains("backend 'beta'") }
        #expect((2...4).contains(lines), "\(lines)")
    }
}
