// What a statement is to the session: its own business, or the backend's.

import Capabilities

/// A statement that the session itself acts on, or a query for the backend.
enum PostgresStatementKind: Sendable {
    case begin(isolation: SQLIsolation?, readOnly: Bool?)
    case commit(chains: Bool)
    case rollback(chains: Bool)
    case savepoint(String)
    case release(String)
    case rollBackTo(String)
    case set(name: String, value: String?, isLocal: Bool)
    case setTransaction(isolation: SQLIsolation?, readOnly: Bool?, isSession: Bool)
    case show(String)
    case reset(String?)
    case discard(String)
    case prepare(name: String, types: [SQLType], text: Range<Int>)
    case execute(name: String, arguments: Range<Int>)
    case deallocate(String?)
    case declare(name: String, options: PostgresCursorOptions, text: Range<Int>)
    case fetch(name: String, step: PostgresCursorStep, moves: Bool)
    case close(String?)
    case copy(PostgresCopyCommand)
    case listen(String)
    /// nil for all channels.
    case unlisten(String?)
    case notify(String, payload: [UInt8])
    /// Understood by nobody here; the text says what.
    case refused(Capability, String)
    /// Nothing to do: what it undoes can never have been done.
    case nothing(tag: String)
    case query

    /// Whether it is allowed in a failed block.
    var endsBlock: Bool {
        switch self {
        case .commit, .rollback, .rollBackTo: true
        default: false
        }
    }

    /// Whether it leaves the transaction alone and needs none.
    var isSessionsOwn: Bool {
        switch self {
        case .query, .copy, .execute, .fetch, .declare: false
        default: true
        }
    }
}
