// One command that goes to the candidate, with the reply that the client got.

import RedisWire

/// A command on its way from a session to the shadow's runner; whoever holds it is the only one to touch it.
final class RedisShadowJob: @unchecked Sendable {
    let command: RedisCommand
    /// The command as the client spelled it.
    let bytes: [UInt8]
    let rule: RedisReplyRule
    /// The hashes of its keys, with the database.
    let keys: [UInt64]
    let isWrite: Bool
    /// Whether it leaves its keys in a state that does not depend on what they held.
    let isWhole: Bool
    /// Whether its reply depends on all keys.
    let isAboutAll: Bool
    /// Who the client is to the primary.
    let identity: RedisIdentity
    /// Whether it goes to the candidate; another is only followed, because nobody else may write its keys meanwhile.
    let isSent: Bool
    /// When it began, for ``ShadowKeys/end(_:began:_:)``.
    var start: UInt64 = 0
    /// Of a write: whether both servers answer it alike.
    var isReliable = true
    /// What the client got.
    var reply: [UInt8] = []
    /// The difference that is being looked at with it; nil for what a client has sent.
    var doubt: RedisShadowDoubt?

    init(
        _ command: RedisCommand, _ bytes: [UInt8], _ rule: RedisReplyRule, keys: [UInt64], isWrite: Bool = false,
        isWhole: Bool = false, isAboutAll: Bool = false, isSent: Bool = true,
        identity: RedisIdentity
    ) {
        self.command = command
        self.bytes = bytes
        self.rule = rule
        self.keys = keys
        self.isWrite = isWrite
        self.isWhole = isWhole
        self.isAboutAll = isAboutAll
        self.isSent = isSent
        self.identity = identity
    }
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
