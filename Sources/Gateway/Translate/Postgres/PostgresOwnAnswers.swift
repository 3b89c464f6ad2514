// What the gateway answers in place of a backend that takes none of its relations: what a backend can do, and what drivers ask at start.

import Capabilities
import Synchronization

/// A session whose bare questions about itself and about `fairlead.capabilities` do not reach the backend.
final class PostgresOwnAnswers: SQLSession {
    private let inner: any SQLSession
    private let relations: [SQLRelation]
    private let user: String
    private let database: String
    private let facts: Mutex<[String: SQLValue]>

    init(_ inner: any SQLSession, _ settings: SQLSessionSettings) {
        self.inner = inner
        relations = settings.relations
        user = settings.user
        database = settings.database
        facts = Mutex(settings.facts)
    }

    func prepare(_ text: [UInt8], parameterTypes: [SQLType]) async throws(SQLFailure) -> any SQLStatement {
        if let answer = try answer(text) { return PostgresOwnStatement(answer) }
        return try await inner.prepare(text, parameterTypes: parameterTypes)
    }

    func open(_ statement: any SQLStatement, _ values: [SQLValue]) throws(SQLFailure) -> any SQLCursor {
        guard let own = statement as? PostgresOwnStatement else { return try inner.open(statement, values) }
        return PostgresOwnCursor(own.answer)
    }

    /// What the gateway says to `text`; nil where it is the backend's.
    private func answer(_ text: [UInt8]) throws(SQLFailure) -> SQLRelation? {
        guard text.count <= PostgresOwnQuestion.longest, let tokens = try? SQLLexer.tokens(text),
            let question = try PostgresOwnQuestion(tokens, text, relations)
        else { return nil }
        switch question {
        case .relation(let relation): return relation
        case .session(let items):
            var columns: [SQLColumn] = []
            var values: [SQLValue] = []
            for item in items {
                let (column, value) = try self.value(item)
                columns.append(column)
                values.append(value)
            }
            return SQLRelation(SQLName("answer"), columns: columns, values: values)
        }
    }

    private func value(_ item: PostgresOwnQuestion.Item) throws(SQLFailure) -> (SQLColumn, SQLValue) {
        let name = item.alias ?? item.function
        switch item.function {
        case "version": return (SQLColumn(name, .text), fact("version") ?? .null)
        case "pg_backend_pid": return (SQLColumn(name, .int32), fact("pg_backend_pid") ?? .integer(0))
        case "current_database", "current_catalog": return (SQLColumn(name, .name), .text(database))
        case "current_schema": return (SQLColumn(name, .name), .text("public"))
        case "current_setting":
            let setting = item.argument.lowercased()
            if let value = fact("setting." + setting) { return (SQLColumn(name, .text), value) }
            guard item.mayBeMissing else {
                throw SQLFailure("42704", "unrecognized configuration parameter \"\(item.argument)\"")
            }
            return (SQLColumn(name, .text), .null)
        default: return (SQLColumn(name, .name), .text(user))
        }
    }

    private func fact(_ name: String) -> SQLValue? { facts.withLock { $0[name] } }

    func setFact(_ name: String, _ value: SQLValue) {
        facts.withLock { $0[name] = value }
        inner.setFact(name, value)
    }

    // MARK: The backend's

    func begin(_ mode: SQLTransactionMode) async throws(SQLFailure) { try await inner.begin(mode) }
    func commit() async throws(SQLFailure) { try await inner.commit() }
    func rollback() async throws(SQLFailure) { try await inner.rollback() }
    func savepoint(_ name: String) async throws(SQLFailure) { try await inner.savepoint(name) }
    func release(_ name: String) async throws(SQLFailure) { try await inner.release(name) }
    func rollBack(to name: String) async throws(SQLFailure) { try await inner.rollBack(to: name) }

    func copy(into table: SQLName, columns: [String]) async throws(SQLFailure) -> any SQLCopyTarget {
        try await inner.copy(into: table, columns: columns)
    }

    func copied(_ table: SQLName, columns: [String]) async throws(SQLFailure) -> [String] {
        try await inner.copied(table, columns: columns)
    }

    func set(_ limits: SQLSessionLimits) { inner.set(limits) }
    func cancel() { inner.cancel() }
    func beginRequest() { inner.beginRequest() }
    func endRequest() { inner.endRequest() }
    func close() async { await inner.close() }
}

/// A question that the gateway answers.
private final class PostgresOwnStatement: SQLStatement {
    let answer: SQLRelation
    let parameterTypes: [SQLType] = []
    let command = SQLCommand("SELECT", countsRows: true, writes: false)
    var columns: [SQLColumn]? { answer.columns }

    init(_ answer: SQLRelation) { self.answer = answer }

    func close() {}
}

/// Its rows.
private final class PostgresOwnCursor: SQLCursor {
    private let answer: SQLRelation
    private let given = Mutex(0)
    var columns: [SQLColumn]? { answer.columns }

    init(_ answer: SQLRelation) { self.answer = answer }

    func describe() async throws(SQLFailure) {}

    func fetch(_ limit: Int) async throws(SQLFailure) -> SQLBatch {
        let width = max(1, answer.columns.count)
        let all = answer.values.count / width
        let (start, end) = given.withLock { given in
            let start = given
            given = limit > 0 ? min(all, start + limit) : all
            return (start, given)
        }
        return SQLBatch(
            values: Array(answer.values[start * width..<end * width]), rowCount: end - start, isLast: end == all)
    }

    func close() async {}
}
