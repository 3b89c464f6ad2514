// What SQLite says when something fails, in the codes and words that PostgreSQL's clients know.

import CSQLite
import Capabilities

/// Turns SQLite's result codes and messages into failures.
enum SQLiteFailure {
    /// What our functions put before a message, so that its code survives SQLite.
    static let mark = "\u{1}"

    static func translate(code: Int32, message: String, offset: Int?, on connection: SQLiteConnection) -> SQLFailure {
        if message.hasPrefix(mark) {
            let state = String(message.dropFirst().prefix(5))
            var failure = SQLFailure(state, String(message.dropFirst(6)))
            if state == "0A000" { failure.refused = .sqlQuery }
            return failure
        }
        switch code & 0xFF {
        case SQLITE_CONSTRAINT: return constraint(code: code, message: message, on: connection)
        case SQLITE_BUSY, SQLITE_LOCKED: return busy(code: code, on: connection)
        case SQLITE_INTERRUPT:
            if connection.hasTimedOut {
                return SQLFailure("57014", "canceling statement due to statement timeout")
            }
            return .cancelled
        case SQLITE_TOOBIG: return SQLFailure("54000", "value or statement is too large: \(message)")
        case SQLITE_FULL: return SQLFailure("53100", "the disk is full")
        case SQLITE_NOMEM: return SQLFailure("53200", "out of memory")
        case SQLITE_IOERR, SQLITE_CANTOPEN: return SQLFailure("58030", "the database file cannot be used: \(message)")
        case SQLITE_CORRUPT, SQLITE_NOTADB: return SQLFailure("XX001", "the database file is damaged: \(message)")
        case SQLITE_READONLY: return SQLFailure("25006", "the database file cannot be written: \(message)")
        case SQLITE_MISMATCH: return SQLFailure("42804", "a value is not of the type that is needed there")
        case SQLITE_ABORT: return SQLFailure("24000", "the cursor's transaction was rolled back")
        default:
            if let failure = schema(message) { return failure }
            var failure = statement(message, offset: offset)
            failure.message = SQLSchemaName.shown(message: failure.message, qualified: failure.state == "42P01")
            return failure
        }
    }

    private static func busy(code: Int32, on connection: SQLiteConnection) -> SQLFailure {
        if code == fl_sqlite_busy_snapshot {
            return SQLFailure(
                "40001", "could not serialize access due to concurrent update",
                hint: "The transaction has read what another one has changed since; run it again.")
        }
        if connection.isCancelRequested { return .cancelled }
        if connection.hasTimedOut { return SQLFailure("57014", "canceling statement due to statement timeout") }
        if connection.isDeadlocked {
            return SQLFailure(
                "40P01", "deadlock detected",
                detail: "Another session has the database's one write lock and waits for a lock of this session's.")
        }
        return SQLFailure(
            "55P03", "canceling statement due to lock timeout",
            detail: "Another session's transaction has held the database's one write lock all the time.",
            hint: lockHint(connection.limits))
    }

    /// What bounds the wait for another session's write where the client has set no bound.
    static func lockHint(_ limits: SQLSessionLimits) -> String? {
        guard limits.lockMilliseconds == 0 else { return nil }
        return "Without lock_timeout a session waits \(SQLiteConnection.patience / 1_000_000_000) seconds here."
    }

    // MARK: Constraints

    private static func constraint(code: Int32, message: String, on connection: SQLiteConnection) -> SQLFailure {
        let subject = message.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? ""
        switch code {
        case fl_sqlite_unique, fl_sqlite_primary_key, fl_sqlite_row_id:
            return unique(subject, isPrimary: code != fl_sqlite_unique, on: connection)
        case fl_sqlite_not_null:
            let (stored, column) = split(subject)
            let table = SQLSchemaName.bare(stored)
            var failure = SQLFailure(
                "23502", "null value in column \"\(column)\" of relation \"\(table)\" violates not-null constraint")
            failure.table = table
            failure.column = column
            return failure
        case fl_sqlite_foreign_key:
            return SQLFailure("23503", "insert, update or delete violates a foreign key constraint")
        case fl_sqlite_check:
            if let rule = SQLColumnRule(constraint: subject) { return rule.failure }
            var failure = SQLFailure("23514", "new row violates check constraint \"\(subject)\"")
            failure.constraint = subject
            return failure
        default: return SQLFailure("23000", message)
        }
    }

