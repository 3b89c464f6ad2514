// One of the two places of a migration, as all connections of a copier see it: when it was last heard of.

import Reactor

/// Tells a place that is slow from one that hangs; it belongs to the runner's worker.
///
/// One that leaves a request without an answer is asked something else beside it. While it answers that, it lives, and may
/// take its time for the first: an S3 server may be silent for minutes while it completes an upload.
final class MigrationPlace: @unchecked Sendable {
    let name: String
    private let worker: Worker
    /// When something came from it last, on whichever connection.
    private var heard: UInt64 = 0
    /// Requests in a row that were given up because nothing at all came.
    private var silences = 0
    private var lastSilence: UInt64 = 0
    /// Whether something is asked just now to see if it lives.
    private(set) var isAsked = false

    /// Nanoseconds without anything from it, after which it is asked for a sign of life, and given up.
    static let doubt: UInt64 = 3_000_000_000
    static let silence: UInt64 = 10_000_000_000
    /// Nanoseconds that a request may take at a place that lives.
    static let slowest: UInt64 = 300_000_000_000
    /// Requests in a row that are given up before nothing is asked any more.
    private static let tries = 2

    init(_ name: String, on worker: Worker) {
        self.name = name
        self.worker = worker
    }

    /// Something has come from it, or it has taken something.
    func hears() {
        heard = worker.now
        silences = 0
    }

    /// Since when nothing has come, for whoever began to wait at `start`.
    private func silentSince(_ start: UInt64) -> UInt64 { max(start, heard) }

    /// Whether it is to be asked for a sign of life by whoever has waited since `start`.
    func isInDoubt(since start: UInt64) -> Bool { !isAsked && worker.now &- silentSince(start) >= Self.doubt }

    func asks() { isAsked = true }
    /// The sign of life has come, or will not.
    func hasAsked() { isAsked = false }

    /// When whoever has waited since `start` gives the request up.
    func due(since start: UInt64) -> UInt64 { min(start &+ Self.slowest, silentSince(start) &+ Self.silence) }

    /// A request is given up; several that began together count once.
    func givesUp() {
        guard worker.now &- lastSilence > Self.silence / 2 else { return }
        lastSilence = worker.now
        silences += 1
    }

    /// Whether nothing is worth another try.
    var isGivenUp: Bool { silences >= Self.tries }
}
