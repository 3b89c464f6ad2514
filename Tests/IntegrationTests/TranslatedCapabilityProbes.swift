// For each capability a request that needs it, and what has to be out of the way for that.

import Capabilities
import Testing

/// A request that is answered where a backend has the capability, and refused by its name where it has not.
struct CapabilityProbe: Sendable, CustomTestStringConvertible {
    let capability: Capability
    /// A Redis command, an HTTP request line with fields and body, or SQL.
    let request: String
    /// What has to be refused as well, so that nothing else serves the request.
    var besides: [Capability] = []
    /// Which capability the refusal names, where two can serve the request.
    var refusedAs: Capability?
    /// Requests before it, which everything serves.
    var first: [String] = []

    var testDescription: String { capability.name }

    /// What there is before a Redis probe.
    static let redisSeed = [
        "SET k v", "SET n 1", "HSET h f 1", "RPUSH l a b", "SADD s a b", "ZADD z 1 a 2 b", "SET lock me",
    ]

    static let redis: [CapabilityProbe] = [
        .init(capability: .keyValueGet, request: "GET k"),
        .init(capability: .keyValueSet, request: "SET k v"),
        .init(capability: .keyValueDelete, request: "DEL k"),
        .init(capability: .keyValueExists, request: "EXISTS k"),
        .init(capability: .keyValueScan, request: "SCAN 0"),
        .init(capability: .keyValueCount, request: "DBSIZE"),
        .init(capability: .keyValueType, request: "TYPE k"),
        .init(capability: .keyValueRandom, request: "RANDOMKEY"),
        .init(capability: .keyValueTTL, request: "EXPIRE k 100"),
        .init(capability: .keyValueConditionalSet, request: "SET free v NX", besides: [.lockAcquire]),
        .init(capability: .keyValueCompareAndSet, request: unlock, besides: [.lockRelease]),
        .init(capability: .keyValueExchange, request: "GETSET k v"),
        .init(capability: .keyValueIncrement, request: "INCR n", besides: [.sequenceNext]),
        .init(capability: .keyValueIncrementFloat, request: "INCRBYFLOAT n 1.5"),
        .init(capability: .keyValueAppend, request: "APPEND k v"),
        .init(capability: .keyValueRange, request: "STRLEN k"),
        .init(capability: .keyValueRename, request: "RENAME k other"),
        .init(capability: .keyValueCopy, request: "COPY k copied"),
        .init(capability: .keyValueClear, request: "FLUSHDB"),
        .init(capability: .keyValueDatabases, request: "SELECT 1"),
        .init(capability: .keyValueMultiKey, request: "MGET k n"),
        .init(capability: .keyValueTransaction, request: "MULTI"),
        .init(capability: .hashGet, request: "HGET h f"),
        .init(capability: .hashSet, request: "HSET h f 1"),
        .init(capability: .hashDelete, request: "HDEL h f"),
        .init(capability: .hashIncrement, request: "HINCRBY h f 1"),
        .init(capability: .hashScan, request: "HSCAN h 0"),
        .init(capability: .hashRandom, request: "HRANDFIELD h"),
        .init(capability: .listPush, request: "LPUSH l v", besides: [.queuePut]),
        .init(capability: .listPop, request: "LPOP l"),
        .init(capability: .listRange, request: "LRANGE l 0 -1"),
        .init(capability: .listEdit, request: "LTRIM l 0 -1"),
        .init(capability: .listMove, request: "LMOVE l l2 LEFT RIGHT"),
        .init(capability: .listBlocking, request: "BLPOP l 1"),
        .init(capability: .setAdd, request: "SADD s a"),
        .init(capability: .setRemove, request: "SREM s a"),
        .init(capability: .setMembers, request: "SMEMBERS s"),
        .init(capability: .setPop, request: "SPOP s"),
        .init(capability: .setMove, request: "SMOVE s s2 a"),
        .init(capability: .setCombine, request: "SUNION s s2"),
        .init(capability: .setScan, request: "SSCAN s 0"),
        .init(capability: .sortedSetAdd, request: "ZADD z 1 a"),
        .init(capability: .sortedSetRemove, request: "ZREM z a"),
        .init(capability: .sortedSetScore, request: "ZSCORE z a"),
        .init(capability: .sortedSetRange, request: "ZRANGE z 0 -1"),
        .init(capability: .sortedSetPop, request: "ZPOPMIN z"),
        .init(capability: .sortedSetCombine, request: "ZUNION 1 z"),
        .init(capability: .sortedSetBlocking, request: "BZPOPMIN z 1"),
        .init(capability: .sortedSetScan, request: "ZSCAN z 0"),
        .init(capability: .busPublish, request: "PUBLISH c m"),
        .init(capability: .busSubscribe, request: "SUBSCRIBE c"),
        .init(capability: .busPattern, request: "PSUBSCRIBE c*"),
        .init(capability: .busInspect, request: "PUBSUB CHANNELS"),
        .init(capability: .queuePut, request: "LPUSH q v", besides: [.listPush], refusedAs: .listPush),
        .init(capability: .queueReserve, request: "RPOP q", besides: [.listPush], first: ["LPUSH q v"]),
        .init(capability: .queueAcknowledge, request: "RPOP q", besides: [.listPush], first: ["LPUSH q v"]),
        .init(
            capability: .queueRelease, request: "RPOPLPUSH doing q", besides: [.listPush],
            first: ["LPUSH q v", "RPOPLPUSH q doing"]),
        .init(
            capability: .lockAcquire, request: "SET free me NX PX 1000", besides: [.keyValueConditionalSet],
            refusedAs: .keyValueConditionalSet),
        .init(
            capability: .lockRelease, request: unlock, besides: [.keyValueConditionalSet, .keyValueCompareAndSet]),
        .init(
            capability: .lockExtend, request: extend, besides: [.keyValueConditionalSet, .keyValueCompareAndSet]),
        .init(
            capability: .sequenceNext, request: "INCR ids", besides: [.keyValueIncrement],
            refusedAs: .keyValueIncrement),
    ]

