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
    /// When the wire wants to be tended.
    private var tendAt: UInt64 = 0
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
                if tendAt <= worker.now { tendAt = await wire.tend { worker.now } }
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
        let soonest = min(doubts.map(\.due).min() ?? .max, tendAt)
        waker.setDeadline(at: min(soonest, idleEnd))
        await waker.wait()
        let isIdle = waker.hasTimedOut && idleEnd < soonest
        // What has woken it may be something to tend.
        if !waker.hasTimedOut { tendAt = min(tendAt, worker.now &+ ShadowPace.tendPause) }
        waker.setDeadline(after: nil)
        if isIdle { await wire.close() }
    }

    private func compare(_ job: Wire.Job) async {
        // It would write there what it was not to.
        if shadow.isMisled(job) { return settle(job, .stale, isLost: true) }
        if let reason = wire.reason(against: job) { return settle(job, reason) }
        guard let reply = await askCandidate(job) else { return }
        let found = wire.clientReply(job).map { differences($0, reply, job) }
        if let found, found.isEmpty { return conclude(job) }
        // What a write has left behind is not the same either.
        if shadow.isStale(job) { return conclude(job, at: found?.first?.index ?? 0, .stale) }
        if job.mayBeAskedAgain {
            guard doubts.count < ShadowPace.doubtLimit else { return settle(job, .unexamined) }
            return postpone(job)
        }
        // It cannot be asked again; but both held the same, and nobody else has written there meanwhile.
        for finding in found ?? [] {
            guard await wire.isUnsteady(job, at: finding.index) else {
                return conclude(job, at: finding.index, finding)
            }
            learn(job, finding.index)
        }
        conclude(job)
    }

    /// What differs and is not known to be noise.
    private func differences(_ primary: Wire.Reply, _ candidate: Wire.Reply, _ job: Wire.Job) -> [ShadowFinding] {
        wire.differences(primary, candidate, job).filter { finding in
            if shadow.settings.learnsNoise,
                (unstable[wire.shape(of: job, at: finding.index)] ?? 0) >= ShadowPace.unstableLimit
            {
                job.noisy.insert(finding.index)
            }
            return !job.noisy.contains(finding.index)
        }
    }

    private func learn(_ job: Wire.Job, _ index: Int) {
        guard job.noisy.insert(index).inserted else { return }
        let shape = wire.shape(of: job, at: index)
        if unstable[shape] != nil || unstable.count < ShadowPace.shapeLimit { unstable[shape, default: 0] += 1 }
    }

    /// The job is done: what comes before `end` was answered alike, but for noise.
    private func tell(_ job: Wire.Job, before end: Int) {
        for index in 0..<end {
            if job.noisy.contains(index) { counts.drop(.noise) } else { counts.noteSame(job.name(at: index)) }
        }
    }

    /// All answers are alike, but for noise.
    private func conclude(_ job: Wire.Job) {
        tell(job, before: job.count)
        // A write whose own answer is noise may have left anything.
        shadow.release(job, isLost: job.count == 1 && !job.noisy.isEmpty)
    }

    /// From the answer at `index` on there is nothing to be said, for this reason.
    private func conclude(_ job: Wire.Job, at index: Int, _ reason: ShadowDrop) {
        tell(job, before: index)
        counts.drop(reason, job.count - index)
        shadow.release(job, isLost: true)
    }

    /// The answer at `index` differs, and so what comes after it may.
    private func conclude(_ job: Wire.Job, at index: Int, _ found: ShadowFinding) {
        tell(job, before: index)
        report(job, found)
        counts.drop(.stale, job.count - index - 1)
        shadow.release(job, isLost: true)
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
            conclude(
                job, at: 0,
                ShadowFinding(kind: "broken", place: "", primary: "an answer", candidate: "no answer of the protocol"))
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
        for index in wire.unsteady(first, second, job) { learn(job, index) }
        if job.noisy.count == job.count { return conclude(job) }
        guard let reply = await askCandidate(job) else { return }
        guard let third = await wire.askPrimary(job), differences(first, third, job).isEmpty,
            shadow.version(job) == version
        else { return postpone(job) }
        guard let found = differences(first, reply, job).first else { return settle(job, .settled) }
        job.confirmations += 1
        guard job.confirmations >= confirmationsNeeded else { return postpone(job) }
        if shadow.isStale(job) { return settle(job, .stale) }
        conclude(job, at: found.index, found)
    }

    private func postpone(_ job: Wire.Job) {
        job.rounds += 1
        guard job.rounds < ShadowPace.roundLimit else { return settle(job, .unsettled) }
        job.due = worker.now &+ delay &* UInt64(job.rounds)
        doubts.append(job)
    }

    private func settle(_ job: Wire.Job, _ reason: ShadowDrop, isLost: Bool = false) {
        counts.drop(reason, job.count)
        shadow.release(job, isLost: isLost)
    }

    private func report(_ job: Wire.Job, _ found: ShadowFinding) {
        let now = ShadowDifference.timeOfDay
        counts.note(
            ShadowCause(command: job.name(at: found.index), kind: found.kind),
            ShadowDifference(
                first: now, last: now, example: job.redacted(at: found.index), place: found.place,
                primary: found.primary,
                candidate: found.candidate, size: job.size(at: found.index)))
    }
}

/// Times and bounds of a runner.
private enum ShadowPace {
    /// Nanoseconds that a candidate which has failed is left alone, at first and at most.
    static let firstPause: UInt64 = 500_000_000
    static let longestPause: UInt64 = 15_000_000_000
    /// Nanoseconds from what has happened to what is to be tended for it.
    static let tendPause: UInt64 = 20_000_000
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
