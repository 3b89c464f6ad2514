// A session with the embedded database: its transaction block, its statements, and its limits.

import CSQLite
import Capabilities

/// One client's session.
///
/// Calls come from its worker; SQLite is touched on the store's threads only.
final class EmbeddedSQLSession: SQLSession, @unchecked Sendable {
    let connection: SQLiteConnection
    private let runner: SQLRunner
    private var isClosed = false

    init(_ connection: SQLiteConnection, _ runner: SQLRunner) {
        self.connection = connection
        self.runner = runner
    }

    /// Runs `work` with the connection on a thread; the cancellation of the caller's task ends it early.
    ///
    /// What ends a transaction is not to be cancelled.
    func run<T: Sendable>(
        endsTransaction: Bool = false, _ work: @escaping @Sendable (SQLiteConnection) throws(SQLFailure) -> T
    ) async throws(SQLFailure) -> T {
        guard !isClosed else { throw SQLFailure("08003", "the session is closed") }
        let connection = connection
        let runner = runner
        let result: Result<T, SQLFailure> = await withTaskCancellationHandler {
            do throws(SQLFailure) {
                return .success(
                    try await runner.run { () throws(SQLFailure) in
                        if endsTransaction { connection.forgetCancel() }
                        connection.startCall()
                        if connection.isCancelRequested { throw .cancelled }
                        return try work(connection)
                    })
            } catch {
                return .failure(error)
            }
        } onCancel: {
            connection.cancel()
        }
        return try result.get()
    }

    // MARK: Transaction blocks

    func begin(_ mode: SQLTransactionMode) async throws(SQLFailure) {
        // Nothing is asked of SQLite before the first statement, so this needs no thread.
        connection.transaction.begin(mode)
    }

    func commit() async throws(SQLFailure) {
        guard !connection.transaction.endsSilently else { return endTransaction() }
        defer { endTransaction() }
        try await run(endsTransaction: true) { connection throws(SQLFailure) in
            try connection.transaction.commit(on: connection)
        }
    }

    func rollback() async throws(SQLFailure) {
        guard !connection.transaction.endsSilently else { return endTransaction() }
        defer { endTransaction() }
        try await run(endsTransaction: true) { connection throws(SQLFailure) in
            try connection.transaction.rollback(on: connection)
        }
    }

    private func endTransaction() {
        connection.transaction.end()
        connection.transactionEnded()
        connection.locks.endTransaction(connection.advisoryLocks, connection.owner)
    }

    func savepoint(_ name: String) async throws(SQLFailure) {
        try await run { connection throws(SQLFailure) in
            try connection.transaction.savepoint(name, on: connection)
            connection.locks.savepoint(name)
        }
    }

    func release(_ name: String) async throws(SQLFailure) {
        try await run { connection throws(SQLFailure) in
            try connection.transaction.release(name, on: connection)
            connection.locks.release(name)
        }
    }

    func rollBack(to name: String) async throws(SQLFailure) {
        try await run(endsTransaction: true) { connection throws(SQLFailure) in
            try connection.transaction.rollBack(to: name, on: connection)
            connection.locks.rollBack(to: name, connection.advisoryLocks, connection.owner)
        }
    }

    // MARK: Statements

    func prepare(_ text: [UInt8], parameterTypes: [SQLType]) async throws(SQLFailure) -> any SQLStatement {
        if let known = connection.cache.take(text, parameterTypes) { return known }
        return try await run { connection throws(SQLFailure) in
            try EmbeddedSQLStatement(text, parameterTypes, on: connection)
        }
    }

    func open(_ statement: any SQLStatement, _ values: [SQLValue]) throws(SQLFailure) -> any SQLCursor {
        guard let statement = statement as? EmbeddedSQLStatement else {
            throw SQLFailure("26000", "the statement belongs to another session")
        }
        return try EmbeddedSQLCursor(self, statement, values)
    }

    func copy(into table: SQLName, columns: [String]) async throws(SQLFailure) -> any SQLCopyTarget {
        let name = table.schema.map { $0 == "public" ? "" : SQLText.quoted($0) + "." } ?? ""
        let full = name + SQLText.quoted(table.name)
        let statement = try await run { connection throws(SQLFailure) in
            // The table's own columns tell how many values a row has.
            let all = try EmbeddedSQLStatement(Array("SELECT * FROM \(full)".utf8), [], on: connection)
            let known = all.columns ?? []
            if let missing = columns.first(where: { name in !known.contains { $0.name == name } }) {
                throw SQLFailure("42703", "column \"\(missing)\" of relation \"\(table.name)\" does not exist")
            }
            let own = try Self.ownColumns(table, columns, on: connection)
            let chosen = own.compactMap { name in known.first { $0.name == name } }
            let list = own.isEmpty ? "" : " (" + own.map(SQLText.quoted).joined(separator: ", ") + ")"
            let marks = chosen.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
            let insertion = try EmbeddedSQLStatement(
                Array("INSERT INTO \(full)\(list) OVERRIDING SYSTEM VALUE VALUES (\(marks))".utf8), chosen.map(\.type),
                on: connection)
            return (insertion, chosen)
        }
        return EmbeddedSQLCopy(self, statement.0, statement.1)
    }

    func copied(_ table: SQLName, columns: [String]) async throws(SQLFailure) -> [String] {
        try await run { connection throws(SQLFailure) in try Self.ownColumns(table, columns, on: connection) }
    }

    /// The columns that COPY takes: not those that are computed.
    private static func ownColumns(
        _ table: SQLName, _ columns: [String], on connection: SQLiteConnection
    ) throws(SQLFailure) -> [String] {
        let (all, computed) = try connection.copiedColumns(of: table)
        if let name = columns.first(where: computed.contains) {
            throw SQLFailure(
                "42P10", "column \"\(name)\" is a generated column", detail: "Generated columns cannot be used in COPY."
            )
        }
        return columns.isEmpty ? all.filter { !computed.contains($0) } : columns
    }

    func set(_ limits: SQLSessionLimits) { connection.limits = limits }
    func setFact(_ name: String, _ value: SQLValue) {
        connection.facts[name] = value
        if name.hasPrefix("setting.") { connection.settingChanged(String(name.dropFirst(8)), value) }
    }
    func cancel() { connection.cancel() }
    func beginRequest() { connection.beginRequest() }
    func endRequest() { connection.endRequest() }

    func close() async {
        guard !isClosed else { return }
        // Even when the caller's task is cancelled: what it had begun is rolled back with the connection.
        let connection = connection
        try? await runner.run { connection.close() }
        isClosed = true
    }
}

extension SQLiteConnection {
    /// The columns of a table that COPY names, and those of them that are computed.
    func copiedColumns(of table: SQLName) throws(SQLFailure) -> (all: [String], computed: Set<String>) {
        var schema = table.schema
        if schema == nil, try !hasPlainPath() { schema = try SQLPathResolver(self).schema(of: table.name) }
        let isOther = schema.map { !SQLSchemaName.builtIn.contains($0) } ?? false
        let stored = isOther ? SQLSchemaName.stored(schema ?? "", table.name) : table.name
        let places = schema == nil ? ["temp", "main"] : schema == "pg_temp" ? ["temp"] : ["main"]
        for database in places {
            let columns = try rows(
                "SELECT name, hidden FROM pragma_table_xinfo(?1, ?2) WHERE hidden <> 1",
                [.text(stored), .text(database)])
            guard !columns.isEmpty else { continue }
            let computed = columns.filter { $0[1].integer ?? 0 > 1 }.compactMap { $0[0].string }
            return (columns.compactMap { $0[0].string }, Set(computed))
        }
        return ([], [])
    }
}
