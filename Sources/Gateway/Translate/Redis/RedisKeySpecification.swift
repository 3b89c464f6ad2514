// How the keys of a command are found and used, as COMMAND INFO of redis-server 7.0 tells it to clients of clusters.

import RedisWire

/// One key specification of a command.
///
/// Source: redis src/server.c addReplyCommandKeySpecs, and the key specs of src/commands/*.json.
struct RedisKeySpecification: Sendable, Equatable {
    /// Where the keys stand, from the word where the search begins.
    enum Find: Sendable, Equatable {
        /// Up to the word `last` words on, or from the end when negative; each `step` words.
        case range(last: Int64, step: Int64)
        /// So many as the first word says, behind it.
        case counted
    }

    /// What is done with the keys, a word each.
    let flags: [String]
    /// The word at which the search begins.
    let begin: Int64
    let find: Find
    let notes: String?

    fileprivate init(
        _ flags: String, at begin: Int64 = 1, _ find: Find = .range(last: 0, step: 1), notes: String? = nil
    ) {
        self.flags = flags.split(separator: " ").map(String.init)
        self.begin = begin
        self.find = find
        self.notes = notes
    }

    /// The specifications of a command; none where it has no keys.
    static func of(_ command: String) -> [RedisKeySpecification] { all[command] ?? [] }

    private static let all: [String: [RedisKeySpecification]] = {
        var all: [String: [RedisKeySpecification]] = [:]
        for (commands, specifications) in groups {
            for command in commands.split(separator: " ") { all[String(command)] = specifications }
        }
        return all
    }()

    private static let toTheEnd = Find.range(last: -1, step: 1)
    private static let groups = reading + writing + moving + storing

    private static let reading: [(String, [RedisKeySpecification])] = [
        (
            """
            expiretime get getrange hget hgetall hkeys hmget hrandfield hscan hvals lindex lpos lrange pexpiretime pttl \
            smembers smismember srandmember sscan substr ttl zcount zlexcount zmscore zrandmember zrange zrangebylex \
            zrangebyscore zrank zrevrange zrevrangebylex zrevrangebyscore zrevrank zscan zscore
            """, [.init("RO access")]
        ),
        ("hexists hlen hstrlen llen scard sismember strlen type zcard", [.init("RO")]),
        ("exists touch watch", [.init("RO", toTheEnd)]),
        ("mget sdiff sinter sunion", [.init("RO access", toTheEnd)]),
        ("sintercard zdiff zinter zintercard zunion", [.init("RO access", .counted)]),
    ]

    private static let writing: [(String, [RedisKeySpecification])] = [
        ("append hsetnx linsert lpush lpushx rpush rpushx sadd", [.init("RW insert")]),
        (
            "decr decrby getset hincrby hincrbyfloat incr incrby incrbyfloat zincrby",
            [.init("RW access update")]
        ),
        ("expire expireat hmset hset lset persist pexpire pexpireat setrange zadd", [.init("RW update")]),
        ("hdel lrem ltrim srem zrem zremrangebylex zremrangebyrank zremrangebyscore", [.init("RW delete")]),
        ("psetex setex", [.init("OW update")]),
        ("setnx", [.init("OW insert")]),
        ("mset", [.init("OW update", .range(last: -1, step: 2))]),
        ("msetnx", [.init("OW insert", .range(last: -1, step: 2))]),
        ("del unlink", [.init("RM delete", toTheEnd)]),
        (
            "set",
            [.init("RW access update variable_flags", notes: "RW and ACCESS due to the optional `GET` argument")]
        ),
        ("getex", [.init("RW access update", notes: "RW and UPDATE because it changes the TTL")]),
        (
            "eval",
            [
                .init(
                    "RW access update", at: 2, .counted,
                    notes: "We cannot tell how the keys will be used so we assume the worst, RW and UPDATE")
            ]
        ),
        ("evalsha", [.init("RW access update", at: 2, .counted)]),
    ]

    private static let moving: [(String, [RedisKeySpecification])] = [
        ("getdel lpop rpop spop zpopmax zpopmin", [.init("RW access delete")]),
        ("blpop brpop bzpopmax bzpopmin", [.init("RW access delete", .range(last: -2, step: 1))]),
        ("lmpop zmpop", [.init("RW access delete", .counted)]),
        ("blmpop bzmpop", [.init("RW access delete", at: 2, .counted)]),
        ("blmove brpoplpush lmove rpoplpush smove", [.init("RW access delete"), .init("RW insert", at: 2)]),
        ("rename", [.init("RW access delete"), .init("OW update", at: 2)]),
        ("renamenx", [.init("RW access delete"), .init("OW insert", at: 2)]),
        ("copy", [.init("RO access"), .init("OW update", at: 2)]),
    ]

    private static let storing: [(String, [RedisKeySpecification])] = [
        ("sdiffstore sunionstore", [.init("OW update"), .init("RO access", at: 2, toTheEnd)]),
        ("sinterstore", [.init("RW update"), .init("RO access", at: 2, toTheEnd)]),
        ("zdiffstore zinterstore zunionstore", [.init("OW update"), .init("RO access", at: 2, .counted)]),
        ("zrangestore", [.init("OW update"), .init("RO access", at: 2)]),
    ]
}

extension RedisReplyWriter {
    mutating func write(_ specification: RedisKeySpecification) {
        map(specification.notes == nil ? 3 : 4)
        if let notes = specification.notes {
            bulk("notes")
            bulk(notes)
        }
        bulk("flags")
        set(specification.flags.count)
        for flag in specification.flags { status(Array(flag.utf8)) }
        bulk("begin_search")
        writeStep("index", [("index", specification.begin)])
        bulk("find_keys")
        switch specification.find {
        case .range(let last, let step):
            writeStep("range", [("lastkey", last), ("keystep", step), ("limit", 0)])
        case .counted: writeStep("keynum", [("keynumidx", 0), ("firstkey", 1), ("keystep", 1)])
        }
    }

    private mutating func writeStep(_ type: StaticString, _ parts: [(name: StaticString, number: Int64)]) {
        map(2)
        bulk("type")
        bulk(type)
        bulk("spec")
        map(parts.count)
        for part in parts {
            bulk(part.name)
            integer(part.number)
        }
    }
}
