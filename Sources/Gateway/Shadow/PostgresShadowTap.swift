// Follows one PostgreSQL client's conversation for the shadow: which statements go to the candidate, with which answers.

import PostgresWire
import Reactor
import Wire

/// Sees what a client sends and what it gets, copies what is to be compared, and does nothing else.
final class PostgresShadowTap: SocketTap {
    private enum Waiting {
        case job(PostgresShadowJob)
        case setting([UInt8])
    }

    private let shadow: Shadow
    private let counts: ShadowCounts
    private var session: PostgresShadowSession
    private var exchange: PostgresExchange
    private var replies = PostgresServerFramer()
    /// The message of which a part has come, and what is still to come of one that is not kept.
    private var message: [UInt8] = []
    private var skipped = 0
    private var segment = PostgresShadowSegment()
    /// What the next ReadyForQuery ends; nothing else is under way then.
    private var waiting: Waiting?
    private var reply: [UInt8] = []
    private var isKeeping = false
    /// Whether nothing else was under way when the open segment, or the query, began.
    private var isAlone = false
    private var isReplyCut = false
    private var isBlind = false

    init(_ shadow: Shadow, _ counts: ShadowCounts, _ startup: PostgresStartup, _ bytes: [UInt8], _ length: Int) {
        self.shadow = shadow
        self.counts = counts
        session = PostgresShadowSession(
            PostgresShadowIdentity(
                user: startup.user ?? "", database: startup.database ?? "",
                parameters: PostgresStartupParameters(bytes, length)))
        exchange = PostgresExchange(startedAt: 0)
        if startup.replication != .none { goBlind() }
        if bytes.count > length { received(bytes.span.extracting(length...)) }
    }

    /// Follows a session whose first packet is `length` of `bytes`, where its listener has a shadow.
    static func attach(to session: Session, _ startup: PostgresStartup, _ bytes: [UInt8], _ length: Int) {
        guard let shadow = session.listener.shadow else { return }
        session.client.tap = PostgresShadowTap(
            shadow, session.local.counts(of: shadow), startup, bytes, length)
    }

    // MARK: Requests

    func received(_ bytes: Span<UInt8>) {
        var offset = 0
        while offset < bytes.count, !isBlind {
            if skipped > 0 {
                let count = min(skipped, bytes.count - offset)
                skipped -= count
                offset += count
                continue
            }
            let wanted = message.count < 5 ? 5 : length
            let count = min(wanted - message.count, bytes.count - offset)
            message += bytes.array(offset..<(offset + count))
            offset += count
            guard message.count == wanted else { return }
            if wanted == 5, length != 5 {
                guard length > 5 else { return goBlind() }
                // Data of a COPY is none of the shadow's business.
                guard length > Shadow.commandLimit || message[0] == UInt8(ascii: "d") else { continue }
                skipped = length - 5
                if message[0] != UInt8(ascii: "d") { takeLong(message[0]) }
            } else {
                takeWhole()
            }
            message.removeAll(keepingCapacity: message.capacity <= 4096)
        }
    }

    /// Bytes of the message whose head is here.
    private var length: Int { message[1..<5].reduce(0) { $0 << 8 | Int($1) } + 1 }

    private func takeWhole() {
        var offset = 0
        do throws(WireError) {
            // Not the property itself, which is a class's.
            let whole = message
            let bytes = whole.span
            guard case .message(let request) = try PostgresClientMessageReader().next(bytes, at: &offset) else {
                return goBlind()
            }
            take(request, bytes)
        } catch {
            goBlind()
        }
    }

