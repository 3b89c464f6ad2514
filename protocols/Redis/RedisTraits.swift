// What a command does to the server's data, as data.

import Wire

/// What may be assumed of a command when a server is chosen for it, or when it may have been lost.
package struct RedisTraits: OptionSet, Equatable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// It is on the list of commands; of others nothing is known.
    package static let known = RedisTraits(rawValue: 1)
    /// It reads data and changes none (the server's flag `readonly`), so a replica may answer it.
    package static let readsOnly = RedisTraits(rawValue: 2)
    /// It changes data (the server's flag `write`), or may, as scripts do.
    package static let writes = RedisTraits(rawValue: 4)
    /// What `RedisKeys` finds are channels, which have slots but hold no data.
    package static let channels = RedisTraits(rawValue: 8)
    /// Sent a second time, because it is not known whether the first was carried out, it does no harm and its reply is
    /// as good: it reads only, or is about nothing.
    package static let repeatable = RedisTraits(rawValue: 16)

    /// The traits of `command`, found in `bytes`.
    package static func of(_ command: RedisWholeCommand, in bytes: Bytes) -> RedisTraits {
        let traits = all[Int(command.command.rawValue)]
        guard command.command == memory else { return traits }
        return command.word(1, in: bytes) == usage ? traits : .known
    }

    /// Whether `command` may change data by itself or at its end, as EXEC does; of what is not known that is assumed.
    @inline(__always)
    package static func mayWrite(_ command: RedisCommand) -> Bool { writing[Int(command.rawValue)] }

    private static let writing: [Bool] = RedisCommand.names.enumerated().map { index, name in
        !all[index].contains(.known) || all[index].contains(.writes) || name.description == "exec"
    }

    private static let memory = RedisCommand("memory")
    private static let usage = RedisText("usage")

    /// By command id; a test holds it to the flags in the server's COMMAND INFO.
    static let all: [RedisTraits] = RedisCommand.names.map { name in
        let name = name.description
        guard name != "unknown" else { return [] }
        if readers.contains(name) { return [.known, .readsOnly, .repeatable] }
        if channelNames.contains(name) { return [.known, .channels] }
        if harmless.contains(name) { return [.known, .repeatable] }
        return neither.contains(name) ? .known : [.known, .writes]
    }

    private static let readers: Set<String> = [
        "bitcount", "bitfield_ro", "bitpos", "dbsize", "dump", "eval_ro", "evalsha_ro", "exists", "expiretime",
        "fcall_ro", "geodist", "geohash", "geopos", "georadius_ro", "georadiusbymember_ro", "geosearch", "get",
        "getbit", "getrange", "hexists", "hexpiretime", "hget", "hgetall", "hkeys", "hlen", "hmget", "hpexpiretime",
        "hpttl", "hrandfield", "hscan", "hstrlen", "httl", "hvals", "keys", "lcs", "lindex", "llen", "lolwut", "lpos",
        "lrange", "memory", "mget", "object", "pexpiretime", "pfcount", "pttl", "randomkey", "scan", "scard", "sdiff",
        "sinter", "sintercard", "sismember", "smembers", "smismember", "sort_ro", "srandmember", "sscan", "strlen",
        "substr", "sunion", "touch", "ttl", "type", "xinfo", "xlen", "xpending", "xrange", "xread", "xrevrange",
        "zcard", "zcount", "zdiff", "zinter", "zintercard", "zlexcount", "zmscore", "zrandmember", "zrange",
        "zrangebylex", "zrangebyscore", "zrank", "zrevrange", "zrevrangebylex", "zrevrangebyscore", "zrevrank",
        "zscan", "zscore", "zunion",
    ]
    private static let channelNames: Set<String> = ["spublish", "ssubscribe", "sunsubscribe"]
    private static let harmless: Set<String> = ["command", "echo", "ping", "time"]
    private static let neither: Set<String> = [
        "acl", "asking", "auth", "bgrewriteaof", "bgsave", "client", "cluster", "config", "debug", "discard", "exec",
        "failover", "hello", "host:", "info", "lastsave", "latency", "module", "monitor", "multi", "pfselftest",
        "post", "psubscribe", "psync", "publish", "pubsub", "punsubscribe", "quit", "readonly", "readwrite",
        "replconf", "replicaof", "reset", "role", "save", "script", "select", "sentinel", "shutdown", "slaveof",
        "slowlog", "subscribe", "sync", "unsubscribe", "unwatch", "wait", "waitaof", "watch",
    ]
}
