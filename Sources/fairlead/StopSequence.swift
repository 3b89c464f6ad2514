// How the process stops: the first signal drains, the second one closes at once.

import Logging
import UnixSignals

/// Waits for signals and stops the gateway by them.
struct StopSequence {
    /// How the process came to its end.
    enum Outcome: Equatable {
        /// All sessions ended within the grace, or were closed after it.
        case drained
        /// A second signal closed what was still open.
        case aborted
    }

    private enum Event {
        case signalled(UnixSignal)
        case drained
    }

    var grace: Duration
    var logger: Logger
    /// Stops accepting and returns when every session has ended.
    var drain: @Sendable () async -> Void
    /// Closes everything now.
    var abort: @Sendable () -> Void

    /// Returns when the gateway has stopped.
    func run(until signals: some AsyncSequence<UnixSignal, Never> & Sendable) async -> Outcome {
        let (events, continuation) = AsyncStream<Event>.makeStream()
        let listening = Task {
            for await signal in signals { continuation.yield(.signalled(signal)) }
        }
        defer { listening.cancel() }
        var draining = false
        for await event in events {
            switch event {
            case .signalled(let signal) where !draining:
                draining = true
                logger.notice(
                    "stopping: no new sessions, open ones may finish; a second signal closes them at once",
                    metadata: ["signal": "\(signal)", "grace": "\(grace)"])
                let drain = drain
                Task {
                    await drain()
                    continuation.yield(.drained)
                }
            case .signalled(let signal):
                logger.warning("closing every session now", metadata: ["signal": "\(signal)"])
                abort()
                return .aborted
            case .drained:
                logger.notice("stopped")
                return .drained
            }
        }
        return .drained
    }
}
