// Phases follow one another as they may, and clients are never held for longer than the lease.

import Testing

@testable import Migration

@Suite("the steps of a migration")
struct MigrationStepsTests {
    private static let second: UInt64 = 1_000_000_000

    @Test("lead over and back again, each kept before it takes effect")
    func wholeWay() throws {
        var steps = MigrationSteps(.copying)
        #expect(try steps.holdRequested(lease: Self.second, at: 0) == [.hold])
        #expect(try steps.changeRequested(to: .cutOver, isSettled: true, at: 1) == [.keep(.cutOver)])
        #expect(steps.phase == .copying && steps.isHolding)
        #expect(steps.kept() == [.release(.target)])
        #expect(steps.phase == .cutOver && !steps.isHolding)
        #expect(try steps.holdRequested(lease: Self.second, at: 2) == [.hold])
        #expect(try steps.changeRequested(to: .rolledBack, isSettled: true, at: 3) == [.keep(.rolledBack)])
        #expect(steps.kept() == [.release(.source)])
        #expect(try steps.changeRequested(to: .copying, isSettled: false, at: 4) == [.keep(.copying)])
        #expect(steps.kept() == [])
        #expect(steps.phase == .copying)
    }

    @Test("let clients go at the end of the lease, however often it is asked for again")
    func lease() throws {
        var steps = MigrationSteps(.copying)
        #expect(throws: MigrationSteps.Refusal.leaseTooLong(limit: 2 * Self.second)) {
            try steps.holdRequested(lease: 3 * Self.second, at: 0)
        }
        #expect(try steps.holdRequested(lease: Self.second, at: 0) == [.hold])
        #expect(steps.deadline == Self.second)
        #expect(try steps.holdRequested(lease: Self.second, at: Self.second - 1) == [])
        #expect(steps.timePassed(Self.second - 1) == [])
        #expect(steps.timePassed(Self.second) == [.release(.source)])
        #expect(steps.timePassed(Self.second) == [])
        #expect(throws: MigrationSteps.Refusal.notHeld) {
            try steps.changeRequested(to: .cutOver, isSettled: true, at: Self.second)
        }
    }

    @Test("are not taken behind the lease, even where nobody has looked at the time")
    func lateChange() throws {
        var steps = MigrationSteps(.copying)
        #expect(try steps.holdRequested(lease: 10, at: 0) == [.hold])
        #expect(throws: MigrationSteps.Refusal.notHeld) {
            try steps.changeRequested(to: .cutOver, isSettled: true, at: 10)
        }
        #expect(try steps.holdRequested(lease: 10, at: 10) == [.release(.source)])
    }

    @Test("wait for writes under way")
    func unsettled() throws {
        var steps = MigrationSteps(.copying)
        #expect(try steps.holdRequested(lease: 10, at: 0) == [.hold])
        #expect(throws: MigrationSteps.Refusal.notSettled) {
            try steps.changeRequested(to: .cutOver, isSettled: false, at: 1)
        }
        #expect(steps.releaseRequested() == [.release(.source)])
        #expect(steps.releaseRequested() == [])
    }

    @Test("leave clients where they are when the file cannot be written, and hold them while it is")
    func fileFails() throws {
        var steps = MigrationSteps(.copying)
        #expect(try steps.holdRequested(lease: 10, at: 0) == [.hold])
        #expect(try steps.changeRequested(to: .cutOver, isSettled: true, at: 1) == [.keep(.cutOver)])
        #expect(steps.timePassed(1000) == [])
        #expect(steps.deadline == nil)
        #expect(throws: MigrationSteps.Refusal.busy) { try steps.holdRequested(lease: 10, at: 2) }
        #expect(throws: MigrationSteps.Refusal.busy) {
            try steps.changeRequested(to: .cutOver, isSettled: true, at: 2)
        }
        #expect(steps.keepFailed() == [.release(.source)])
        #expect(steps.phase == .copying)
    }

    @Test("finish without a hold, and let those go who are held for the way back")
    func finish() throws {
        var steps = MigrationSteps(.cutOver)
        #expect(try steps.holdRequested(lease: 10, at: 0) == [.hold])
        #expect(
            try steps.changeRequested(to: .finished, isSettled: false, at: 1) == [.release(.target), .keep(.finished)])
        #expect(steps.kept() == [])
        #expect(throws: MigrationSteps.Refusal.nothingToHoldFor(.finished)) {
            try steps.holdRequested(lease: 10, at: 2)
        }
    }

    @Test("are only those that are allowed", arguments: MigrationPhase.allCases)
    func order(phase: MigrationPhase) {
        let allowed: [MigrationPhase: Set<MigrationPhase>] = [
            .copying: [.cutOver], .cutOver: [.rolledBack, .finished], .rolledBack: [.copying], .finished: [],
        ]
        for next in MigrationPhase.allCases where allowed[phase]?.contains(next) != true {
            var steps = MigrationSteps(phase)
            #expect(throws: MigrationSteps.Refusal.wrongPhase(from: phase, to: next)) {
                try steps.changeRequested(to: next, isSettled: true, at: 0)
            }
        }
    }
}