    private static let unlock =
        #"EVAL "if redis.call('get',KEYS[1]) == ARGV[1] then return redis.call('del',KEYS[1]) else return 0 end" 1 lock me"#
    private static let extend =
        #"EVAL "if redis.call('get',KEYS[1]) == ARGV[1] then return redis.call('pexpire',KEYS[1],ARGV[2]) else return 0 end" 1 lock me 1000"#

    static let s3: [CapabilityProbe] = [
        .init(capability: .objectPut, request: "PUT /bucket/new\r\nContent-Length: 1\r\n\r\nx"),
        .init(capability: .objectGet, request: "GET /bucket/k\r\n\r\n"),
        .init(capability: .objectHead, request: "HEAD /bucket/k\r\n\r\n"),
        .init(capability: .objectDelete, request: "DELETE /bucket/k\r\n\r\n"),
        .init(capability: .objectList, request: "GET /bucket?list-type=2\r\n\r\n"),
        .init(capability: .objectRange, request: "GET /bucket/k\r\nRange: bytes=0-0\r\n\r\n"),
        .init(capability: .objectMultipart, request: "POST /bucket/k?uploads\r\nContent-Length: 0\r\n\r\n"),
        .init(
            capability: .objectCopy,
            request: "PUT /bucket/c\r\nContent-Length: 0\r\nx-amz-copy-source: /bucket/k\r\n\r\n"),
        .init(capability: .objectConditional, request: "GET /bucket/k\r\nIf-None-Match: \"x\"\r\n\r\n"),
        .init(capability: .objectMetadata, request: "PUT /bucket/m\r\nContent-Length: 0\r\nx-amz-meta-a: b\r\n\r\n"),
        .init(capability: .objectBuckets, request: "PUT /other\r\nContent-Length: 0\r\n\r\n"),
    ]

    static let sql: [CapabilityProbe] = [
        .init(capability: .sqlQuery, request: "SELECT 1"),
        .init(capability: .sqlPrepared, request: "PREPARE p AS SELECT 1"),
        .init(capability: .sqlTransaction, request: "BEGIN"),
        .init(capability: .sqlCursor, request: "BEGIN; DECLARE c CURSOR FOR SELECT 1; FETCH 1 FROM c"),
        .init(capability: .sqlCopy, request: "COPY (SELECT 1) TO STDOUT"),
    ]
}
