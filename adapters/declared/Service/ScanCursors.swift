// Where scans go on: the places behind the numbers that clients get as cursors.

import Synchronization

/// The open scans of one backend, whichever worker a client's next request comes to.
final class ScanCursors: Sendable {
    /// Places that are remembered; a client that comes back after so many others has to begin again.
    static let limit = 4096

    private struct State {
        var places: [UInt64: [UInt8]] = [:]
        /// The oldest cursor, and the one that is given next: high ones, so that a number from before a restart, or of
        /// somebody's own making, is none of them.
        var oldest: UInt64
        var next: UInt64
    }

    private let state: Mutex<State>

    init() {
        let first = UInt64.random(in: 1 << 32..<1 << 62)
        state = Mutex(State(oldest: first, next: first))
    }

    /// A cursor for the page that begins at `place`.
    func open(at place: [UInt8]) -> UInt64 {
        state.withLock { state in
            let cursor = state.next
            state.next += 1
            state.places[cursor] = place
            if state.places.count > Self.limit {
                state.places[state.oldest] = nil
                state.oldest += 1
            }
            return cursor
        }
    }

    /// Where the page of a cursor begins, as often as it is asked for; nil when it is forgotten, or never was.
    subscript(cursor: UInt64) -> [UInt8]? { state.withLock { $0.places[cursor] } }
}
