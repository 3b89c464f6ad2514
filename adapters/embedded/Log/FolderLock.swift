// The lock that keeps a second process out of a folder.

import Glibc

/// Takes locks on files with flock(2).
enum FolderLock {
    /// Tries and the pause between them, in microseconds: one second together.
    private static let tries = 20
    private static let pause: UInt32 = 50_000

    /// Whether the file is this process's now.
    ///
    /// A process that was just killed, or a child between its fork and its exec, holds a lock for a moment longer.
    static func take(_ descriptor: Int32) -> Bool {
        for attempt in 0..<tries {
            if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return true }
            if attempt < tries - 1 { usleep(pause) }
        }
        return false
    }
}
