// Forms of Redis commands, from which random ones are made.

/// The forms: `(a|b)` is one of several, `[a|b]` one of several or nothing, a name in braces a value of its kind.
///
/// A word in capitals that stands for a text is one of ``TranslatedRedisGenerator``'s. Kinds: `k` any key; `s` `h` `l` `t` `z` a key that mostly holds a string, hash, list, set, sorted set; `y` a sorted set
/// whose scores are all equal, since members have no other order that is promised; `v` a value; `m` a
/// member or field; `n` a whole number; `c` a small count; `f` a number; `e` milliseconds far ahead since 1970; `d` seconds
/// to live, `u` the same and always right; `b` an end of a range of scores; `x` an end of a range of members; `g` a pattern. `w` a weight,
/// `db` a database, `ch` a channel, `pt` a pattern of channels.
/// A plus repeats a kind.
enum TranslatedRedisGrammar {
    static let forms: [String] = strings + keys + hashes + lists + sets + sortedSets + ranges

    /// What a client says about its connection, its transaction and its subscriptions, for games of several connections.
    static let sessions: [String] =
        Array(repeating: "MULTI", count: 20) + Array(repeating: "EXEC", count: 20) + transactions + scripts + listening

    private static let strings = [
        "GET {s}", "SET {s} {v}", "SET {s} {v} [NX|XX] [GET] [EX {d}|PXAT 9000000000000|KEEPTTL|EXAT 9000000000]",
        "SET {s} {n}",
        "GETSET {s} {v}", "GETEX {s} [PERSIST|PXAT {e}|EX {d}]", "GETDEL {s}", "MGET {k+}", "MSET {s} {v} {s} {v}",
        "MSETNX {s} {v} {s} {v}", "SETNX {s} {v}", "SETEX {s} {d} {v}", "PSETEX {s} {d}000 {v}", "APPEND {s} {v}",
        "STRLEN {s}", "GETRANGE {s} {n} {n}", "SUBSTR {s} {n} {n}", "SETRANGE {s} {c} {v}", "INCR {s}", "DECR {s}",
        "INCRBY {s} {n}", "DECRBY {s} {n}", "INCRBYFLOAT {s} {f}",
    ]

    private static let keys = [
        "DEL {k}", "UNLINK {k} {k}", "EXISTS {k+}", "TOUCH {k+}", "TYPE {k}", "EXPIRE {k} {d} [NX|XX]",
        "PEXPIREAT {k} {e} [NX|XX|GT|LT|XX GT|XX LT|GT LT|NX XX]", "EXPIREAT {k} {n}", "PEXPIRE {k} {d}000", "TTL {k}",
        "PTTL {k}", "EXPIRETIME {k}", "PEXPIRETIME {k}", "PERSIST {k}", "RENAME {k} {k}", "RENAMENX {k} {k}",
        "COPY {k} {k} [REPLACE] [DB {c}]", "KEYS {g}", "DBSIZE",
        "SCAN 0 [MATCH {g}] COUNT 1000 [TYPE (string|hash|list|set|zset)]", "RANDOMKEY",
    ]

    private static let hashes = [
        "HSET {h} {m} {v} {m} {n}", "HMSET {h} {m} {v}", "HSETNX {h} {m} {v}", "HGET {h} {m}", "HMGET {h} {m+}",
        "HGETALL {h}", "HKEYS {h}", "HVALS {h}", "HLEN {h}", "HEXISTS {h} {m}", "HSTRLEN {h} {m}", "HDEL {h} {m+}",
        "HINCRBY {h} {m} {n}", "HINCRBYFLOAT {h} {m} {f}", "HRANDFIELD {h} [0|{c}|-{c}|{c} WITHVALUES]",
        "HSCAN {h} 0 [MATCH {g}] COUNT 1000",
    ]

    private static let lists = [
        "LPUSH {l} {v+}", "RPUSH {l} {v+}", "LPUSHX {l} {v}", "RPUSHX {l} {v+}", "LPOP {l} [{c}]", "RPOP {l} [{c}]",
        "LLEN {l}", "LRANGE {l} {n} {n}", "LINDEX {l} {n}", "LSET {l} {n} {v}", "LINSERT {l} (BEFORE|AFTER) {v} {v}",
        "LREM {l} {n} {v}", "LTRIM {l} {n} {n}", "LPOS {l} {v} [RANK {n}] [COUNT {c}] [MAXLEN {c}]",
        "LMOVE {l} {l} (LEFT|RIGHT) (LEFT|RIGHT)", "RPOPLPUSH {l} {l}", "LMPOP 2 {l} {l} (LEFT|RIGHT) [COUNT {c}]",
        "BLPOP {l} {l} 0.001", "BRPOP {l} 0.001", "BLMOVE {l} {l} LEFT RIGHT 0.001", "BRPOPLPUSH {l} {l} 0.001",
        "BLMPOP 0.001 1 {l} LEFT [COUNT {c}]",
    ]

    private static let sets = [
        "SADD {t} {m+}", "SREM {t} {m+}", "SMEMBERS {t}", "SISMEMBER {t} {m}", "SMISMEMBER {t} {m+}", "SCARD {t}",
        "SMOVE {t} {t} {m}", "SPOP {t} 100", "SRANDMEMBER {t} [0|{c}|-{c}]", "SINTER {t+}", "SUNION {t+}", "SDIFF {t+}",
        "SINTERSTORE {t} {t+}", "SUNIONSTORE {t} {t+}", "SDIFFSTORE {t} {t+}", "SINTERCARD 2 {t} {t} [LIMIT {c}]",
        "SSCAN {t} 0 [MATCH {g}] COUNT 1000",
    ]

