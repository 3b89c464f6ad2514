// Asks a candidate what the clients have asked, one request after the other, and compares.

import Reactor

/// The one task of a shadow whose protocol takes one request at a time; it runs on one worker, and no client ever waits for it.
final class ShadowRunner<Wire: ShadowWire>: @unchecked Sendable {
    private let shadow: Shadow
    private let counts: ShadowCounts
    private let waker: Waker
    private let worker: Worker
    private let wire: Wire
    private var doubts: [Wire.Job] = []
    /// How often the primary gave two answers at once to requests of one shape.
    private var unstable: [Wire.Shape: Int] = [:]
    private var retryAt: UInt64 = 0
    private var pause = ShadowPace.firstPause

    /// `wire` waits with `waker`.
    init(_ shadow: Shadow, _ wire: Wire, _ waker: Waker, _ counts: ShadowCounts) {
        self.shadow = shadow
        self.wire = wire
        self.waker = waker
        self.counts = counts
        worker = waker.worker
    }

    /// Nanoseconds until the first look at a difference; the others come after twice, three times as much.
    private var delay: UInt64 { shadow.settings.follows ? 500_000_000 : 50_000_000 }
    private var confirmationsNeeded: Int { shadow.settings.follows ? 4 : 2 }

    /// Runs until cancelled; every connection is closed then.
    func run() async {
        shadow.attach(waker)
        await withTaskCancellationHandler {
            while !waker.isCancelled {
                if let job = shadow.take(1).first as? Wire.Job {
                    await compare(job)
                } else if let index = doubts.firstIndex(where: { $0.due <= worker.now }) {
                    await look(doubts.remove(at: index))
                } else {
                    await rest()
                }
            }
        } onCancel: { [waker] in
            waker.cancel()
        }
        shadow.close()
        await wire.close()
    }

    private func rest() async {
        let idleEnd = wire.isOpen ? worker.now &+ ShadowPace.idleTime : .max
        waker.setDeadline(at: min(doubts.map(\.due).min() ?? .max, idleEnd))
        await waker.wait()
        let isIdle = waker.hasTimedOut && doubts.isEmpty
        waker.setDeadline(after: nil)
        if isIdle { await wire.close() }
    }

    private func compare(_ job: Wire.Job) async {
        guard let reply = await askCandidate(job) else { return }
        let found = wire.clientReply(job).map { wire.difference($0, reply, job) }
        if let found, found == nil {
            counts.noteSame(job.name)
            return shadow.release(job, isLost: false)
        }
        // What a write has left behind is not the same either.
        if shadow.isStale(job) { return settle(job, .stale, isLost: true) }
        if isNoise(job) { return settle(job, .noise, isLost: true) }
        if job.isWrite, let found = found ?? nil {
            // It cannot be asked again; but both held the same, and nobody else has written there meanwhile.
            report(job, found)
            return shadow.release(job, isLost: true)
        }
        guard doubts.count < ShadowPace.doubtLimit else { return settle(job, .unexamined) }
        postpone(job)
    }

    /// The candidate's answer; nil where there is none, and the job is dropped or reported.
    private func askCandidate(_ job: Wire.Job) async -> Wire.Reply? {
        guard worker.now >= retryAt else {
            settle(job, .candidateDown, isLost: true)
            return nil
        }
        do throws(ShadowFailure) {
            let reply = try await wire.askCandidate(job)
            pause = ShadowPace.firstPause
            return reply
        } catch {
            failed(job, error)
            return nil
        }
    }

    private func failed(_ job: Wire.Job, _ failure: ShadowFailure) {
        switch failure {
        case .unready: return settle(job, .candidateUnready, isLost: true)
        case .large: return settle(job, .tooLarge, isLost: true)
        case .missing: return settle(job, .stale, isLost: true)
        case .unforeseen:
            // It was no read after all, and what it has written is not known.
            shadow.markAllStale()
            return settle(job, .incomparable, isLost: true)
        case .broken:
            report(
                job,
                ShadowFinding(kind: "broken", place: "", primary: "an answer", candidate: "no answer of the protocol"))
            shadow.release(job, isLost: true)
        case .silent: settle(job, .candidateSilent, isLost: true)
        case .down, .cancelled: settle(job, .candidateDown, isLost: true)
        }
        retryAt = worker.now &+ pause
        pause = min(pause &* 2, ShadowPace.longestPause)
    }

    /// Asks the primary twice, the candidate, and the primary again.
    private func look(_ job: Wire.Job) async {
        if shadow.isStale(job) { return settle(job, .stale) }
        // One that is left alone for a while is asked afterwards.
        if worker.now < retryAt { return postpone(job) }
        guard let version = shadow.quietVersion(job), let first = await wire.askPrimary(job),
            let second = await wire.askPrimary(job)
        else { return postpone(job) }
        guard wire.isSteady(first, second, job) else {
            let shape = wire.shape(of: job)
            if unstable[shape] != nil || unstable.count < ShadowPace.shapeLimit { unstable[shape, default: 0] += 1 }
            return settle(job, .noise)
        }
        guard let reply = await askCandidate(job) else { return }
        guard let third = await wire.askPrimary(job), wire.difference(first, third, job) == nil,
            shadow.version(job) == version
        else { return postpone(job) }
        guard let found = wire.difference(first, reply, job) else { return settle(job, .settled) }
        job.confirmations += 1
        guard job.confirmations >= confirmationsNeeded else { return postpone(job) }
        if shadow.isStale(job) { return settle(job, .stale) }
        report(job, found)
        shadow.release(job, isLost: false)
    }

    private func postpone(_ job: Wire.Job) {
        job.rounds += 1
        guard job.rounds < ShadowPace.roundLimit else { return settle(job, .unsettled) }
        job.due = worker.now &+ delay &* UInt64(job.rounds)
        doubts.append(job)
    }

    private func isNoise(_ job: Wire.Job) -> Bool {
        shadow.settings.learnsNoise && (unstable[wire.shape(of: job)] ?? 0) >= ShadowPace.unstableLimit
    }

    private func settle(_ job: Wire.Job, _ reason: ShadowDrop, isLost: Bool = false) {
        counts.drop(reason)
        shadow.release(job, isLost: isLost)
    }

    private func report(_ job: Wire.Job, _ found: ShadowFinding) {
        let now = ShadowDifference.timeOfDay
        counts.note(
            ShadowCause(command: job.name, kind: found.kind),
            ShadowDifference(
                first: now, last: now, example: job.redacted, place: found.place, primary: found.primary,
                candidate: found.candidate, size: job.size))
    }
}

/// Times and bounds of a runner.
private enum ShadowPace {
    /// Nanoseconds that a candidate which has failed is left alone, at first and at most.
    static let firstPause: UInt64 = 500_000_000
    static let longestPause: UInt64 = 15_000_000_000
    /// Nanoseconds that connections are kept open without use.
    static let idleTime: UInt64 = 3_000_000_000
    /// Differences that are looked at at one time, and looks at each of them.
    static let doubtLimit = 64
    static let roundLimit = 8
    /// Times that the primary may give two answers at once before its answers are noise.
    static let unstableLimit = 3
    /// Shapes of requests that are known to be noise, or are on the way to it.
    static let shapeLimit = 4096
}
