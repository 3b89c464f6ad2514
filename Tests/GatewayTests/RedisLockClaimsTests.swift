// Claims of locks: whose a lock is within one process, until when, and how many are remembered.

import Testing

@testable import Gateway

@Suite("Claims of locks that stand in for keys")
struct RedisLockClaimsTests {
    private let name = RedisLockClaims.Name(database: 0, name: bytes("l"))
    private func claim(_ session: UInt64, until: Int64) -> RedisLockClaims.Claim {
        RedisLockClaims.Claim(session: session, until: until)
    }

    @Test("a lock is one connection's for each owner until it is over")
    func claims() {
        let claims = RedisLockClaims()
        let (me, you) = (bytes("me"), bytes("you"))
        #expect(claims.claim(name, owner: me, claim(1, until: 100), now: 0) == .claimed(before: nil))
        #expect(claims.claim(name, owner: me, claim(2, until: 100), now: 99) == .taken)
        #expect(claims.claim(name, owner: you, claim(2, until: 100), now: 0) == .claimed(before: nil))
        #expect(Set(claims.owners(of: name, now: 99)) == [me, you])
        #expect(claims.claim(name, owner: me, claim(1, until: 200), now: 50) == .claimed(before: claim(1, until: 100)))
        claims.put(nil, name, owner: you)
        #expect(claims.owners(of: name, now: 99) == [me])
        claims.extend(name, owner: me, until: 300)
        #expect(claims.claim(name, owner: me, claim(2, until: 900), now: 299) == .taken)
        #expect(claims.owners(of: name, now: 300).isEmpty)
        #expect(claims.claim(name, owner: me, claim(2, until: 900), now: 300) == .claimed(before: claim(1, until: 300)))
        let elsewhere = RedisLockClaims.Name(database: 1, name: bytes("l"))
        #expect(claims.claim(elsewhere, owner: me, claim(3, until: 900), now: 300) == .claimed(before: nil))
    }

    @Test("of two processes, neither has the owner of the other, whatever the values are")
    func owners() {
        let (one, other) = (RedisLockClaims(), RedisLockClaims())
        #expect(one.owner(bytes("1")) == one.owner(bytes("1")))
        #expect(one.owner(bytes("1")) != other.owner(bytes("1")))
        #expect(one.owner(bytes("1")).starts(with: bytes("1@")))
        #expect(one.owner([]).count == 17)
        #expect(one.owner([]).allSatisfy { 0x21...0x7E ~= $0 })
    }

    @Test("no more are remembered than there is room for, and those that are over make room")
    func bounds() {
        let claims = RedisLockClaims()
        let owner = bytes("1")
        func take(_ number: Int, now: Int64) -> RedisLockClaims.Outcome {
            claims.claim(
                .init(database: 0, name: bytes("l\(number)")), owner: owner, claim(1, until: now + 100), now: now)
        }
        for number in 0..<65_536 { #expect(take(number, now: 0) == .claimed(before: nil)) }
        #expect(take(65_536, now: 50) == .full)
        #expect(take(0, now: 50) != .full, "it is there already")
        #expect(take(65_536, now: 100) == .claimed(before: nil))
        let large = RedisLockClaims()
        let half = [UInt8](repeating: 0x61, count: 40 << 20)
        #expect(large.claim(name, owner: half, claim(1, until: 100), now: 0) == .claimed(before: nil))
        #expect(
            large.claim(.init(database: 0, name: bytes("m")), owner: half, claim(1, until: 100), now: 0) == .full)
    }
}
