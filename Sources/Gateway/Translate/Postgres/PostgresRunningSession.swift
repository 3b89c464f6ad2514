// One translated session as others see it: who it is, what it does, and how it is cancelled or ended.

import Capabilities
import Glibc
import PostgresWire
import Reactor
import Synchronization

/// A session from its login to its last word.
///
/// Its own worker tells what it does; any thread may ask, cancel and end. Nobody else's requests touch its lock.
final class PostgresRunningSession: Sendable {
    /// What a client is told of as its statement: as many bytes as track_activity_query_size leaves.
    private static let queryBytes = 1023

    /// What a session does at one moment.
    ///
    /// Times are microseconds from 2000-01-01.
    struct Activity {
        /// Whether a message of the client's is worked on.
        var isActive = false
        var status = PostgresTransactionStatus.idle
        var query: [UInt8] = []
        var queryStart: Int64?
        var transactionStart: Int64?
        var stateChange: Int64
        var application = ""
    }

    private struct State {
        var activity: Activity
        var sql: (any SQLSession)?
        var wasCancelled = false
        /// Notifications that the client was not told of yet, with who sent them.
        var heard: [(PostgresNotification, UInt32)] = []
    }

    /// Most notifications that wait for one client.
    private static let mostHeard = 20_000

    let key: PostgresKey
    let user: String
    let database: String
    let backend: String
    let peer: SocketAddress
    let start: Int64
    private let waker: Waker
    private let state: Mutex<State>

    init(
        _ key: PostgresKey, user: String, database: String, backend: String, peer: SocketAddress, waker: Waker
    ) {
        self.key = key
        self.user = user
        self.database = database
        self.backend = backend
        self.peer = peer
        self.waker = waker
        start = Self.now
        state = Mutex(State(activity: Activity(stateChange: start)))
    }

    /// The time of day, in microseconds from 2000-01-01.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000 - SQLInstant.epochDays
            * SQLInstant.microsecondsPerDay
    }

    // MARK: Told by the session

    /// The backend's session is open; nil when it is closed.
    func opened(_ sql: (any SQLSession)?) { state.withLock { $0.sql = sql } }

    /// A message is worked on from now on: what was to be cancelled before does not concern it.
    func begin() {
        state.withLock { state in
            state.activity.isActive = true
            state.wasCancelled = false
            state.sql?.beginRequest()
        }
    }

    func end() {
        state.withLock { state in
            state.activity.isActive = false
            state.sql?.endRequest()
        }
    }

    /// A statement's text, which others see until the next one.
    func tell(query: [UInt8]) {
        let now = Self.now
        state.withLock { state in
            state.activity.query = query
            state.activity.queryStart = now
            state.activity.stateChange = now
            if state.activity.transactionStart == nil { state.activity.transactionStart = now }
        }
    }

    /// The client may send its next statement.
    func rest(_ status: PostgresTransactionStatus) {
        let now = Self.now
        state.withLock { state in
            state.activity.status = status
            state.activity.stateChange = now
            if status == .idle { state.activity.transactionStart = nil }
        }
    }

    func rename(application: String) { state.withLock { $0.activity.application = application } }

    /// Whether the message that is worked on was to be cancelled.
    var wasCancelled: Bool { state.withLock { $0.wasCancelled } }

    // MARK: Asked by others

    /// What it does now, with the statement's text cut as a server cuts it.
    var activity: Activity {
        var activity = state.withLock { $0.activity }
        if activity.query.count > Self.queryBytes {
            var end = Self.queryBytes
            while end > 0, activity.query[end] & 0xC0 == 0x80 { end -= 1 }
            activity.query.removeSubrange(end...)
        }
        return activity
    }

    /// Ends the statement that runs; nothing when none runs.
    func cancel() {
        state.withLock { state in
            guard state.activity.isActive else { return }
            state.wasCancelled = true
            state.sql?.cancel()
        }
    }

    /// Ends the session, and what runs in it.
    func terminate() {
        // In this order: the worker hears of the end before its statement is over.
        waker.cancel()
        state.withLock { $0.sql?.cancel() }
    }

    // MARK: Notifications

    func hasRoom(for count: Int) -> Bool { state.withLock { $0.heard.count + count <= Self.mostHeard } }

    func hear(_ notification: PostgresNotification, from sender: UInt32) {
        state.withLock { $0.heard.append((notification, sender)) }
    }

    /// Has the session look whether there is something to tell its client.
    func wake() { waker.wakeFromAnywhere() }

    func takeHeard() -> [(PostgresNotification, UInt32)] {
        state.withLock { state in
            guard !state.heard.isEmpty else { return [] }
            defer { state.heard = [] }
            return state.heard
        }
    }
}
