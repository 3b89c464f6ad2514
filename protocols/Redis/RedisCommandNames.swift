// The names of the commands that are told apart, in the order of their ids.

extension RedisCommand {
    /// Every name by id: `unknown`, then those the framer or the exchange acts on, then the rest alphabetically.
    ///
    /// Taken from COMMAND LIST of redis-server 7.0, with what 7.2 (WAITAOF), 7.4 and 8.0 (hash field expiry) added.
    package static let names: [StaticString] = [
        "unknown",
        "client", "hello", "subscribe", "psubscribe", "ssubscribe", "unsubscribe", "punsubscribe", "sunsubscribe",
        "monitor", "reset", "quit", "multi", "exec", "discard", "replconf", "sync", "psync", "host:", "post", "xread",
        "xreadgroup", "blpop", "brpop", "brpoplpush", "blmove", "blmpop", "bzpopmin", "bzpopmax", "bzmpop", "wait",
        "waitaof",

        "acl", "append", "asking", "auth", "bgrewriteaof", "bgsave", "bitcount", "bitfield", "bitfield_ro", "bitop",
        "bitpos", "cluster", "command", "config", "copy", "dbsize", "debug", "decr", "decrby", "del", "dump", "echo",
        "eval", "eval_ro", "evalsha", "evalsha_ro", "exists", "expire", "expireat", "expiretime", "failover", "fcall",
        "fcall_ro", "flushall", "flushdb", "function", "geoadd", "geodist", "geohash", "geopos", "georadius",
        "georadius_ro", "georadiusbymember", "georadiusbymember_ro", "geosearch", "geosearchstore", "get", "getbit",
        "getdel", "getex", "getrange", "getset", "hdel", "hexists", "hexpire", "hexpireat", "hexpiretime", "hget",
        "hgetall", "hgetdel", "hgetex", "hincrby", "hincrbyfloat", "hkeys", "hlen", "hmget", "hmset", "hpersist",
        "hpexpire", "hpexpireat", "hpexpiretime", "hpttl", "hrandfield", "hscan", "hset", "hsetex", "hsetnx",
        "hstrlen", "httl", "hvals", "incr", "incrby", "incrbyfloat", "info", "keys", "lastsave", "latency", "lcs",
        "lindex", "linsert", "llen", "lmove", "lmpop", "lolwut", "lpop", "lpos", "lpush", "lpushx", "lrange", "lrem",
        "lset", "ltrim", "memory", "mget", "migrate", "module", "move", "mset", "msetnx", "object", "persist",
        "pexpire", "pexpireat", "pexpiretime", "pfadd", "pfcount", "pfdebug", "pfmerge", "pfselftest", "ping",
        "psetex", "pttl", "publish", "pubsub", "randomkey", "readonly", "readwrite", "rename", "renamenx",
        "replicaof", "restore", "restore-asking", "role", "rpop", "rpoplpush", "rpush", "rpushx", "sadd", "save",
        "scan", "scard", "script", "sdiff", "sdiffstore", "select", "sentinel", "set", "setbit", "setex", "setnx",
        "setrange", "shutdown", "sinter", "sintercard", "sinterstore", "sismember", "slaveof", "slowlog", "smembers",
        "smismember", "smove", "sort", "sort_ro", "spop", "spublish", "srandmember", "srem", "sscan", "strlen",
        "substr", "sunion", "sunionstore", "swapdb", "time", "touch", "ttl", "type", "unlink", "unwatch", "watch",
        "xack", "xadd", "xautoclaim", "xclaim", "xdel", "xgroup", "xinfo", "xlen", "xpending", "xrange", "xrevrange",
        "xsetid", "xtrim", "zadd", "zcard", "zcount", "zdiff", "zdiffstore", "zincrby", "zinter", "zintercard",
        "zinterstore", "zlexcount", "zmpop", "zmscore", "zpopmax", "zpopmin", "zrandmember", "zrange", "zrangebylex",
        "zrangebyscore", "zrangestore", "zrank", "zrem", "zremrangebylex", "zremrangebyrank", "zremrangebyscore",
        "zrevrange", "zrevrangebylex", "zrevrangebyscore", "zrevrank", "zscan", "zscore", "zunion", "zunionstore",
    ]
}
