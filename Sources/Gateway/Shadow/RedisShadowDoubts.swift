// How a difference is looked at again before it is one.

import Reactor
import RedisWire

extension RedisShadowRunner {
    /// Differences that are looked at at one time.
    private static let doubtLimit = 64
    private static let roundLimit = 8
    /// Times that the primary may give two answers at once before its answers are noise.
    private static let unstableLimit = 3

    /// Nanoseconds until the first look.
    ///
    /// The others come after twice, three times as much. One that follows the primary may be some seconds behind.
    private var delay: UInt64 { shadow.settings.follows ? 500_000_000 : 50_000_000 }
    /// Looks that have to find it.
    private var confirmationsNeeded: Int { shadow.settings.follows ? 4 : 2 }

    /// Takes in a difference that was seen once.
    func doubt(_ job: RedisShadowJob, _ difference: RedisReplyDifference) {
        if shadow.isStale(job) { return settle(job, .stale) }
        if isNoise(job.command) { return settle(job, .noise) }
        // A write cannot be asked again; but both servers held the same, and nobody else has written the key meanwhile.
        if job.isWrite {
            if lives.mayBeEnding(job.keys, now: now) {
                counts.drop(.expiring)
                // What the write has left behind is another thing at each.
                return shadow.release(job, isLost: true)
            }
            report(job, difference)
            return shadow.release(job, isLost: false)
        }
        guard doubts.count + asked < Self.doubtLimit else { return settle(job, .unexamined) }
        doubts.append(RedisShadowDoubt(job, difference, due: now &+ delay))
    }

    private func isNoise(_ command: RedisCommand) -> Bool {
        shadow.settings.learnsNoise && (unstable[command] ?? 0) >= Self.unstableLimit
    }

    private func settle(_ job: RedisShadowJob, _ reason: ShadowDrop) {
        counts.drop(reason)
        shadow.release(job, isLost: false)
    }

    private func confirm(_ doubt: RedisShadowDoubt) {
        report(doubt.job, doubt.difference)
        shadow.release(doubt.job, isLost: false)
    }

    /// Begins with those that are due.
    func lookAgain() {
        var index = 0
        while index < doubts.count {
            guard doubts[index].due <= now else {
                index += 1
                continue
            }
            let doubt = doubts.remove(at: index)
            look(doubt)
        }
    }

    private func look(_ doubt: RedisShadowDoubt) {
        let job = doubt.job
        if shadow.isStale(job) { return settle(job, .stale) }
        guard let version = shadow.version(job) else { return postpone(doubt) }
        guard let link = primary(as: job.identity) else { return postpone(doubt) }
        doubt.version = version
        doubt.primary = []
        doubt.isSpoilt = false
        asked += 1
        // Both at once, so that nothing comes between them.
        link.send(job.bytes, .primary(doubt, doubt.rounds), as: link.identity)
        link.send(job.bytes, .primary(doubt, doubt.rounds), as: link.identity)
    }

    func primaryAnswered(_ event: RedisShadowLink.Event) {
        switch event {
        case .reply(let reply, .primary(let doubt, let look)):
            guard !doubt.isSpoilt, look == doubt.rounds else { return }
            if reply.isFairleadError {
                doubt.isSpoilt = true
                return later(doubt)
            }
            doubt.primary.append(reply)
            switch doubt.primary.count {
            case 2: askCandidate(doubt)
            case 3: judge(doubt)
            default: break
            }
        case .large(.primary(let doubt, let look)), .misplaced(.primary(let doubt, let look)):
            guard !doubt.isSpoilt, look == doubt.rounds else { return }
            doubt.isSpoilt = true
            later(doubt)
        default: break
        }
    }

    private func askCandidate(_ doubt: RedisShadowDoubt) {
        let job = doubt.job
        guard difference(doubt.primary[0], doubt.primary[1], job.rule) == nil else {
            unstable[job.command, default: 0] += 1
            asked -= 1
            return settle(job, .noise)
        }
        let question = RedisShadowJob(job.command, job.bytes, job.rule, keys: job.keys, identity: job.identity)
        question.doubt = doubt
        // Behind all writes that the primary has answered so far.
        shadow.ask(question)
        waker.wake()
    }

    /// The candidate's answer; nil for one that is too long to be kept.
    func candidateAnswered(_ doubt: RedisShadowDoubt, _ reply: [UInt8]?) {
        doubt.candidate = reply
        guard let link = primary(as: doubt.job.identity) else {
            doubt.isSpoilt = true
            return later(doubt)
        }
        link.send(doubt.job.bytes, .primary(doubt, doubt.rounds), as: link.identity)
    }

    private func judge(_ doubt: RedisShadowDoubt) {
        let job = doubt.job
        let isQuiet =
            shadow.version(job) == doubt.version && difference(doubt.primary[0], doubt.primary[2], job.rule) == nil
        guard isQuiet else { return later(doubt) }
        let found =
            doubt.candidate.map { difference(doubt.primary[0], $0, job.rule) } ?? tooLarge(doubt.primary[0])
        guard let difference = found else {
            asked -= 1
            return settle(job, .settled)
        }
        doubt.difference = difference
        doubt.confirmations += 1
        guard doubt.confirmations >= confirmationsNeeded else { return later(doubt) }
        asked -= 1
        if shadow.isStale(job) { return settle(job, .stale) }
        confirm(doubt)
    }

    /// Looks once more at one that was being asked about.
    func later(_ doubt: RedisShadowDoubt) {
        asked -= 1
        postpone(doubt)
    }

    private func postpone(_ doubt: RedisShadowDoubt) {
        doubt.rounds += 1
        guard doubt.rounds < Self.roundLimit else { return settle(doubt.job, .unsettled) }
        doubt.due = now &+ delay &* UInt64(doubt.rounds)
        doubts.append(doubt)
    }
}
