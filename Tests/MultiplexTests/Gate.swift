// Where a script waits for its test.

import Foundation

/// A door for threads: closed until it is opened, then open.
final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func wait() {
        semaphore.wait()
        semaphore.signal()
    }

    func open() { semaphore.signal() }
}
