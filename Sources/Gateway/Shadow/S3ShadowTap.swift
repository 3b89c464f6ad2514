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
    private var scanner = S3HeadScanner(.client)
    private var head: [UInt8] = []
    private var body = S3Framer(.none, side: .client)
    private var waiting: [Waiting] = []
    private var collector: S3ReplyCollector?
    private var isBlind = false

    /// Requests that a client may have sent ahead.
    private static let waitingLimit = 64

    init(_ shadow: Shadow, _ counts: ShadowCounts) {
        self.shadow = shadow
        self.counts = counts
    }

    // MARK: Requests

    func received(_ bytes: Span<UInt8>) {
        guard !isBlind else { return }
        var offset = 0
        do throws(WireError) {
            while offset < bytes.count {
                if !body.isEnded {
                    _ = try body.next(bytes, at: &offset)
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
        body = S3Framer(request.framing, side: .client)
        guard waiting.count < Self.waitingLimit else { return goBlind() }
        let resource = S3Resource(request, head.span, baseDomains: S3BaseDomains())
        let command = S3Command(request, head.span, for: resource)
        waiting.append(Waiting(method: request.method, job: job(request, command, resource)))
    }

    private func job(_ request: S3RequestHead, _ command: S3Command, _ resource: S3Resource) -> S3ShadowJob? {
        let path = shadow.hash(head.span.extracting(request.path), [])
        guard let isAboutAll = S3ShadowJob.isAboutAll(command), request.mayBeSentAgain else {
            counts.drop(request.method.isSafe ? .incomparable : .notOpted)
            guard !request.method.isSafe else { return nil }
            // Several objects in one request, or a form, do not tell in the head which.
            let isOne = resource.key?.isEmpty == false && command != .unknown && command != .renameObject
            if isOne { shadow.markStale([path]) } else { shadow.markAllStale() }
            return nil
        }
        guard shadow.isSampled(path) else {
            counts.drop(.notSampled)
            return nil
        }
        let job = S3ShadowJob(command, request.method, head, keys: isAboutAll ? [] : [path], isAboutAll: isAboutAll)
        switch shadow.admit(job) {
        case .admitted:
            counts.sent &+= 1
            return job
        case .full: counts.drop(.queueFull)
        case .stale: counts.drop(.stale)
        }
        return nil
    }

    // MARK: Answers

    func sent(_ bytes: Span<UInt8>) {
        guard !isBlind else { return }
        var offset = 0
        do throws(WireError) {
            while offset < bytes.count {
                guard let first = waiting.first else { return }
                let limit = first.job == nil ? 0 : Shadow.replyLimit
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
        guard let job = waiting.removeFirst().job else { return }
        // The gateway's own errors are among these; what a server says when it cannot serve is nothing to compare.
        guard reply.status < 500 else {
            shadow.abandon(job)
            return counts.drop(.primaryUnready)
        }
        job.reply = reply
        if !shadow.enqueue(job) { counts.drop(.queueFull) }
    }

    // MARK: The end

    func ended() {
        if let reply = collector?.finish(), !waiting.isEmpty { answered(reply) }
        dropWaiting()
        if isBlind { shadow.removeBlindSession() }
        isBlind = false
    }

    private func dropWaiting() {
        for entry in waiting {
            guard let job = entry.job else { continue }
            shadow.abandon(job)
            counts.drop(.unanswered)
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
