// Follows one PostgreSQL client's conversation for the shadow: which statements go to the candidate, with which answers.

import PostgresWire
import Reactor
import Wire

/// Sees what a client sends and what it gets, copies what is to be compared, and does nothing else.
final class PostgresShadowTap: SocketTap {
    enum Waiting {
        /// The last step of the open unit.
        case step
        case setting([UInt8])
        /// What the unit leaves out; whether it ends the transaction's good part if it fails.
        case skipped(mayFail: Bool)
    }

    let shadow: Shadow
    let counts: ShadowCounts
    var session: PostgresShadowSession
    /// What is repeated as a whole, from where no transaction is open to where none is again.
    var unit: PostgresShadowJob?
    /// What is followed for its writes alone, until nothing is under way.
    var trails: [PostgresShadowJob] = []
    private(set) var exchange: PostgresExchange
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
                case .data(let range): takeData(bytes.extracting(range))
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
            settle(PostgresShadowStep(statement), isAlone: isAlone)
        case .parse(let name, let text, _):
            begin()
            exchange.clientSent(.parseSent(.unknown), at: 0)
            let statement = PostgresShadowStatement(bytes, text, bytes.array((name.upperBound + 1)..<bytes.count))
            segment.isOpen = true
            session.prepare(bytes.array(name), statement)
        case .bind(let bind):
            begin()
            exchange.clientSent(.bindSent, at: 0)
            let statement = session.prepared(bytes.array(bind.statement))
            if !bind.portal.isEmpty { session.bind(bytes.array(bind.portal), to: statement) }
            segment.bind(
                statement, hasName: !bind.portal.isEmpty,
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
            if portal.isEmpty {
                segment.execute(isWhole: rows == 0)
            } else {
                segment.execute(named: session.bound(bytes.array(portal)))
            }
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
        case .copyFail:
            exchange.clientSent(.copyFailSent, at: 0)
            if let unit, isTakingData { spoil(unit, .stateful) }
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
            loseEverything()
            stopKeeping()
        case UInt8(ascii: "P"):
            exchange.clientSent(.parseSent(.other), at: 0)
            // Nobody knows of which statement it was.
            session.forgetAll()
        case UInt8(ascii: "B"): exchange.clientSent(.bindSent, at: 0)
        default: break
        }
    }

    /// Whether the rows of a COPY may come that goes to the candidate.
    private var isTakingData: Bool {
        guard case .step = waiting else { return false }
        return unit?.takesData ?? false
    }

    private func takeData(_ bytes: Bytes) {
        // What goes with it is still to come.
        if segment.isOpen { segment.spoil() }
        guard let unit, isTakingData else { return }
        guard unit.hasRoom(bytes.count) else { return spoil(unit, .tooLarge) }
        guard shadow.charge(unit, bytes.count) else { return spoil(unit, .queueFull) }
        unit.append(data: bytes.array(0..<bytes.count))
    }

    /// The answer is kept from here on, if nothing else is under way.
    private func begin() {
        guard !segment.isOpen else { return }
        isAlone = exchange.isAtRest
        if isAlone { isKeeping = true }
    }

    private func endSegment() {
        defer { segment = PostgresShadowSegment() }
        guard segment.executions > 0 else { return stopKeeping() }
        settle(segment.step, isAlone: isAlone)
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
        case nil: break
        case .setting(let text):
            if status == .idle, !isReplyCut, let answer = PostgresComparableReply(reply.span) {
                if answer.failure == nil { session.add(text) }
            } else {
                session.isOwn = true
            }
        case .skipped(let mayFail): if mayFail, status == .failed, let unit { spoil(unit, .stateful) }
        case .step: answered()
        }
        if let unit, status == .idle { close(unit) }
        if exchange.isIdle { closeTrails() }
    }

    private func answered() {
        guard let unit else { return }
        if isReplyCut { return spoil(unit, .tooLarge) }
        let state = PostgresComparableReply(reply.span)?.failure?.state
        if PostgresShadowWire.isUnready(state) { return spoil(unit, .primaryUnready) }
        guard unit.charged + reply.count <= PostgresShadowJob.byteLimit else { return spoil(unit, .tooLarge) }
        guard shadow.charge(unit, reply.count) else { return spoil(unit, .queueFull) }
        unit.answer(reply)
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
        waiting = nil
        if let unit { spoil(unit, .unanswered) }
        closeTrails()
    }

    /// Follows the client no more: what it writes from here on is not seen.
    func goBlind() {
        guard !isBlind else { return }
        isBlind = true
        dropWaiting()
        reply = []
        shadow.addBlindSession()
    }
}
