// For how long whoever copies waits for a place that does not answer.

import Reactor

/// Shared by the connections of a migration's copiers; it belongs to the runner's worker.
///
/// Each connection has a limit of its own to the silence of its place. It is shorter while an order waits, or is carried
/// out, that needs no answer: a place that hangs could otherwise not be left.
final class MigrationPatience: @unchecked Sendable {
    private let worker: Worker
    /// Whether an order waits that needs no answer.
    private let isUrged: @Sendable () -> Bool
    /// Hears for what is waited; nil for nothing any more.
    private let tell: @Sendable (String?) -> Void
    private var hasTold = false
    /// When the time of what is under way is over, whatever came until then; `.max`: never.
    private var end = UInt64.max

    /// Nanoseconds of silence that are borne meanwhile.
    private static let shortSilence: UInt64 = 2_000_000_000
    /// Nanoseconds between two looks for such an order.
    private static let pause: UInt64 = 250_000_000
    /// Nanoseconds of silence of which the operator is told.
    private static let noticed: UInt64 = 3_000_000_000

    init(
        _ worker: Worker, isUrged: @escaping @Sendable () -> Bool, tell: @escaping @Sendable (String?) -> Void
    ) {
        self.worker = worker
        self.isUrged = isUrged
        self.tell = tell
    }

    /// Whether nothing is worth a second try.
    var isShort: Bool { end != .max || isUrged() }

    /// From here on nothing is waited for behind `end` of the worker's clock.
    func hurry(until end: UInt64) { self.end = end }
    /// It is over, and others have the time that they need.
    func relax() { end = .max }

    /// Waits at `waker` for something new from a place of which nothing came since `start`; false when it is given up.
    ///
    /// - Parameters:
    ///   - due: when that is, by the worker's clock.
    ///   - name: the place's, of whose silence the operator is told.
    func wait(_ waker: Waker, since start: UInt64, until due: UInt64, of name: String? = nil) async -> Bool {
        let due = min(due, isShort ? min(start &+ Self.shortSilence, end) : end)
        let now = worker.now
        guard now < due else { return false }
        if let name, now &- start >= Self.noticed {
            hasTold = true
            tell("no answer from '\(name)' for \((now &- start) / 1_000_000_000) s")
        }
        waker.setDeadline(at: min(due, now &+ Self.pause))
        await waker.wait()
        waker.setDeadline(after: nil)
        return true
    }

    /// A place is not silent, or nobody waits for it any more.
    func hears() {
        guard hasTold else { return }
        hasTold = false
        tell(nil)
    }

    /// Waits at `waker` for `nanoseconds`, or until there is no time left.
    func rest(_ waker: Waker, for nanoseconds: UInt64) async {
        waker.setDeadline(at: min(worker.now &+ nanoseconds, end))
        while !waker.hasTimedOut, !waker.isCancelled { await waker.wait() }
        waker.setDeadline(after: nil)
    }
}
