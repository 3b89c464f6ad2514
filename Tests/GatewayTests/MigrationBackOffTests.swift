// When copying back is tried again after it has failed.

import Testing

@testable import Gateway

@Suite("the next try of what has failed")
struct MigrationBackOffTests {
    private static let second: UInt64 = 1_000_000_000

    @Test("comes after a second, and after twice as long each time, up to half a minute")
    func doubling() {
        var backOff = MigrationBackOff()
        let waits = (0..<7).map { _ in backOff.failed(at: 0) / Self.second }
        #expect(waits == [1, 2, 4, 8, 16, 30, 30])
        backOff.reset()
        let first = backOff.failed(at: 0)
        #expect(first == Self.second)
    }

    @Test("comes once for each failure, and not when there is something else to do")
    func once() {
        var backOff = MigrationBackOff()
        var due = [backOff.isDue(at: .max)]
        _ = backOff.failed(at: 5)
        due += [4, 5 + Self.second - 1, 5 + Self.second, .max].map { backOff.isDue(at: $0) }
        _ = backOff.failed(at: 5)
        backOff.cancel()
        due.append(backOff.isDue(at: .max))
        #expect(due == [false, false, false, true, false, false])
    }
}
