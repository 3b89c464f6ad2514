// Follows a Redis session's frames for its metrics.

import Reactor
import RedisWire
import Wire

/// The two framers of a session and the pairing of their facts.
final class RedisObserver: RelayObserver {
    private let session: Session
    private let metrics: ListenerMetrics
    private let worker: Worker
    private let usage: RedisUsage?
    @exclusivity(unchecked) private var requests: RedisRequestFramer
    @exclusivity(unchecked) private var replies = RedisReplyFramer()
    @exclusivity(unchecked) private var exchange = RedisExchange()
    @exclusivity(unchecked) private var hasLostRequests = false
    @exclusivity(unchecked) private var hasLostReplies = false
    /// Whether the backend has said something that no command had asked for, such as why it is about to close.
    @exclusivity(unchecked) private var hasSpokenUnasked = false

    init(session: Session) {
        self.session = session
        metrics = session.metrics
        worker = session.worker
        usage = session.usage as? RedisUsage
        requests = RedisRequestFramer(keepsWords: usage != nil)
    }

    var isAwaitingReply: Bool { exchange.pendingCount > 0 && !exchange.isBlocked }

    /// Whether commands wait that the backend has not answered, or one is on its way to it.
    var isOwed: Bool {
        !exchange.isClosing && !exchange.isAdrift && exchange.pendingCount > 0 || !replies.isAtBoundary
            || isInsideRequest
    }
    /// A command that the backend has not got to its end would have been answered too.
    var repliesOwed: Int { exchange.repliesOwed + (isInsideRequest ? 1 : 0) }
    /// Whether an error reply can stand where the backend's bytes ended.
    var mayAnswer: Bool { replies.isAtBoundary && !hasLostReplies }

    /// Whether a command is on its way for which the backend has not said already why it will not have it.
    private var isInsideRequest: Bool {
        !requests.isAtBoundary && !hasLostRequests && !hasSpokenUnasked && !exchange.isClosing && !exchange.isAdrift
    }

    func clientSent(_ bytes: Span<UInt8>) {
        guard !hasLostRequests else { return }
        var offset = 0
        do throws(WireError) {
            while let event = try requests.next(bytes, at: &offset) {
                switch event {
                case .commandReceived(let request):
                    let isAwaited = exchange.commandReceived(request, at: worker.now)
                    usage?.received(
                        request, in: bytes, endingAt: offset, pending: exchange.pendingCount, words: requests.words)
                    usage?.sent(request.command, replyAt: isAwaited ? exchange.pendingCount : nil)
                case .emptyReceived: exchange.emptyReceived()
                }
            }
        } catch {
            hasLostRequests = true
            lost(.client, error)
        }
    }

    func backendSent(_ bytes: Span<UInt8>) {
        guard !hasLostReplies else { return }
        var offset = 0
        do throws(WireError) {
            while let reply = try replies.next(bytes, at: &offset) {
                let outcome = exchange.replyReceived(reply)
                note(outcome)
                usage?.received(outcome, reply)
            }
        } catch {
            hasLostReplies = true
            lost(.server, error)
        }
    }

    @inline(__always)
    private func note(_ outcome: RedisOutcome) {
        metrics.note(outcome, now: worker.now)
        if case .unmatched = outcome { hasSpokenUnasked = true }
    }

    private func lost(_ side: Side, _ error: WireError) {
        exchange.stop()
        metrics.count(framingLost: side == .client ? "client" : "backend")
        session.log(.notice, "framing lost: bytes pass on unobserved", ["side": "\(side)", "reason": "\(error)"])
    }
}

extension ListenerMetrics {
    /// Counts what a reply turned out to be.
    @inline(__always)
    func note(_ outcome: RedisOutcome, now: UInt64) {
        switch outcome {
        case .answered(let answer):
            let command = Int(answer.command.rawValue)
            if let start = answer.startedAt {
                record(command: command, nanoseconds: now &- start)
            } else {
                untracked &+= 1
            }
            if let code = answer.errorCode { count(code: code.name.description, command: command) }
        case .pushed: pushes &+= 1
        case .untracked, .unmatched: untracked &+= 1
        case .confirmed: break
        }
    }
}
