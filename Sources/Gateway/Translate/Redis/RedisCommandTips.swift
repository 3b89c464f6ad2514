// What COMMAND INFO tells clients of clusters about commands, as redis-server 7.0 tells it.

/// The tips of commands.
enum RedisCommandTips {
    static func of(_ command: String) -> [String] { all[command] ?? [] }

    private static let unordered = ["nondeterministic_output_order"]
    private static let changing = ["nondeterministic_output"]
    private static let summed = ["request_policy:multi_shard", "response_policy:agg_sum"]
    private static let everywhere = ["request_policy:all_shards", "response_policy:all_succeeded"]

    private static let all: [String: [String]] = [
        "command": unordered, "hgetall": unordered, "hkeys": unordered, "hvals": unordered, "sdiff": unordered,
        "sinter": unordered, "smembers": unordered, "sunion": unordered,
        "hrandfield": changing, "hscan": changing, "pttl": changing, "spop": changing, "srandmember": changing,
        "sscan": changing, "time": changing, "ttl": changing, "zrandmember": changing, "zscan": changing,
        "del": summed, "exists": summed, "touch": summed, "unlink": summed,
        "flushall": everywhere, "flushdb": everywhere, "ping": everywhere,
        "mget": ["request_policy:multi_shard"],
        "mset": ["request_policy:multi_shard", "response_policy:all_succeeded"],
        "msetnx": ["request_policy:multi_shard", "response_policy:agg_min"],
        "dbsize": ["request_policy:all_shards", "response_policy:agg_sum"],
        "info": ["nondeterministic_output", "request_policy:all_shards", "response_policy:special"],
        "keys": ["request_policy:all_shards", "nondeterministic_output_order"],
        "randomkey": ["request_policy:all_shards", "nondeterministic_output"],
        "scan": ["nondeterministic_output", "request_policy:special"],
    ]
}
