// Asks the candidate what the clients have asked, and compares.

import Logging
import Reactor
import RedisWire

/// The one task of a listener's shadow; it runs on one worker, and no client ever waits for it.
final class RedisShadowRunner: @unchecked Sendable {
    let shadow: Shadow
    let counts: ShadowCounts
    let waker: Waker
    var doubts: [RedisShadowDoubt] = []
    /// Doubts that are being asked about.
    var asked = 0
    /// How often the primary gave two answers at once to a command.
    var unstable: [RedisCommand: Int] = [:]
    var lives = RedisShadowLives()
    private let local: WorkerState
    private let primaryListener: ListenerState
    private let candidateListener: ListenerState
    private let logger: Logger
    private var candidate: RedisShadowLink?
    private(set) var primary: RedisShadowLink?
    private var ended: [RedisShadowLink] = []
    /// When the candidate is tried again, and how long it is left alone after the next failure, in nanoseconds.
    private var retryAt: UInt64 = 0
    private var pause = RedisShadowRunner.firstPause

    /// Commands that the candidate has not answered.
    private static let window = 256
    private static let firstPause: UInt64 = 500_000_000
    private static let longestPause: UInt64 = 15_000_000_000
    private static let patience: UInt64 = 5_000_000_000

    init(
        _ shadow: Shadow, primary: ListenerState, candidate: ListenerState, _ local: WorkerState, logger: Logger
    ) {
        self.shadow = shadow
        self.local = local
        self.logger = logger
        primaryListener = primary
        candidateListener = candidate
        counts = local.counts(of: shadow)
        waker = Waker(worker: local.worker)
    }

    var now: UInt64 { local.worker.now }

    /// Runs until cancelled; every connection is closed then.
    func run() async {
        shadow.attach(waker)
        await withTaskCancellationHandler {
            while !waker.isCancelled {
                step()
                waker.setDeadline(at: nextLook)
                await waker.wait()
                for link in ended { await link.finish() }
                ended = []
            }
        } onCancel: {
            waker.cancel()
        }
        shadow.close()
        for link in [candidate, primary].compactMap(\.self) {
            _ = link.close()
            await link.finish()
        }
    }

    private var nextLook: UInt64 {
        let looks = doubts.map(\.due).min() ?? .max
        let links = [candidate, primary].compactMap { $0.map { $0.count == 0 ? $0.idleEnd : $0.due } }
        return min(looks, links.min() ?? .max)
    }

    private func step() {
        if let link = candidate, let end = link.receive({ answered($0) }) { lose(link, end) }
        if let link = primary, let end = link.receive({ primaryAnswered($0) }) { losePrimary(link, end) }
        lookAgain()
        passOn()
        candidate?.flush()
        primary?.flush()
    }

    // MARK: To the candidate

    private func passOn() {
        guard now >= retryAt else {
            for job in take(.max) { drop(job, .candidateDown) }
            return
        }
        let room = Self.window - (candidate?.count ?? 0)
        guard room > 0, candidate?.isCongested != true else { return }
        let jobs = take(room)
        guard !jobs.isEmpty else { return }
        let link: RedisShadowLink
        do {
            link = try candidate ?? connect(candidateListener)
        } catch {
            for job in jobs { drop(job, .candidateDown) }
            return leaveAlone()
        }
        candidate = link
        for job in jobs {
            var identity = RedisIdentity()
            identity.version = job.identity.version
            identity.database = job.identity.database
            if case .database(let number) = shadow.settings.scratch { identity.database = Array("\(number)".utf8) }
            link.send(renamed(job), .job(job), as: identity)
        }
    }

    private func take(_ limit: Int) -> [RedisShadowJob] { shadow.take(limit).compactMap { $0 as? RedisShadowJob } }

    /// The command with the keys that it has at the candidate.
    private func renamed(_ job: RedisShadowJob) -> [UInt8] {
        guard let renaming = shadow.renaming else { return job.bytes }
        return RedisShadowing.prefixed(job.bytes, renaming.prefix, dropping: renaming.dropped)
    }

    func connect(_ listener: ListenerState) throws(IOError) -> RedisShadowLink {
        let (local, logger) = (local, logger)
        return try RedisShadowLink(to: listener, waker: waker, local, patience: Self.patience) { connection in
            await SessionRunner.run(connection, listener: listener, local: local, logger: logger)
        }
    }

    private func leaveAlone() {
        retryAt = now &+ pause
        pause = min(pause &* 2, Self.longestPause)
    }

