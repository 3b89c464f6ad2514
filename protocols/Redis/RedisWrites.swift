// Which keys a command may leave other than they were.

import Wire

/// What a command may change, for somebody who has to look at it again afterwards: rather too much than too little.
///
/// It holds for the database that the client is in, and from when the command is sent until it is answered; inside a
/// transaction, until EXEC is. Scripts and functions change the keys that they are called with, as their authors are to
/// declare them (redis.io, "Scripting with Lua"), or any key if they are called with none.
package enum RedisWrites: Equatable, Sendable {
    case nothing
    case keys(RedisKeys)
    /// Any key in any database.
    case everything

    /// What `command`, found in `bytes`, may change.
    package static func of(_ command: RedisWholeCommand, in bytes: Bytes) -> RedisWrites {
        if command.isNameAmbiguous(in: bytes) { return .everything }
        switch kinds[Int(command.command.rawValue)] {
        case .nothing: return .nothing
        case .everything: return .everything
        case .keys:
            if command.command == copy, command.argumentCount > 3, leavesDatabase(command, in: bytes) {
                return .everything
            }
            let keys = RedisKeys.of(command, in: bytes)
            return keys.isEmpty ? .everything : .keys(keys)
        }
    }

    /// Whether no form of the command changes anything.
    package static func neverWrites(_ command: RedisCommand) -> Bool { kinds[Int(command.rawValue)] == .nothing }

    private enum Kind { case nothing, keys, everything }

    private static let copy = RedisCommand("copy")
    private static let db = RedisText("db")

    private static func leavesDatabase(_ command: RedisWholeCommand, in bytes: Bytes) -> Bool {
        for place in 3..<max(3, command.argumentCount) where command.word(place, in: bytes) == db { return true }
        return false
    }

    /// By command id; what is not known to be harmless is taken to change everything.
    private static let kinds: [Kind] = zip(RedisCommand.names, RedisTraits.all).map { name, traits in
        let name = name.description
        if traits.isEmpty || wide.contains(name) { return .everything }
        // It keeps the number that it has counted in the value.
        if name == "pfcount" { return .keys }
        return traits.contains(.writes) ? .keys : .nothing
    }

    /// Commands that change keys beside those that they name, or all data, though the server does not count some as writes.
    private static let wide: Set<String> = [
        "cluster", "debug", "failover", "flushall", "flushdb", "function", "module", "move", "replicaof", "slaveof",
        "swapdb",
    ]
}
