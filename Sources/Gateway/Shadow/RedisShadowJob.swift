// One command that goes to the candidate, with the reply that the client got.

import RedisWire

/// A command on its way to the candidate.
final class RedisShadowJob: ShadowJob, @unchecked Sendable {
    let command: RedisCommand
    let rule: RedisReplyRule
    /// Who the client is to the primary.
    let identity: RedisIdentity
    /// What the client got.
    var reply: [UInt8] = []
    /// The difference that is being looked at with it; nil for what a client has sent.
    var doubt: RedisShadowDoubt?

    init(
        _ command: RedisCommand, _ bytes: [UInt8], _ rule: RedisReplyRule, keys: [UInt64], isWrite: Bool = false,
        isWhole: Bool = false, isAboutAll: Bool = false, isSent: Bool = true, identity: RedisIdentity
    ) {
        self.command = command
        self.rule = rule
        self.identity = identity
        super.init(
            bytes, keys: keys, isWrite: isWrite, isWhole: isWhole, isAboutAll: isAboutAll, isSent: isSent)
    }

    override var replySize: Int { reply.count }
}

/// A difference that was seen once, and is looked at again before anybody hears of it.
final class RedisShadowDoubt: @unchecked Sendable {
    let job: RedisShadowJob
    var difference: RedisReplyDifference
    /// Looks so far, and how many of them found it again.
    var rounds = 0
    var confirmations = 0
    /// When to look, in nanoseconds of the worker's clock.
    var due: UInt64
    /// Of the keys when this look began.
    var version: UInt64 = 0
    /// The primary's answers of this look, and the candidate's; nil for one that is too long to be kept.
    var primary: [[UInt8]] = []
    var candidate: [UInt8]?
    /// Whether this look can say nothing.
    var isSpoilt = false

    init(_ job: RedisShadowJob, _ difference: RedisReplyDifference, due: UInt64) {
        self.job = job
        self.difference = difference
        self.due = due
    }
}
