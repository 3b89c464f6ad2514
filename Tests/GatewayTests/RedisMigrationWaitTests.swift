// Commands that wait at the server keep nobody's keys back, and are noted once they are answered.

import Migration
import Reactor
import Testing

@testable import Gateway

@Suite("a Redis client that waits while keys move")
struct RedisMigrationWaitTests {
    private static let commands = [
        "BLPOP q 0", "BRPOP q 0", "BLMOVE q r LEFT RIGHT 0", "BRPOPLPUSH q r 0", "BZPOPMIN q 0", "BLMPOP 0 1 q LEFT",
        "BZMPOP 0 1 q MIN", "XREADGROUP GROUP g c BLOCK 0 STREAMS q >",
    ]

    @Test("its keys are noted when it is answered, and those of others are handed out meanwhile", arguments: commands)
    func waits(command: String) async throws {
        try await RedisMigrationClientTests.follow { followed in
            followed.receives("SET a v")
            followed.sends("+OK")
            followed.receives(command)
            #expect(followed.taken() == ["0/a", "…"])
            #expect(followed.taken() == ["…"])
            followed.sends("*0")
            let isMove = command.contains(" r ")
            #expect(followed.taken() == (isMove ? ["0/q", "0/r"] : ["0/q"]))
        }
    }

    @Test("however many of them there are")
    func many() async throws {
        try await RedisMigrationClientTests.follow { followed in
            let worker = followed.worker
            let others = try (0..<8).map { _ in try FollowedRedis(worker, beside: followed) }
            defer { for other in others { other.close() } }
            for (number, other) in others.enumerated() {
                other.receives("BLPOP q\(number) 0")
                followed.receives("SET k v")
                followed.sends("+OK")
                #expect(followed.taken() == ["0/k", "…"])
            }
            for other in others { other.sends("*-1") }
            #expect(followed.taken() == (0..<8).map { "0/q\($0)" })
        }
    }

    @Test("nor do clients that cannot be followed keep anything back, and everything is noted once they are gone")
    func blind() async throws {
        try await RedisMigrationClientTests.follow { followed in
            let worker = followed.worker
            let others = try (0..<4).map { _ in try FollowedRedis(worker, beside: followed) }
            defer { for other in others { other.close() } }
            for other in others {
                other.receives("CLIENT REPLY OFF", "SET x v")
                followed.receives("SET k v")
                followed.sends("+OK")
                #expect(followed.taken() == ["0/k", "…"])
            }
            for other in others { other.client.ended() }
            #expect(followed.taken() == ["*"])
        }
    }

    @Test(
        "what stands behind one that waits is noted with its own answer",
        arguments: ["BLPOP q 0", "XREAD BLOCK 0 STREAMS q $"])
    func behind(command: String) async throws {
        try await RedisMigrationClientTests.follow { followed in
            followed.receives(command, "SET k v", "FLUSHALL", "SET l v")
            #expect(followed.taken() == ["…"])
            followed.sends("*-1", "+OK")
            let first = followed.taken()
            #expect(first == (command.hasPrefix("B") ? ["0/k", "0/q", "…"] : ["0/k", "…"]))
            followed.sends("+OK")
            #expect(followed.taken() == ["*", "…"])
            followed.sends("+OK")
            #expect(followed.taken() == ["0/l"])
            followed.receives("SET m v")
            #expect(followed.taken() == ["…"])
            followed.sends("+OK")
            #expect(followed.taken() == ["0/m"])
        }
    }

    @Test("in a transaction nothing waits")
    func transaction() async throws {
        try await RedisMigrationClientTests.follow { followed in
            followed.receives("MULTI", "BLPOP q 0", "EXEC")
            followed.sends("+OK", "+QUEUED")
            #expect(followed.taken() == ["…"])
            followed.sends("*1\r\n*-1")
            #expect(followed.taken() == ["0/q"])
        }
    }

    @Test("more keys than are kept are held as those of any write, and are noted all the same")
    func long() async throws {
        let name = String(repeating: "x", count: 3000)
        try await RedisMigrationClientTests.follow { followed in
            followed.receives("BLPOP a\(name) b\(name) 0", "BLPOP c\(name) 0", "BLPOP d 0")
            #expect(followed.taken() == ["…"])
            followed.sends("*-1")
            #expect(followed.taken() == ["0/a\(name)", "0/b\(name)", "…"])
            followed.sends("*-1", "*-1")
            #expect(followed.taken() == ["0/c\(name)", "0/d"])
        }
    }

    @Test("one whose client is gone is noted, and once more behind the next look; what stands behind it may change all")
    func gone() async throws {
        try await RedisMigrationClientTests.follow { followed in
            followed.receives("BLMOVE q r LEFT RIGHT 0")
            followed.client.ended()
            #expect(followed.taken() == ["0/q", "0/r", "…"])
            #expect(followed.taken() == ["0/q", "0/r"])
            #expect(followed.taken() == [])
        }
        try await RedisMigrationClientTests.follow { followed in
            followed.receives("BLPOP q 0", "SET k v")
            followed.client.ended()
            #expect(followed.taken().contains("*"))
        }
    }

    @Test("one that is let go while clients are held is noted, and nothing is left to wait for")
    func held() async throws {
        try await RedisMigrationClientTests.follow { followed in
            followed.receives("BLPOP q 0", "SET k v")
            followed.client.hold()
            followed.client.ended()
            #expect(followed.taken() == ["0/k", "0/q"])
            #expect(followed.taken() == [])
        }
    }
}
