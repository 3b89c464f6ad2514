// The waits that sessions share: each ends by readiness, deadline or cancellation.

extension Socket {
    /// Waits until there is something to read, or the end of it.
    ///
    /// Throws ``IOError/timedOut(step:)`` with `step` when the waker's deadline passes first.
    package func untilReadable(_ step: @autoclosure () -> String) async throws(IOError) {
        while !isReadable, !hasEnded {
            try waker.check(step())
            await waker.wait()
        }
    }

    /// The same, with something to do before each wait.
    package func untilReadable(
        _ step: @autoclosure () -> String, beforeEachWait work: () -> Void
    ) async throws(IOError) {
        while !isReadable, !hasEnded {
            try waker.check(step())
            work()
            await waker.wait()
        }
    }

    func untilWritable(_ step: @autoclosure () -> String) async throws(IOError) {
        while !isWritable {
            try waker.check(step())
            await waker.wait()
        }
    }

    /// Waits until the peer has taken everything that was queued, or cannot take it any more.
    package func untilSent(_ step: @autoclosure () -> String) async throws(IOError) {
        while hasQueued, !hasWriteFailed {
            try waker.check(step())
            await waker.wait()
        }
    }

    /// Says the last words and closes so that the peer can read them.
    ///
    /// Closing a socket with unread input makes the system send a reset, which can destroy the last reply before the
    /// peer reads it. So the rest of the input is read and dropped, for `patience` nanoseconds and 1 MiB at most.
    package func closeAfterLastWords(patience: UInt64 = 2_000_000_000) async {
        finish()
        waker.setDeadline(after: patience)
        var dropped = 0
        while !hasEnded, !hasWriteFailed, !waker.hasTimedOut, !waker.isCancelled, dropped < 1 << 20 {
            do throws(IOError) {
                switch try receive() {
                case .bytes(let count): dropped += count
                case .nothing: await waker.wait()
                case .end: break
                }
            } catch {
                break
            }
        }
        close()
    }
}

extension Waker {
    /// Throws when the session was cancelled or its deadline has passed.
    package func check(_ step: @autoclosure () -> String) throws(IOError) {
        if isCancelled { throw .cancelled }
        if hasTimedOut { throw .timedOut(step: step()) }
    }
}
