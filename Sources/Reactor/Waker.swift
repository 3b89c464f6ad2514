// How a session sleeps, and everything that wakes it.

import CLinux

/// The one place where a session waits: for its sockets, its deadline, or its cancellation.
///
/// A session is a single task and owns a single waker, shared by all its sockets. It looks at what is ready, does
/// what it can, and waits for the next change; a wake-up that comes in between is kept, none is lost. All of it
/// belongs to the worker's thread, but for ``cancel()``.
package final class Waker: @unchecked Sendable {
    /// Unmanaged for the hot path; `keeper` is what keeps it alive, for wake-ups that come late from other threads.
    package unowned(unsafe) let worker: Worker
    private let keeper: Worker
    @exclusivity(unchecked) private var continuation: UnsafeContinuation<Void, Never>?
    @exclusivity(unchecked) private(set) var isSignalled = false
    @exclusivity(unchecked) private var pump: (any Pump)?
    @exclusivity(unchecked) private var hasPump = false
    @exclusivity(unchecked) private var isPumpOver = false
    /// Whether the session is to end; set once, from any thread through ``cancel()``.
    @inlinable package var isCancelled: Bool { wasCancelled }
    @usableFromInline @exclusivity(unchecked) var wasCancelled = false

    /// When ``hasTimedOut`` becomes true, in nanoseconds of ``Worker/now``; `.max` for never.
    ///
    /// Moving it further away costs one store: the timer wheel looks again when the old time comes.
    @exclusivity(unchecked) package private(set) var deadline = UInt64.max
    /// The earliest deadline that the wheel's entry looks at in time; `.max` when there is no entry.
    @exclusivity(unchecked) var armed = UInt64.max

    package init(worker: Worker) {
        self.worker = worker
        keeper = worker
    }

    /// Whether the deadline has passed.
    package var hasTimedOut: Bool { deadline <= worker.now }

    /// Sets the deadline to `nanoseconds` from now, or takes it away with nil.
    package func setDeadline(after nanoseconds: UInt64?) {
        guard let nanoseconds else {
            deadline = .max
            return
        }
        let (sum, overflowed) = worker.now.addingReportingOverflow(nanoseconds)
        setDeadline(at: overflowed ? .max : sum)
    }

    /// Sets the deadline to `time` of ``Worker/now``; `.max` takes it away.
    package func setDeadline(at time: UInt64) {
        deadline = time
        if deadline < armed { worker.timers.insert(self, at: deadline) }
    }

    /// Waits until something changed since the last wait.
    ///
    /// It gives way to the worker's other sessions even when the change is already there.
    package func wait() async {
        assert(worker.isCurrent && continuation == nil, "one session waits, on its worker")
        if isSignalled {
            // A session that always finds more to do must not keep its neighbours waiting.
            await withUnsafeContinuation {
                continuation = $0
                worker.wakeNextTurn(self)
            }
        } else {
            await withUnsafeContinuation { continuation = $0 }
        }
        isSignalled = false
    }

    /// Runs `pump` now and at every wake-up until its work is over.
    ///
    /// The pump has to end when it sees ``isCancelled``.
    package func run(_ pump: some Pump) async {
        isSignalled = false
        if pump.step() { return }
        self.pump = pump
        hasPump = true
        isPumpOver = false
        if isSignalled { worker.stepNextTurn(self) }
        await withUnsafeContinuation { continuation = $0 }
        isSignalled = false
    }

    /// Says that something changed; on the worker's thread only.
    package func wake() {
        if hasPump {
            guard !isSignalled else { return }
            isSignalled = true
            worker.stepNextTurn(self)
            return
        }
        guard let continuation else {
            isSignalled = true
            return
        }
        self.continuation = nil
        continuation.resume()
    }

    /// Lets the pump do its step; the worker calls it once for any number of wake-ups.
    func step() {
        isSignalled = false
        guard let pump, isPumpOver || pump.step() else { return }
        isPumpOver = true
        // Its last step has asked for another: the worker still holds this waker, which must not go before that.
        guard !isSignalled else { return }
        self.pump = nil
        hasPump = false
        continuation?.resume()
        continuation = nil
    }

    /// Says that something changed; from any thread.
    package func wakeFromAnywhere() {
        worker.submit { [self] in wake() }
    }

    /// Ends the session's waiting for good; from any thread.
    package func cancel() {
        worker.submit { [self] in
            wasCancelled = true
            wake()
        }
    }
}
