// Follows one S3 client's conversation for the shadow: which requests go to the candidate, with which answers.

import Reactor
import S3Wire
import Wire

/// Sees what a client sends and what it gets, copies what is to be compared, and does nothing else.
final class S3ShadowTap: SocketTap {
    private struct Waiting {
        let method: S3Method
        var job: S3ShadowJob?
    }

    private let shadow: Shadow
    private let counts: ShadowCounts
    private let plan: S3ShadowPlan
    private var scanner = S3HeadScanner(.client)
    private var head: [UInt8] = []
    private var body = S3Payload(.none)
    /// A request that deletes several objects, with its body as far as it has come.
    private var deletions: (head: [UInt8], body: [UInt8])?
    private var waiting: [Waiting] = []
    private var collector: S3ReplyCollector?
    private var isBlind = false

    /// Requests that a client may have sent ahead.
    private static let waitingLimit = 64

    init(_ shadow: Shadow, _ counts: ShadowCounts) {
        self.shadow = shadow
        self.counts = counts
        plan = S3ShadowPlan(shadow)
    }

    // MARK: Requests

    func received(_ bytes: Span<UInt8>) {
        guard !isBlind else { return }
        var offset = 0
        do throws(WireError) {
            while offset < bytes.count {
                if !body.isEnded {
                    if let range = try body.next(bytes, at: &offset) { keep(bytes.extracting(range)) }
                    if body.isEnded { endBody() }
                    continue
                }
                let start = offset
                let length = try scanner.next(bytes, at: &offset)
                head += bytes.array(start..<offset)
                guard let length else { return }
                // Empty lines before a request are no part of it.
                if head.count > length { head.removeFirst(head.count - length) }
                try take(S3RequestHead(head.span))
                head = []
            }
        } catch {
            goBlind()
        }
    }

    private func take(_ request: S3RequestHead) {
        counts.seen &+= 1
        body = S3Payload(request.framing)
        guard waiting.count < Self.waitingLimit else { return goBlind() }
        waiting.append(Waiting(method: request.method, job: job(for: plan.verdict(request, head))))
        if body.isEnded { endBody() }
    }

    /// What goes to the candidate of a request, or is followed to its end; nil for nothing.
    private func job(for verdict: S3ShadowPlan.Verdict) -> S3ShadowJob? {
        if let reason = verdict.drop { counts.drop(reason) }
        switch verdict.action {
        case .nothing: return nil
        case .send(let job): return admit(job)
        case .sendDeletions:
            deletions = (head, [])
            return nil
        case .follow(let keys): return follow(keys)
        case .markAllStale:
            shadow.markAllStale()
            return nil
        }
    }

    private func admit(_ job: S3ShadowJob) -> S3ShadowJob? {
        let reason: ShadowDrop
        switch shadow.admit(job) {
        case .admitted:
            counts.sent &+= 1
            return job
        case .full: reason = .queueFull
        case .stale: reason = .stale
        }
        counts.drop(reason)
        return job.isWrite ? follow(job.keys) : nil
    }

    private func follow(_ keys: [UInt64]) -> S3ShadowJob? {
        let job = S3ShadowJob(.unknown, .get, [], keys: keys, isWrite: true, isSent: false)
        return shadow.track(job) ? job : nil
    }

    private func keep(_ content: Span<UInt8>) {
        if deletions != nil {
            content.withUnsafeBufferPointer { deletions?.body.append(contentsOf: $0) }
        } else if let job = waiting.last?.job, job.isSent, job.body.count + content.count <= job.bodySize {
            content.withUnsafeBufferPointer { job.body.append(contentsOf: $0) }
        }
    }

    private func endBody() {
        guard let (head, body) = deletions, !waiting.isEmpty else { return }
        deletions = nil
        waiting[waiting.count - 1].job = job(for: plan.deletions(head, body))
    }

    // MARK: Answers

    func sent(_ bytes: Span<UInt8>) {
        guard !isBlind else { return }
        var offset = 0
        do throws(WireError) {
            while offset < bytes.count {
                guard let first = waiting.first else { return }
                let kept = first.job?.isPartial == true ? Shadow.listLimit : Shadow.replyLimit
                let limit = first.job?.isSent == true ? kept : 0
                var current = collector ?? S3ReplyCollector(answering: first.method, limit: limit)
                // Taken out, so that what it keeps is not copied.
                collector = nil
                if let reply = try current.take(bytes, at: &offset) {
                    answered(reply)
                } else {
                    collector = current
                }
            }
        } catch {
            goBlind()
        }
    }

    private func answered(_ reply: S3ComparableReply) {
        let job = waiting.removeFirst().job
        if waiting.isEmpty, deletions != nil {
            // Answered before its body was here: nobody knows what of it was done.
            deletions = nil
            shadow.markAllStale()
            counts.drop(.unanswered)
        }
        guard let job else { return }
        if let reason = reason(against: job, reply) {
            shadow.abandon(job)
            if job.isSent { counts.drop(reason) }
            return
        }
        job.reply = reply
        if let reason = shadow.enqueue(job) { counts.drop(reason) }
    }

    /// Why a request is not compared, given its answer.
    private func reason(against job: S3ShadowJob, _ reply: S3ComparableReply) -> ShadowDrop? {
        // The gateway's own errors are among these; what a server says when it cannot serve is nothing to compare.
        guard job.isSent, reply.status < 500 else { return .primaryUnready }
        guard plan.hasScratch else { return nil }
        guard job.isComplete else { return .notWhole }
        // Who may do what at the candidate is the gateway's own login's affair.
        if reply.status == 401 || reply.status == 403 { return .primaryUnready }
        let hasFailed =
            reply.status >= 400 || job.command.mayFailInsideBody && !S3ReplyComparison.errorCode(reply).isEmpty
        if job.isPartial {
            // Whether there is such a bucket is not to be seen there.
            return hasFailed ? .partialCopy : reply.isWhole ? nil : .tooLarge
        }
        return job.isChange && hasFailed ? .incomparable : nil
    }

    // MARK: The end

    func ended() {
        if let reply = collector?.finish(), !waiting.isEmpty { answered(reply) }
        dropWaiting()
        if isBlind { shadow.removeBlindSession() }
        isBlind = false
    }

    private func dropWaiting() {
        if deletions != nil { counts.drop(.unanswered) }
        deletions = nil
        for entry in waiting {
            guard let job = entry.job else { continue }
            shadow.abandon(job)
            if job.isSent { counts.drop(.unanswered) }
        }
        waiting = []
    }

    private func goBlind() {
        guard !isBlind else { return }
        isBlind = true
        dropWaiting()
        head = []
        collector = nil
        shadow.addBlindSession()
    }
}
