// Sentinels that name the master: the gateway follows them.

import TestSupport
import Testing

@Suite("a master that sentinels name", .serialized, .blocking)
struct RedisSentinelTests {
    @Test("new and old clients are led to the new master, in both modes", arguments: ["session", "shared"])
    func switching(_ mode: String) throws {
        let sentinels = try RedisSentinels()
        let gateway = try Fairlead(toRedis: sentinels.url, backend: ["mode: \(mode)"])
        let client = try gateway.connect()
        #expect(try client.ask("SET", "a", "1") == "+OK\r\n")
        let blocked = try gateway.connect()
        try blocked.send(RawConnection.command(["BLPOP", "nothing", "0"]))
        // It waits at the old master, and has to hear that it is gone.
        try eventually("a blocked client") {
            try RedisSentinels.ask(sentinels.servers[0].port, "INFO", "clients").contains("blocked_clients:1")
        }
        try sentinels.failover()
        #expect(try blocked.reply().hasPrefix("-"))
        try eventually("writes at the new master") {
            let client = try gateway.connect()
            return try client.ask("SET", "b", "2") == "+OK\r\n"
        }
        #expect(try RedisSentinels.ask(sentinels.servers[1].port, "GET", "b") == "2")
        sentinels.stop()
    }

    @Test("the death of a master is followed as well")
    func death() throws {
        let sentinels = try RedisSentinels()
        let gateway = try Fairlead(toRedis: sentinels.url, backend: ["mode: shared"])
        let client = try gateway.connect()
        #expect(try client.ask("SET", "a", "1") == "+OK\r\n")
        sentinels.servers[0].process.kill()
        try sentinels.waitUntilMaster(1)
        try eventually("writes at the new master") { try client.ask("SET", "b", "2") == "+OK\r\n" }
        #expect(try RedisSentinels.ask(sentinels.servers[1].port, "GET", "b") == "2")
        sentinels.stop()
    }

    @Test("without a sentinel that knows the master, clients hear why")
    func unknown() throws {
        let sentinels = try RedisSentinels()
        let url = sentinels.url.replacing("/mymaster", with: "/other")
        let gateway = try Fairlead(toRedis: url)
        let client = try gateway.connect()
        #expect(try client.ask("GET", "a").contains("no sentinel has named a master"))
        sentinels.stop()
    }
}
