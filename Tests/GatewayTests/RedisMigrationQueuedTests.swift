// What is queued in a transaction keeps nobody's keys back, and is noted once its EXEC is sent.

import Migration
import Reactor
import Testing

@testable import Gateway

@Suite("a Redis client with an open transaction while keys move")
struct RedisMigrationQueuedTests {
    /// Opens a transaction in which `words` is queued, and has what is noted by then handed out.
    private static func queue(_ followed: FollowedRedis, _ words: String) {
        followed.receives("MULTI", words)
        followed.sends("+OK", "+QUEUED")
        _ = followed.taken()
    }

    @Test("however many of them think, the keys of others are handed out, and theirs when EXEC is answered")
    func idle() async throws {
        try await RedisMigrationClientTests.follow { followed in
            let others = try (0..<8).map { _ in try FollowedRedis(followed.worker, beside: followed) }
            defer { for other in others { other.close() } }
            for (number, other) in others.enumerated() {
                Self.queue(other, "SET q\(number) v")
                followed.receives("SET k v")
                followed.sends("+OK")
                #expect(followed.taken() == ["0/k"])
            }
            for other in others { other.receives("EXEC") }
            #expect(followed.taken() == ["…"])
            for other in others { other.sends("*1\r\n+OK") }
            #expect(followed.taken() == (0..<8).map { "0/q\($0)" })
        }
    }

    @Test(
        "what is thrown away is not noted again, and neither is that of a client that is gone",
        arguments: ["DISCARD", "RESET", ""])
    func discarded(end: String) async throws {
        try await RedisMigrationClientTests.follow { followed in
            Self.queue(followed, "SET k v")
            if end.isEmpty {
                followed.client.ended()
            } else {
                followed.receives(end)
                followed.sends("+OK")
            }
            #expect(followed.taken() == [])
        }
    }

    @Test("an EXEC whose client is gone may be carried out later")
    func lost() async throws {
        try await RedisMigrationClientTests.follow { followed in
            Self.queue(followed, "SET k v")
            followed.receives("EXEC")
            followed.client.ended()
            #expect(followed.taken().contains("*"))
        }
    }

    @Test("where MULTI is refused, commands are noted as they are answered")
    func refused() async throws {
        try await RedisMigrationClientTests.follow { followed in
            followed.receives("MULTI", "SET k v")
            #expect(followed.taken() == ["…"])
            followed.sends("-ERR UNSUPPORTED", "+OK")
            #expect(followed.taken() == ["0/k"])
        }
    }

    @Test("one that names no keys makes EXEC change everything, and only that")
    func everything() async throws {
        try await RedisMigrationClientTests.follow { followed in
            Self.queue(followed, "FLUSHALL")
            followed.receives("EXEC")
            followed.sends("*1\r\n+OK")
            #expect(followed.taken() == ["*"])
            Self.queue(followed, "SET k v")
            followed.receives("EXEC")
            followed.sends("*1\r\n+OK")
            #expect(followed.taken() == ["0/k"])
        }
    }

    @Test("behind a command that waits, EXEC is noted with its own answer")
    func behind() async throws {
        try await RedisMigrationClientTests.follow { followed in
            followed.receives("BLPOP q 0", "MULTI", "SET k v", "EXEC")
            #expect(followed.taken() == ["…"])
            let other = try FollowedRedis(followed.worker, beside: followed)
            defer { other.close() }
            other.receives("SET l v")
            other.sends("+OK")
            #expect(followed.taken() == ["0/l", "…"])
            followed.sends("*-1", "+OK", "+QUEUED")
            #expect(followed.taken() == ["0/k", "0/q", "…"])
            followed.sends("*1\r\n+OK")
            #expect(followed.taken() == ["0/k"])
        }
    }

    @Test("more keys than are kept hold others back for a moment, and then EXEC may change everything")
    func many() async throws {
        try await RedisMigrationClientTests.follow { followed in
            let others = try (0..<3).map { _ in try FollowedRedis(followed.worker, beside: followed) }
            defer { for other in others { other.close() } }
            let names = (0..<WaitingKeys.keyLimit + 1).map { "q\($0)" }
            for other in others {
                other.receives("MULTI", "DEL " + names.joined(separator: " "))
                other.sends("+OK", "+QUEUED")
                _ = followed.taken()
            }
            followed.receives("SET k v")
            followed.sends("+OK")
            #expect(followed.taken() == ["…"])
            let waker = followed.socket.waker
            waker.setDeadline(after: 1_100_000_000)
            while !waker.hasTimedOut { await waker.wait() }
            #expect(followed.taken().contains("0/k"))
            _ = followed.taken()
            #expect(followed.taken() == [])
            others[0].receives("EXEC")
            others[0].sends("*1\r\n:0")
            #expect(followed.taken() == ["*"])
            // One that does not think is noted by its keys.
            followed.receives("MULTI", "DEL " + names.joined(separator: " "), "EXEC")
            followed.sends("+OK", "+QUEUED", "*1\r\n:0")
            #expect(followed.taken() == names.map { "0/\($0)" }.sorted())
        }
    }
}
