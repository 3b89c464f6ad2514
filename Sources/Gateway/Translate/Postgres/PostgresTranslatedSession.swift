// A translated session after its login: messages in, one after another, and what they do.

import Capabilities
import PostgresWire
import Reactor
import Wire

/// A statement that was prepared, by Parse, by PREPARE, or for one simple query.
final class PostgresPrepared {
    let kind: PostgresStatementKind
    let text: [UInt8]
    /// nil for what the session answers itself.
    let statement: (any SQLStatement)?
    let parameterTypes: [SQLType]
    let command: PostgresCommand
    /// Whether there is nothing but space and comments.
    let isEmpty: Bool
    /// The columns as a client was told of them, which later rows have to keep to.
    var described: [SQLColumn]?
    /// The types of the items of parameters that are arrays, by the parameters' indices.
    var arrays: [Int: SQLType] = [:]
    /// The text as the client sent it, whether PREPARE came with it, and when it was prepared.
    var source: [UInt8]
    var isFromSQL = false
    var time: Int64?
    /// Whether it asks what the session has prepared and opened.
    var readsObjects = false

    init(
        _ kind: PostgresStatementKind, _ text: [UInt8], _ statement: (any SQLStatement)?, _ parameterTypes: [SQLType],
        _ command: PostgresCommand, isEmpty: Bool = false
    ) {
        self.kind = kind
        self.text = text
        source = text
        self.statement = statement
        self.parameterTypes = parameterTypes
        self.command = command
        self.isEmpty = isEmpty
    }
}

/// A prepared statement with its values, on its way to its last row.
final class PostgresPortal {
    let prepared: PostgresPrepared
    let values: [SQLValue]
    let formats: [UInt16]
    var cursor: (any SQLCursor)?
    /// The columns as the client was told of them.
    var described: [SQLColumn]?
    /// Rows that have come and were not sent for a limit's sake.
    var batch = SQLBatch(isLast: false)
    var sent = 0
    /// Rows sent in all.
    var rows = 0
    var isDone = false
    /// The text of its DECLARE, else of its statement.
    var source: [UInt8]
    let time = PostgresRunningSession.now
    var options = PostgresCursorOptions()
    /// Whether it has outlived its transaction.
    var isHeld = false
    /// Its rows, where they may be wanted again or have to stay what they are.
    var kept: PostgresKeptRows?
    /// Counts a session's portals from one.
    var number = 0

    init(_ prepared: PostgresPrepared, _ values: [SQLValue], _ formats: [UInt16]) {
        self.prepared = prepared
        self.values = values
        self.formats = formats
        source = prepared.text
    }

    func isBinary(_ column: Int) -> Bool {
        formats.count == 1 ? formats[0] == 1 : column < formats.count && formats[column] == 1
    }
}

/// What a session was like when a savepoint was set.
struct PostgresSavepoint {
    let name: String
    let settings: PostgresSettings
    let lastPortal: Int
    /// How much was said of channels.
    let notifications: Int
    let listenActions: Int
}

/// Where a session stands between BEGIN and COMMIT.
enum PostgresBlock {
    case none
    /// Begun by the session for statements that belong together, up to a Sync or the end of a Query.
    case implicit
    case open
    case failed
}

/// One client's session with a backend that is reached through a gate.
final class PostgresTranslatedSession {
    let session: Session
    let gate: Gate
    let connection: PostgresClientConnection
    let sql: any SQLSession
    /// This session as others see it.
    let running: PostgresRunningSession
    let sharedSettings: PostgresSharedSettings
    let objects: PostgresSessionObjects
    let outbox: PostgresOutbox
    /// What the open transaction has said of channels.
    @exclusivity(unchecked) var listenActions: [ListenAction] = []
    /// Whether nothing is under way between this session and its client.
    @exclusivity(unchecked) private var isAtRest = false
    /// What the settings were when the block began: ROLLBACK takes them back.
    @exclusivity(unchecked) var settingsBefore: PostgresSettings?
    @exclusivity(unchecked) var savepoints: [PostgresSavepoint] = []
    /// The number of the portal that was opened last.
    @exclusivity(unchecked) var lastPortal = 0
    @exclusivity(unchecked) var block = PostgresBlock.none {
        didSet { if block == .none, oldValue != .none { blockEnded() } }
    }
    /// How the open block behaves, and whether a query has run in it.
    @exclusivity(unchecked) var blockMode: SQLTransactionMode?
    @exclusivity(unchecked) var blockHasQueried = false
    /// What settings say of blocks that do not say, and of idling.
    @exclusivity(unchecked) private(set) var defaultMode = SQLTransactionMode()
    @exclusivity(unchecked) private var idleMilliseconds = (inBlock: 0, outside: 0)
    @exclusivity(unchecked) var statements: [[UInt8]: PostgresPrepared] = [:]
    @exclusivity(unchecked) var portals: [[UInt8]: PostgresPortal] = [:]
    /// The statement that the next failure's place is counted in.
    @exclusivity(unchecked) var failedText: [UInt8] = []
    /// Whether a statement was ended because the session is: the client hears of that only.
    @exclusivity(unchecked) private var isEnding = false
    /// After an error in extended messages everything up to the next Sync is dropped.
    @exclusivity(unchecked) private var skipsToSync = false

