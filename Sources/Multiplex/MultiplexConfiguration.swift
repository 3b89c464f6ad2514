// How many connections, how much on each, and how long everything may take.

/// How answers find their requests.
package enum Correlation: Sendable, Equatable {
    /// Answers come in the order of the requests.
    case inOrder
    /// Each answer carries the id of its request, a number of so many bits (4 to 64) that the multiplexer chooses.
    ///
    /// Ids are of a slot and the slot's generation, so that an answer that comes twice does not meet the slot's next user.
    case byID(bits: Int)
}

/// The bounds and time-outs of one worker's connections to one backend; times are in nanoseconds.
package struct MultiplexConfiguration: Sendable {
    package var correlation: Correlation
    /// The most connections; each is opened when those before it are busy.
    ///
    /// Only with one connection do requests arrive in the order in which they were submitted.
    package var connections = 1
    /// The most requests whose answers one connection owes.
    package var depth = 1024
    /// The most requests of this worker that wait for a place on a connection; further ones fail as `unavailable`.
    package var waiting = 8192
    /// A connection with more unsent bytes than this gets no further request.
    package var queuedBytes = 1 << 20
    /// The most bytes of one frame.
    package var frameBytes = 16 << 20

    /// From the first step to the end of the handshake.
    package var connectTimeout: UInt64 = 5_000_000_000
    /// From a request's submission to the end of its answer.
    package var responseTimeout: UInt64 = 5_000_000_000
    /// Without a byte from the backend for so long, a connection is asked whether it lives; nil for never.
    package var keepAlive: UInt64?
    /// Without a request for so long, a connection is closed; nil for never.
    package var idleTimeout: UInt64?
    /// The wait after the first failed attempt to connect; it doubles with each further one.
    package var firstBackoff: UInt64 = 50_000_000
    /// The longest wait between two attempts.
    package var longestBackoff: UInt64 = 5_000_000_000
    /// A number from 0 to 1 for each wait: the wait is shortened by up to its half, so that workers and gateways that
    /// lost the same backend do not come back in step.
    package var jitter: @Sendable () -> Double = { Double.random(in: 0...1) }

    package init(_ correlation: Correlation) { self.correlation = correlation }
}

/// What a multiplexer has counted since it was made; plain numbers of its worker's thread.
package struct MultiplexCounters: Sendable, Equatable {
    /// Connections that were logged in.
    package var opened = 0
    /// Connections that ended by anything but our own wish.
    package var lost = 0
    /// Attempts to connect that failed.
    package var connectFailures = 0
    /// Requests that were submitted.
    package var requests = 0
    /// Requests that were answered.
    package var answered = 0
    /// Requests that failed, time-outs among them, cancelled ones not.
    package var failures = 0
    package var timeouts = 0
    /// Answers that came after their callers had gone and were dropped.
    package var lateAnswers = 0
    package var protocolBreaks = 0
}

extension UInt64 {
    /// The time so many nanoseconds after this one; the last there is when it would be beyond that.
    func later(by nanoseconds: UInt64) -> UInt64 {
        let (sum, overflowed) = addingReportingOverflow(nanoseconds)
        return overflowed ? .max : sum
    }
}

extension Duration {
    /// The same as a count, as time-outs are said here; zero for less, the largest for more than that holds.
    package var nanoseconds: UInt64 {
        let (seconds, fraction) = components
        guard seconds >= 0 else { return 0 }
        let (whole, overflows) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        return overflows ? .max : whole &+ UInt64(max(0, fraction) / 1_000_000_000)
    }
}
