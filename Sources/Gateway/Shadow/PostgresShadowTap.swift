// Follows one PostgreSQL client's conversation for the shadow: which statements go to the candidate, with which answers.

import PostgresWire
import Reactor
import Wire

/// Sees what a client sends and what it gets, copies what is to be compared, and does nothing else.
final class PostgresShadowTap: SocketTap {
    enum Waiting {
        case job(PostgresShadowJob)
        case setting([UInt8])
    }

    let shadow: Shadow
    let counts: ShadowCounts
    var session: PostgresShadowSession
    private var exchange: PostgresExchange
    private var replies = PostgresServerFramer()
    private var messages = PostgresPassingMessages(limit: Shadow.commandLimit)
    private var segment = PostgresShadowSegment()
    /// What the next ReadyForQuery ends; nothing else is under way then.
    var waiting: Waiting?
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
        guard !isBlind else { return }
        do throws(WireError) {
            try messages.pass(bytes) { event throws(WireError) in
                switch event {
                case .whole(let message): try take(message)
                case .long(let type): takeLong(type)
                }
                return !isBlind
            }
        } catch {
            goBlind()
        }
    }

    private func take(_ message: [UInt8]) throws(WireError) {
        let bytes = message.span
        var offset = 0
        guard case .message(let request) = try PostgresClientMessageReader().next(bytes, at: &offset) else {
            return goBlind()
        }
        take(request, bytes)
    }

    private func take(_ request: PostgresClientMessage, _ bytes: Bytes) {
        switch request {
        case .query(let text):
            begin()
            counts.seen &+= 1
            let statement = PostgresShadowStatement(bytes, text, bytes.array(text))
            let isAlone = isAlone && !segment.isOpen
            exchange.clientSent(.querySent(statement.command), at: 0)
            settle(statement, isAlone: isAlone, question: PostgresQuestion.query(statement.text), values: 0)
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

    func stopKeeping() {
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
        reply = []
        shadow.addBlindSession()
    }
}
