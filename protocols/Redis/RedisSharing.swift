// Which commands may travel on a connection of many clients, as data.

import Wire

/// What a command needs of the connection that it is sent on.
package enum RedisSharing: UInt8, Equatable, Sendable {
    /// Nothing: its reply is the same on every connection of the same user, database and protocol version.
    case shared
    /// A connection of its own while it runs: it may wait, is answered more than once or not at all, or is about servers
    /// and connections; it leaves nothing behind.
    case alone
    /// A connection of its own as long as what it leaves behind lasts, which `RedisPin` follows.
    case pins
    /// A connection of its own until RESET or the end: it is not known, or what it leaves behind shows only to the server.
    case keeps
}

extension RedisSharing {
    /// What `command`, found in `bytes`, needs.
    package static func of(_ command: RedisWholeCommand, in bytes: Bytes) -> RedisSharing {
        let sharing = all[Int(command.command.rawValue)]
        guard sharing == .shared, looksFurther[Int(command.command.rawValue)] else { return sharing }
        return further(command, in: bytes)
    }

    /// What `command` needs at the most, when its arguments are not at hand.
    package static func atMost(_ command: RedisCommand) -> RedisSharing {
        let index = Int(command.rawValue)
        if command == .client || command.name.description == "script" { return .keeps }
        return looksFurther[index] ? .alone : all[index]
    }

    /// Commands that are shared but for some of their forms.
    private static func further(_ command: RedisWholeCommand, in bytes: Bytes) -> RedisSharing {
        switch command.command {
        case .xread, .xreadgroup:
            // Any argument that reads so: a stream may be called `block`, which costs it a connection and nothing else.
            // Options come in any order and any number, so all is looked at, or nothing is believed.
            guard command.argumentCount <= 32 else { return .alone }
            for index in 1..<command.argumentCount where command.word(index, in: bytes) == block { return .alone }
            return .shared
        case .client:
            let word = command.word(1, in: bytes)
            return clientAlone.contains(word) ? .alone : word == setInfo ? .pins : .keeps
        default:
            // SCRIPT: KILL has to reach a server that answers nothing on the connection of the script.
            let word = command.word(1, in: bytes)
            return word == load || word == exists ? .shared : word == debug ? .keeps : .alone
        }
    }

    private static let block = RedisText("block")
    private static let setInfo = RedisText("setinfo")
    private static let load = RedisText("load")
    private static let exists = RedisText("exists")
    private static let debug = RedisText("debug")
    /// What CLIENT does to others, or tells everybody alike; all else of it is about the connection that asks.
    private static let clientAlone = [
        RedisText("kill"), RedisText("pause"), RedisText("unpause"), RedisText("unblock"), RedisText("help"),
        // Who has a name keeps its connection, so to all others the answer is the same.
        RedisText("getname"),
    ]

    private static let looksFurther: [Bool] = RedisCommand.names.map {
        ["xread", "xreadgroup", "client", "script"].contains($0.description)
    }

    /// By command id.
    static let all: [RedisSharing] = RedisCommand.names.map { name in
        let name = name.description
        if keepingNames.contains(name) { return .keeps }
        if pinningNames.contains(name) { return .pins }
        return aloneNames.contains(name) ? .alone : .shared
    }

    private static let keepingNames: Set<String> = [
        "unknown", "monitor", "sync", "psync", "replconf", "host:", "post", "wait", "waitaof",
    ]
    private static let pinningNames: Set<String> = [
        "auth", "hello", "select", "reset", "multi", "exec", "discard", "watch", "unwatch", "asking", "readonly",
        "readwrite", "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe",
    ]
    /// Those that may wait (flag `blocking`), that end the connection, and those of administrators (flag `admin`), which
    /// may stop the server or close connections before they are answered.
    private static let aloneNames: Set<String> = [
        "blpop", "brpop", "brpoplpush", "blmove", "blmpop", "bzpopmin", "bzpopmax", "bzmpop", "quit", "acl",
        "bgrewriteaof", "bgsave", "cluster", "config", "debug", "failover", "function", "info", "lastsave", "latency",
        "migrate",
        "module", "pfdebug", "pfselftest", "replicaof", "restore-asking", "role", "save", "sentinel", "shutdown",
        "slaveof", "slowlog", "swapdb",
    ]
}
