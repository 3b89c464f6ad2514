// What nodes of a cluster and sentinels say is read, and nothing that they could say is trusted.

import Testing
import Wire

@testable import RedisWire

@Suite("redirections, slot maps and sentinels")
struct ClusterRepliesTests {
    private static func redirect(_ text: String) -> RedisRedirect? {
        let bytes = Array(text.utf8)
        return RedisRedirect.find(in: bytes.span)
    }

    private static func map(_ text: String) -> RedisClusterMap? {
        let bytes = Array(text.utf8)
        return RedisClusterMap(bytes.span, asked: "asked")
    }

    @Test("redirections are read as the server spells them")
    func redirects() throws {
        let slot = try #require(RedisSlot(3999))
        #expect(
            Self.redirect("-MOVED 3999 127.0.0.1:6381\r\n")
                == .moved(slot, RedisNodeAddress(host: "127.0.0.1", port: 6381)))
        #expect(Self.redirect("-ASK 3999 ::1:6381\r\n") == .ask(slot, RedisNodeAddress(host: "::1", port: 6381)))
        #expect(Self.redirect("-MOVED 3999 :6381\r\n+") == .moved(slot, RedisNodeAddress(host: "", port: 6381)))
        #expect(Self.redirect("-TRYAGAIN Multiple keys request during rehashing of slot\r\n") == .tryAgain)
        #expect(Self.redirect("-CLUSTERDOWN Hash slot not served\r\n") == .clusterDown)
    }

    @Test(
        "what is nearly a redirection is none",
        arguments: [
            "", "-MOVED", "+MOVED 1 a:1\r\n", "-MOVED 16384 a:1\r\n", "-MOVED x a:1\r\n", "-MOVED 1 a:0\r\n",
            "-MOVED 1 a:65536\r\n", "-MOVED 1 a:1", "-MOVED 1 a\r\n", "-MOVED  a:1\r\n", "-MOVED 1 ?:1\r\n",
            "-MOVED 1 a b:1\r\n", "-MOVEDX 1 a:1\r\n", "-ERR MOVED 1 a:1\r\n", "-TRYAGAINS x\r\n", "-ASK 1 /a:1\r\n",
            "-MOVED 99999999999999999999 a:1\r\n", "-ASKING 1 a:1\r\n",
        ])
    func none(_ text: String) { #expect(Self.redirect(text) == nil) }

    /// Two masters, the first with a replica, in the spelling of redis-server 7.0.
    private static let slots =
        "*3\r\n*4\r\n:0\r\n:99\r\n*4\r\n$9\r\n127.0.0.1\r\n:7000\r\n$1\r\na\r\n*0\r\n"
        + "*4\r\n$9\r\n127.0.0.1\r\n:7003\r\n$1\r\nd\r\n*2\r\n$8\r\nhostname\r\n$1\r\nx\r\n"
        + "*3\r\n:100\r\n:100\r\n*4\r\n$0\r\n\r\n:7001\r\n$1\r\nb\r\n%1\r\n$8\r\nhostname\r\n$1\r\nx\r\n"
        + "*3\r\n:200\r\n:16383\r\n*4\r\n$9\r\n127.0.0.1\r\n:7000\r\n$1\r\na\r\n*0\r\n"

    @Test("a map has the shard of each slot, and learns from MOVED")
    func maps() throws {
        var map = try #require(Self.map(Self.slots))
        let first = RedisNodeAddress(host: "127.0.0.1", port: 7000)
        let slot = try #require(RedisSlot(100))
        #expect(map.shards.count == 2)
        #expect(map.servedCount == 101 + 16184)
        #expect(
            map.shard(of: try #require(RedisSlot(5)))?.replicas == [RedisNodeAddress(host: "127.0.0.1", port: 7003)])
        #expect(map.shard(of: slot)?.master == RedisNodeAddress(host: "asked", port: 7001))
        #expect(map.shard(of: try #require(RedisSlot(101))) == nil)
        let isNoted = map.move(slot, to: first)
        #expect(isNoted)
        #expect(map.shard(of: slot)?.master == first)
        #expect(map.shards.count == 2)
        for port in 1...2000 { map.move(slot, to: RedisNodeAddress(host: "h", port: UInt16(port))) }
        #expect(map.shards.count == RedisLimits.clusterShards.maximum)
    }

    @Test("no map that is cut, or beside itself, is taken, and none traps")
    func brokenMaps() {
        let bytes = Array(Self.slots.utf8)
        for length in 0..<bytes.count {
            let part = Array(bytes[..<length])
            #expect(RedisClusterMap(part.span, asked: "") == nil)
        }
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            var broken = bytes
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                broken[Int.random(in: 0..<broken.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            _ = RedisClusterMap(broken.span, asked: "asked")
            _ = RedisSentinelReply.master(broken.span)
            _ = RedisSentinelReply.switched(broken.span, name: "m")
            _ = RedisSentinelReply.isMaster(broken.span)
            _ = RedisRedirect.find(in: broken.span)
        }
        #expect(Self.map("*1\r\n*3\r\n:5\r\n:4\r\n*2\r\n$1\r\na\r\n:1\r\n") == nil)
        #expect(Self.map("*1\r\n*3\r\n:5\r\n:16384\r\n*2\r\n$1\r\na\r\n:1\r\n") == nil)
        #expect(Self.map("*16385\r\n") == nil)
        #expect(Self.map("-ERR This instance has cluster support disabled\r\n") == nil)
        #expect(Self.map("*9223372036854775807\r\n") == nil)
    }

    @Test(
        "a server's word about its role",
        arguments: [
            ("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n", true),
            ("*5\r\n$5\r\nslave\r\n$9\r\n127.0.0.1\r\n:6379\r\n$9\r\nconnected\r\n:0\r\n", false),
            ("*2\r\n$8\r\nsentinel\r\n*0\r\n", false), ("-NOAUTH Authentication required.\r\n", nil),
            ("*1\r\n$5\r\nother\r\n", nil), ("*0\r\n", nil), ("+OK\r\n", nil),
        ] as [(String, Bool?)])
    func roles(_ reply: String, _ isMaster: Bool?) {
        #expect(RedisSentinelReply.isMaster(Array(reply.utf8).span) == isMaster)
    }

    @Test("a sentinel's words about a master are read, about others not")
    func sentinels() {
        let reply = Array("*2\r\n$9\r\n127.0.0.1\r\n$4\r\n6379\r\n".utf8)
        #expect(RedisSentinelReply.master(reply.span) == RedisNodeAddress(host: "127.0.0.1", port: 6379))
        let nothing = Array("*-1\r\n".utf8)
        #expect(RedisSentinelReply.master(nothing.span) == nil)
        let text = "mine 10.0.0.1 6379 10.0.0.2 6380"
        let message = Array("*3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n$\(text.utf8.count)\r\n\(text)\r\n".utf8)
        #expect(
            RedisSentinelReply.switched(message.span, name: "mine") == RedisNodeAddress(host: "10.0.0.2", port: 6380))
        #expect(RedisSentinelReply.switched(message.span, name: "min") == nil)
    }
}
