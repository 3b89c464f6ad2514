// How a stop reaches the acceptors.

import Synchronization

/// Says from any thread that the gateway is to stop, and tells those who wait.
final class StopSignal: Sendable {
    private struct State {
        var isDraining = false
        var isAborting = false
        var observers: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// No new sessions; those that run may finish.
    var isDraining: Bool { state.withLock { $0.isDraining } }
    /// Sessions end now.
    var isAborting: Bool { state.withLock { $0.isAborting } }

    func drain() { change { $0.isDraining = true } }

    func abort() {
        change {
            $0.isDraining = true
            $0.isAborting = true
        }
    }

    /// Calls `observer` after each change, on the thread of the change.
    func onChange(_ observer: @escaping @Sendable () -> Void) {
        state.withLock { $0.observers.append(observer) }
    }

    private func change(_ body: (inout sending State) -> Void) {
        let observers = state.withLock { state in
            body(&state)
            return state.observers
        }
        for observer in observers { observer() }
    }
}
