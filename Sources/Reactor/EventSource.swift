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

    // Sets of these, made once: a set literal is an array first, which costs an allocation where it is not optimised away.
    /// Something may be read: bytes, an end, or an error.
    static let anyBytes: Readiness = [.read, .readHangUp, .hangUp, .error, .urgent]
    /// Something may be written, if only to find the error.
    static let anyRoom: Readiness = [.write, .hangUp, .error]
    /// A short read proves nothing any more.
    static let anyEnd: Readiness = [.readHangUp, .hangUp, .error, .urgent]
    static let anyBreak: Readiness = [.hangUp, .error]

    func has(_ some: Readiness) -> Bool { rawValue & some.rawValue != 0 }
}

/// A descriptor that a worker's epoll watches.
///
/// The worker holds it unretained: whoever owns the source removes it before letting go of it. Between
/// `epoll_wait` and the last event of its batch no session code runs, so a source cannot vanish in between.
package class EventSource {
    init() {}

    func handle(_ readiness: Readiness) {}
}
