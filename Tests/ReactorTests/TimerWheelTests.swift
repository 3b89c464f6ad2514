// The timer wheel: deadlines near and far, moved both ways, and sessions that are gone.

import Testing

@testable import Reactor

@Suite("The timer wheel")
struct TimerWheelTests {
    /// Never started: its clock stands still and its wheel is the test's own.
    let worker: Worker
    let start: UInt64

    init() throws {
        worker = try Worker(index: 0)
        start = worker.now
    }

    private func advance(by nanoseconds: UInt64) { worker.timers.advance(to: start + nanoseconds) }

    @Test(
        "a deadline wakes within a tick after it and never before",
        arguments: [1, 7_999_999, 8_000_000, 8_000_001, 100_000_000, 5_000_000_000, 8_184_000_000, 8_192_000_000]
            as [UInt64])
    func near(after: UInt64) {
        let waker = Waker(worker: worker)
        waker.setDeadline(after: after)
        advance(by: after - 1)
        #expect(!waker.isSignalled)
        advance(by: after + TimerWheel.tick)
        #expect(waker.isSignalled)
        #expect(worker.timers.count == 0)
    }

    @Test("a deadline beyond the wheel's turn wakes at its time", arguments: [9, 60, 3600, 86_400] as [UInt64])
    func far(seconds: UInt64) {
        let waker = Waker(worker: worker)
        waker.setDeadline(after: seconds * 1_000_000_000)
        for second in 1..<seconds { advance(by: second * 1_000_000_000) }
        #expect(!waker.isSignalled)
        #expect(worker.timers.count == 1)
        advance(by: seconds * 1_000_000_000 + TimerWheel.tick)
        #expect(waker.isSignalled)
    }

    @Test("a deadline moved away wakes at the new time")
    func later() {
        let waker = Waker(worker: worker)
        waker.setDeadline(after: 1_000_000_000)
        waker.setDeadline(after: 3_000_000_000)
        advance(by: 2_900_000_000)
        #expect(!waker.isSignalled)
        advance(by: 3_000_000_000 + TimerWheel.tick)
        #expect(waker.isSignalled)
    }

    @Test("a deadline moved nearer wakes at the new time, and only once")
    func earlier() {
        let waker = Waker(worker: worker)
        waker.setDeadline(after: 60_000_000_000)
        waker.setDeadline(after: 1_000_000_000)
        advance(by: 1_000_000_000 + TimerWheel.tick)
        #expect(waker.isSignalled)
        waker.setDeadline(at: .max)
        advance(by: 20_000_000_000)
        #expect(worker.timers.count == 0)
    }

    @Test("a deadline taken away wakes nobody")
    func takenAway() {
        let waker = Waker(worker: worker)
        waker.setDeadline(after: 1_000_000_000)
        waker.setDeadline(after: nil)
        advance(by: 10_000_000_000)
        #expect(!waker.isSignalled)
        #expect(!waker.hasTimedOut)
        #expect(worker.timers.count == 0)
    }

    @Test("a deadline that has passed already wakes at the next tick")
    func passed() {
        let waker = Waker(worker: worker)
        waker.setDeadline(at: start - 1)
        #expect(waker.hasTimedOut)
        advance(by: TimerWheel.tick)
        #expect(waker.isSignalled)
    }

    @Test("the furthest deadline is no overflow")
    func furthest() {
        let waker = Waker(worker: worker)
        waker.setDeadline(at: .max - 1)
        waker.setDeadline(after: .max)
        #expect(waker.deadline == .max)
        advance(by: 100_000_000_000)
        #expect(!waker.isSignalled)
    }

    @Test("a session that moves its deadline at every read keeps one entry")
    func oneEntry() {
        let waker = Waker(worker: worker)
        for read in 0..<100_000 as Range<UInt64> {
            waker.setDeadline(at: start + 1_000_000_000 + read * 100_000)
            advance(by: read * 100_000)
        }
        #expect(worker.timers.count == 1)
    }

    @Test("a session whose deadline goes to and fro does not pile up entries")
    func toAndFro() {
        let waker = Waker(worker: worker)
        for round in 0..<1_000 as Range<UInt64> {
            let now = start + round * 10_000_000_000
            waker.setDeadline(at: now + 60_000_000_000)
            worker.timers.advance(to: now + 9_000_000_000)
            waker.setDeadline(at: now + 11_000_000_000)
            worker.timers.advance(to: now + 10_000_000_000)
        }
        // The one that counts, and those it has overtaken until their slots come round.
        #expect(worker.timers.count <= 3)
        #expect(!waker.isSignalled)
    }

    @Test("a session that is gone leaves the wheel at the next visit, however far its deadline is")
    func gone() {
        weak var gone: Waker?
        do {
            let waker = Waker(worker: worker)
            waker.setDeadline(after: 86_400_000_000_000)
            gone = waker
        }
        advance(by: 9_000_000_000)
        #expect(worker.timers.count == 0)
        #expect(gone == nil)
    }

    @Test("after a jump of many turns every deadline that passed wakes, and the others still do")
    func jump() {
        let wakers = (0..<3_000).map { index in
            let waker = Waker(worker: worker)
            waker.setDeadline(after: UInt64(index) * 20_000_000)
            return waker
        }
        let jump: UInt64 = 30_000_000_000
        advance(by: jump)
        #expect(wakers.allSatisfy { $0.isSignalled == ($0.deadline <= start + jump) })
        var time = jump
        while time < 62_000_000_000 {
            time += 1_000_000_000
            advance(by: time)
        }
        #expect(wakers.allSatisfy { $0.isSignalled })
        #expect(worker.timers.count == 0)
    }

    @Test("the time to the next slot leads there in one sleep, and an empty wheel sleeps for ever")
    func sleep() throws {
        #expect(worker.timers.millisecondsToNext(now: start) == nil)
        for after in stride(from: 0 as UInt64, to: 9_000_000_000, by: 37_000_000) {
            let waker = Waker(worker: worker)
            waker.setDeadline(after: after)
            let milliseconds = try #require(worker.timers.millisecondsToNext(now: start))
            #expect(milliseconds >= 0 && UInt64(milliseconds) * 1_000_000 <= after + TimerWheel.tick + 1_000_000)
            waker.setDeadline(after: nil)
            worker.timers = TimerWheel(now: start)
        }
    }
}