    private func take(_ request: PostgresClientMessage, _ bytes: Bytes) {
        switch request {
        case .query(let text):
            begin()
            counts.seen &+= 1
            let statement = PostgresShadowStatement(bytes, text, bytes.array(text))
            let isAlone = isAlone && !segment.isOpen
            exchange.clientSent(.querySent(statement.command), at: 0)
            settle(statement, isAlone: isAlone, question: message, values: 0)
        case .parse(let name, let text, _):
            begin()
            exchange.clientSent(.parseSent(.unknown), at: 0)
            let statement = PostgresShadowStatement(bytes, text, bytes.array((name.upperBound + 1)..<bytes.count))
            segment.isOpen = true
            session.prepare(bytes.array(name), statement)
        case .bind(let bind):
            begin()
            exchange.clientSent(.bindSent, at: 0)
            segment.bind(
                session.prepared(bytes.array(bind.statement)), hasName: !bind.portal.isEmpty,
                bytes.array((bind.statement.upperBound + 1)..<bytes.count), values: bind.values.count)
        case .describeStatement, .describePortal:
            begin()
            exchange.clientSent(.describeSent, at: 0)
            if case .describePortal = request {
                segment.describe(portal: true)
            } else {
                segment.describe(portal: false)
            }
        case .execute(let portal, let rows):
            begin()
            exchange.clientSent(.executeSent, at: 0)
            counts.seen &+= 1
            segment.execute(isWhole: portal.isEmpty && rows == 0)
        case .closeStatement(let name):
            begin()
            exchange.clientSent(.closeSent, at: 0)
            segment.isOpen = true
            session.forget(bytes.array(name))
        case .closePortal:
            begin()
            exchange.clientSent(.closeSent, at: 0)
            segment.isOpen = true
        case .sync:
            exchange.clientSent(.syncSent, at: 0)
            endSegment()
        case .copyDone: exchange.clientSent(.copyDoneSent, at: 0)
        case .copyFail: exchange.clientSent(.copyFailSent, at: 0)
        case .functionCall: takeLong(UInt8(ascii: "F"))
        case .terminate: exchange.clientSent(.terminateSent, at: 0)
        case .copyData, .credentials, .flush: break
        }
    }

    /// A message that is not looked at: whatever it does may have been done.
    private func takeLong(_ type: UInt8) {
        begin()
        segment.spoil()
        switch type {
        case UInt8(ascii: "Q"), UInt8(ascii: "F"):
            counts.seen &+= 1
            counts.drop(type == UInt8(ascii: "Q") ? .notWhole : .incomparable)
            exchange.clientSent(type == UInt8(ascii: "Q") ? .querySent(.other) : .functionCallSent, at: 0)
            apply(.unclear, isForSession: true)
            stopKeeping()
        case UInt8(ascii: "P"):
            exchange.clientSent(.parseSent(.other), at: 0)
            // Nobody knows of which statement it was.
            session.forgetAll()
        case UInt8(ascii: "B"): exchange.clientSent(.bindSent, at: 0)
        default: break
        }
    }

    /// The answer is kept from here on, if nothing else is under way.
    private func begin() {
        guard !segment.isOpen else { return }
        isAlone = exchange.isIdle
        if isAlone { isKeeping = true }
    }

    private func endSegment() {
        defer { segment = PostgresShadowSegment() }
        guard segment.executions > 0 else { return stopKeeping() }
        let isAlone = isAlone && segment.executions == 1
        for _ in 1..<segment.executions { counts.drop(.stateful) }
        for statement in segment.others {
            let kind = statement.reading.kind
            apply(kind == .setting || kind == .reset ? .unclear : kind, isForSession: statement.reading.isForSession)
        }
        guard let statement = segment.statement else {
            counts.drop(.stateful)
            apply(.unclear, isForSession: true)
            return stopKeeping()
        }
        settle(statement, isAlone: isAlone, question: segment.question, values: segment.values)
    }

    /// Decides what becomes of a statement.
    private func settle(_ statement: PostgresShadowStatement, isAlone: Bool, question: [UInt8]?, values: Int) {
        let reading = statement.reading
        switch reading.kind {
        case .read: if admit(statement, isAlone: isAlone, question, values) { return }
        case .setting where isAlone && !session.isOwn && waiting == nil:
            counts.drop(.stateful)
            waiting = .setting(statement.text)
            return
        case .setting:
            counts.drop(.stateful)
            session.isOwn = true
        case .reset:
            counts.drop(.stateful)
            if isAlone { session.reset() }
        case .incomparable: counts.drop(.incomparable)
        case .write: counts.drop(.notOpted)
        case .session, .unclear: counts.drop(.stateful)
        }
        apply(reading.kind, isForSession: reading.isForSession)
        if isAlone { stopKeeping() }
    }

