// What the event loop tells about readiness: the base of every registered descriptor.

import CLinux

/// The readiness that one wake-up reported for a descriptor.
struct Readiness: OptionSet {
    let rawValue: UInt32

    static let read = Readiness(rawValue: fl_read)
    static let write = Readiness(rawValue: fl_write)
    static let readHangUp = Readiness(rawValue: fl_read_hang_up)
    static let urgent = Readiness(rawValue: fl_urgent)
    static let hangUp = Readiness(rawValue: fl_hang_up)
    static let error = Readiness(rawValue: fl_error)
}

/// A descriptor that a worker's epoll watches.
///
/// The worker holds it unretained: whoever owns the source removes it before letting go of it. Between
/// `epoll_wait` and the last event of its batch no session code runs, so a source cannot vanish in between.
package class EventSource {
    init() {}

    func handle(_ readiness: Readiness) {}
}
