// Real Redis clients against the embedded store: redis-cli, redis-py and redis-benchmark.

import Foundation
import TestSupport
import Testing

@Suite("Redis clients through the translated front", .serialized, .blocking)
struct TranslatedRedisClientTests {
    @Test("redis-cli prints the same as with a real server", arguments: [["-2"], ["-3"], ["-3", "--json"]])
    func cli(_ arguments: [String]) throws {
        let both = try TranslatedRedis()
        let script = """
            SET key "a value"
            GET key
            HSET hash a 1 b 2
            HGETALL hash
            ZADD scores 1.5 a 2 b
            ZRANGE scores 0 -1 WITHSCORES
            SADD set x
            SMEMBERS set
            MULTI
            INCR counter
            EXEC
            SELECT 3
            GET key
            CONFIG GET databases
            """
        let printed = try [both.server.port, both.gateway.port()].map { port in
            try Command.checkBlocking(["redis-cli", "-p", "\(port)"] + arguments, input: Data(script.utf8)).text
        }
        #expect(printed[1] == printed[0])
    }

    @Test("COMMAND gives a cluster's clients the tips that a real server gives them")
    func tips() throws {
        let both = try TranslatedRedis()
        let program = """
            import redis, sys
            told = []
            for port in sys.argv[1:]:
                connection = redis.Connection(port=int(port))
                connection.connect()
                connection.send_command("COMMAND")
                told.append({entry[0]: entry[7] for entry in connection.read_response()})
            assert len(told[1]) > 100
            for name, tips in told[1].items():
                assert tips == told[0][name], (name, tips, told[0][name])
            print("done")
            """
        let ports = ["\(both.server.port)", "\(both.gateway.port())"]
        #expect(try Command.checkBlocking([try Tools.python, "-c", program] + ports).text == "done\n")
    }

    @Test("redis-py does its work, in RESP2 and RESP3", arguments: [2, 3])
    func python(_ version: Int) throws {
        let both = try TranslatedRedis()
        let program = """
            import redis, sys, threading
            r = redis.Redis(port=int(sys.argv[1]), protocol=int(sys.argv[2]), decode_responses=True)
            assert r.set("k", "v", ex=100) and r.get("k") == "v" and 90 < r.ttl("k") <= 100
            assert r.hset("h", mapping={"a": "1", "b": "2"}) == 2 and r.hgetall("h") == {"a": "1", "b": "2"}
            assert r.zadd("z", {"a": 1.5, "b": 2}) == 2 and r.zscore("z", "a") == 1.5
            assert r.rpush("l", "x", "y") == 2 and r.lpos("l", "y") == 1 and r.blpop("l", 1) is not None
            assert r.sadd("s", "m") == 1 and r.smembers("s") == {"m"}
            with r.pipeline(transaction=True) as p:
                assert p.set("a", 1).incr("a").get("a").execute() == [True, 2, "2"]
            with r.pipeline() as p:
                p.watch("a")
                r.set("a", 5)
                p.multi()
                p.get("a")
                try:
                    p.execute()
                    raise SystemExit("a watched key changed and nobody minded")
                except redis.WatchError:
                    pass
            assert sorted(r.scan_iter("*")) == ["a", "h", "k", "l", "s", "z"]
            try:
                r.xadd("x", {"a": 1})
                raise SystemExit("streams are not translated")
            except redis.ResponseError as error:
                assert "UNSUPPORTED command 'xadd'" in str(error) and "embedded" in str(error), error
            s = r.pubsub()
            s.subscribe("c")
            assert s.get_message(timeout=5)["type"] == "subscribe"
            assert r.publish("c", "hello") == 1
            assert s.get_message(timeout=5)["data"] == "hello"
            s.close()
            release = "if redis.call('get',KEYS[1]) == ARGV[1] then return redis.call('del',KEYS[1]) else return 0 end"
            assert r.set("lock", "me", nx=True, px=60000)
            assert r.eval(release, 1, "lock", "you") == 0 and r.eval(release, 1, "lock", "me") == 1
            assert r.command_count() > 100 and "fairlead" in r.execute_command("INFO", "fairlead").__str__().lower()
            print("done")
            """
        let result = try Command.checkBlocking([
            try Tools.python, "-c", program, "\(both.gateway.port())", "\(version)",
        ])
        #expect(result.text == "done\n")
    }

    @Test("requests of a translated session make no enqueue from another thread")
    func foreignEnqueues() throws {
        let both = try TranslatedRedis()
        let client = try both.gateway.connect()
        try client.ask("SET", "k", "v")
        // Looking itself costs something; twice the same look tells how much.
        let name = "fairlead_worker_foreign_enqueues_total"
        _ = try both.gateway.metrics()
        let first = try both.gateway.metrics().sum(name)
        let second = try both.gateway.metrics().sum(name)
        for _ in 0..<1000 {
            try client.ask("SET", "k", "v")
            try client.ask("GET", "k")
            try client.ask("BLPOP", "none", "0.001")
        }
        let third = try both.gateway.metrics().sum(name)
        // The embedded store's own threads write to disk; what they wake is not a step of each request.
        #expect(third - second <= second - first + 100)
    }

    @Test("redis-benchmark's requests are answered and counted, pipelined too")
    func benchmark() throws {
        let both = try TranslatedRedis()
        try Command.checkBlocking([
            "redis-benchmark", "-p", "\(both.gateway.port())", "-q", "-t",
            "set,get,incr,lpush,rpop,sadd,hset,zadd,mset",
            "-n", "4000", "-c", "20", "-P", "8",
        ])
        let metrics = try both.gateway.metrics()
        for name in ["set", "get", "incr", "lpush", "rpop", "sadd", "hset", "zadd", "mset"] {
            #expect(metrics.sum("fairlead_commands_total", "command=\"\(name)\"") == 4000, "\(name)")
        }
        try both.gateway.settles("the end of the sessions") { $0.sum("fairlead_sessions_active") == 0 }
    }
}