    init(_ session: Session, _ gate: Gate, _ connection: PostgresClientConnection, _ opened: PostgresOpened) {
        self.session = session
        self.gate = gate
        self.connection = connection
        sql = opened.sql
        running = opened.running
        sharedSettings = opened.settings
        objects = opened.objects
        outbox = opened.outbox
        sql.set(settings.timeouts)
        readDefaults()
        running.rename(application: (try? settings.show("application_name"))?.value ?? "")
    }

    var settings: PostgresSettings {
        get { sharedSettings.settings }
        set { sharedSettings.settings = newValue }
    }

    private func readDefaults() {
        defaultMode = settings.transactionMode
        idleMilliseconds = settings.idleMilliseconds
    }

    /// What belonged to the block belongs to it no more.
    private func blockEnded() {
        blockMode = nil
        blockHasQueried = false
        settings.noteTransaction(nil)
    }

    var out: PostgresServerMessages {
        _read { yield connection.out }
        _modify { yield &connection.out }
    }

    func run() async {
        connection.whileWaiting = { [unowned self] in if isAtRest { tellNotifications() } }
        defer { connection.whileWaiting = nil }
        isAtRest = true
        do {
            while try await turn() {}
            connection.flush()
        } catch let error as WireError {
            session.note(GatewayFailure(.clientProtocol, "\(error)"))
            await leave("08P01", "invalid frontend message: \(error.detail)")
        } catch IOError.cancelled {
            await leave("57P01", "terminating connection due to administrator command")
        } catch IOError.timedOut where idleBound != nil {
            session.note(GatewayFailure(.idle, "the client idled longer than its own settings allow"))
            if status == .idle {
                await leave("57P05", "terminating connection due to idle-session timeout")
            } else {
                await leave("25P03", "terminating connection due to idle-in-transaction timeout")
            }
        } catch IOError.timedOut {
            session.note(GatewayFailure(.idle, "no byte passed for the idle-timeout"))
            await leave("57P05", "terminating connection due to idle-session timeout")
        } catch {
            session.log(.debug, "the client left")
        }
    }

    private func leave(_ state: String, _ message: String) async {
        out.error(PostgresReport(severity: "FATAL", state: state, message: message))
        connection.flush()
        await session.client.closeAfterLastWords()
    }

    // MARK: Messages

    /// How long the client's own settings let it idle now, in nanoseconds; nil where the listener's bound comes first.
    private var idleBound: UInt64? {
        let milliseconds =
            switch block {
            case .none: idleMilliseconds.outside
            case .open, .failed: idleMilliseconds.inBlock
            // Between the messages of one request a client does not idle.
            case .implicit: 0
            }
        guard milliseconds > 0 else { return nil }
        let own = UInt64(milliseconds) * 1_000_000
        guard let listener = session.listener.configuration.idleTimeout?.nanoseconds else { return own }
        return own <= listener ? own : nil
    }

