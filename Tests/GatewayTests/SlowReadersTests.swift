// Which hosts are remembered for what their clients left unread, for how long, and how many of them.

import Reactor
import Testing

@testable import Gateway

@Suite("hosts of clients that left large replies unread")
struct SlowReadersTests {
    private static func peer(_ host: String, _ port: UInt16 = 1) throws -> SocketAddress {
        try #require(SocketAddress(literal: host, port: port))
    }

    @Test("are known whatever port they come from, and only for a while")
    func life() throws {
        let (readers, now) = (SlowReaders(), ContinuousClock.now)
        #expect(try !readers.contains(Self.peer("10.0.0.1"), now: now))
        try readers.note(Self.peer("10.0.0.1", 5), now: now)
        #expect(try readers.contains(Self.peer("10.0.0.1", 6), now: now))
        #expect(try !readers.contains(Self.peer("10.0.0.2", 5), now: now))
        #expect(try !readers.contains(Self.peer("::1", 5), now: now))
        #expect(try readers.contains(Self.peer("10.0.0.1"), now: now + SlowReaders.life - .seconds(1)))
        #expect(try !readers.contains(Self.peer("10.0.0.1"), now: now + SlowReaders.life))
    }

    @Test("are so many at the most, and the one that was noted first makes room")
    func bound() throws {
        let (readers, now) = (SlowReaders(), ContinuousClock.now)
        for number in 0...SlowReaders.limit {
            try readers.note(Self.peer("10.0.\(number / 256).\(number % 256)"), now: now + .milliseconds(number))
        }
        let later = now + .seconds(1)
        #expect(try !readers.contains(Self.peer("10.0.0.0"), now: later))
        #expect(try readers.contains(Self.peer("10.0.0.1"), now: later))
        #expect(try readers.contains(Self.peer("10.0.1.0"), now: later))
    }
}