    private static func split(_ subject: String) -> (table: String, column: String) {
        let parts = subject.split(separator: ".", maxSplits: 1)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : ("", subject)
    }

    private static func unique(_ subject: String, isPrimary: Bool, on connection: SQLiteConnection) -> SQLFailure {
        var name = subject
        var table = ""
        if subject.hasPrefix("index '") {
            name = SQLSchemaName.bare(String(subject.dropFirst(7).dropLast()))
        } else {
            let columns = subject.split(separator: ", ").map { split(String($0)) }
            table = columns.first?.table ?? ""
            name = SQLCatalogNames.uniqueConstraint(
                table: table, columns: columns.map(\.column), isPrimary: isPrimary, on: connection)
        }
        var failure = SQLFailure("23505", "duplicate key value violates unique constraint \"\(name)\"")
        failure.constraint = name
        if !table.isEmpty { failure.table = SQLSchemaName.bare(table) }
        return failure
    }

    // MARK: Statements

    /// What is said of the view that stands for a schema.
    private static func schema(_ message: String) -> SQLFailure? {
        let end = "\(SQLSchemaName.separator)"
        if let name = message.components(after: "no such view: ")?.components(before: end), message.hasSuffix(end) {
            return SQLFailure("3F000", "schema \"\(name.components(after: "main.") ?? name)\" does not exist")
        }
        if let name = message.components(after: "view ")?.components(before: "\(end) already exists")
            ?? message.components(after: "view \"")?.components(before: "\(end)\" already exists")
        {
            return SQLFailure("42P06", "schema \"\(name.filter { $0 != "\"" })\" already exists")
        }
        return nil
    }

    private static func statement(_ message: String, offset: Int?) -> SQLFailure {
        func tail(_ prefix: String) -> String? {
            message.hasPrefix(prefix) ? String(message.dropFirst(prefix.count)) : nil
        }
        func failure(_ state: String, _ message: String) -> SQLFailure { SQLFailure(state, message, offset: offset) }
        if let name = tail("no such table: ") ?? tail("no such view: ") {
            let bare = name.hasPrefix("main.") ? String(name.dropFirst(5)) : name
            return failure("42P01", "relation \"\(bare)\" does not exist")
        }
        if let told = tail("no such column: ") {
            // ALTER TABLE tells it in quotes.
            let name = told.filter { $0 != "\"" }
            return failure(
                "42703", name.contains(".") ? "column \(name) does not exist" : "column \"\(name)\" does not exist")
        }
        if let name = tail("ambiguous column name: ") {
            return failure("42702", "column reference \"\(name)\" is ambiguous")
        }
        if let name = tail("no such function: ") {
            if SQLMissingFunctions.names.contains(name.lowercased()) {
                return .refused(.sqlQuery, "the function \(name) is not known here", offset: offset)
            }
            return failure("42883", "function \(name) does not exist")
        }
        if message.hasPrefix("subqueries prohibited in CHECK constraints") {
            return failure("0A000", "cannot use subquery in check constraint")
        }
        if message.hasPrefix("variable number must be between") {
            return .refused(.sqlParameters, "a statement has at most 32766 parameters here", offset: offset)
        }
        if message.hasPrefix("views may not be indexed") {
            return failure("42809", "cannot create index on a view")
        }
        if let name = tail("wrong number of arguments to function ") {
            return failure("42883", "function \(name) does not exist with that many arguments")
        }
        if let name = tail("unknown database ") {
            return failure("3F000", "schema \"\(name.filter { $0 != "\"" })\" does not exist")
        }
        if let name = tail("no such index: ") { return failure("42704", "index \"\(name)\" does not exist") }
        if let name = tail("no such savepoint: ") { return failure("3B001", "savepoint \"\(name)\" does not exist") }
        if let name = tail("no such collation sequence: ") {
            return failure("42704", "collation \"\(name)\" does not exist")
        }
        if let name = tail("duplicate column name: ") {
            return failure("42701", "column \"\(name)\" specified more than once")
        }
        if let rest = tail("table "), let name = rest.components(before: " already exists") {
            return failure("42P07", "relation \"\(bare(name))\" already exists")
        }
        if let rest = tail("view "), let name = rest.components(before: " already exists") {
            return failure("42P07", "relation \"\(bare(name))\" already exists")
        }
        if let rest = tail("index "), let name = rest.components(before: " already exists") {
            return failure("42P07", "relation \"\(bare(name))\" already exists")
        }
        if let rest = tail("there is already "), let name = rest.split(separator: " ").last {
            return failure("42P07", "relation \"\(bare(String(name)))\" already exists")
        }
        if let rest = tail("table "), let end = rest.range(of: " has no column named ") {
            return failure(
                "42703",
                "column \"\(rest[end.upperBound...])\" of relation \"\(rest[..<end.lowerBound])\" does not exist")
        }
        if let name = tail("use DROP VIEW to delete view ") {
            return SQLFailure(
                "42809", "\"\(SQLSchemaName.bare(name))\" is not a table", hint: "Use DROP VIEW to remove a view.",
                offset: offset)
        }
        if let name = tail("use DROP TABLE to delete table ") {
            return SQLFailure(
                "42809", "\"\(SQLSchemaName.bare(name))\" is not a view", hint: "Use DROP TABLE to remove a table.",
                offset: offset)
        }
        if message.hasPrefix("near \""), let end = message.range(of: "\": syntax error") {
            return failure("42601", "syntax error at or near \"\(message[..<end.lowerBound].dropFirst(6))\"")
        }
        if message.contains("parser stack overflow") || message.hasPrefix("Expression tree is too large") {
            return failure("54001", "stack depth limit exceeded")
        }
        if message.hasPrefix("incomplete input") { return failure("42601", "syntax error at end of input") }
        if message.contains("misuse of aggregate") || message.contains("misuse of window") {
            return failure("42803", "aggregate functions are not allowed here (\(message))")
        }
        if let rest = tail("unrecognized token: \""), let word = rest.split(separator: " ").first {
            return failure("42601", "syntax error at or near \"\(word.filter { $0 != "\"" })\"")
        }
        if message.hasPrefix("unknown join type: ") || message == "a JOIN clause is required before ON" {
            return failure("42601", "syntax error (\(message))")
        }
        if let name = tail("no such window: ") { return failure("42704", "window \"\(name)\" does not exist") }
        if let name = message.components(before: "() may not be used as a window function") {
            return failure("42809", "OVER specified, but \(name) is not a window function nor an aggregate function")
        }
        if let name = tail("FILTER may not be used with non-aggregate ") {
            return failure("42809", "FILTER specified, but \(name.dropLast(2)) is not an aggregate function")
        }
        if message == "DISTINCT is not supported for window functions" {
            return failure("0A000", "DISTINCT is not implemented for window functions")
        }
        if message.hasPrefix("ON CONFLICT clause does not match any") {
            return failure(
                "42P10", "there is no unique or exclusion constraint matching the ON CONFLICT specification")
        }
        if message.hasPrefix("cannot modify "), message.hasSuffix("because it is a view") {
            return .refused(.sqlQuery, "a change of a view's rows is not known here", offset: offset)
        }
        if message.contains("because it is a view") { return failure("42809", message) }
        if message == "row value misused" { return .refused(.sqlQuery, "a row as a value is not known here") }
        if message.hasPrefix("sub-select returns ") {
            return failure("42601", "subquery has too many columns")
        }
        if message.contains(" columns assigned ") {
            return failure("42601", "number of columns does not match number of values")
        }
        if message.contains("values for") || message.contains("SELECTs to the left and right") {
            return failure("42601", message)
        }
        if message == "integer overflow" { return failure("22003", "bigint out of range") }
        if message.contains("foreign key mismatch") { return failure("42830", message) }
        return failure("42000", message)
    }

    private static func bare(_ name: String) -> String {
        name.trimming("\"").trimming("'")
    }
}

extension String {
    /// What stands before `end`, when the text holds it.
    func components(before end: String) -> String? {
        range(of: end).map { String(self[..<$0.lowerBound]) }
    }

    /// The first place of `text`.
    func range(of text: String) -> Range<String.Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].hasPrefix(text) { return start..<index(start, offsetBy: text.count) }
            start = index(after: start)
        }
        return nil
    }

    /// Without `character` at both ends.
    func trimming(_ character: Character) -> String {
        guard count >= 2, first == character, last == character else { return self }
        return String(dropFirst().dropLast())
    }
}
