// Threads for work that blocks: more of them than cores, because they mostly wait for a server.

import Foundation

/// Runs blocking work on threads of its own.
enum BlockingThreads {
    /// Calls `work` with 0 to `count` - 1, each on a thread of its own, and comes back when all have ended.
    static func run(_ count: Int, _ work: @escaping @Sendable (Int) -> Void) {
        let group = DispatchGroup()
        for index in 0..<count {
            group.enter()
            let thread = Thread {
                work(index)
                group.leave()
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
        group.wait()
    }
}
