// Asks the candidate of a PostgreSQL listener what the clients have asked, and compares.

import Glibc
import Logging
import PostgresWire
import Reactor

/// The one task of a PostgreSQL listener's shadow: one statement after the other, on one worker; no client ever waits for it.
final class PostgresShadowRunner: @unchecked Sendable {
    private let shadow: Shadow
    private let counts: ShadowCounts
    private let waker: Waker
    private let worker: Worker
    private let primary: PostgresShadowLinks
    private let candidate: PostgresShadowLinks
    private var doubts: [PostgresShadowJob] = []
    /// How often the primary gave two answers at once to statements of one shape.
    private var unstable: [UInt64: Int] = [:]
    private var retryAt: UInt64 = 0
    private var pause = PostgresShadowRunner.firstPause

    private static let firstPause: UInt64 = 500_000_000
    private static let longestPause: UInt64 = 15_000_000_000
    private static let idleTime: UInt64 = 3_000_000_000
    private static let doubtLimit = 64
    private static let roundLimit = 8
    private static let unstableLimit = 3
    /// Shapes of statements that are known to be noise, or are on the way to it.
    private static let shapeLimit = 4096

    init(
        _ shadow: Shadow, primary: ListenerState, candidate: ListenerState, _ local: WorkerState, logger: Logger
    ) {
        self.shadow = shadow
        counts = local.counts(of: shadow)
        worker = local.worker
        waker = Waker(worker: local.worker)
        let links = { [waker] (listener: ListenerState) in
            PostgresShadowLinks(to: listener, waker: waker) { connection in
                await SessionRunner.run(connection, listener: listener, local: local, logger: logger)
            }
        }
        self.primary = links(primary)
        self.candidate = links(candidate)
    }

    /// Nanoseconds until the first look at a difference; the others come after twice, three times as much.
    private var delay: UInt64 { shadow.settings.follows ? 500_000_000 : 50_000_000 }
    private var confirmationsNeeded: Int { shadow.settings.follows ? 4 : 2 }

    /// Runs until cancelled; every connection is closed then.
    func run() async {
        shadow.attach(waker)
        await withTaskCancellationHandler {
            while !waker.isCancelled {
                if let job = shadow.take(1).first as? PostgresShadowJob {
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

    private func compare(_ job: PostgresShadowJob) async {
        if isNoise(job) { return settle(job, .noise) }
        guard let answer = await askCandidate(job) else { return }
        let reply = PostgresComparableReply(job.reply.span)
        guard let reply, difference(reply, answer, job) == nil else {
            if shadow.isStale(job) { return settle(job, .stale) }
            guard doubts.count < Self.doubtLimit else { return settle(job, .unexamined) }
            return postpone(job)
        }
        counts.noteSame(job.command.name.description)
        shadow.release(job, isLost: false)
    }

    /// The candidate's answer; nil where there is none, and the job is dropped or reported.
    private func askCandidate(_ job: PostgresShadowJob) async -> PostgresComparableReply? {
        guard worker.now >= retryAt else {
            settle(job, .candidateDown)
            return nil
        }
        do throws(PostgresShadowFailure) {
            let bytes = try await candidate.link(job.identity).ask(job.bytes)
            guard let reply = PostgresComparableReply(bytes.span) else { throw .broken }
            pause = Self.firstPause
            if reply.failure?.state.hasPrefix("08") == true { throw .down }
            if reply.failure?.state == Self.readOnly {
                // It was no read after all, and what it has written is not known.
                shadow.markAllStale()
                settle(job, .incomparable)
                return nil
            }
            guard Self.isUnready(reply.failure?.state) else { return reply }
            settle(job, .candidateUnready)
        } catch {
            failed(job, error)
        }
        return nil
    }

    private func failed(_ job: PostgresShadowJob, _ failure: PostgresShadowFailure) {
        switch failure {
        case .misplaced: return settle(job, .candidateUnready)
        case .large: return settle(job, .tooLarge)
        case .broken:
            report(job, PostgresReplyDifference(.broken, "an answer", "no answer of the protocol"))
            shadow.release(job, isLost: false)
        case .silent: settle(job, .candidateSilent)
        case .down, .cancelled: settle(job, .candidateDown)
        }
        retryAt = worker.now &+ pause
        pause = min(pause &* 2, Self.longestPause)
    }

    /// The code of a statement that would write where nothing may be written.
    private static let readOnly = "25006"

    /// Whether an error says nothing of the statement: the server has no room, is going, was interrupted, or saw a race
    /// (manual, appendix A).
    static func isUnready(_ state: String?) -> Bool {
        guard let state else { return false }
        return ["08", "40", "53", "57", "58"].contains(state.prefix(2))
    }

    /// Asks the primary twice, the candidate, and the primary again.
    private func look(_ job: PostgresShadowJob) async {
        if shadow.isStale(job) { return settle(job, .stale) }
        // One that is left alone for a while is asked afterwards.
        if worker.now < retryAt { return postpone(job) }
        guard let first = await askPrimary(job), let second = await askPrimary(job) else { return postpone(job) }
        guard difference(first, second, job, masks: []) == nil else {
            if unstable[job.shape] != nil || unstable.count < Self.shapeLimit { unstable[job.shape, default: 0] += 1 }
            return settle(job, .noise)
        }
        guard let reply = await askCandidate(job) else { return }
        guard let third = await askPrimary(job), difference(first, third, job) == nil else { return postpone(job) }
        guard let found = difference(first, reply, job) else { return settle(job, .settled) }
        job.confirmations += 1
        guard job.confirmations >= confirmationsNeeded else { return postpone(job) }
        if shadow.isStale(job) { return settle(job, .stale) }
        report(job, found)
        shadow.release(job, isLost: false)
    }

    private func askPrimary(_ job: PostgresShadowJob) async -> PostgresComparableReply? {
        guard let bytes = try? await primary.link(job.identity).ask(job.bytes),
            let reply = PostgresComparableReply(bytes.span), !Self.isUnready(reply.failure?.state),
            reply.failure?.state != Self.readOnly
        else { return nil }
        return reply
    }

    private func postpone(_ job: PostgresShadowJob) {
        job.rounds += 1
        guard job.rounds < Self.roundLimit else { return settle(job, .unsettled) }
        job.due = worker.now &+ delay &* UInt64(job.rounds)
        doubts.append(job)
    }

    private func isNoise(_ job: PostgresShadowJob) -> Bool {
        shadow.settings.learnsNoise && (unstable[job.shape] ?? 0) >= Self.unstableLimit
    }

    private func settle(_ job: PostgresShadowJob, _ reason: ShadowDrop) {
        counts.drop(reason)
        shadow.release(job, isLost: false)
    }

    private func difference(
        _ primary: PostgresComparableReply, _ candidate: PostgresComparableReply, _ job: PostgresShadowJob,
        masks: Set<PostgresReplyMask>? = nil
    ) -> PostgresReplyDifference? {
        PostgresReplyComparison.difference(
            primary, candidate, isOrdered: job.isOrdered, masks: masks ?? shadow.settings.rowMasks)
    }

    private func report(_ job: PostgresShadowJob, _ difference: PostgresReplyDifference) {
        let now = ShadowDifference.timeOfDay
        counts.note(
            ShadowCause(command: job.command.name.description, kind: difference.kind.rawValue),
            ShadowDifference(
                first: now, last: now, example: job.redacted, place: difference.place, primary: difference.primary,
                candidate: difference.candidate, size: job.bytes.count))
    }
}
