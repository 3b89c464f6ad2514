// How often what a prepared statement shows is counted.

import PostgresWire
import Reactor
import Testing
import Wire

@testable import Gateway

@Suite("prepared statements")
struct PostgresUsagePreparedTests {
    private static func message(_ type: Character, _ body: [UInt8]) -> [UInt8] {
        let length = body.count + 4
        return [type.asciiValue ?? 0, 0, 0, UInt8(length >> 8), UInt8(length & 255)] + body
    }

    private static func parse(_ name: String, _ text: String) -> [UInt8] {
        message("P", Array(name.utf8) + [0] + Array(text.utf8) + [0, 0, 1, 0, 0, 0, 23])
    }

    private static func bind(_ name: String) -> [UInt8] {
        message("B", [0] + Array(name.utf8) + [0, 0, 0, 0, 1, 0, 0, 0, 1, 0x31, 0, 0])
    }

    /// How often each feature was counted of `messages`, of one session, and of `others` of another one after it.
    private static func counts(_ messages: [UInt8], then others: [UInt8] = []) throws -> [String: UInt64] {
        let listener = ListenerUsage(UsageTables.of(.postgres), samples: 0, worker: try Worker(index: 0))
        for messages in [messages, others] {
            let usage = PostgresUsage(listener, client: nil)
            usage.become(UsageIdentity())
            var framer = PostgresClientFramer()
            var offset = 0
            let bytes = messages.span
            while let event = try framer.next(bytes, at: &offset) {
                usage.received(event, in: bytes, endingAt: offset, length: framer.messageLength)
            }
        }
        return listener.snapshots.reduce(into: [:]) { counts, snapshot in
            for (place, counter) in snapshot.counters { counts[listener.table.features[place]] = counter.count }
        }
    }

    private static func times(_ count: Int, _ message: [UInt8]) -> [UInt8] {
        Array(repeating: message, count: count).flatMap(\.self)
    }

    @Test("show what they show each time that they are bound")
    func bound() throws {
        let insert = Self.parse("s1", "INSERT INTO t VALUES ($1) RETURNING a")
        let select = Self.parse("s2", "SELECT lower(a) FROM t WHERE b = $1")
        let counts = try Self.counts(insert + select + Self.times(3000, Self.bind("s1")) + Self.bind("s2"))
        let returning = counts["postgres.feature.returning"] ?? 0
        #expect(2900...3001 ~= returning, "\(returning)")
        #expect(counts["postgres.function.lower"] == 1)
        #expect((counts["postgres.type.integer"] ?? 0) > 2900)
    }

    @Test("of a second session too, whose statement is no new one")
    func second() throws {
        let insert = Self.parse("s1", "INSERT INTO t VALUES ($1) RETURNING a")
        let counts = try Self.counts(insert, then: insert + Self.times(1000, Self.bind("s1")))
        #expect((counts["postgres.feature.returning"] ?? 0) > 900)
    }

    @Test("one under the same name takes the place of the one before")
    func replaced() throws {
        let first = Self.parse("s", "SELECT lower(a) FROM t WHERE b = $1")
        let second = Self.parse("s", "SELECT upper(a) FROM t WHERE b = $1")
        let counts = try Self.counts(first + second + Self.times(500, Self.bind("s")))
        #expect(counts["postgres.function.lower"] == 1)
        #expect((counts["postgres.function.upper"] ?? 0) > 400)
    }

    @Test("of more names than are kept the oldest are forgotten")
    func bounded() throws {
        let name = Array("a0".utf8)
        var prepared = PostgresUsagePrepared()
        func key(_ number: Int) -> UInt64 { PostgresUsagePrepared.key(0..<2, in: name.span) &+ UInt64(number) }
        for number in 0..<300 {
            prepared.begin(key(number))
            for feature in 0..<100 { prepared.note(feature) }
        }
        #expect(prepared.features(of: key(43)).isEmpty && prepared.features(of: key(0)).isEmpty)
        #expect(prepared.features(of: key(44)) == Array(0..<48) && prepared.features(of: key(299)).count == 48)
    }
}
