// WITH whose queries change data: each of them is a statement of its own, whose rows the others find in a temporary table.

import CSQLite
import Capabilities

/// What changes data in a WITH, in its order, and the statement behind it.
///
/// In PostgreSQL all of them see the database as it was before, and run at once. Here they run one after another, which comes
/// to the same as long as none reads or changes what another one changes; that is refused.
struct SQLWithChanges {
    /// One query that changes data.
    struct Change {
        let statement: EmbeddedSQLStatement
        /// The temporary table of its rows; nil where it gives none.
        let table: SQLChangeTable?
    }

    let changes: [Change]
    /// The statement with those tables in the changes' place.
    let main: SQLWithText
    /// The types of all parameters, as far as they are known.
    let types: [SQLType]

    /// nil for a statement without such a WITH.
    init?(_ text: [UInt8], _ types: [SQLType], on connection: SQLiteConnection) throws(SQLFailure) {
        guard let parts = try SQLWithParts(text, on: connection) else { return nil }
        try parts.judge(on: connection)
        var known = types
        let last = min(parts.parameters.max() ?? 0, 32_766)
        known += Array(repeating: .unknown, count: max(0, last - known.count))
        var changes: [Change] = []
        var tables: [Int: SQLChangeTable?] = [:]
        for (place, entry) in parts.entries.enumerated() where entry.isChange {
            let own = parts.text(of: place, tables)
            let given = Self.given(known, own.parameters)
            let statement: EmbeddedSQLStatement
            do throws(SQLFailure) {
                statement = try EmbeddedSQLStatement(own.text, given, on: connection)
            } catch {
                throw own.original(error)
            }
            guard statement.translation.upserted == nil else {
                throw .refused(.sqlQuery, "ON CONFLICT DO UPDATE of several rows in a WITH is not known here")
            }
            for number in own.parameters where number >= 1 && number <= min(known.count, statement.parameterTypes.count)
            {
                known[number - 1] = statement.parameterTypes[number - 1]
            }
            let table = statement.columns.map { _ in SQLChangeTable(on: connection) }
            if let table, let columns = statement.columns { try table.create(columns) }
            tables[place] = .some(table)
            changes.append(Change(statement: statement, table: table))
        }
        main = parts.text(of: nil, tables)
        self.types = Self.given(known, main.parameters)
        self.changes = changes
    }

    /// The types with something for parameters that one of the statements does not have.
    private static func given(_ types: [SQLType], _ used: Set<Int>) -> [SQLType] {
        types.enumerated().map { $0.element == .unknown && !used.contains($0.offset + 1) ? .text : $0.element }
    }

    /// Changes what is to be changed, and keeps the rows.
    func run(_ values: [SQLValue], on connection: SQLiteConnection) throws(SQLFailure) {
        for change in changes {
            try change.statement.refresh()
            let running = try change.statement.take()
            defer { change.statement.giveBack(running) }
            connection.bind(try change.statement.bound(values), to: running)
            connection.rowsAreFree = true
            guard let table = change.table, let columns = change.statement.columns else {
                while sqlite3_step(running) == SQLITE_ROW {}
                guard sqlite3_reset(running) == SQLITE_OK else { throw connection.failure() }
                continue
            }
            // A block that was rolled back may have taken it away.
            try table.create(columns)
            try connection.execute("DELETE FROM temp.\(table.name)")
            let marks = columns.map { _ in "?" }.joined(separator: ", ")
            let insertion = try connection.compile("INSERT INTO temp.\(table.name) VALUES (\(marks))")
            defer { sqlite3_finalize(insertion) }
            while true {
                let code = sqlite3_step(running)
                guard code == SQLITE_ROW else {
                    guard code == SQLITE_DONE else { throw connection.failure() }
                    break
                }
                let row = columns.indices.map { Self.kept(SQLiteConnection.value(running, Int32($0)), columns[$0]) }
                connection.bind(row, to: insertion)
                guard sqlite3_step(insertion) == SQLITE_DONE else { throw connection.failure() }
                sqlite3_reset(insertion)
            }
        }
    }

    /// A decimal number without a scale of its column's is a text with its digits.
    private static func kept(_ value: SQLValue, _ column: SQLColumn) -> SQLValue {
        guard column.type == .numeric, column.modifier < 4 else { return value }
        let scale = column.scale >= 0 ? Int(column.scale) : nil
        switch value {
        case .double(let number): return .text(SQLNumberText.decimal(number, scale: scale))
        case .integer(let number): return .text(SQLNumberText.decimal(Double(number), scale: scale))
        default: return value
        }
    }
}

/// A temporary table for the rows of a change, which goes with its statement.
final class SQLChangeTable {
    let name: String
    /// A statement keeps its connection.
    private unowned(unsafe) let connection: SQLiteConnection

    init(on connection: SQLiteConnection) {
        connection.changeTables += 1
        name = "fairlead_changed_\(connection.changeTables)"
        self.connection = connection
    }

    deinit { connection.retire(table: name) }

    func create(_ columns: [SQLColumn]) throws(SQLFailure) {
        let declared = columns.map { column in
            let type = SQLDeclaredType(type: column.type, modifier: column.modifier).declaration
            let order = type == SQLDeclaredType.unscaled ? " COLLATE fairlead_decimal" : ""
            return "\(SQLText.quoted(column.name)) \(type)\(order)"
        }
        try connection.execute("CREATE TEMP TABLE IF NOT EXISTS \(name) (\(declared.joined(separator: ", ")))")
    }
}
