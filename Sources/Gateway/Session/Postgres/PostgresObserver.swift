// Follows a PostgreSQL session's messages for its metrics, its cancel key and its orderly end.

import PostgresWire
import Reactor
import Wire

/// The conversation of one session and what is counted of it.
final class PostgresObserver: RelayObserver {
    private let session: Session
    private let metrics: ListenerMetrics
    private let worker: Worker
    private let usage: PostgresUsage?
    private let keys: PostgresKeyRegistry
    private let address: SocketAddress?
    @exclusivity(unchecked) private var conversation: PostgresConversation
    @exclusivity(unchecked) private var key: PostgresKey?
    /// The process whose key was seen to.
    @exclusivity(unchecked) private var keyedProcess: UInt32?
    @exclusivity(unchecked) private var hasLostRequests = false
    @exclusivity(unchecked) private var hasLostReplies = false
    /// Whether the client sent last: before a login is complete, that is what says whose turn it is.
    @exclusivity(unchecked) private var isBackendsTurn = true

    init(_ session: Session, startup: PostgresStartup, upstream: Socket, keys: PostgresKeyRegistry) {
        self.session = session
        self.keys = keys
        metrics = session.metrics
        worker = session.worker
        address = upstream.peer
        usage = session.usage as? PostgresUsage
        usage?.opened(startup)
        conversation = PostgresConversation(startedAt: session.worker.now, replication: startup.replication)
    }

    // MARK: Whose turn it is, and what may be said

    var isAwaitingReply: Bool {
        guard !hasLostRequests, !hasLostReplies else { return false }
        guard conversation.exchange.isAuthenticated else { return isBackendsTurn }
        switch conversation.exchange.copyMode {
        case .copyIn, .copyBoth: return false
        case .none, .copyOut: return conversation.exchange.outstanding > 0
        }
    }

    /// Whether the end is what client or server announced, so that nothing needs to be added to it.
    ///
    /// A server also just closes on bytes that are no messages.
    var isEndExpected: Bool {
        hasLostRequests || hasLostReplies || conversation.exchange.isTerminated || conversation.exchange.isEnding
    }
    /// Whether an error can stand where the server's bytes ended.
    var acceptsErrorReply: Bool { conversation.acceptsErrorReply }
    /// Whether the server owes an answer.
    var isOwed: Bool { conversation.exchange.outstanding > 0 && !isEndExpected }

    // MARK: Bytes

    func clientSent(_ bytes: Span<UInt8>) {
        isBackendsTurn = true
        guard !hasLostRequests else { return }
        do throws(WireError) {
            var offset = 0
            while let event = try conversation.clientSent(bytes, from: &offset, at: worker.now) {
                usage?.received(
                    event, in: bytes, endingAt: offset, length: conversation.client.messageLength)
            }
        } catch {
            hasLostRequests = true
            lost("client", error)
        }
    }

    func backendSent(_ bytes: Span<UInt8>) {
        isBackendsTurn = false
        guard !hasLostReplies else { return }
        var offset = 0
        let pushes = conversation.pushes
        let renames = conversation.renames
        do throws(WireError) {
            while let outcome = try conversation.serverSent(bytes, from: &offset) { record(outcome) }
        } catch {
            hasLostReplies = true
            lost("backend", error)
        }
        metrics.pushes &+= conversation.pushes &- pushes
        if conversation.renames != renames { usage?.renamed(conversation.server.applicationName) }
        if conversation.processID != keyedProcess { registerKey() }
    }

    private func record(_ outcome: PostgresOutcome) {
        // Without the client's messages the pairing is guesswork.
        guard !hasLostRequests else { return }
        usage?.answered(outcome.command)
        let command = Int(outcome.command.rawValue)
        metrics.record(command: command, nanoseconds: worker.now &- outcome.start)
        if outcome.failed { metrics.count(code: Self.code(outcome.sqlState), command: command) }
    }

    private static func code(_ state: PostgresSQLState) -> String { state == .none ? "none" : state.description }

    private func lost(_ side: String, _ error: WireError) {
        metrics.count(framingLost: side)
        session.log(.notice, "framing lost: bytes pass on unobserved", ["side": "\(side)", "reason": "\(error)"])
    }

    // MARK: The cancel key

    private func registerKey() {
        forgetKey()
        keyedProcess = conversation.processID
        let secret = conversation.server.backendKey
        guard let processID = conversation.processID, PostgresLimits.cancelKey.allows(secret.count) else { return }
        let key = PostgresKey(processID: processID, secret: secret)
        keys.add(key, of: .init(session: session.id, backend: session.backend, address: address))
        self.key = key
    }

    private func forgetKey() {
        if let key { keys.remove(key, session: session.id) }
    }

    // MARK: The end

    /// Takes the key out of use and counts what was never answered as failed with `state`.
    func finish(_ state: PostgresSQLState = .none) {
        forgetKey()
        metrics.untracked &+= conversation.exchange.untracked
        guard !conversation.exchange.isTerminated, !hasLostReplies else { return }
        while let outcome = conversation.abandonNext(state) { record(outcome) }
    }
}
