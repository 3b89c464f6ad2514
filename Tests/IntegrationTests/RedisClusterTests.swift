// One plain endpoint in front of a real cluster, for clients that know nothing of clusters.

import Foundation
import RedisWire
import TestSupport
import Testing

@Suite("a cluster behind one plain endpoint", .serialized, .blocking)
struct RedisClusterTests {
    private static let crossSlot = "-CROSSSLOT Keys in request don't hash to the same slot\r\n"

    private static func bulk(_ text: String) -> String { "$\(text.utf8.count)\r\n\(text)\r\n" }

    /// Of every slot's worth of keys, one whose slot the master at `place` has.
    private static func key(at place: Int, _ stem: String = "k") -> String {
        let slots = [0..<5461, 5461..<10923, 10923..<16384][place]
        return (0...).lazy.map { "\(stem)\($0)" }.first { slots.contains(RedisSlot(of: Array($0.utf8)).number) } ?? ""
    }

    @Test("a pipeline over all nodes is answered in its order, in RESP2 and RESP3")
    func pipelines() throws {
        let cluster = try RedisCluster()
        let gateway = try Fairlead(to: cluster)
        for version in 2...3 {
            let client = try gateway.connect()
            if version == 3 { #expect(try client.ask("HELLO", "3").hasPrefix("%")) }
            var bytes: [UInt8] = []
            for index in 0..<500 { bytes += RawConnection.command(["SET", "key:\(index)", "\(version)-\(index)"]) }
            for index in 0..<500 {
                bytes += RawConnection.command(["GET", "key:\(index)"])
                if index % 50 == 0 { bytes += RawConnection.command(["PING"]) }
            }
            try client.send(bytes)
            for _ in 0..<500 { #expect(try client.reply() == "+OK\r\n") }
            for index in 0..<500 {
                #expect(try client.reply() == Self.bulk("\(version)-\(index)"))
                if index % 50 == 0 { #expect(try client.reply() == "+PONG\r\n") }
            }
        }
        let plain = try gateway.connect()
        #expect(try plain.ask("DBSIZE") == ":500\r\n")
        for index in 0..<3 { #expect(try cluster.ask(index, "DBSIZE") != "0") }
        #expect(try plain.ask("FLUSHALL") == "+OK\r\n")
        #expect(try plain.ask("DBSIZE") == ":0\r\n")
        cluster.stop()
    }

    @Test("what one server could do and a cluster cannot is refused, and nobody takes the endpoint for a node")
    func refusals() throws {
        let cluster = try RedisCluster()
        let gateway = try Fairlead(to: cluster)
        let client = try gateway.connect()
        let disabled = "-ERR This instance has cluster support disabled\r\n"
        for words in [["CLUSTER", "SLOTS"], ["CLUSTER", "NODES"], ["READONLY"], ["READWRITE"], ["ASKING"]] {
            try client.send(RawConnection.command(words))
            #expect(try client.reply() == disabled, "\(words)")
        }
        for words in [
            ["WAIT", "1", "0"], ["MONITOR"], ["CONFIG", "SET", "a", "b"],
            ["CLIENT", "TRACKING", "ON"], ["CLIENT", "REPLY", "OFF"], ["SHUTDOWN"], ["ACL", "SETUSER", "x"],
        ] {
            try client.send(RawConnection.command(words))
            #expect(try client.reply().contains("behind this endpoint is a cluster"), "\(words)")
        }
        #expect(try client.ask("MGET", "a", "b") == Self.crossSlot)
        #expect(try client.ask("SUNIONSTORE", "a", "b") == Self.crossSlot)
        #expect(try client.ask("MSET", "{t}1", "x", "{t}2", "y") == "+OK\r\n")
        #expect(try client.ask("MGET", "{t}1", "{t}2") == "*2\r\n$1\r\nx\r\n$1\r\ny\r\n")
        #expect(try client.ask("SELECT", "1").hasPrefix("-ERR SELECT is not allowed in cluster mode"))
        cluster.stop()
    }

    @Test("commands of several slots are split and merged where the listener asks for it")
    func splitting() throws {
        let cluster = try RedisCluster()
        let gateway = try Fairlead(to: cluster)
        let client = try RawConnection(port: gateway.port("split"))
        client.gateway = gateway
        let words = (0..<20).flatMap { ["s\($0)", "v\($0)"] }
        try client.send(RawConnection.command(["MSET"] + words))
        #expect(try client.reply() == "+OK\r\n")
        let keys = (0..<21).map { "s\($0)" }
        try client.send(RawConnection.command(["MGET"] + keys))
        #expect(try client.reply() == "*21\r\n" + (0..<20).map { Self.bulk("v\($0)") }.joined() + "$-1\r\n")
        for (name, count) in [("EXISTS", 20), ("TOUCH", 20), ("UNLINK", 20), ("DEL", 0)] {
            try client.send(RawConnection.command([name] + keys))
            #expect(try client.reply() == ":\(count)\r\n", "\(name)")
        }
        #expect(try client.ask("SUNION", "a", "b") == Self.crossSlot)
        // As many parts as one command may have, and one more.
        var apart: [String] = []
        var known: Set<Int> = []
        for key in (0..<5000).map({ "k\($0)" }) where apart.count < 1025 {
            if known.insert(RedisSlot(of: Array(key.utf8)).number).inserted { apart.append(key) }
        }
        try client.send(RawConnection.command(["MGET"] + apart.dropLast() + apart.dropLast()))
        #expect(try client.reply() == "*2048\r\n" + String(repeating: "$-1\r\n", count: 2048))
        try client.send(RawConnection.command(["MGET"] + apart))
        let refusal = try client.reply()
        #expect(refusal.contains("mget has keys of more than 1024 slots"), "\(refusal.prefix(200))")
        #expect(try client.ask("MSET", "a", "1", "b").contains("wrong number of arguments"))
        cluster.stop()
    }

    @Test("transactions, WATCH, blocking and channels find the node of their keys")
    func states() throws {
        let cluster = try RedisCluster()
        let gateway = try Fairlead(to: cluster)
        let client = try gateway.connect()
        let other = try gateway.connect()
        for place in 0..<3 {
            let key = Self.key(at: place)
            #expect(try client.ask("MULTI") == "+OK\r\n")
            #expect(try client.ask("SET", key, "1") == "+QUEUED\r\n")
            #expect(try client.ask("INCR", key) == "+QUEUED\r\n")
            #expect(try client.ask("EXEC") == "*2\r\n+OK\r\n:2\r\n")
            #expect(try client.ask("WATCH", key) == "+OK\r\n")
            #expect(try client.ask("GET", Self.key(at: (place + 1) % 3, "other")) == "$-1\r\n")
            #expect(try other.ask("SET", key, "3") == "+OK\r\n")
            #expect(try client.ask("MULTI") == "+OK\r\n")
            #expect(try client.ask("GET", key) == "+QUEUED\r\n")
            #expect(try client.ask("EXEC") == "*-1\r\n")
            let list = Self.key(at: place, "list")
            try client.send(RawConnection.command(["BLPOP", list, "0"]))
            #expect(try other.ask("RPUSH", list, "x") == ":1\r\n")
            #expect(try client.reply() == "*2\r\n" + Self.bulk(list) + Self.bulk("x"))
            let channel = Self.key(at: place, "channel")
            let listener = try gateway.connect()
            #expect(try listener.ask("SSUBSCRIBE", channel).hasPrefix("*3\r\n$10\r\nssubscribe"))
            #expect(try other.ask("SPUBLISH", channel, "hi") == ":1\r\n")
            #expect(try listener.reply() == "*3\r\n$8\r\nsmessage\r\n" + Self.bulk(channel) + Self.bulk("hi"))
        }
        #expect(try client.ask("MULTI") == "+OK\r\n")
        #expect(try client.ask("SET", Self.key(at: 0), "1") == "+QUEUED\r\n")
        #expect(try client.ask("SET", Self.key(at: 1), "1").hasPrefix("-CROSSSLOT"))
        #expect(try client.ask("EXEC").hasPrefix("-EXECABORT"))
        let listener = try gateway.connect()
        #expect(try listener.ask("SUBSCRIBE", "news").hasPrefix("*3\r\n$9\r\nsubscribe"))
        // Clients of one gateway meet at one node, so the count is right.
        #expect(try other.ask("PUBLISH", "news", "hi") == ":1\r\n")
        #expect(try listener.reply() == "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n")
        cluster.stop()
    }

    @Test("scripts and functions that are loaded are known to every master")
    func scripts() throws {
        let cluster = try RedisCluster()
        let gateway = try Fairlead(to: cluster)
        let client = try gateway.connect()
        let hash = try RedisValue(client.ask("SCRIPT", "LOAD", "return redis.call('incr', KEYS[1])")).string
        let library =
            "#!lua name=lib\nredis.register_function('f', function(keys) return redis.call('incr', keys[1]) end)"
        #expect(try client.ask("FUNCTION", "LOAD", library) == Self.bulk("lib"))
        for place in 0..<3 {
            #expect(try client.ask("EVALSHA", hash, "1", Self.key(at: place)) == ":1\r\n")
            #expect(try client.ask("FCALL", "f", "1", Self.key(at: place)) == ":2\r\n")
        }
        cluster.stop()
    }

    @Test("commands that only read go to replicas where the configuration prefers them, all others to masters")
    func replicaReads() throws {
        let cluster = try RedisCluster()
        let gateway = try Fairlead(to: cluster, backend: ["replica-reads: prefer"])
        let client = try gateway.connect()
        for place in 0..<3 {
            let key = Self.key(at: place)
            #expect(try client.ask("SET", key, "\(place)") == "+OK\r\n")
            try eventually("a read at the replica") {
                let reply = try client.ask("GET", key)
                let isRead = try cluster.ask(place + 3, "INFO", "commandstats").contains("cmdstat_get:")
                return isRead && reply == Self.bulk("\(place)")
            }
            try cluster.ask(place, "CONFIG", "RESETSTAT")
            #expect(try client.ask("GET", key) == Self.bulk("\(place)"))
            #expect(try client.ask("MULTI") == "+OK\r\n")
            #expect(try client.ask("GET", key) == "+QUEUED\r\n")
            #expect(try client.ask("EXEC") == "*1\r\n" + Self.bulk("\(place)"))
            #expect(try cluster.ask(place, "INFO", "commandstats").contains("cmdstat_get:calls=1,"))
        }
        // A replica that dies is no reason for an error.
        cluster.kill(3)
        #expect(try client.ask("GET", Self.key(at: 0)) == Self.bulk("0"))
        cluster.stop()
    }

    @Test("a cluster with a password lets in who has it, and its nodes are learnt in that client's name")
    func passwords() throws {
        let cluster = try RedisCluster(password: "secret")
        let gateway = try Fairlead(to: cluster)
        let client = try gateway.connect()
        #expect(try client.ask("GET", "a").hasPrefix("-NOAUTH"))
        #expect(try client.ask("AUTH", "wrong").hasPrefix("-WRONGPASS"))
        #expect(try client.ask("AUTH", "secret") == "+OK\r\n")
        for place in 0..<3 { #expect(try client.ask("SET", Self.key(at: place), "x") == "+OK\r\n") }
        // Part of them, which is what MOVED has told so far, would be a wrong sum.
        try eventually("all nodes") {
            let reply = try client.ask("DBSIZE")
            guard reply.hasPrefix("-TRYAGAIN") else { return reply == ":3\r\n" }
            return false
        }
        #expect(try gateway.connect().ask("GET", Self.key(at: 1)).hasPrefix("-NOAUTH"))
        cluster.stop()
    }

    @Test("redis-cli, redis-benchmark and redis-py work against the plain endpoint")
    func clients() throws {
        let cluster = try RedisCluster()
        let gateway = try Fairlead(to: cluster)
        let port = "\(gateway.port())"
        #expect(try Command.checkBlocking(["redis-cli", "-p", port, "SET", "foo", "bar"]).text == "OK\n")
        #expect(try Command.checkBlocking(["redis-cli", "-c", "-p", port, "GET", "foo"]).text == "bar\n")
        let benchmark = try Command.checkBlocking(
            [
                "redis-benchmark", "-p", port, "-t", "set,get,incr,lpush,rpop,sadd,hset,zadd", "-n", "4000", "-r",
                "1000",
                "-P", "8", "-q",
            ])
        #expect(!(benchmark.text + benchmark.errorText).contains("Error"))
        let program = """
            import redis
            for protocol in (2, 3):
                r = redis.Redis(port=\(port), protocol=protocol, decode_responses=True)
                r.set('a', '1'); assert r.get('a') == '1'
                with r.pipeline(transaction=False) as p:
                    for i in range(100): p.set(f'p{i}', i)
                    for i in range(100): p.get(f'p{i}')
                    assert p.execute()[100:] == [str(i) for i in range(100)]
                with r.pipeline() as p:
                    p.incr('{t}a'); p.incr('{t}b'); assert p.execute()[0] >= 1
                r.delete('{l}x'); r.rpush('{l}x', 'y'); assert list(r.blpop('{l}x', timeout=5)) == ['{l}x', 'y']
                s = r.register_script("return redis.call('get', KEYS[1])"); assert s(keys=['a']) == '1'
                q = r.pubsub(); q.subscribe('c'); q.get_message(timeout=5); r.publish('c', 'm')
                assert q.get_message(timeout=5)['data'] == 'm'
                with r.lock('lock', timeout=5): pass
            print('fine')
            """
        #expect(try Command.checkBlocking([Tools.python, "-c", program]).text == "fine\n")
        cluster.stop()
    }

    @Test("a client that knows clusters is passed straight through, and sees the nodes' own addresses")
    func passedThrough() throws {
        let cluster = try RedisCluster()
        let gateway = try Fairlead(to: cluster.nodes[0])
        let client = try gateway.connect()
        let slots = try client.ask("CLUSTER", "SLOTS")
        for node in cluster.nodes.prefix(3) { #expect(slots.contains(":\(node.port)\r\n")) }
        let away = Self.key(at: 1)
        #expect(
            try client.ask("GET", away)
                == "-MOVED \(RedisSlot(of: Array(away.utf8)).number) 127.0.0.1:\(cluster.nodes[1].port)\r\n")
        cluster.stop()
    }
}