    private func lose(_ link: RedisShadowLink, _ end: RedisShadowLink.End) {
        candidate = nil
        ended.append(link)
        waker.wake()
        // One that goes while nothing is owed may come back at once.
        if link.count > 0 { leaveAlone() }
        for (index, purpose) in link.close().enumerated() {
            guard case .job(let job) = purpose else { continue }
            if end == .broken, index == 0, job.doubt == nil {
                // What is no reply at all is no accident of the network.
                report(
                    job,
                    RedisReplyDifference(
                        kind: .broken, primary: "\(job.reply.count) bytes", candidate: "no reply of the protocol"))
                shadow.release(job, isLost: true)
                continue
            }
            drop(job, end == .silent ? .candidateSilent : .candidateDown)
        }
    }

    /// Gives up a command; where it writes, its keys are known to differ.
    func drop(_ job: RedisShadowJob, _ reason: ShadowDrop) {
        if let doubt = job.doubt {
            doubt.isSpoilt = true
            return later(doubt)
        }
        counts.drop(reason)
        shadow.release(job, isLost: true)
    }

    // MARK: From the candidate

    private func answered(_ event: RedisShadowLink.Event) {
        switch event {
        case .reply(let reply, .job(let job)):
            if reply.isFairleadError { return drop(job, .candidateDown) }
            pause = Self.firstPause
            compare(job, reply)
        case .large(.job(let job)):
            if let doubt = job.doubt { return candidateAnswered(doubt, nil) }
            doubt(job, tooLarge(job.reply))
        case .misplaced(.job(let job)): drop(job, .candidateUnready)
        default: break
        }
    }

    private func compare(_ job: RedisShadowJob, _ reply: [UInt8]) {
        if isUnready(reply) { return drop(job, .candidateUnready) }
        if let doubt = job.doubt { return candidateAnswered(doubt, reply) }
        defer { if job.isWrite { noteLives(in: job) } }
        guard let difference = difference(job.reply, reply, job.rule) else {
            counts.noteSame(job.command.description)
            return shadow.release(job, isLost: false)
        }
        doubt(job, difference)
    }

    private func noteLives(in job: RedisShadowJob) {
        let bytes = job.bytes
        lives.note(bytes.span, job.keys, now: now, second: ShadowDifference.second)
    }

    /// The primary's reply was short enough to be kept, and the candidate's was not.
    func tooLarge(_ primary: [UInt8]) -> RedisReplyDifference {
        RedisReplyDifference(
            kind: .length, primary: "\(primary.count) bytes", candidate: "over \(2 * Shadow.replyLimit) bytes")
    }

    func difference(_ primary: [UInt8], _ candidate: [UInt8], _ rule: RedisReplyRule) -> RedisReplyDifference? {
        RedisReplyComparison.difference(primary, candidate, rule, masks: shadow.settings.masks)
    }

    private static let unready = ["-LOADING ", "-BUSY ", "-MASTERDOWN ", "-CLUSTERDOWN ", "-TRYAGAIN "].map {
        Array($0.utf8)
    }

    private func isUnready(_ reply: [UInt8]) -> Bool {
        reply.first == 0x2D && Self.unready.contains { reply.starts(with: $0) }
    }

    // MARK: The primary

    /// The connection on which the primary is asked as `identity`; nil while it is another's.
    func primary(as identity: RedisIdentity) -> RedisShadowLink? {
        if let link = primary {
            if link.identity == identity { return link }
            guard link.count == 0 else { return nil }
            primary = nil
            ended.append(link)
            _ = link.close()
            waker.wake()
        }
        guard let link = try? connect(primaryListener) else { return nil }
        link.open(as: identity)
        primary = link
        return link
    }

    private func losePrimary(_ link: RedisShadowLink, _ end: RedisShadowLink.End) {
        primary = nil
        ended.append(link)
        waker.wake()
        for purpose in link.close() {
            // One that waits for two answers is there twice.
            guard case .primary(let doubt, let look) = purpose, !doubt.isSpoilt, look == doubt.rounds else { continue }
            doubt.isSpoilt = true
            later(doubt)
        }
    }

    // MARK: What was found

    /// Counts a difference under its cause.
    func report(_ job: RedisShadowJob, _ difference: RedisReplyDifference) {
        let milliseconds = ShadowDifference.timeOfDay
        var place =
            difference.path.isEmpty
            ? "" : "element " + difference.path.map { "\($0)" }.joined(separator: ".")
        if let offset = difference.offset { place += (place.isEmpty ? "" : ", ") + "byte \(offset)" }
        counts.note(
            ShadowCause(command: job.command.description, kind: difference.kind.rawValue),
            ShadowDifference(
                first: milliseconds, last: milliseconds, example: RedisShadowing.redacted(job.bytes), place: place,
                primary: difference.primary, candidate: difference.candidate, size: job.bytes.count))
    }
}
