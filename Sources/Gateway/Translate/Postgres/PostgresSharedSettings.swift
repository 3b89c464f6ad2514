// A session's settings where functions of its statements reach them: on whatever thread a statement runs.

import Capabilities
import PostgresWire
import Synchronization

/// The settings, and how they were before what may still be undone.
final class PostgresSharedSettings: Sendable {
    private struct State {
        var settings: PostgresSettings
        /// Settings that hold to the end of the transaction, with what they were.
        var locals: [(name: String, value: String)] = []
        /// What they were before the statement, or the statements that belong together, outside of a block.
        var before: PostgresSettings?
        var notices: [PostgresReport] = []
    }

    private let state: Mutex<State>

    init(_ settings: PostgresSettings) { state = Mutex(State(settings: settings)) }

    var settings: PostgresSettings {
        get { state.withLock { $0.settings } }
        set { state.withLock { $0.settings = newValue } }
    }

    /// Changes a setting; `isLocal` to the end of the transaction.
    func set(_ name: String, _ value: String?, isLocal: Bool) throws(PostgresReport) {
        try state.withLock { state throws(PostgresReport) in
            let before = state.settings
            let old = (try? before.show(name))?.value ?? ""
            try state.settings.set(name, value)
            if state.before == nil { state.before = before }
            if isLocal { state.locals.append((name, old)) }
        }
    }

    /// What was done stays, but for what holds to the end of the transaction only.
    func commit() {
        state.withLock { state in
            for (name, value) in state.locals.reversed() { try? state.settings.set(name, value) }
            state.locals = []
            state.before = nil
        }
    }

    /// Outside of a block: takes back what failed statements have set.
    func rollback() {
        state.withLock { state in
            if let before = state.before { state.settings.restore(before) }
            state.locals = []
            state.before = nil
        }
    }

    /// Forgets what holds to the end of a transaction that was rolled back.
    func forgetLocals() {
        state.withLock { state in
            state.locals = []
            state.before = nil
        }
    }

    // MARK: Notices of functions

    /// Most notices of one statement that a client is told.
    private static let mostNotices = 100

    func warn(_ state: String, _ message: String) { tell("WARNING", state, message) }

    func tell(_ severity: String, _ state: String, _ message: String) {
        self.state.withLock {
            guard $0.notices.count < Self.mostNotices else { return }
            $0.notices.append(PostgresReport(severity: severity, state: state, message: message))
        }
    }

    func takeNotices() -> [PostgresReport] {
        state.withLock { state in
            guard !state.notices.isEmpty else { return [] }
            defer { state.notices = [] }
            return state.notices
        }
    }
}
