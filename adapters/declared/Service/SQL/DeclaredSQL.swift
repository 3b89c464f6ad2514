// SQL of a declared adapter: sessions that share the adapter's connections.

import Capabilities
import Multiplex
import Reactor

/// The family sql: each statement is one exchange.
final class DeclaredSQL: SQLService, @unchecked Sendable {
    private let calls: DeclaredCalls

    init(_ calls: DeclaredCalls) { self.calls = calls }

    func open(_ settings: SQLSessionSettings) async throws(SQLFailure) -> any SQLSession {
        guard calls.program["sql.query"] != nil else {
            throw .refused(.sqlQuery, "the adapter maps no operation \"sql.query\"")
        }
        return DeclaredSQLSession(calls)
    }
}

/// One client's session; the server knows nothing of it.
final class DeclaredSQLSession: SQLSession, @unchecked Sendable {
    private let calls: DeclaredCalls
    private var limits = SQLSessionLimits()
    /// What is under way, and whether a request is and was to be ended.
    private var current: DeclaredExchange?
    private var isInRequest = false
    private var isCancelled = false

    init(_ calls: DeclaredCalls) { self.calls = calls }

    // MARK: Statements

    func prepare(_ text: [UInt8], parameterTypes: [SQLType]) async throws(SQLFailure) -> any SQLStatement {
        guard text.count <= calls.program.limits.frame else { throw Self.tooLarge(calls.program) }
        let statement = DeclaredStatement(text, try StatementFacts(text, parameterTypes))
        // Without parameters, the columns come with the rows; but what changes something never runs to be described.
        let writes = statement.command.writes
        guard statement.columns != nil, writes || !statement.parameterTypes.isEmpty else { return statement }
        let nulls = [Value](repeating: .absent, count: statement.parameterTypes.count)
        var columns = try SQLRows.columns(try await run("sql.describe", statement, nulls).outputs)
        for place in columns.indices where writes && columns[place].type == .unknown { columns[place].type = .text }
        statement.columns = columns
        return statement
    }

    func open(_ statement: any SQLStatement, _ values: [SQLValue]) throws(SQLFailure) -> any SQLCursor {
        guard let statement = statement as? DeclaredStatement else {
            throw SQLFailure("26000", "the statement is another adapter's")
        }
        let values = try SQLValue.plainNumbers(values, statement.parameterTypes)
        return DeclaredCursor(
            self, statement, zip(values, statement.parameterTypes).map { Value($0, $1) },
            maximumCells: calls.program.limits.items)
    }

    /// Runs a statement, or asks for its columns.
    func run(
        _ shape: String, _ statement: DeclaredStatement, _ parameters: [Value]
    ) async throws(SQLFailure) -> DeclaredExchange {
        guard let operation = calls.program[shape], operation.steps.count == 1 else {
            let capability = parameters.isEmpty ? Capability.sqlQuery : .sqlParameters
            throw .refused(capability, "the adapter maps no operation \"\(shape)\", which this statement needs")
        }
        guard parameters.isEmpty || operation.takesSeveral || shape == "sql.describe" else {
            throw .refused(.sqlParameters, "the adapter sends no parameters")
        }
        if shape == "sql.query", parameters.contains(.absent), !operation.tellsNull {
            throw .refused(.sqlParameters, "a parameter that is NULL cannot be told from an empty text here")
        }
        let size = parameters.reduce(statement.text.count) { $0 + $1.asBytes.count }
        guard size <= calls.program.limits.frame else { throw Self.tooLarge(calls.program) }
        guard !isCancelled else { throw .cancelled }
        var inputs = Inputs(first: statement.text)
        inputs.more.parameters = parameters
        let milliseconds = UInt64(clamping: limits.statementMilliseconds)
        let longest = calls.program.transport.replyTimeout
        let timeout =
            milliseconds == 0
            ? longest : min(longest, milliseconds.multipliedReportingOverflow(by: 1_000_000).partialValue)
        let exchange = DeclaredExchange(
            calls.program, operation.steps[0], inputs, calls.connections.message, isRepeatable: true,
            timeout: .nanoseconds(timeout))
        current = exchange
        defer { current = nil }
        do throws(MultiplexFailure) { try await calls.multiplexer.perform(exchange) } catch {
            throw Self.failure(error, statement)
        }
        guard exchange.hasAnswer else { throw Self.failure(exchange, calls.program) }
        return exchange
    }

    private static func failure(_ failure: MultiplexFailure, _ statement: DeclaredStatement) -> SQLFailure {
        switch failure {
        // What was sent may be done all the same.
        case .cancelled where statement.command.writes:
            SQLFailure("08006", "the statement was ended while it ran, and may have been done")
        case .cancelled: .cancelled
        case .protocolBroken(let text): SQLFailure("08P01", text)
        case .unavailable(let text), .indeterminate(let text): SQLFailure("08006", text)
        case .timedOut: SQLFailure("08006", "the backend did not answer in time")
        }
    }

    /// The server's own error, with its SQLSTATE if it is one.
    private static func failure(_ exchange: DeclaredExchange, _ program: Program) -> SQLFailure {
        let state = exchange.outputs.bytes(.state) ?? []
        let isState = state.count == 5 && state.allSatisfy { 0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 }
        switch program.failure(exchange) {
        case .unavailable(let text): return SQLFailure("57P03", text)
        case .tooLarge(let limit): return SQLFailure("54000", "the backend takes at most \(limit) bytes")
        case .backend(let text):
            return SQLFailure(isState ? String(decoding: state, as: UTF8.self) : "XX000", text)
        default: return SQLFailure("XX000", "the backend answered with an error that has no place here")
        }
    }

    private static func tooLarge(_ program: Program) -> SQLFailure {
        SQLFailure("54000", "a statement with its parameters has at most \(program.limits.frame) bytes here")
    }

    // MARK: What no file maps

    private static func refused(_ capability: Capability) -> SQLFailure {
        .refused(capability, CapabilityMapping.reasons[capability] ?? "")
    }

    func begin(_ mode: SQLTransactionMode) async throws(SQLFailure) { throw Self.refused(.sqlTransaction) }
    func commit() async throws(SQLFailure) { throw Self.refused(.sqlTransaction) }
    func rollback() async throws(SQLFailure) { throw Self.refused(.sqlTransaction) }
    func savepoint(_ name: String) async throws(SQLFailure) { throw Self.refused(.sqlTransaction) }
    func release(_ name: String) async throws(SQLFailure) { throw Self.refused(.sqlTransaction) }
    func rollBack(to name: String) async throws(SQLFailure) { throw Self.refused(.sqlTransaction) }

    func copy(into table: SQLName, columns: [String]) async throws(SQLFailure) -> any SQLCopyTarget {
        throw Self.refused(.sqlCopy)
    }

    // MARK: The session itself

    func set(_ limits: SQLSessionLimits) { self.limits = limits }
    func setFact(_ name: String, _ value: SQLValue) {}

    func cancel() { calls.multiplexer.worker.submit { [weak self] in self?.cancelHere() } }

    private func cancelHere() {
        isCancelled = isInRequest
        if let current { calls.multiplexer.abandon(current) }
    }

    func beginRequest() {
        isInRequest = true
        isCancelled = false
    }

    func endRequest() {
        isInRequest = false
        isCancelled = false
    }

    func close() async {}
}
