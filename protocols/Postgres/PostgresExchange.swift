// Pairs a client's requests with a server's answers.

/// What became of one request.
package struct PostgresOutcome: Sendable, Equatable {
    /// The kind of the statement: from the client's text, or from the server's CommandComplete where the text is a
    /// `with`, is not known, or was sent in an earlier Parse.
    package let command: PostgresCommand
    /// When the first message of the request had passed, in the caller's nanoseconds.
    package let start: UInt64
    package let failed: Bool
    /// The code of the error, `.none` when nothing failed or the connection ended without one.
    package let sqlState: PostgresSQLState

    package init(command: PostgresCommand, start: UInt64, failed: Bool, sqlState: PostgresSQLState) {
        self.command = command
        self.start = start
        self.failed = failed
        self.sqlState = sqlState
    }
}

/// Which way COPY data flows just now.
package enum PostgresCopyMode: UInt8, Sendable, Equatable {
    case none
    case copyIn
    case copyOut
    case copyBoth
}

/// Counts what is outstanding and pairs it: one outcome for each startup, Query, FunctionCall and Execute, and for
/// each Sync whose segment holds no Execute.
///
/// LIFECYCLE.md draws the states and says why each answer ends what it ends.
package struct PostgresExchange: Sendable {
    private var queue = PostgresRequestQueue()

    // The extended messages since the last Execute, Sync or Query.
    private var groupCommand: PostgresCommand?
    private var groupStatement = PostgresCommand.unknown
    private var groupStart: UInt64 = 0
    private var groupAnswers: UInt32 = 0
    private var segmentHasExecute = false
    /// Whether the newest entry is a run that has to swallow the rest of the segment.
    private var runIsOpen = false

    // What the server said about the oldest request so far.
    private var failure: PostgresSQLState?
    private var tag: PostgresCommand?
    /// Whether the server drops everything until a Sync that has not been sent yet.
    private var isDiscarding = false

    /// Whether AuthenticationOk came.
    package private(set) var isAuthenticated = false
    /// What the last ReadyForQuery said; nil before the first.
    package private(set) var transactionStatus: PostgresTransactionStatus?
    package private(set) var copyMode = PostgresCopyMode.none
    /// Whether a FATAL or PANIC came: the server is about to close.
    package private(set) var isEnding = false
    /// Whether Terminate was sent: the end that follows is no failure.
    package private(set) var isTerminated = false
    /// How many requests made no outcome because the server dropped them after an error; wraps around.
    package private(set) var skipped: UInt64 = 0
    /// How many requests made no outcome because the pipeline was longer than the bound; wraps around.
    package private(set) var untracked: UInt64 = 0
    /// How many ReadyForQuery messages had no request; wraps around.
    package private(set) var unpaired: UInt64 = 0
    /// How many ReadyForQuery messages are outstanding, the startup's included.
    package private(set) var outstanding: UInt64 = 1

    /// An exchange whose startup packet was sent at `start`.
    package init(startedAt start: UInt64) {
        queue.append(PostgresRequest(start: start, command: .startup, kind: .startup, expected: 0))
    }

    /// Whether nothing is outstanding, not even a segment without its Sync, and no transaction is open.
    package var isIdle: Bool { isAtRest && transactionStatus == .idle }

    /// The same, whether or not a transaction is open.
    package var isAtRest: Bool {
        queue.isEmpty && groupCommand == nil && !segmentHasExecute && !isDiscarding && transactionStatus != nil
    }

    // MARK: The client

    /// Notes a client's message that passed at `now`.
    package mutating func clientSent(_ event: PostgresClientEvent, at now: UInt64) {
        switch event {
        case .querySent(let command): request(.query, command, now)
        case .functionCallSent: request(.functionCall, .functionCall, now)
        case .parseSent(let statement):
            extend(.parse, now)
            groupStatement = statement
        case .bindSent: extend(.bind, now)
        case .describeSent: extend(.describe, now)
        case .closeSent: extend(.closePrepared, now)
        case .executeSent: execute(now)
        case .syncSent: sync(now)
        case .copyDoneSent, .copyFailSent: endCopyIn(now)
        case .terminateSent: isTerminated = true
        case .flushSent, .credentialsSent, .unknownSent: break
        }
    }

    private mutating func request(_ kind: PostgresRequest.Kind, _ command: PostgresCommand, _ now: UInt64) {
        if isDiscarding {
            skipped &+= 1
            return
        }
        if let first = groupCommand, groupAnswers > 0 {
            append(PostgresRequest(start: groupStart, command: first, kind: .group, expected: groupAnswers))
        }
        closeGroup()
        outstanding &+= 1
        append(PostgresRequest(start: now, command: command, kind: kind, expected: 0))
    }

    private mutating func extend(_ command: PostgresCommand, _ now: UInt64) {
        if groupCommand == nil {
            groupCommand = command
            groupStart = now
        }
        if !isDiscarding { groupAnswers &+= 1 }
    }

    private mutating func execute(_ now: UInt64) {
        if isDiscarding {
            skipped &+= 1
            return
        }
        segmentHasExecute = true
        append(
            PostgresRequest(
                start: groupCommand == nil ? now : groupStart, command: groupStatement, kind: .execute,
                expected: groupAnswers))
        closeGroup()
    }

    private mutating func sync(_ now: UInt64) {
        // A server that reads COPY data ignores Sync (copyfromparse.c CopyGetData).
        if copyMode == .copyIn { return }
        outstanding &+= 1
        append(
            PostgresRequest(
                start: groupCommand == nil ? now : groupStart, command: groupCommand ?? .sync, kind: .sync,
                reports: !segmentHasExecute, expected: groupAnswers))
        closeGroup()
        segmentHasExecute = false
        isDiscarding = false
    }

    private mutating func endCopyIn(_ now: UInt64) {
        if copyMode == .copyIn {
            copyMode = .none
        } else if copyMode == .none, !queue.isEmpty {
            append(PostgresRequest(start: now, command: .copy, kind: .copyEnd, expected: 0))
        }
    }

    private mutating func closeGroup() {
        groupCommand = nil
        groupStatement = .unknown
        groupAnswers = 0
    }

    /// Queues a request, or counts it in a run once the queue is full.
    ///
    /// A run ends with a message that a ReadyForQuery answers, so that what follows it can be told apart again.
    private mutating func append(_ request: PostgresRequest) {
        let last = queue.count - 1
        if !runIsOpen, last + 1 < PostgresLimits.tracked - 1 {
            queue.append(request)
            return
        }
        if request.kind != .copyEnd, request.kind != .group { untracked &+= 1 }
        let ends: UInt32 = request.endsWithReadyForQuery ? 1 : 0
        if last >= 0, queue[last].kind == .run {
            queue[last].expected &+= ends
        } else {
            queue.append(PostgresRequest(start: request.start, command: .unknown, kind: .run, expected: ends))
        }
        runIsOpen = ends == 0
    }

    // MARK: The server

    /// Notes a server's message; the outcome of the request that it ended, if it ended one that is reported.
    package mutating func serverSent(_ event: PostgresServerEvent) -> PostgresOutcome? {
        switch event {
        case .readyForQueryReceived(let status): return readyForQuery(status)
        case .commandCompleted(let command): return commandCompleted(command)
        case .portalSuspended, .emptyQueryAnswered: return executeEnded(nil)
        case .parseCompleted, .bindCompleted, .closeCompleted, .rowsDescribed, .noDataDescribed:
            answered()
            return nil
        case .errorReported(let severity, let sqlState): return failed(severity, sqlState)
        case .copyInStarted: copyInStarted()
        case .copyOutStarted: copyMode = .copyOut
        case .copyBothStarted: copyMode = .copyBoth
        case .authenticationCompleted: isAuthenticated = true
        default: break
        }
        return nil
    }

    private mutating func readyForQuery(_ status: PostgresTransactionStatus) -> PostgresOutcome? {
        transactionStatus = status
        copyMode = .none
        if outstanding > 0 { outstanding &-= 1 } else { unpaired &+= 1 }
        let failure = self.failure
        let tag = self.tag
        self.failure = nil
        self.tag = nil
        // Anything before the request that this ends was left without its own answer.
        while !queue.isEmpty {
            var oldest = queue[0]
            if oldest.kind == .run, oldest.expected > 1 || runIsOpen && queue.count == 1 {
                oldest.expected = oldest.expected > 0 ? oldest.expected &- 1 : 0
                queue[0] = oldest
                return nil
            }
            queue.removeFirst()
            guard oldest.endsWithReadyForQuery else { continue }
            dropCopyEnds()
            if oldest.kind == .run || oldest.kind == .sync && !oldest.reports && failure == nil { return nil }
            let silent = oldest.kind == .sync && !oldest.reports
            return PostgresOutcome(
                command: silent ? .sync : oldest.command.refined(by: tag), start: oldest.start, failed: failure != nil,
                sqlState: failure ?? .none)
        }
        return nil
    }

    private mutating func commandCompleted(_ command: PostgresCommand) -> PostgresOutcome? {
        if copyMode != .copyBoth { copyMode = .none }
        guard !queue.isEmpty, queue[0].kind == .execute else {
            if tag == nil { tag = command }
            return nil
        }
        return executeEnded(command)
    }

    private mutating func executeEnded(_ command: PostgresCommand?) -> PostgresOutcome? {
        guard !queue.isEmpty, queue[0].kind == .execute else { return nil }
        let oldest = queue[0]
        queue.removeFirst()
        dropCopyEnds()
        return PostgresOutcome(
            command: oldest.command.refined(by: command), start: oldest.start, failed: false, sqlState: .none)
    }

    /// An answer to Parse, Bind, Describe or Close.
    private mutating func answered() {
        guard !queue.isEmpty else {
            if groupAnswers > 0 { groupAnswers &-= 1 }
            return
        }
        guard queue[0].kind != .run, queue[0].expected > 0 else { return }
        queue[0].expected &-= 1
        if queue[0].kind == .group, queue[0].expected == 0 {
            queue.removeFirst()
            dropCopyEnds()
        }
    }

    private mutating func failed(_ severity: PostgresSeverity, _ sqlState: PostgresSQLState) -> PostgresOutcome? {
        copyMode = .none
        if severity.endsSession { isEnding = true }
        guard !queue.isEmpty else {
            // An error in a segment whose Sync is still to come; without a segment it is the server's farewell.
            if groupCommand != nil || segmentHasExecute, !severity.endsSession {
                failure = sqlState
                startDiscarding()
            }
            return nil
        }
        let oldest = queue[0]
        switch oldest.kind {
        case .execute, .group:
            queue.removeFirst()
            discardUntilSync()
            return PostgresOutcome(command: oldest.command, start: oldest.start, failed: true, sqlState: sqlState)
        case .startup, .query, .functionCall, .sync:
            if severity.endsSession {
                queue.removeFirst()
                if outstanding > 0 { outstanding &-= 1 }
                return PostgresOutcome(
                    command: oldest.kind == .sync && !oldest.reports ? .sync : oldest.command, start: oldest.start,
                    failed: true, sqlState: sqlState)
            }
            if failure == nil { failure = sqlState }
            return nil
        case .copyEnd, .run:
            return nil
        }
    }

    /// After an error in an extended message the server drops all up to the next Sync, simple queries included.
    private mutating func discardUntilSync() {
        while !queue.isEmpty {
            switch queue[0].kind {
            case .sync:
                // The failure was told already.
                queue[0].reports = false
                return
            case .run, .startup: return
            case .query, .functionCall:
                skipped &+= 1
                if outstanding > 0 { outstanding &-= 1 }
            case .execute: skipped &+= 1
            case .group, .copyEnd: break
            }
            queue.removeFirst()
        }
        segmentHasExecute = true
        startDiscarding()
    }

    private mutating func startDiscarding() {
        isDiscarding = true
        groupAnswers = 0
    }

    /// The server reads COPY data now: each Sync between the request and the data's end will be ignored.
    private mutating func copyInStarted() {
        copyMode = .copyIn
        guard !queue.isEmpty, queue[0].kind == .execute || queue[0].kind == .query else { return }
        var hasIgnored = false
        var place = 1
        while place < queue.count, queue[place].kind != .run {
            switch queue[place].kind {
            case .sync:
                queue.remove(at: place)
                if outstanding > 0 { outstanding &-= 1 }
                hasIgnored = true
            case .copyEnd:
                queue.remove(at: place)
                copyMode = .none
                if hasIgnored, place < queue.count, queue[place].kind == .sync { queue[place].reports = false }
                return
            default:
                place += 1
            }
        }
        if hasIgnored { segmentHasExecute = true }
    }

    private mutating func dropCopyEnds() {
        while !queue.isEmpty, queue[0].kind == .copyEnd { queue.removeFirst() }
    }

    // MARK: The end

    /// Takes the oldest unanswered request as failed, for a connection that ended; nil when none is left.
    ///
    /// `sqlState` is the code of the error that the gateway reports, if it reports one.
    package mutating func abandonNext(_ sqlState: PostgresSQLState = .none) -> PostgresOutcome? {
        while !queue.isEmpty {
            let oldest = queue[0]
            queue.removeFirst()
            switch oldest.kind {
            case .copyEnd, .group, .run: continue
            case .sync where !oldest.reports: continue
            default:
                return PostgresOutcome(command: oldest.command, start: oldest.start, failed: true, sqlState: sqlState)
            }
        }
        outstanding = 0
        return nil
    }
}
