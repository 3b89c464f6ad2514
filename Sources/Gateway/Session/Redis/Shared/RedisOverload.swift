// Why a command is not taken although nothing is wrong with it: its backend has enough to do.

import RedisWire

/// The refusal of a command because of a bound on what may be under way.
struct RedisOverload: Equatable {
    /// A metric label: the configuration's key.
    var reason: String
    /// One sentence.
    var message: String

    var reply: [UInt8] { RedisErrorReply.busy(message) }
}
