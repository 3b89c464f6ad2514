// Statements and cursors of a declared adapter's SQL sessions.

import Capabilities

/// A statement; the server has not seen it before it runs.
final class DeclaredStatement: SQLStatement, @unchecked Sendable {
    let text: [UInt8]
    let parameterTypes: [SQLType]
    /// One of unknown type stands for those that only rows can tell.
    var columns: [SQLColumn]?
    var command: SQLCommand

    init(_ text: [UInt8], _ facts: StatementFacts) {
        self.text = text
        parameterTypes = facts.parameterTypes
        columns = facts.givesRows ? [SQLColumn("?column?", .unknown)] : nil
        command = facts.command
    }

    func close() {}
}

/// A running statement: all of its rows come with the first look at them.
final class DeclaredCursor: SQLCursor, @unchecked Sendable {
    private(set) var columns: [SQLColumn]?
    private let session: DeclaredSQLSession
    private let statement: DeclaredStatement
    private let parameters: [Value]
    private let maximumCells: Int
    private var rows: SQLRows?
    private var given = 0
    private var affected: Int64 = 0

    init(
        _ session: DeclaredSQLSession, _ statement: DeclaredStatement, _ parameters: [Value], maximumCells: Int
    ) {
        self.session = session
        self.statement = statement
        self.parameters = parameters
        self.maximumCells = maximumCells
        columns = statement.columns
    }

    private func run() async throws(SQLFailure) -> SQLRows {
        if let rows { return rows }
        let outputs = try await session.run("sql.query", statement, parameters).outputs
        affected = max(0, outputs.number ?? 0)
        if let tag = outputs.bytes(.tag) { take(tag) }
        var found = SQLRows()
        if let told = statement.columns {
            found = try SQLRows(outputs, maximumCells)
            // What was told before it ran has to hold.
            if told.map(\.type) != [.unknown] || !parameters.isEmpty {
                guard found.columns.count == told.count else {
                    throw SQLFailure("08P01", "the backend gave other columns than it had described")
                }
                found.columns = told
            }
            columns = found.columns
        }
        rows = found
        return found
    }

    /// A tag as PostgreSQL tells it: `INSERT 0 5`, `UPDATE 3`, `CREATE TABLE`.
    private func take(_ tag: [UInt8]) {
        var words = String(decoding: tag.prefix(64), as: UTF8.self).split(separator: " ")
        if let count = words.last.flatMap({ Int64($0) }), words.count > 1 {
            affected = max(0, count)
            words.removeLast()
            if words.count > 1, words.last == "0" { words.removeLast() }
        }
        guard !words.isEmpty, words.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isLetter } }) else { return }
        statement.command.tag = words.joined(separator: " ").uppercased()
    }

    func describe() async throws(SQLFailure) { _ = try await run() }

    func fetch(_ limit: Int) async throws(SQLFailure) -> SQLBatch {
        let rows = try await run()
        let width = rows.columns.count
        let count = limit > 0 ? min(limit, rows.count - given) : rows.count - given
        var values: [SQLValue] = []
        values.reserveCapacity(count * width)
        for row in rows.cells[given..<given + count] {
            for (cell, column) in zip(row, rows.columns) { values.append(try SQLRows.value(cell, column.type)) }
        }
        given += count
        return SQLBatch(values: values, rowCount: count, isLast: given == rows.count, affected: affected)
    }

    func close() async { rows = nil }
}
