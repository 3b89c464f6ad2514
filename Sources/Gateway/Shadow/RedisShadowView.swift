// What one shadow makes of one client's commands: which it sends, which it follows, and what it counts.

import RedisWire
import Wire

/// One client as one of its listener's shadows sees it.
final class RedisShadowView {
    let shadow: Shadow
    private let counts: ShadowCounts
    private let plan: RedisShadowPlan
    /// Keys that the commands of the open transaction write.
    private var transaction: [UInt64] = []
    private var isTransactionLarge = false

    /// Keys that a transaction may write; beyond, all are taken to be written.
    private static let transactionLimit = 1024

    init(_ shadow: Shadow, of listener: ListenerState, on local: WorkerState) {
        self.shadow = shadow
        counts = local.counts(of: shadow)
        plan = RedisShadowPlan(shadow, RedisShadowScope(shadow, of: listener, on: local))
    }

    /// What goes to the candidate of a command, or is followed to its end; nil for nothing.
    func consider(
        _ request: RedisRequest, _ whole: RedisWholeCommand?, _ bytes: Span<UInt8>, at start: Int,
        _ place: RedisShadowPlan.Place
    ) -> RedisShadowJob? {
        switch request.effect {
        case .exec:
            defer { forgetTransaction() }
            if plan.isHome(place) {
                counts.seen &+= 1
                counts.drop(.stateful)
            }
            if isTransactionLarge { shadow.markAllStale() }
            return transaction.isEmpty ? nil : follow(transaction)
        case .discard, .reset: forgetTransaction()
        default: break
        }
        let verdict = plan.verdict(request, whole, bytes, at: start, place)
        if verdict.isOwn { counts.seen &+= 1 }
        if let reason = verdict.drop { counts.drop(reason) }
        switch verdict.action {
        case .nothing: return nil
        case .send(let job): return admit(job)
        case .follow(let keys):
            if place.isInTransaction { noteInTransaction(keys) }
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

    /// The client's reply has passed.
    func answered(_ job: RedisShadowJob, _ reply: [UInt8]) {
        job.reply = reply
        // An error has changed nothing.
        if reply.first == 0x2D { job.isWhole = false }
        if let reason = shadow.enqueue(job) { counts.drop(reason) }
    }

    /// Gives up a command; one that was to go to the candidate is counted.
    func abandon(_ job: RedisShadowJob, _ reason: ShadowDrop) {
        shadow.abandon(job)
        if job.isSent { counts.drop(reason) }
    }

    /// What a command of a transaction writes is written by EXEC.
    private func noteInTransaction(_ keys: [UInt64]) {
        if transaction.count + keys.count > Self.transactionLimit { isTransactionLarge = true }
        if !isTransactionLarge { transaction += keys }
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
}
