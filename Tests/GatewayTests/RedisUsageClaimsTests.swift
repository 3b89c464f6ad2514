// Claims and the replies that make them true, one by one.

import RedisWire
import Testing
import Wire

@testable import Gateway

@Suite("claims of Redis clients")
struct RedisUsageClaimsTests {
    private static func answered(
        _ claims: inout RedisUsageClaims, _ command: RedisCommand, _ reply: RedisReply = RedisReply(kind: 0x2B),
        at start: UInt64? = 1
    ) -> String? {
        switch claims.answered(RedisAnswer(command: command, startedAt: start), reply) {
        case .identity(let user, let name, _): user ?? name
        case .nobody: "nobody"
        case .command(let name, _): name
        case nil: nil
        }
    }

    private static func login(_ claims: inout RedisUsageClaims, _ user: String, at place: Int?) {
        claims.make(.identity(user: user, name: nil, library: nil))
        claims.sent(.auth, replyAt: place)
    }

    @Test("hold from the reply to their own command on")
    func order() {
        var claims = RedisUsageClaims()
        Self.login(&claims, "ann", at: 3)
        claims.make(.command(name: "json.set", weight: 1))
        claims.sent(.unknown, replyAt: 4)
        #expect(claims.waitingIdentities == 1)
        #expect(Self.answered(&claims, .select) == nil && Self.answered(&claims, .select) == nil)
        #expect(Self.answered(&claims, .auth) == "ann" && claims.waitingIdentities == 0)
        #expect(Self.answered(&claims, .unknown) == "json.set" && !claims.isWaiting)
    }

    @Test("do not hold after an error, and a login does not when it was queued only")
    func refused() {
        var claims = RedisUsageClaims()
        Self.login(&claims, "ann", at: 1)
        #expect(Self.answered(&claims, .auth, RedisReply(kind: 0x2D)) == nil)
        Self.login(&claims, "ann", at: 1)
        #expect(Self.answered(&claims, .auth, RedisReply(kind: 0x2B, text: RedisText("QUEUED"))) == nil)
        claims.make(.command(name: "secret", weight: 1))
        claims.sent(.unknown, replyAt: 1)
        #expect(Self.answered(&claims, .unknown, RedisReply(kind: 0x21)) == nil)
        #expect(!claims.isWaiting && claims.waitingIdentities == 0)
    }

    @Test("of a name hold unless the client is a stranger, and RESET ends them")
    func namesOfClients() {
        var claims = RedisUsageClaims()
        func claim(_ reply: RedisReply) -> String? {
            claims.make(.identity(user: nil, name: "shop", library: nil))
            claims.sent(.client, replyAt: 1)
            return Self.answered(&claims, .client, reply)
        }
        #expect(claim(RedisReply(kind: 0x2B)) == "shop")
        // redis-server 7.0 does not know CLIENT SETINFO.
        #expect(claim(RedisReply(kind: 0x2D, text: RedisText("ERR"))) == "shop")
        for code in [RedisText("NOAUTH"), RedisText("NOPERM"), RedisText("WRONGPASS")] {
            #expect(claim(RedisReply(kind: 0x2D, text: code)) == nil, "\(code)")
        }
        claims.make(.nobody)
        claims.sent(.reset, replyAt: 1)
        #expect(Self.answered(&claims, .reset) == "nobody")
    }

    @Test("do not hold where replies may be those of others")
    func uncertain() {
        var claims = RedisUsageClaims()
        Self.login(&claims, "ann", at: 2)
        Self.login(&claims, "ben", at: 3)
        #expect(Self.answered(&claims, .select) == nil && Self.answered(&claims, .select) == nil)
        #expect(!claims.isWaiting && claims.waitingIdentities == 0)
        Self.login(&claims, "ann", at: nil)
        #expect(!claims.isWaiting && !claims.hasMade)
        claims.make(.command(name: "json.set", weight: 1))
        claims.sent(.unknown, replyAt: 1)
        // More commands wait than are remembered one by one.
        #expect(Self.answered(&claims, .unknown, at: nil) == nil && !claims.isWaiting)
    }

    @Test("wait in a bounded number")
    func bounded() {
        var claims = RedisUsageClaims()
        for place in 1...1000 { Self.login(&claims, "user-\(place)", at: place) }
        #expect(claims.waitingIdentities == 16)
        for place in 1...16 { #expect(Self.answered(&claims, .auth) == "user-\(place)") }
        #expect(Self.answered(&claims, .auth) == nil)
    }

    @Test("are names of letters, digits, dots, dashes and lines of at most 32 bytes")
    func names() {
        func name(_ text: String) -> String? {
            let bytes = Array(text.utf8)
            return RedisUsageClaims.name(0..<bytes.count, in: bytes.span)
        }
        #expect(name("JSON.SET") == "json.set" && name("a-b_9") == "a-b_9")
        #expect(name(String(repeating: "x", count: 32)) != nil && name(String(repeating: "x", count: 33)) == nil)
        for text in ["", "a b", "a:b", "ä", "a\0", "a\n"] { #expect(name(text) == nil, "\(text)") }
    }

    @Test("are kept under so many names, and counted under those")
    func limit() {
        let block = UsageBlock(UsageIdentity(), UsageTables.of(.redis), clock: UsageClock(), now: 0)
        for round in 1...2 {
            for name in 0..<100 { block.note(unknown: "name-\(name)", weight: UInt64(round)) }
        }
        let names = block.snapshot(now: 0).unknown
        #expect(names.count == 32 && names.values.allSatisfy { $0.count == 3 && $0.first > 0 })
        block.reset()
        #expect(block.snapshot(now: 0).unknown.isEmpty)
    }
}
