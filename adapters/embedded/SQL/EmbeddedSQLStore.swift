// The embedded SQL database: one SQLite file that all sessions of all workers share.

import CSQLite
import Capabilities
import Reactor

/// The file, its threads, and what every session opens with.
package final class EmbeddedSQLStore: Sendable {
    let path: String
    /// Whether a commit reaches the disk before it is answered; otherwise it survives the end of the process, not that
    /// of the machine.
    let syncsEachCommit: Bool
    let threads = SQLThreads()
    let shared: SQLSharedState

    package init(path: String, syncsEachCommit: Bool = true) {
        self.path = path
        self.syncsEachCommit = syncsEachCommit
        shared = SQLSharedState(sequences: SQLSequenceStore(path: "\(path)-sequences", syncs: syncsEachCommit))
    }

    /// The service of the worker on whose thread it is called.
    package func makeService() -> any SQLService { EmbeddedSQLService(self, worker: Worker.current) }

    /// Ends the idle threads.
    package func close() {
        threads.close()
        shared.sequences.close()
    }

    /// What the manifest of the embedded adapter says of SQL.
    package static let manifestEntries: [Capability: ManifestEntry] = [
        .sqlQuery: ManifestEntry(
            .native, bounds: [.valueBytes: Int(SQLiteConnection.largestValue)],
            note:
                "SQLite behind PostgreSQL's words: one writer at a time, beside whom SKIP LOCKED finds all rows locked; LOCK TABLE does not wait for transactions that have only read; numeric keeps 15 digits; no columns of arrays and no intervals"
        ),
        .sqlParameters: ManifestEntry(.native, bounds: [.batch: 32_766]),
        .sqlPrepared: ManifestEntry(.native),
        .sqlTransaction: ManifestEntry(.native, note: "a transaction that writes holds the database's one write lock"),
        .sqlCursor: ManifestEntry(.native, note: "SCROLL and WITH HOLD keep up to 64 MiB of rows"),
        .sqlCopy: ManifestEntry(.native, note: "text and csv, of tables and of queries"),
    ]
}

/// Sessions of one worker.
final class EmbeddedSQLService: SQLService {
    private let store: EmbeddedSQLStore
    private let worker: Worker?
    var honoursSearchPath: Bool { true }
    /// The folder is locked for this process.
    var isOnlyDoor: Bool { true }
    var namesRelations: Bool { true }

    init(_ store: EmbeddedSQLStore, worker: Worker?) {
        self.store = store
        self.worker = worker
    }

    func open(_ settings: SQLSessionSettings) async throws(SQLFailure) -> any SQLSession {
        let store = store
        let runner = SQLRunner(threads: store.threads, worker: worker)
        let connection = try await runner.run { () throws(SQLFailure) in
            try SQLiteConnection(
                path: store.path, syncsEachCommit: store.syncsEachCommit, settings, shared: store.shared)
        }
        return EmbeddedSQLSession(connection, runner)
    }
}

/// Runs work on a thread of the store and brings its result back to the worker.
struct SQLRunner: Sendable {
    let threads: SQLThreads
    let worker: Worker?

    func run<T: Sendable>(
        _ work: @escaping @Sendable () throws(SQLFailure) -> T
    ) async throws(SQLFailure) -> T {
        let result: Result<T, SQLFailure> = await withUnsafeContinuation { continuation in
            threads.run {
                let result: Result<T, SQLFailure>
                do throws(SQLFailure) {
                    result = .success(try work())
                } catch {
                    result = .failure(error)
                }
                // On the worker's own thread the resumption is an ordinary job of its loop.
                if worker?.submit({ continuation.resume(returning: result) }) != true {
                    continuation.resume(returning: result)
                }
            }
        }
        return try result.get()
    }
}
