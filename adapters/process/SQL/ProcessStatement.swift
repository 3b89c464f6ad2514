// Statements, cursors and copies of an adapter process's SQL sessions.

import Capabilities

/// A statement that the process has prepared.
final class ProcessStatement: SQLStatement, @unchecked Sendable {
    let id: UInt32
    let parameterTypes: [SQLType]
    let columns: [SQLColumn]?
    let command: SQLCommand
    private let session: ProcessSQLSession

    init(_ session: ProcessSQLSession, _ id: UInt32, _ prepared: ProtoSqlReply.Prepared) {
        self.session = session
        self.id = id
        parameterTypes = prepared.parameterTypes.map(SQLType.init(number:))
        columns = prepared.columns.list
        command = SQLCommand(prepared.tag, countsRows: prepared.countsRows, writes: prepared.writes)
    }

    func close() { session.queue(.closeStatement(id)) }
}

/// A statement that runs; the process hears of it with the first fetch.
final class ProcessCursor: SQLCursor, @unchecked Sendable {
    private(set) var columns: [SQLColumn]?
    private let session: ProcessSQLSession
    private let id: UInt32
    /// What opens it; nil once it is open.
    private var opening: ProtoSqlRequest.OpenCursor?

    init(_ session: ProcessSQLSession, _ statement: ProcessStatement, _ values: [SQLValue]) {
        self.session = session
        let id = session.newID()
        self.id = id
        columns = statement.columns
        opening = .with {
            $0.cursor = id
            $0.statement = statement.id
            $0.values = values.map(ProtoSqlValue.init)
        }
    }

    private func open() async throws(SQLFailure) {
        guard let opening else { return }
        try session.done(try await session.call(.openCursor(opening)))
        self.opening = nil
    }

    func describe() async throws(SQLFailure) {
        try await open()
        guard case .columns(let columns) = try await session.call(.describe(id)) else { throw ProcessSQLSession.wrong }
        self.columns = columns.list
    }

    func fetch(_ limit: Int) async throws(SQLFailure) -> SQLBatch {
        try await open()
        let request = ProtoSqlRequest.Fetch.with {
            $0.cursor = id
            $0.limit = Int32(clamping: limit)
        }
        guard case .batch(let batch) = try await session.call(.fetch(request)) else { throw ProcessSQLSession.wrong }
        if batch.hasColumns { columns = batch.columns.list }
        let rows = Int(batch.rowCount)
        let (count, overflowed) = rows.multipliedReportingOverflow(by: columns?.count ?? 0)
        guard rows >= 0, !overflowed, count == batch.values.count, limit <= 0 || rows <= limit else {
            throw ProcessSQLSession.wrong
        }
        return SQLBatch(
            values: batch.values.map(SQLValue.init), rowCount: rows, isLast: batch.isLast, affected: batch.affected)
    }

    func close() async {
        // What fails here fails the next request too, and there somebody hears it.
        if opening == nil { _ = try? await session.call(.closeCursor(id)) }
    }
}

/// The table of a COPY.
final class ProcessCopyTarget: SQLCopyTarget, @unchecked Sendable {
    let columns: [SQLColumn]
    private let session: ProcessSQLSession

    init(_ session: ProcessSQLSession, _ columns: [SQLColumn]) {
        self.session = session
        self.columns = columns
    }

    func insert(_ values: [SQLValue]) async throws(SQLFailure) {
        let values = try SQLValue.plainNumbers(values, columns.map(\.type))
        try session.done(try await session.call(.rows(.with { $0.values = values.map(ProtoSqlValue.init) })))
    }

    func close() async { _ = try? await session.call(.endCopy(.init())) }
}
