// SQL sessions of an adapter process.

import Capabilities
import Reactor
import Synchronization

/// Opens sessions, each a stream of `RunSql` of `fairlead.adapter.v1.Adapter`.
final class ProcessSQL: SQLService, @unchecked Sendable {
    static let run = Method(FairleadDialect.service, "RunSql")
    static let cancel = Method(FairleadDialect.service, "CancelSql")

    private unowned let service: ProcessService
    /// The last session's number, of all workers.
    private static let sessions = Atomic<UInt64>(0)

    init(_ service: ProcessService) { self.service = service }

    func open(_ settings: SQLSessionSettings) async throws(SQLFailure) -> any SQLSession {
        let capabilities: CapabilitySet
        do throws(Failure) { capabilities = try await service.usable(CapabilitySet(.sqlQuery)).capabilities } catch {
            throw SQLFailure(error)
        }
        let number = Self.sessions.add(1, ordering: .relaxed).newValue
        let request = ProtoSqlRequest.with { $0.open = .init(settings, session: number) }
        let stream = MessageStream.open(
            Self.run, request.encoded ?? [], isLast: false, service.link, on: service.worker)
        let session = ProcessSQLSession(number, stream, service.link, capabilities)
        try session.done(try await session.reply(waits: nil))
        return session
    }
}

/// One session: a request, its reply, the next request.
final class ProcessSQLSession: SQLSession, @unchecked Sendable {
    private let number: UInt64
    private let stream: MessageStream
    private let link: Link
    private let capabilities: CapabilitySet
    private var lastID: UInt32 = 0
    /// Requests that nobody waits for; they go ahead of the next one.
    private var queued: [ProtoSqlRequest.OneOf_Kind] = []

    init(_ number: UInt64, _ stream: MessageStream, _ link: Link, _ capabilities: CapabilitySet) {
        self.number = number
        self.stream = stream
        self.link = link
        self.capabilities = capabilities
    }

    deinit { stream.cancel() }

    // MARK: Requests and replies

    /// A statement runs as long as it runs: the link finds out by other means when the process hangs.
    func call(_ kind: ProtoSqlRequest.OneOf_Kind) async throws(SQLFailure) -> ProtoSqlReply.OneOf_Kind {
        while !queued.isEmpty { _ = try await exchange(queued.removeFirst()) }
        return try await exchange(kind)
    }

    private func exchange(_ kind: ProtoSqlRequest.OneOf_Kind) async throws(SQLFailure) -> ProtoSqlReply.OneOf_Kind {
        let message = ProtoSqlRequest.with { $0.kind = kind }.encoded ?? []
        guard message.count <= link.settings.messageBytes else {
            throw SQLFailure(.tooLarge(limit: link.settings.messageBytes))
        }
        _ = await stream.send(message)
        return try await reply(waits: 0)
    }

    func reply(waits: Int64?) async throws(SQLFailure) -> ProtoSqlReply.OneOf_Kind {
        let bytes: [UInt8]?
        do throws(CallEnding) { bytes = try await stream.next(waits: waits) } catch {
            throw SQLFailure(error.failure(of: ProcessSQL.run))
        }
        guard let bytes else { throw SQLFailure("08006", "\(link.process) ended the session") }
        switch ProtoSqlReply(received: bytes)?.kind {
        case .failure(let failure): throw SQLFailure(failure)
        case let kind?: return kind
        case nil: throw Self.wrong
        }
    }

    static let wrong = SQLFailure(
        .protocolBroken("the adapter process gave an answer that does not fit the request"))

    func done(_ kind: ProtoSqlReply.OneOf_Kind) throws(SQLFailure) {
        guard case .done = kind else { throw Self.wrong }
    }

    /// Sends `kind` ahead of the next request.
    func queue(_ kind: ProtoSqlRequest.OneOf_Kind) { queued.append(kind) }

    func newID() -> UInt32 {
        lastID &+= 1
        return lastID
    }

    private func check(_ capability: Capability) throws(SQLFailure) {
        guard capabilities.contains(capability) else {
            throw .refused(capability, "the adapter process does not offer it")
        }
    }

    // MARK: Transactions

    func begin(_ mode: SQLTransactionMode) async throws(SQLFailure) {
        try check(.sqlTransaction)
        try done(
            try await call(
                .begin(
                    .with {
                        $0.isolation = mode.isolation.rawValue
                        $0.isReadOnly = mode.isReadOnly
                    })))
    }

    func commit() async throws(SQLFailure) { try done(try await call(.commit(.init()))) }
    func rollback() async throws(SQLFailure) { try done(try await call(.rollback(.init()))) }
    func savepoint(_ name: String) async throws(SQLFailure) { try done(try await call(.savepoint(name))) }
    func release(_ name: String) async throws(SQLFailure) { try done(try await call(.release(name))) }
    func rollBack(to name: String) async throws(SQLFailure) { try done(try await call(.rollBackTo(name))) }

    // MARK: Statements

    func prepare(_ text: [UInt8], parameterTypes: [SQLType]) async throws(SQLFailure) -> any SQLStatement {
        guard let text = String(validating: text, as: UTF8.self) else {
            throw SQLFailure("22021", "the statement is not UTF-8 text")
        }
        let id = newID()
        let request = ProtoSqlRequest.Prepare.with {
            $0.statement = id
            $0.text = text
            $0.parameterTypes = parameterTypes.map(\.rawValue)
        }
        guard case .prepared(let prepared) = try await call(.prepare(request)) else { throw Self.wrong }
        let statement = ProcessStatement(self, id, prepared)
        if !statement.parameterTypes.isEmpty { try check(.sqlParameters) }
        return statement
    }

    func open(_ statement: any SQLStatement, _ values: [SQLValue]) throws(SQLFailure) -> any SQLCursor {
        guard let statement = statement as? ProcessStatement else {
            throw SQLFailure("26000", "the statement is another session's")
        }
        return ProcessCursor(self, statement, try SQLValue.plainNumbers(values, statement.parameterTypes))
    }

    func copy(into table: SQLName, columns: [String]) async throws(SQLFailure) -> any SQLCopyTarget {
        try check(.sqlCopy)
        let request = ProtoSqlRequest.Copy.with {
            $0.schema = table.schema ?? ""
            $0.table = table.name
            $0.columns = columns
        }
        guard case .columns(let columns) = try await call(.copy(request)), let list = columns.list else {
            throw Self.wrong
        }
        return ProcessCopyTarget(self, list)
    }

    // MARK: The session itself

    func set(_ limits: SQLSessionLimits) {
        queue(
            .limits(
                .with {
                    $0.statementMilliseconds = Int32(clamping: limits.statementMilliseconds)
                    $0.lockMilliseconds = Int32(clamping: limits.lockMilliseconds)
                }))
    }

    func setFact(_ name: String, _ value: SQLValue) {
        queue(
            .setFact(
                .with {
                    $0.name = name
                    $0.value = .init(value)
                }))
    }

    func cancel() {
        let request = ProtoSqlCancel.with { $0.session = number }
        let call = Call(ProcessSQL.cancel, CallOptions(timeout: link.settings.timeout), IgnoredAnswer())
        link.begin(call, request.encoded ?? [], isLast: true)
    }

    func close() async {
        stream.finish()
        // The process rolls back and ends the call; when it does not, the call is given up.
        while let _ = try? await stream.next() {}
        stream.cancel()
    }
}

/// Nobody waits for the answer.
private final class IgnoredAnswer: CallObserver {
    func messageReceived(_ message: [UInt8]) {}
    func callEnded(_ ending: CallEnding) {}
}
