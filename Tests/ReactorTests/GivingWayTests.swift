// When a worker lets others run before it waits.

import TestSupport
import Testing

@testable import Reactor

@Suite("Giving way", .timeLimit(.minutes(5)))
struct GivingWayTests {
    private static let slice: UInt64 = 2_800_000

    @Test("one event at a time is no reason to, however many turns")
    func oneEvent() {
        var givingWay = GivingWay()
        #expect(!givingWay.isWorthwhile)
        for _ in 0..<1_000 { givingWay.noteTurn(events: 1) }
        #expect(!givingWay.isWorthwhile)
        #expect(!givingWay.isDue(at: 1))
    }

    @Test("several events in a turn are one, for that turn and a few more")
    func severalEvents() {
        var givingWay = GivingWay()
        givingWay.noteTurn(events: 2)
        var turns = 0
        while givingWay.isDue(at: 1) {
            turns += 1
            givingWay.noteTurn(events: 1)
        }
        #expect(turns == GivingWay.turnsAfterSeveral)
    }

    @Test("short waits go on; a long one is followed by a pause of its length, and the next by twice that")
    func pauses() {
        var givingWay = GivingWay()
        givingWay.noteTurn(events: 5)
        givingWay.noteWait(from: 0, to: GivingWay.long)
        #expect(givingWay.isDue(at: GivingWay.long))

        var now = Self.slice
        for factor in [1, 2, 4, 8, 16, 32, 64, 128, 128, 128] as [UInt64] {
            givingWay.noteWait(from: now, to: now + Self.slice)
            now += Self.slice
            #expect(!givingWay.isDue(at: now + factor * Self.slice - 1))
            now += factor * Self.slice
            #expect(givingWay.isDue(at: now))
        }
    }

    @Test("after a few short waits a long one is taken for the first again")
    func forgets() {
        var givingWay = GivingWay()
        givingWay.noteTurn(events: 5)
        var now: UInt64 = 0
        func wait(_ length: UInt64) {
            givingWay.noteWait(from: now, to: now + length)
            now += length
        }
        for _ in 0..<5 { wait(Self.slice) }
        for _ in 0..<GivingWay.shortToForget { wait(10_000) }
        wait(Self.slice)
        #expect(!givingWay.isDue(at: now + Self.slice - 1))
        #expect(givingWay.isDue(at: now + Self.slice))
    }

    @Test("where each wait takes a slice, less than a fiftieth of a minute is lost")
    func lost() {
        var givingWay = GivingWay()
        var now: UInt64 = 0
        var lost: UInt64 = 0
        while now < 60_000_000_000 {
            givingWay.noteTurn(events: 5)
            if givingWay.isDue(at: now) {
                givingWay.noteWait(from: now, to: now + Self.slice)
                now += Self.slice
                lost += Self.slice
            }
            now += 20_000
        }
        #expect(lost * 50 < now)
        #expect(lost > 0)
    }

    @Test("a worker gives way once sockets bring something together")
    func worker() async throws {
        let loop = try Loop()
        let pairs = try (0..<4).map { _ in try Peer.pair() }
        let sessions = pairs.map { end, _ in
            loop.session { waker in
                let socket = try Socket(adopting: Descriptor(end), waker: waker)
                defer { socket.close() }
                return try await socket.rest()
            }
        }
        // Registering a socket is an event too, so the turns after it are let pass.
        for _ in 0..<4 * GivingWay.turnsAfterSeveral { await loop.inside { _ in } }
        let before = await loop.inside { $0.counters.yields }
        // More than once: beside something busy a worker pauses. The suite's limit ends what would be for ever.
        repeat {
            try Task.checkCancellation()
            await loop.inside { _ in
                // The loop does not look while this runs, so it finds all of them at once.
                for (_, peer) in pairs { try? peer.send([1]) }
            }
        } while await loop.inside { $0.counters.yields } == before
        for (_, peer) in pairs { peer.finish() }
        for session in sessions { #expect(try await session.value.allSatisfy { $0 == 1 }) }
    }
}
