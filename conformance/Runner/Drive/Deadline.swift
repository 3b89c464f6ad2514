// A moment by which something has to be done.

import Glibc

/// A moment on the machine's monotonic clock.
package struct Deadline: Sendable, Equatable, Comparable {
    /// Nanoseconds of the monotonic clock.
    package let nanoseconds: UInt64

    package init(nanoseconds: UInt64) { self.nanoseconds = nanoseconds }

    /// The moment `duration` from now.
    package static func after(_ duration: Duration) -> Deadline {
        let (seconds, attoseconds) = duration.components
        let span = UInt64(max(seconds, 0)) &* 1_000_000_000 &+ UInt64(max(attoseconds, 0) / 1_000_000_000)
        return Deadline(nanoseconds: now &+ span)
    }

    /// Nanoseconds of the monotonic clock.
    package static var now: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    package var hasPassed: Bool { Self.now >= nanoseconds }

    /// Milliseconds that are left, rounded up, as `poll` takes them; 0 when it has passed.
    package var milliseconds: Int32 {
        let now = Self.now
        guard nanoseconds > now else { return 0 }
        return Int32(clamping: (nanoseconds - now + 999_999) / 1_000_000)
    }

    package static func < (one: Deadline, other: Deadline) -> Bool { one.nanoseconds < other.nanoseconds }
}

extension Deadline {
    /// Waits until `descriptor` is ready for one of `events` (poll(2)); throws `timed-out` at the deadline.
    func wait(_ descriptor: Int32, for events: Int32) throws(DriverFailure) {
        var entry = pollfd(fd: descriptor, events: Int16(events), revents: 0)
        while true {
            let left = milliseconds
            guard left > 0 else { throw DriverFailure(.timedOut, "nothing came in time") }
            let count = poll(&entry, 1, left)
            if count > 0 { return }
            if count < 0, errno != EINTR { throw DriverFailure(.closed, "poll: \(String(cString: strerror(errno)))") }
        }
    }
}
