// What a client asked a PostgreSQL server to do, as a small number with a name for metric labels.

/// The kind of a statement or request; the list is closed, so it can be a metric label.
///
/// Words are the first words of the SQL commands and of the replication protocol's commands. Requests that are
/// no statement come first.
package enum PostgresCommand: UInt8, CaseIterable, Sendable {
    /// A statement prepared earlier, of which nothing but its name was sent.
    case unknown
    /// A statement whose first word is not in the table.
    case other
    /// A text without a statement.
    case empty
    /// From the startup packet to the first ReadyForQuery.
    case startup
    /// Parse without Execute in its segment: a statement was prepared.
    case parse
    /// Bind without Execute in its segment.
    case bind
    /// Describe without Execute in its segment.
    case describe
    /// Close (the message, not the statement) without Execute in its segment.
    case closePrepared
    /// A Sync with nothing before it, or one that failed by itself (a deferred constraint).
    case sync
    /// FunctionCall, the fast path.
    case functionCall
    case select, insert, update, delete, begin, commit, set, end, rollback, copy, with, merge, values, show
    case fetch, create, alter, drop, truncate, start, savepoint, release, abort, prepare, execute, deallocate
    case declare, close, move, explain, analyze, vacuum, lock, listen, unlisten, notify, discard, reset, call
    case `do`, grant, revoke, comment, cluster, reindex, refresh, checkpoint, load, `import`, security
    case reassign, table, startReplication, identifySystem, createReplicationSlot, dropReplicationSlot
    case alterReplicationSlot, readReplicationSlot, timelineHistory, baseBackup, uploadManifest

    /// The name in metrics and documents.
    package var name: StaticString { Self.names[Int(rawValue)] }

    /// The command whose first word is `word`, given in lower case.
    static func named(_ word: PostgresWord) -> PostgresCommand {
        for entry in words where entry.word == word { return entry.command }
        return word.length == 0 ? .empty : .other
    }

    /// This command, or the server's word for it where the client's text does not say enough.
    func refined(by tag: PostgresCommand?) -> PostgresCommand {
        guard let tag else { return self }
        return self == .unknown || self == .other || self == .with ? tag : self
    }

    private struct Entry: Sendable {
        let word: PostgresWord
        let command: PostgresCommand
    }

    private static let words = statements.map { Entry(word: PostgresWord($0.1), command: $0.0) }

    private static let names: [StaticString] = {
        var names = [StaticString](repeating: "", count: allCases.count)
        for (command, name) in requests + statements { names[Int(command.rawValue)] = name }
        return names
    }()

    private static let requests: [(PostgresCommand, StaticString)] = [
        (.unknown, "unknown"), (.other, "other"), (.empty, "empty"), (.startup, "startup"), (.parse, "parse"),
        (.bind, "bind"), (.describe, "describe"), (.closePrepared, "close_prepared"), (.sync, "sync"),
        (.functionCall, "function_call"),
    ]

    /// The frequent ones first, since the search goes in order.
    private static let statements: [(PostgresCommand, StaticString)] = [
        (.select, "select"), (.insert, "insert"), (.update, "update"), (.delete, "delete"), (.begin, "begin"),
        (.commit, "commit"), (.set, "set"), (.end, "end"), (.rollback, "rollback"), (.copy, "copy"),
        (.with, "with"), (.merge, "merge"), (.values, "values"), (.show, "show"), (.fetch, "fetch"),
        (.create, "create"), (.alter, "alter"), (.drop, "drop"), (.truncate, "truncate"), (.start, "start"),
        (.savepoint, "savepoint"), (.release, "release"), (.abort, "abort"), (.prepare, "prepare"),
        (.execute, "execute"), (.deallocate, "deallocate"), (.declare, "declare"), (.close, "close"),
        (.move, "move"), (.explain, "explain"), (.analyze, "analyze"), (.vacuum, "vacuum"), (.lock, "lock"),
        (.listen, "listen"), (.unlisten, "unlisten"), (.notify, "notify"), (.discard, "discard"),
        (.reset, "reset"), (.call, "call"), (.do, "do"), (.grant, "grant"), (.revoke, "revoke"),
        (.comment, "comment"), (.cluster, "cluster"), (.reindex, "reindex"), (.refresh, "refresh"),
        (.checkpoint, "checkpoint"), (.load, "load"), (.import, "import"), (.security, "security"),
        (.reassign, "reassign"), (.table, "table"), (.startReplication, "start_replication"),
        (.identifySystem, "identify_system"), (.createReplicationSlot, "create_replication_slot"),
        (.dropReplicationSlot, "drop_replication_slot"), (.alterReplicationSlot, "alter_replication_slot"),
        (.readReplicationSlot, "read_replication_slot"), (.timelineHistory, "timeline_history"),
        (.baseBackup, "base_backup"), (.uploadManifest, "upload_manifest"),
    ]
}