    private static let sortedSets = [
        "ZADD {z} [NX|XX|XX GT|GT|LT|NX XX|NX GT] [CH] {f} {m} {f} {m}", "ZADD {z} [NX|XX|GT] INCR {f} {m}",
        "ZINCRBY {z} {f} {m}", "ZREM {z} {m+}", "ZCARD {z}", "ZSCORE {z} {m}", "ZMSCORE {z} {m+}", "ZRANK {z} {m}",
        "ZREVRANK {z} {m}", "ZPOPMIN {z} [{c}]", "ZPOPMAX {z} [{c}]", "BZPOPMIN {z} {z} 0.001", "BZPOPMAX {z} 0.001",
        "ZMPOP 2 {z} {z} (MIN|MAX) [COUNT {c}]", "BZMPOP 0.001 1 {z} MIN [COUNT {c}]",
        "ZRANDMEMBER {z} [0|{c}|-{c}|{c} WITHSCORES]", "ZSCAN {z} 0 [MATCH {g}] COUNT 1000",
        "(ZUNION|ZINTER) 2 {z} {z} [WEIGHTS {w} {w}] [AGGREGATE (SUM|MIN|MAX)] [WITHSCORES]",
        "(ZUNIONSTORE|ZINTERSTORE) {z} 2 {z} {t} [WEIGHTS {w} {w}] [AGGREGATE (SUM|MIN|MAX)]",
        "ZDIFF 2 {z} {z} [WITHSCORES]", "ZDIFFSTORE {z} 2 {z} {z}", "ZINTERCARD 2 {z} {z} [LIMIT {c}]",
    ]

    private static let ranges = [
        "ZRANGE {z} {n} {n} [REV] [WITHSCORES]", "ZRANGE {z} {b} {b} BYSCORE [REV] [LIMIT {n} {n}] [WITHSCORES]",
        "ZADD {y} 0 {m} 0 {m}", "ZREM {y} {m}",
        "ZRANGE {y} {x} {x} BYLEX [REV] [LIMIT {c} {n}]", "ZREVRANGE {z} {n} {n} [WITHSCORES]",
        "(ZRANGEBYSCORE|ZREVRANGEBYSCORE) {z} {b} {b} [WITHSCORES] [LIMIT {c} {n}]",
        "(ZRANGEBYLEX|ZREVRANGEBYLEX) {y} {x} {x} [LIMIT {c} {n}]", "ZCOUNT {z} {b} {b}", "ZLEXCOUNT {y} {x} {x}",
        "ZRANGESTORE {z} {z} {n} {n} [REV]", "ZRANGESTORE {z} {z} {b} {b} BYSCORE [LIMIT {c} {n}]",
        "ZREMRANGEBYRANK {z} {n} {n}", "ZREMRANGEBYSCORE {z} {b} {b}", "ZREMRANGEBYLEX {y} {x} {x}",
    ]

    private static let transactions = [
        "WATCH {k+}", "WATCH {k}", "WATCH {s}", "WATCH {h}", "WATCH {l}", "WATCH {t}", "WATCH {z}", "UNWATCH",
        "DISCARD",
        "DISCARD", "EXEC x", "SELECT {db}", "SELECT {db}", "SELECT {n}", "FLUSHDB [SYNC|ASYNC]", "FLUSHALL", "RESET",
        "HELLO (2|3)", "PING [{v}]", "ECHO {v}", "CLIENT GETNAME", "CLIENT SETNAME {m}",
        "(CLIENT|CONFIG|COMMAND|PUBSUB|SCRIPT) HELP", "COMMAND GETKEYS GET {k}", "HINCRBYFLOAT {h} {m} 1e400",
        "INCRBYFLOAT {s} (1e400|1e5000)",
    ]

    private static let scripts = [
        "EVAL RELEASE 1 {s} {v}", "EVAL EXTEND 1 {s} {v} {d}000", "EVAL PROLONG 1 {s} {v} {u}000 (0|1)",
        "EVALSHA RELEASED 1 {s} {v}", "SCRIPT EXISTS RELEASED", "SCRIPT LOAD RELEASE", "SCRIPT FLUSH", "EVAL OTHER 0",
    ]

    private static let listening = [
        "SUBSCRIBE {ch+}", "UNSUBSCRIBE {ch+}", "UNSUBSCRIBE", "PSUBSCRIBE {pt+}", "PUNSUBSCRIBE {pt}", "PUNSUBSCRIBE",
        "PUBLISH {ch} {v}", "PUBLISH {ch} {v}", "PUBLISH {ch} {m}", "PUBLISH {ch} {m}", "PUBSUB CHANNELS [{pt}]",
        "PUBSUB NUMSUB {ch+}", "PUBSUB NUMPAT",
    ]

    /// Commands whose replies have no order of their own.
    static let unordered: Set<String> = [
        "SMEMBERS", "HGETALL", "HKEYS", "HVALS", "KEYS", "SCAN", "HSCAN", "SSCAN", "ZSCAN", "SINTER", "SUNION", "SDIFF",
        "SPOP", "PUBSUB",
    ]
    /// Commands whose replies are drawn by lot.
    static let random: Set<String> = ["RANDOMKEY", "HRANDFIELD", "SRANDMEMBER", "ZRANDMEMBER"]
    /// Commands whose replies are times.
    static let timed: Set<String> = ["TTL", "PTTL", "EXPIRETIME", "PEXPIRETIME"]
}