    private func admit(
        _ statement: PostgresShadowStatement, isAlone: Bool, _ question: [UInt8]?, _ values: Int
    ) -> Bool {
        guard isAlone, waiting == nil, !session.isOwn, let question, question.count <= Shadow.commandLimit else {
            counts.drop(.stateful)
            return false
        }
        guard shadow.isSampled(shadow.hash(question.span, Array(session.identity.database.utf8))) else {
            counts.drop(.notSampled)
            return false
        }
        let job = PostgresShadowJob(
            statement.command, statement.reading, question, shape: statement.shape,
            size: (statement.text.count, values), identity: session.identity)
        switch shadow.admit(job) {
        case .admitted:
            counts.sent &+= 1
            waiting = .job(job)
            return true
        case .full: counts.drop(.queueFull)
        case .stale: counts.drop(.stale)
        }
        return false
    }

    /// What a statement leaves behind.
    private func apply(_ kind: PostgresReading.Kind, isForSession: Bool) {
        if kind == .write || kind == .unclear { shadow.markAllStale() }
        if kind == .unclear || isForSession { session.isOwn = true }
    }

    private func stopKeeping() {
        guard waiting == nil else { return }
        isKeeping = false
        forgetReply()
    }

    // MARK: Replies

    func sent(_ bytes: Span<UInt8>) {
        guard !isBlind else { return }
        var offset = 0
        do throws(WireError) {
            while offset < bytes.count {
                let start = offset
                let event = try replies.next(bytes, at: &offset)
                keep(bytes.extracting(start..<offset))
                guard let event else { return }
                _ = exchange.serverSent(event)
                if case .readyForQueryReceived(let status) = event { ended(status) }
            }
        } catch {
            goBlind()
        }
    }

    private func keep(_ bytes: Span<UInt8>) {
        guard isKeeping, !isReplyCut else { return }
        guard reply.count + bytes.count <= Shadow.replyLimit else {
            isReplyCut = true
            reply = []
            return
        }
        bytes.withUnsafeBufferPointer { reply.append(contentsOf: $0) }
    }

    private func forgetReply() {
        reply.removeAll(keepingCapacity: reply.capacity <= 1024)
        isReplyCut = false
    }

    private func ended(_ status: PostgresTransactionStatus) {
        defer {
            waiting = nil
            if !segment.isOpen { isKeeping = false }
            forgetReply()
        }
        switch waiting {
        case nil: return
        case .setting(let text):
            guard status == .idle, !isReplyCut, let answer = PostgresComparableReply(reply.span) else {
                session.isOwn = true
                return
            }
            if answer.failure == nil { session.add(text) }
        case .job(let job): answered(job)
        }
    }

    private func answered(_ job: PostgresShadowJob) {
        let state = isReplyCut ? nil : PostgresComparableReply(reply.span)?.failure?.state
        if isReplyCut || PostgresShadowWire.isUnready(state) {
            shadow.abandon(job)
            return counts.drop(isReplyCut ? .tooLarge : .primaryUnready)
        }
        job.reply = reply
        if let reason = shadow.enqueue(job) { counts.drop(reason) }
    }

    // MARK: The end

    func ended() {
        dropWaiting()
        if isBlind { shadow.removeBlindSession() }
        isBlind = false
    }

    private func dropWaiting() {
        for _ in 0..<segment.executions { counts.drop(.unanswered) }
        segment = PostgresShadowSegment()
        if case .job(let job) = waiting {
            shadow.abandon(job)
            counts.drop(.unanswered)
        }
        waiting = nil
    }

    /// Follows the client no more: what it writes from here on is not seen.
    private func goBlind() {
        guard !isBlind else { return }
        isBlind = true
        dropWaiting()
        message = []
        reply = []
        shadow.addBlindSession()
    }
}
