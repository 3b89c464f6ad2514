// Clients that use lists as queues and conditional sets as locks, on a backend that has queues and locks only.

import Foundation
import TestSupport
import Testing

@Suite("Redis idioms on queues and locks", .serialized, .blocking)
struct TranslatedRedisIdiomTests {
    private static let gaps = ["list.push: refuse", "kv.conditional-set: refuse", "kv.compare-and-set: refuse"]

    @Test("a list is a queue: what was pushed is taken once, waited for, and done when it is removed")
    func queue() throws {
        let both = try TranslatedRedis(gaps: Self.gaps)
        let client = try both.gateway.connect()
        #expect(try client.ask("RPOP", "jobs") == "$-1\r\n")
        #expect(try client.ask("LPUSH", "jobs", "one") == ":1\r\n")
        #expect(try client.ask("LPUSH", "jobs", "two") == ":1\r\n")
        #expect(try client.ask("RPOP", "jobs") == "$3\r\none\r\n")
        #expect(try client.ask("LMOVE", "jobs", "doing", "RIGHT", "LEFT") == "$3\r\ntwo\r\n")
        #expect(try client.ask("RPOP", "jobs") == "$-1\r\n", "what is reserved is nobody else's")
        #expect(try client.ask("LREM", "doing", "1", "two") == ":1\r\n")
        #expect(try client.ask("LREM", "doing", "1", "two") == ":0\r\n")

        try client.send(RawConnection.command(["BRPOP", "jobs", "0"]))
        #expect(!client.hasInput(within: 100))
        let other = try both.gateway.connect()
        #expect(try other.ask("LPUSH", "jobs", "three") == ":1\r\n")
        #expect(try client.reply() == "*2\r\n$4\r\njobs\r\n$5\r\nthree\r\n")
    }

    @Test("what a queue has no word for is refused by the name of the capability")
    func refused() throws {
        let both = try TranslatedRedis(gaps: Self.gaps)
        let client = try both.gateway.connect()
        for words in [["RPUSH", "jobs", "a"], ["LPUSH", "jobs", "a", "b"], ["LPUSHX", "jobs", "a"]] {
            try client.send(RawConnection.command(words))
            #expect(try client.reply().hasPrefix("-ERR UNSUPPORTED list.push: backend 'store'"), "\(words)")
        }
    }

    @Test("SET NX PX and the two scripts take, extend and give up a lock")
    func lock() throws {
        let both = try TranslatedRedis(gaps: Self.gaps)
        let client = try both.gateway.connect()
        let compare = "if redis.call('get',KEYS[1]) == ARGV[1] then return redis.call("
        let release = compare + "'del',KEYS[1]) else return 0 end"
        let extend = compare + "'pexpire',KEYS[1],ARGV[2]) else return 0 end"
        #expect(try client.ask("SET", "l", "me", "NX", "PX", "60000") == "+OK\r\n")
        #expect(try client.ask("SET", "l", "you", "NX", "PX", "60000") == "$-1\r\n")
        #expect(try client.ask("EVAL", extend, "1", "l", "me", "90000") == ":1\r\n")
        #expect(try client.ask("EVAL", extend, "1", "l", "you", "90000") == ":0\r\n")
        #expect(try client.ask("EVAL", release, "1", "l", "you") == ":0\r\n")
        #expect(try client.ask("EVAL", release, "1", "l", "me") == ":1\r\n")
        #expect(try client.ask("SET", "l", "you", "NX", "PX", "60000") == "+OK\r\n")
        #expect(try client.ask("SET", "l", "x", "NX").hasPrefix("-ERR UNSUPPORTED kv.conditional-set"))
        #expect(try client.ask("EVAL", "return 1", "0").hasPrefix("-ERR UNSUPPORTED command 'eval'"))
    }

    @Test("on a backend with versions the scripts compare the value itself")
    func versions() throws {
        let both = try TranslatedRedis()
        let client = try both.gateway.connect()
        let release = "if redis.call('get',KEYS[1]) == ARGV[1] then return redis.call('del',KEYS[1]) else return 0 end"
        #expect(try client.ask("SET", "l", "me", "NX", "PX", "60000") == "+OK\r\n")
        #expect(try client.ask("EVAL", release, "1", "l", "you") == ":0\r\n")
        #expect(try client.ask("GET", "l") == "$2\r\nme\r\n")
        #expect(try client.ask("EVAL", release, "1", "l", "me") == ":1\r\n")
        #expect(try client.ask("EXISTS", "l") == ":0\r\n")
        #expect(try client.ask("EVALSHA", "abc", "0") == "-NOSCRIPT No matching script. Please use EVAL.\r\n")
    }
}
