// Follows one client's conversation for the shadow: which commands go to the candidate, with which replies.

import Reactor
import RedisWire
import Wire

/// Sees what a client sends and what it gets, copies what is to be compared, and does nothing else.
///
/// It stands at the client's own socket, so it is the same for every way in which a session is served.
final class RedisShadowTap: SocketTap {
    /// Commands whose replies are still to come, one that goes to the shadow or a number of others.
    private struct Waiting {
        var job: RedisShadowJob?
        var count = 1
    }

    private let plan: RedisShadowPlan
    private let shadow: Shadow
    private let counts: ShadowCounts
    @exclusivity(unchecked) private var commands = RedisPassingCommands(keeping: Shadow.commandLimit + 1)
    @exclusivity(unchecked) private var replies = RedisReplyFramer()
    @exclusivity(unchecked) private var pin = RedisPin(identity: RedisIdentity(), mindsSizes: false)
    @exclusivity(unchecked) private var waiting: [Waiting] = []
    @exclusivity(unchecked) private var head = 0
    @exclusivity(unchecked) private var waitingCount = 0
    /// The reply of which a part has come, up to the bound.
    @exclusivity(unchecked) private var reply: [UInt8] = []
    @exclusivity(unchecked) private var isReplyCut = false
    /// Keys that the commands of the open transaction write.
    private var transaction: [UInt64] = []
    private var isTransactionLarge = false
    /// A SELECT is to be answered: its database, by which commands behind it may go already.
    private var selected: [UInt8]?
    /// Whether the conversation can no longer be followed.
    private var isBlind = false

    init(_ shadow: Shadow, _ counts: ShadowCounts) {
        self.shadow = shadow
        self.counts = counts
        plan = RedisShadowPlan(shadow)
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
        counts.seen &+= 1
        var whole: RedisWholeCommand?
        if request.byteCount <= UInt64(Shadow.commandLimit),
            case .whole(let found) = RedisWholeCommand.find(in: bytes, at: start),
            found.range.count == Int(request.byteCount)
        {
            whole = found
        }
        let place = place
        pin.sends(request, whole, in: bytes, at: 0)
        let job = consider(request, whole, bytes, at: start, place)
        if pin.pendingCount > waitingCount {
            append(job)
        } else if let job {
            // It gets no reply, so what it does goes unseen.
            shadow.abandon(job)
            if job.isSent { counts.drop(.unanswered) }
        }
        if pin.pendingCount != waitingCount { goBlind() }
    }

    /// Where the client is as it sends a command.
    private var place: RedisShadowPlan.Place {
        RedisShadowPlan.Place(
            identity: pin.identity, isFree: !pin.isInTransaction && !pin.isExclusive && !pin.isChanging,
            isInTransaction: pin.isInTransaction, selected: pin.isChanging ? selected : nil)
    }

    /// What goes to the shadow of a command, or is followed to its end; nil for nothing.
    private func consider(
        _ request: RedisRequest, _ whole: RedisWholeCommand?, _ bytes: Span<UInt8>, at start: Int,
        _ place: RedisShadowPlan.Place
    ) -> RedisShadowJob? {
        if request.command == .select, let whole { selected = whole.value(1, in: bytes) }
        switch request.effect {
        case .exec:
            defer { forgetTransaction() }
            counts.drop(.stateful)
            if isTransactionLarge { shadow.markAllStale() }
            return transaction.isEmpty ? nil : follow(transaction)
        case .discard, .reset: forgetTransaction()
        default: break
        }
        let verdict = plan.verdict(request, whole, bytes, at: start, place)
        if let reason = verdict.drop { counts.drop(reason) }
        switch verdict.action {
        case .nothing: return nil
        case .send(let job): return admit(job)
        case .follow(let keys):
            if place.isInTransaction {
                // What it writes is written by EXEC.
                isTransactionLarge = isTransactionLarge || transaction.count + keys.count > 1024
                if !isTransactionLarge { transaction += keys }
            }
            return follow(keys)
        case .markStale(let keys):
            shadow.markStale(keys)
            return nil
        case .markAllStale:
            if place.isInTransaction { isTransactionLarge = true }
            shadow.markAllStale()
            return nil
        }
    }

    private func forgetTransaction() {
        transaction = []
        isTransactionLarge = false
    }

    private func admit(_ job: RedisShadowJob) -> RedisShadowJob? {
        switch shadow.admit(job) {
        case .admitted:
            counts.sent &+= 1
            return job
        case .full:
            counts.drop(.queueFull)
            return job.isWrite ? follow(job.keys) : nil
        case .stale:
            counts.drop(.stale)
            return nil
        }
    }

    private func follow(_ keys: [UInt64]) -> RedisShadowJob? {
        let job = RedisShadowJob(
            .unknown, [], .exact, keys: keys, isWrite: true, isSent: false, identity: RedisIdentity())
        return shadow.track(job) ? job : nil
    }

    private func append(_ job: RedisShadowJob?) {
        waitingCount += 1
        if job == nil, head < waiting.count, waiting[waiting.count - 1].job == nil {
            waiting[waiting.count - 1].count += 1
        } else {
            waiting.append(Waiting(job: job))
        }
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
                case .unmatched where waitingCount > 0, .untracked: return goBlind()
                case .unmatched, .pushed, .confirmed: break
                }
                forgetReply()
            }
        } catch {
            goBlind()
        }
        if pin.pendingCount != waitingCount { goBlind() }
    }

    private func keepReply(_ bytes: Span<UInt8>) {
        guard head < waiting.count, waiting[head].job?.isSent == true, !isReplyCut, bytes.count > 0 else { return }
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
        guard let job = takeWaiting() else { return }
        guard job.isSent else { return shadow.abandon(job) }
        let reason: ShadowDrop? =
            isReplyCut
            ? .tooLarge : RedisShadowPlan.isUnready(facts.errorCode) || reply.isFairleadError ? .primaryUnready : nil
        if let reason {
            shadow.abandon(job)
            return counts.drop(reason)
        }
        job.reply = reply
        // An error has changed nothing.
        if reply.first == 0x2D { job.isWhole = false }
        if !shadow.enqueue(job) { counts.drop(.queueFull) }
    }

    private func takeWaiting() -> RedisShadowJob? {
        guard head < waiting.count else { return nil }
        waitingCount -= 1
        if waiting[head].job == nil, waiting[head].count > 1 {
            waiting[head].count -= 1
            return nil
        }
        let job = waiting[head].job
        waiting[head].job = nil
        head += 1
        if head == waiting.count {
            waiting.removeAll(keepingCapacity: waiting.capacity <= 64)
            head = 0
        } else if head >= 1024, head * 2 > waiting.count {
            waiting.removeFirst(head)
            head = 0
        }
        return job
    }

    // MARK: The end

    func ended() {
        dropWaiting()
        if isBlind { shadow.removeBlindSession() }
        isBlind = false
    }

    private func dropWaiting() {
        while head < waiting.count {
            guard let job = takeWaiting() else { continue }
            shadow.abandon(job)
            if job.isSent { counts.drop(.unanswered) }
        }
    }

    /// Follows the client no more: what it writes from here on is not seen.
    private func goBlind() {
        guard !isBlind else { return }
        isBlind = true
        dropWaiting()
        waiting = []
        reply = []
        shadow.addBlindSession()
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
