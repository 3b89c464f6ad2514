// Asks the candidate of an S3 listener what the clients have asked, and compares.

import Glibc
import Logging
import Reactor
import S3Wire

/// The one task of an S3 listener's shadow: one request after the other, on one worker; no client ever waits for it.
final class S3ShadowRunner: @unchecked Sendable {
    private let shadow: Shadow
    private let counts: ShadowCounts
    private let waker: Waker
    private let worker: Worker
    private let primary: S3ShadowLink
    private let candidate: S3ShadowLink
    /// How its sessions begin their requests' names.
    private let candidateName: String
    private var doubts: [S3ShadowJob] = []
    private var unstable: [S3Command: Int] = [:]
    private var retryAt: UInt64 = 0
    private var pause = S3ShadowRunner.firstPause

    private static let firstPause: UInt64 = 500_000_000
    private static let longestPause: UInt64 = 15_000_000_000
    private static let idleTime: UInt64 = 3_000_000_000
    private static let doubtLimit = 64
    private static let roundLimit = 8
    private static let unstableLimit = 3

    init(
        _ shadow: Shadow, primary: ListenerState, candidate: ListenerState, _ local: WorkerState, logger: Logger
    ) {
        self.shadow = shadow
        counts = local.counts(of: shadow)
        worker = local.worker
        waker = Waker(worker: local.worker)
        let link = { [waker] (listener: ListenerState) in
            S3ShadowLink(to: listener, waker: waker) { connection in
                await SessionRunner.run(connection, listener: listener, local: local, logger: logger)
            }
        }
        candidateName = candidate.name
        self.primary = link(primary)
        self.candidate = link(candidate)
    }

    /// Nanoseconds until the first look at a difference; the others come after twice, three times as much.
    private var delay: UInt64 { shadow.settings.follows ? 500_000_000 : 50_000_000 }
    private var confirmationsNeeded: Int { shadow.settings.follows ? 4 : 2 }

    /// Runs until cancelled; every connection is closed then.
    func run() async {
        shadow.attach(waker)
        await withTaskCancellationHandler {
            while !waker.isCancelled {
                if let job = shadow.take(1).first as? S3ShadowJob {
                    await compare(job)
                } else if let index = doubts.firstIndex(where: { $0.due <= worker.now }) {
                    await look(doubts.remove(at: index))
                } else {
                    await rest()
                }
            }
        } onCancel: {
            waker.cancel()
        }
        shadow.close()
        await primary.close()
        await candidate.close()
    }

    private func rest() async {
        let idleEnd = primary.isOpen || candidate.isOpen ? worker.now &+ Self.idleTime : .max
        waker.setDeadline(at: min(doubts.map(\.due).min() ?? .max, idleEnd))
        await waker.wait()
        let isIdle = waker.hasTimedOut && doubts.isEmpty
        waker.setDeadline(after: nil)
        guard isIdle else { return }
        await primary.close()
        await candidate.close()
    }

    private func compare(_ job: S3ShadowJob) async {
        guard let reply = await askCandidate(job) else { return }
        guard difference(job.reply, reply, job) != nil else {
            counts.noteSame(job.command.name)
            return shadow.release(job, isLost: false)
        }
        if shadow.isStale(job) { return settle(job, .stale) }
        if isNoise(job.command) { return settle(job, .noise) }
        guard doubts.count < Self.doubtLimit else { return settle(job, .unexamined) }
        postpone(job)
    }

    /// The candidate's answer; nil where there is none, and the job is dropped.
    private func askCandidate(_ job: S3ShadowJob) async -> S3ComparableReply? {
        guard worker.now >= retryAt else {
            settle(job, .candidateDown)
            return nil
        }
        do throws(S3ShadowFailure) {
            let reply = try await candidate.ask(job.bytes, job.method)
            if isOwn(reply) { throw .down }
            pause = Self.firstPause
            guard reply.status == 503 else { return reply }
            settle(job, .candidateUnready)
            return nil
        } catch {
            retryAt = worker.now &+ pause
            pause = min(pause &* 2, Self.longestPause)
            if error == .broken {
                report(job, S3ReplyDifference(.broken, "\(job.reply.status)", "no answer of the protocol"))
                shadow.release(job, isLost: false)
            } else {
                settle(job, error == .silent ? .candidateSilent : .candidateDown)
            }
            return nil
        }
    }

    /// Whether the gateway itself has said that the candidate cannot be reached, or broke off: it signs with the listener's name.
    private func isOwn(_ reply: S3ComparableReply) -> Bool {
        guard (502...504).contains(reply.status) else { return false }
        return String(decoding: reply.head, as: UTF8.self).contains(" \(candidateName)-")
    }

    /// Asks the primary twice, the candidate, and the primary again.
    private func look(_ job: S3ShadowJob) async {
        if shadow.isStale(job) { return settle(job, .stale) }
        // One that is left alone for a while is asked afterwards.
        if worker.now < retryAt { return postpone(job) }
        guard let version = shadow.version(job), let first = await askPrimary(job),
            let second = await askPrimary(job)
        else { return postpone(job) }
        guard difference(first, second, job) == nil else {
            unstable[job.command, default: 0] += 1
            return settle(job, .noise)
        }
        guard let reply = await askCandidate(job) else { return }
        guard let third = await askPrimary(job), difference(first, third, job) == nil, shadow.version(job) == version
        else { return postpone(job) }
        guard let found = difference(first, reply, job) else { return settle(job, .settled) }
        job.confirmations += 1
        guard job.confirmations >= confirmationsNeeded else { return postpone(job) }
        if shadow.isStale(job) { return settle(job, .stale) }
        report(job, found)
        shadow.release(job, isLost: false)
    }

    private func askPrimary(_ job: S3ShadowJob) async -> S3ComparableReply? {
        guard let reply = try? await primary.ask(job.bytes, job.method), reply.status < 500 else { return nil }
        return reply
    }

    private func postpone(_ job: S3ShadowJob) {
        job.rounds += 1
        guard job.rounds < Self.roundLimit else { return settle(job, .unsettled) }
        job.due = worker.now &+ delay &* UInt64(job.rounds)
        doubts.append(job)
    }

    private func isNoise(_ command: S3Command) -> Bool {
        shadow.settings.learnsNoise && (unstable[command] ?? 0) >= Self.unstableLimit
    }

    private func settle(_ job: S3ShadowJob, _ reason: ShadowDrop) {
        counts.drop(reason)
        shadow.release(job, isLost: false)
    }

    private func difference(
        _ primary: S3ComparableReply, _ candidate: S3ComparableReply, _ job: S3ShadowJob
    ) -> S3ReplyDifference? {
        S3ReplyComparison.difference(
            primary, candidate, isHead: job.method == .head, masks: shadow.settings.objectMasks)
    }

    private func report(_ job: S3ShadowJob, _ difference: S3ReplyDifference) {
        let now = ShadowDifference.timeOfDay
        counts.note(
            ShadowCause(command: job.command.name, kind: difference.kind.rawValue),
            ShadowDifference(
                first: now, last: now, example: job.redacted, place: difference.place, primary: difference.primary,
                candidate: difference.candidate, size: job.bytes.count))
    }
}
