// What a command becomes: a reply that is known at once, or an operation and the shape of its reply.

import Capabilities

/// A command with its arguments, understood.
enum RedisTranslation: Sendable, Equatable {
    /// Nothing has to be asked for.
    case reply(RedisFixedReply)
    /// The operation's answer is the reply.
    case perform(Operation, RedisReplyShape)
    /// The server looks at the key before it sees that an argument is wrong: the operation, which changes nothing, says
    /// whether the key has the right type and, where that matters, whether it is there at all.
    case refuse(RedisErrorText, after: Operation, whenMissing: RedisFixedReply?)
    /// A form of the command that Redis has and no capability provides.
    case unsupported(String)
    /// Several operations, or such as the session has to remember.
    case idiom(RedisIdiom, RedisReplyShape)

    static func keyValue(_ operation: KeyValueOperation, _ shape: RedisReplyShape) -> RedisTranslation {
        .perform(.keyValue(operation), shape)
    }

    static func hash(_ key: [UInt8], _ action: HashAction, _ shape: RedisReplyShape) -> RedisTranslation {
        .perform(.hash(HashOperation(key, action)), shape)
    }

    static func list(_ operation: ListOperation, _ shape: RedisReplyShape) -> RedisTranslation {
        .perform(.list(operation), shape)
    }

    static func set(_ operation: SetOperation, _ shape: RedisReplyShape) -> RedisTranslation {
        .perform(.set(operation), shape)
    }

    static func sortedSet(_ operation: SortedSetOperation, _ shape: RedisReplyShape) -> RedisTranslation {
        .perform(.sortedSet(operation), shape)
    }
}

/// A reply that needs no answer of a backend.
enum RedisFixedReply: Sendable, Equatable {
    case null
    case emptyArray
    /// The last page of a scan, with nothing on it.
    case emptyPage
    case flags([Bool])
    /// What HELP says of a command.
    case help(String)
    case error(RedisErrorText)
}

/// What a translation has to know besides the command.
struct RedisTranslationContext: Sendable {
    /// The time of day in milliseconds since 1970: relative times count from it.
    var now: Int64 = 0
    /// The database of the session.
    var database = 0
    /// How many databases there are.
    var databases = 16
    /// Whether a command may wait; one in a transaction may not.
    var mayWait = true
    /// The scripts that can be called by their digests.
    var scripts = RedisScriptStore()
}

/// How an answer is spelled.
enum RedisReplyShape: Sendable, Equatable {
    /// `+OK`, or null when a condition did not hold.
    case status
    /// `:1` when it was done, else `:0`.
    case wasDone
    /// A number, or null.
    case integer
    /// A bulk string, or null.
    case bulk
    /// A bulk string, or a null array when the time to wait for one was over.
    case waitedFor
    /// A status with a type's name.
    case typeName
    /// Milliseconds, or seconds, until the time of expiry; -1 for none, -2 for no key.
    case timeLeft(inSeconds: Bool, now: Int64)
    /// The time of expiry; -1 for none, -2 for no key.
    case expiry(inSeconds: Bool)
    /// An array of bulk strings, numbers or nulls, empty when there is nothing.
    case array
    /// The same, but a null array when there is nothing.
    case arrayOrNull
    /// A set.
    case set
    /// A map of bulk strings.
    case map
    /// The names only of pairs.
    case names
    /// Pairs: one after another in RESP2, two by two in RESP3.
    case pairs
    /// Members without their scores.
    case members
    /// Members with scores: one after another in RESP2, two by two in RESP3.
    case scored
    /// Member and score of the one there is, or an empty array.
    case firstScored
    /// A double, or null.
    case double
    /// The first of a list of doubles, or null.
    case firstDouble
    /// The first of a list of flags.
    case firstFlag
    /// These names, each with its number.
    case counts(of: [[UInt8]])
    /// An array of flags as numbers.
    case flags
    /// A page: the cursor and an array of bulk strings.
    case page
    /// The first item, or null.
    case takenItem
    /// `+OK` when a lock is held, else null.
    case held
    /// `:1` for an item that was put into a queue, whose length nobody knows.
    case queued
    /// The key and the first item.
    case takenFirst
    /// The key and an array of items; members come two by two with their scores.
    case taken
    /// The key, the first member and its score.
    case takenFirstScored
}
