// The words of Redis commands that are told apart, as the command reference of Redis 7.4 and 8 has them.

enum RedisUsageWords {
    /// Commands, where their options stand, and the options with the number of arguments that belong to each.
    ///
    /// `f3`: from the third argument on, between others; `l2`: from the second up to the first word that is none; `n1`: behind
    /// as many arguments as the first says; `s1`: a subcommand.
    static let options = [
        "set f3 nx xx get keepttl ex:1 px:1 exat:1 pxat:1 ifeq:1 ifne:1",
        "getex f2 ex:1 px:1 exat:1 pxat:1 persist",
        "expire,pexpire,expireat,pexpireat f3 nx xx gt lt",
        "hexpire,hpexpire,hexpireat,hpexpireat l3 nx xx gt lt",
        "hgetex l2 ex:1 px:1 exat:1 pxat:1 persist fields",
        "hsetex l2 fnx fxx ex:1 px:1 exat:1 pxat:1 keepttl fields",
        "zadd l2 nx xx gt lt ch incr",
        "zrange f4 byscore bylex rev withscores limit:2",
        "zrangestore f5 byscore bylex rev limit:2",
        "zrangebyscore,zrevrangebyscore f4 withscores limit:2",
        "zrangebylex,zrevrangebylex f4 limit:2",
        "zrevrange f4 withscores",
        "zrandmember,zrank,zrevrank f3 withscores withscore",
        "hrandfield f3 withvalues",
        "zinter,zunion n1 weights aggregate:1 withscores",
        "zdiff n1 withscores",
        "zinterstore,zunionstore n2 weights aggregate:1",
        "zmpop n1 min max count:1",
        "bzmpop n2 min max count:1",
        "lmpop n1 left right count:1",
        "blmpop n2 left right count:1",
        "sintercard,zintercard n1 limit:1",
        "scan f2 match:1 count:1 type:1",
        "sscan,zscan f3 match:1 count:1",
        "hscan f3 match:1 count:1 novalues",
        "xread l1 count:1 block:1 streams",
        "xreadgroup l4 count:1 block:1 noack streams",
        "xadd l2 nomkstream keepref delref acked maxlen minid ~:1 =:1 limit:1",
        "xtrim l2 maxlen minid ~:1 =:1 limit:1",
        "xrange,xrevrange f4 count:1",
        "xautoclaim f6 count:1 justid",
        "xclaim f5 idle:1 time:1 retrycount:1 force justid",
        "xpending f3 idle:1",
        "geoadd l2 nx xx ch",
        "geosearch f2 frommember:1 fromlonlat:2 byradius:2 bybox:3 asc desc count:1 any withcoord withdist withhash",
        "geosearchstore f3 frommember:1 fromlonlat:2 byradius:2 bybox:3 asc desc count:1 any storedist",
        "georadius,georadius_ro f6 withcoord withdist withhash count:1 any asc desc store:1 storedist:1",
        "georadiusbymember,georadiusbymember_ro f5 withcoord withdist withhash count:1 any asc desc store:1 storedist:1",
        "sort,sort_ro f2 by:1 limit:2 get:1 asc desc alpha store:1",
        "lpos f3 rank:1 count:1 maxlen:1",
        "linsert l2 before after",
        "lmove,blmove l3 left right",
        "copy f3 db:1 replace",
        "restore f4 replace absttl idletime:1 freq:1",
        "bitcount f4 byte bit",
        "bitpos f5 byte bit",
        "bitop l1 and or xor not",
        "bitfield f2 get:2 set:3 incrby:3 overflow:1",
        "flushall,flushdb l1 async sync",
        "lcs f3 len idx minmatchlen:1 withmatchlen",
        "hello f2 auth:2 setname:1",
        "client s1 setname getname setinfo id info list kill pause unpause unblock reply tracking trackinginfo caching "
            + "getredir no-evict no-touch",
        "config s1 get set resetstat rewrite",
        "command s1 docs info count list getkeys getkeysandflags",
        "script s1 load exists flush kill debug",
        "function s1 load delete list flush dump restore stats kill",
        "object s1 encoding freq idletime refcount",
        "memory s1 usage stats doctor purge",
        "xgroup s1 create createconsumer delconsumer destroy setid",
        "xinfo s1 stream groups consumers",
        "pubsub s1 channels numsub numpat shardchannels shardnumsub",
        "cluster s1 slots shards nodes info myid keyslot countkeysinslot getkeysinslot replicas",
        "acl s1 whoami list users getuser setuser deluser cat",
    ]

    /// Words, the name included, with which a command has one key, pair or member; with more it has many.
    static let single: [(Int, String)] = [
        (2, "del unlink exists touch mget watch subscribe psubscribe ssubscribe sdiff sunion sinter pfcount"),
        (2, "lpop rpop spop srandmember auth"),
        (3, "mset msetnx hdel hmget sadd srem smismember lpush rpush lpushx rpushx zrem zmscore pfadd xdel pfmerge"),
        (3, "blpop brpop bzpopmin bzpopmax"),
        (4, "hset hmset xack"),
    ]

    /// Where a value stands whose size is noted.
    static let values: [(Int, String)] = [
        (2, "set setnx getset append lpush rpush lpushx rpushx sadd publish spublish mset msetnx"),
        (3, "setex psetex setrange hset hsetnx hmset lset zadd"),
    ]

    /// Commands whose options may give the key an expiry.
    static let expiring: Set<String> = ["set", "getex", "hsetex", "hgetex"]

    /// What options of a command are together: see ``RedisUsageForm``.
    static let forms = [("set", "nx-with-time"), ("lmove", "right-to-left"), ("blmove", "right-to-left")]

    /// Commands that a lock, a queue or a sequence may stand in for, of which it is told whether MULTI holds them; those with a form in
    /// that form only.
    static let queued = "set lpush rpop brpop rpoplpush brpoplpush lmove blmove lrem incr incrby"

    /// Where a key's expiry stands in commands that always give one, and in what.
    static let expiries: [(Int, RedisUsageExpiry, String)] = [
        (2, .seconds, "expire setex hexpire"), (2, .milliseconds, "pexpire psetex hpexpire restore"),
        (2, .atSecond, "expireat hexpireat"), (2, .atMillisecond, "pexpireat hpexpireat"),
    ]

    /// Where commands have a script's text; SCRIPT has one behind LOAD.
    static let scripts = [("eval", 1), ("script", 2)]

    /// The modules of Redis Stack and Redis 8, by the prefix of their commands.
    static let modules = "json ft bf cf cms topk tdigest ts graph"
}
