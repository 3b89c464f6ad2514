// Where the keys of each command stand, as data.

/// How the keys of a command are found among its arguments.
enum RedisKeyRule: UInt8, Sendable {
    /// It has none, or it is not known.
    case none
    /// The first argument, and in `firstTwo` the second as well.
    case first, firstTwo
    /// Every argument; every second one, beginning with the first; all but the last.
    case all, everySecond, allButLast
    /// Every argument from the second on; the second alone, behind a subcommand; the same for MEMORY USAGE.
    case fromSecond, second, usage
    /// As many as the first, or the second, argument says, behind it; and with a destination as the first argument.
    case countedFirst, countedSecond, storedCounted
    /// SORT with STORE; GEORADIUS with STORE and STOREDIST; MIGRATE with KEYS; XREAD's STREAMS.
    case sort, radius, migrate, streams

    @inline(__always)
    static func of(_ command: RedisCommand) -> RedisKeyRule { table[Int(command.rawValue)] }

    /// By command id; a test holds it to the server's COMMAND GETKEYS.
    private static let table: [RedisKeyRule] = RedisCommand.names.map { name in
        let name = name.description
        if let rule = exceptions[name] { return rule }
        return keyless.contains(name) ? .none : .first
    }

    private static let exceptions: [String: RedisKeyRule] = {
        var rules: [String: RedisKeyRule] = [:]
        for (rule, names) in others { for name in names { rules[name] = rule } }
        return rules
    }()

    private static let others: [(RedisKeyRule, [String])] = [
        (
            .firstTwo,
            [
                "copy", "rename", "renamenx", "rpoplpush", "brpoplpush", "lmove", "blmove", "smove", "geosearchstore",
                "zrangestore", "lcs",
            ]
        ),
        (
            .all,
            [
                "del", "unlink", "exists", "touch", "mget", "watch", "sdiff", "sdiffstore", "sinter", "sinterstore",
                "sunion", "sunionstore", "pfcount", "pfmerge", "ssubscribe", "sunsubscribe",
            ]
        ),
        (.everySecond, ["mset", "msetnx"]),
        (.allButLast, ["blpop", "brpop", "bzpopmin", "bzpopmax"]),
        (.fromSecond, ["bitop"]),
        (.second, ["object", "xgroup", "xinfo", "pfdebug"]),
        (.usage, ["memory"]),
        (.countedFirst, ["lmpop", "zmpop", "sintercard", "zdiff", "zinter", "zintercard", "zunion"]),
        (
            .countedSecond,
            ["blmpop", "bzmpop", "eval", "eval_ro", "evalsha", "evalsha_ro", "fcall", "fcall_ro"]
        ),
        (.storedCounted, ["zdiffstore", "zinterstore", "zunionstore"]),
        (.sort, ["sort"]),
        (.radius, ["georadius", "georadiusbymember"]),
        (.migrate, ["migrate"]),
        (.streams, ["xread", "xreadgroup"]),
    ]

    private static let keyless: Set<String> = [
        "unknown", "client", "hello", "subscribe", "psubscribe", "unsubscribe", "punsubscribe", "monitor", "reset",
        "quit", "multi", "exec", "discard", "replconf", "sync", "psync", "host:", "post", "wait", "waitaof", "acl",
        "asking", "auth", "bgrewriteaof", "bgsave", "cluster", "command", "config", "dbsize", "debug", "echo",
        "failover", "flushall", "flushdb", "function", "info", "keys", "lastsave", "latency", "lolwut", "module",
        "pfselftest", "ping", "publish", "pubsub", "randomkey", "readonly", "readwrite", "replicaof", "role", "save",
        "scan", "script", "select", "sentinel", "shutdown", "slaveof", "slowlog", "swapdb", "time", "unwatch",
    ]
}

extension RedisCommand {
    /// Whether the first argument is a key.
    package var beginsWithKey: Bool {
        switch RedisKeyRule.of(self) {
        case .first, .firstTwo, .all, .everySecond, .allButLast, .sort, .radius: true
        default: false
        }
    }

    /// Whether the first argument is a key, and no other one is.
    package var hasOneKeyFirst: Bool { RedisKeyRule.of(self) == .first }
}
