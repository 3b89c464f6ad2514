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
    /// When the time of what is under way is over, whatever came until then; `.max`: never.
    private var end = UInt64.max

    /// Nanoseconds of silence that are borne meanwhile.
    private static let shortSilence: UInt64 = 2_000_000_000
    /// Nanoseconds between two looks for such an order.
    private static let pause: UInt64 = 250_000_000

    init(_ worker: Worker, isUrged: @escaping @Sendable () -> Bool) {
        self.worker = worker
        self.isUrged = isUrged
    }

    /// Whether nothing is worth a second try.
    var isShort: Bool { end != .max || isUrged() }

    /// From here on nothing is waited for behind `end` of the worker's clock.
    func hurry(until end: UInt64) { self.end = end }
    /// It is over, and others have the time that they need.
    func relax() { end = .max }

    /// Waits at `waker` for something new from a place of which nothing came since `start`; false when it is given up.
    ///
    /// - Parameter silence: nanoseconds that it may take.
    func wait(_ waker: Waker, since start: UInt64, atMost silence: UInt64) async -> Bool {
        let due = min(start &+ (isShort ? min(silence, Self.shortSilence) : silence), end)
        guard worker.now < due else { return false }
        waker.setDeadline(at: min(due, worker.now &+ Self.pause))
        await waker.wait()
        waker.setDeadline(after: nil)
        return true
    }

    /// Waits at `waker` for `nanoseconds`, or until there is no time left.
    func rest(_ waker: Waker, for nanoseconds: UInt64) async {
        waker.setDeadline(at: min(worker.now &+ nanoseconds, end))
        while !waker.hasTimedOut, !waker.isCancelled { await waker.wait() }
        waker.setDeadline(after: nil)
    }
}
