// Work that a session repeats at every wake-up, without resuming its task.

/// The steady part of a session: the same step again and again until it says that it is over.
///
/// Resuming a task costs about half a microsecond of locks and records in the concurrency runtime, as much as the rest
/// of a small request. A session that only moves bytes pays it once: its task sleeps in ``Waker/run(_:)`` while the
/// worker calls the pump directly.
package protocol Pump: AnyObject {
    /// Does what can be done now, without blocking; true when the work is over.
    func step() -> Bool
}
