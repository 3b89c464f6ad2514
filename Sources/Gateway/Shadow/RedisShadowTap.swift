// Follows one client's conversation for its listener's shadows: which commands go to the candidates, with which replies.

import Reactor
import RedisWire
import Wire

/// Sees what a client sends and what it gets, copies what is to be compared, and does nothing else.
///
/// It stands at the client's own socket, so it is the same for every way in which a session is served.
final class RedisShadowTap: SocketTap {
    /// A command as one of the shadows minds it.
    private struct Followed {
        let view: RedisShadowView
        let job: RedisShadowJob
    }

    private let views: [RedisShadowView]
    @exclusivity(unchecked) private var commands = RedisPassingCommands(keeping: Shadow.commandLimit + 1)
    @exclusivity(unchecked) private var replies = RedisReplyFramer()
    @exclusivity(unchecked) private var pin = RedisPin(identity: RedisIdentity(), mindsSizes: false)
    /// What shadows mind of a command, of which at most one sends it.
    @exclusivity(unchecked) private var waiting = RedisAwaited<[Followed]>()
    /// The reply of which a part has come, up to the bound.
    @exclusivity(unchecked) private var reply: [UInt8] = []
    @exclusivity(unchecked) private var isReplyCut = false
    /// The databases of SELECT and RESET that are to be answered, by which commands behind them may go already.
    private var selected: [[UInt8]] = []
    /// Whether there are more than are kept.
    private var isSelectedCut = false
    /// Whether the conversation can no longer be followed.
    private var isBlind = false

    /// Databases that are kept until they are answered.
    private static let selectedLimit = 16

    /// Nil where `listener` has no shadow.
    init?(_ listener: ListenerState, _ local: WorkerState) {
        let shadows = listener.shadows
        guard !shadows.isEmpty else { return nil }
        views = shadows.map { RedisShadowView($0, of: listener, on: local) }
    }

    // MARK: Requests

    func received(_ bytes: Span<UInt8>) {
        guard !isBlind else { return }
        do throws(WireError) {
            try commands.pass(bytes) { event, bytes, start in
                switch event {
                case .emptyReceived: pin.sendsNothing()
                case .commandReceived(let request): take(request, bytes, at: start)
                }
                return !isBlind
            }
        } catch {
            goBlind()
        }
    }

    private func take(_ request: RedisRequest, _ bytes: Span<UInt8>, at start: Int) {
        var whole: RedisWholeCommand?
        if request.byteCount <= UInt64(Shadow.commandLimit),
            case .whole(let found) = RedisWholeCommand.find(in: bytes, at: start),
            found.range.count == Int(request.byteCount)
        {
            whole = found
        }
        let place = place
        if !pin.isChanging { forgetSelected() }
        pin.sends(request, whole, in: bytes, at: 0)
        noteSelected(request, whole, bytes)
        var jobs: [Followed] = []
        for view in views {
            if let job = view.consider(request, whole, bytes, at: start, place) {
                jobs.append(Followed(view: view, job: job))
            }
        }
        if pin.pendingCount > waiting.count {
            waiting.append(jobs.isEmpty ? nil : jobs)
        } else {
            // It gets no reply, so what it does goes unseen.
            for followed in jobs { followed.view.abandon(followed.job, .unanswered) }
        }
        if pin.pendingCount != waiting.count { goBlind() }
    }

    /// Where the client is as it sends a command.
    private var place: RedisShadowPlan.Place {
        RedisShadowPlan.Place(
            identity: pin.identity,
            isFree: !pin.isInTransaction && !pin.isExclusive && !pin.isChanging && !pin.isDatabaseUntold,
            isInTransaction: pin.isInTransaction, isChanging: pin.isChanging,
            isDatabaseUntold: pin.isDatabaseUntold || isSelectedCut && pin.isChanging,
            selected: pin.isChanging ? selected : [])
    }

    private func noteSelected(_ request: RedisRequest, _ whole: RedisWholeCommand?, _ bytes: Span<UInt8>) {
        guard let whole, request.command == .select || request.command == .reset else { return }
        guard selected.count < Self.selectedLimit else {
            isSelectedCut = true
            return
        }
        selected.append(request.command == .reset ? RedisIdentity().database : whole.value(1, in: bytes))
    }

    private func forgetSelected() {
        isSelectedCut = false
        if !selected.isEmpty { selected.removeAll(keepingCapacity: true) }
    }

    // MARK: Replies

    func sent(_ bytes: Span<UInt8>) {
        guard !isBlind else { return }
        var offset = 0
        do throws(WireError) {
            while true {
                let start = offset
                guard let facts = try replies.next(bytes, at: &offset) else {
                    keepReply(bytes.extracting(start..<bytes.count))
                    break
                }
                let outcome = pin.receives(facts)
                switch outcome {
                case .answered:
                    keepReply(bytes.extracting(start..<offset))
                    answered(facts)
                case .unmatched where waiting.count > 0, .untracked: return goBlind()
                case .unmatched, .pushed, .confirmed: break
                }
                forgetReply()
            }
        } catch {
            goBlind()
        }
        if pin.pendingCount != waiting.count { goBlind() }
    }

    private func keepReply(_ bytes: Span<UInt8>) {
        guard !isReplyCut, bytes.count > 0, waiting.first?.contains(where: { $0.job.isSent }) == true else { return }
        guard reply.count + bytes.count <= Shadow.replyLimit else {
            isReplyCut = true
            return
        }
        bytes.withUnsafeBufferPointer { reply.append(contentsOf: $0) }
    }

    private func forgetReply() {
        if !reply.isEmpty { reply.removeAll(keepingCapacity: reply.capacity <= 1024) }
        isReplyCut = false
    }

    private func answered(_ facts: RedisReply) {
        for followed in waiting.removeFirst() ?? [] {
            guard followed.job.isSent else { followed.view.abandon(followed.job, .unanswered); continue }
            let isUnready = RedisShadowPlan.isUnready(facts.errorCode) || reply.isFairleadError
            if isReplyCut || isUnready {
                followed.view.abandon(followed.job, isReplyCut ? .tooLarge : .primaryUnready)
            } else {
                followed.view.answered(followed.job, reply)
            }
        }
    }

    // MARK: The end

    func ended() {
        dropWaiting()
        if isBlind { for view in views { view.shadow.removeBlindSession() } }
        isBlind = false
    }

    private func dropWaiting() {
        waiting.removeAll { jobs in for followed in jobs { followed.view.abandon(followed.job, .unanswered) } }
    }

    /// Follows the client no more: what it writes from here on is not seen.
    private func goBlind() {
        guard !isBlind else { return }
        isBlind = true
        dropWaiting()
        reply = []
        for view in views { view.shadow.addBlindSession() }
    }
}

extension [UInt8] {
    private static let mark = Array("fairlead: ".utf8)

    /// Whether it is an error that the gateway itself has composed: a code, and then its name.
    var isFairleadError: Bool {
        guard first == 0x2D, let space = prefix(24).firstIndex(of: 0x20) else { return false }
        return self[(space + 1)...].starts(with: Self.mark)
    }
}