    /// Deals with the next message; false after the last one.
    private func turn() async throws -> Bool {
        session.waker.setDeadline(
            after: idleBound ?? session.listener.configuration.idleTimeout?.nanoseconds)
        connection.isBusy = block != .none
        let request: PostgresClientMessage
        do {
            request = try await connection.next()
        } catch let error as WireError where error.code == "invalid-message-layout" {
            // The frame is whole, only its contents are not.
            if skipsToSync { return true }
            fail(SQLFailure("08P01", error.detail))
            await failBlock()
            skipsToSync = true
            return true
        } catch let error as WireError where error.code == "invalid-request-layout" {
            if skipsToSync { return true }
            await failRequest(SQLFailure("08P01", error.detail))
            return true
        } catch let error as WireError where error.code == "invalid-sync-layout" {
            skipsToSync = false
            await failRequest(SQLFailure("08P01", error.detail))
            return true
        }
        session.waker.setDeadline(after: nil)
        isAtRest = false
        running.begin()
        defer { running.end() }
        switch request {
        case .terminate: return false
        case .sync:
            skipsToSync = false
            await endSegment()
            ready()
        case .query(let range):
            if skipsToSync { return true }
            let text = connection.array(range)
            running.tell(query: text)
            await query(text)
            if isEnding { throw IOError.cancelled }
            ready()
        case .functionCall:
            if skipsToSync { return true }
            await failRequest(.refused(.sqlQuery, "function calls by number are not known here"))
        case .copyData, .copyDone, .copyFail:
            // What comes late after a failed COPY is dropped.
            break
        case .flush: if !skipsToSync { connection.flush() }
        default:
            if skipsToSync { return true }
            failedText = []
            do throws(SQLFailure) {
                try await extended(request)
            } catch {
                fail(error, in: failedText)
                await failBlock()
                skipsToSync = true
            }
        }
        try await connection.relieve()
        if session.waker.isCancelled { throw IOError.cancelled }
        return true
    }

    /// Answers a message that no Sync has to follow: the error, and that the next may come.
    private func failRequest(_ failure: SQLFailure) async {
        fail(failure)
        await failBlock()
        ready()
    }

    /// Says that the next statement may come.
    private func ready() {
        let status = status
        running.rest(status)
        isAtRest = status == .idle
        if isAtRest { tellNotifications() }
        out.readyForQuery(status)
    }

    var status: PostgresTransactionStatus {
        switch block {
        case .none, .implicit: .idle
        case .open: .inTransaction
        case .failed: .failed
        }
    }

    // MARK: Failures

    /// Tells the client of `failure`; a place in `text` is told in characters.
    func fail(_ failure: SQLFailure, in text: [UInt8] = []) {
        if failure.state == SQLFailure.cancelled.state, session.waker.isCancelled {
            isEnding = true
            return
        }
        var report = PostgresReport(state: failure.state, message: failure.message)
        if let capability = failure.refused { report.message = gate.refusal(capability, failure.message) }
        report.detail = failure.detail
        report.hint = failure.hint
        report.table = failure.table
        report.column = failure.column
        report.constraint = failure.constraint
        if let offset = failure.offset, offset >= 0, offset <= text.count {
            report.position = String(decoding: text[..<offset], as: UTF8.self).unicodeScalars.count + 1
        }
        if let row = failure.row { report.context = "COPY, line \(row)" }
        out.error(report)
    }

    func warn(_ state: String, _ message: String, severity: String = "WARNING") {
        guard settings.wants(notice: severity == "NOTICE") else { return }
        out.notice(PostgresReport(severity: severity, state: state, message: message))
    }

    /// Tells the client what functions and definitions have to say.
    func tellNotices() {
        for notice in sharedSettings.takeNotices() {
            warn(notice.state, notice.message, severity: notice.severity)
        }
    }

    func check(_ capabilities: CapabilitySet) throws(SQLFailure) {
        do throws(Failure) {
            try gate.check(capabilities)
        } catch {
            guard case .refused(let capability, let reason) = error else { throw SQLFailure("58000", "\(error)") }
            throw .refused(capability, reason)
        }
    }

    /// Counts a statement for the listener's metrics.
    func note(_ command: PostgresCommand, since start: UInt64, failure: SQLFailure?) {
        session.metrics.record(command: Int(command.rawValue), nanoseconds: session.worker.now &- start)
        if let failure { session.metrics.count(code: failure.state, command: Int(command.rawValue)) }
    }

    /// Tells the client and the backend of settings that have changed.
    func publishSettings() {
        tellNotices()
        guard settings.hasChanges else { return }
        let changes = settings.takeChanges()
        for (name, value) in changes.reported {
            out.parameterStatus(name, value)
            guard name == "application_name" else { continue }
            running.rename(application: value)
            (session.usage as? PostgresUsage)?.renamed(Array(value.utf8))
        }
        for (name, value) in changes.facts { sql.setFact("setting." + name, .text(value)) }
        sql.set(settings.timeouts)
        readDefaults()
        if changes.facts.contains(where: { $0.0.hasPrefix("default_transaction_") }), blockMode == nil {
            settings.noteTransaction(nil)
        }
    }
}
