// What features need, and that none is left out.

import Capabilities
import Testing

@testable import Gateway

@Suite("needs of features")
struct FeatureNeedTests {
    private static func capabilities(_ feature: String) -> [Capability]? {
        switch FeatureNeeds.of(feature) {
        case .capabilities(let needs), .partly(let needs, _): needs.members
        default: nil
        }
    }

    @Test(
        "an option needs more than its command, and nothing that only other options need",
        arguments: [
            ("redis.command.set", [.keyValueSet]),
            ("redis.option.set.px", [.keyValueSet, .keyValueTTL]),
            ("redis.option.set.nx", [.keyValueSet, .keyValueConditionalSet]),
            ("redis.option.set.get", [.keyValueSet, .keyValueExchange]),
            ("redis.option.set.keepttl", [.keyValueSet, .keyValueTTL]),
            ("redis.option.getex.ex", [.keyValueGet, .keyValueTTL]),
            ("redis.option.expire.gt", [.keyValueTTL]),
            ("redis.option.zadd.gt", [.sortedSetAdd]),
            ("redis.option.zrange.limit", [.sortedSetRange]),
            ("redis.option.zinter.weights", [.sortedSetCombine]),
            ("redis.option.linsert.before", [.listEdit]),
            ("redis.option.lmove.left", [.listMove]),
            ("redis.option.blmpop.count", [.listPop, .listBlocking]),
            ("redis.option.scan.type", [.keyValueScan, .keyValueType]),
            ("redis.option.copy.db", [.keyValueCopy, .keyValueDatabases]),
            ("redis.shape.del.many", [.keyValueDelete, .keyValueMultiKey]),
            ("redis.shape.mset.many", [.keyValueSet, .keyValueMultiKey]),
            ("redis.shape.sadd.many", [.setAdd]),
            ("redis.shape.select.other", [.keyValueDatabases]),
            ("redis.shape.eval.lock-script", [.lockRelease]),
            ("redis.shape.script.lock-script", [.lockRelease]),
            ("redis.state.transaction", [.keyValueTransaction]),
            ("s3.operation.UploadPartCopy", [.objectMultipart, .objectCopy]),
            ("s3.header.range", [.objectRange]),
            ("postgres.statement.savepoint", [.sqlTransaction]),
            ("postgres.feature.holdable-cursor", [.sqlCursor]), ("s3.header.x-amz-meta", [.objectMetadata]),
            ("s3.header.content-type", [.objectMetadata]),
        ] as [(String, [Capability])])
    func needs(feature: String, needs: [Capability]) {
        #expect(Set(Self.capabilities(feature) ?? []) == Set(needs), "\(FeatureNeeds.of(feature))")
    }

    @Test(
        "what translators refuse is known to be refused",
        arguments: [
            "redis.shape.eval.other-script", "redis.shape.script.other-script",
            "redis.command.xadd", "redis.option.xadd.maxlen", "redis.option.set.ifeq", "redis.module.json",
            "redis.subcommand.client.kill", "redis.command.wait", "redis.command.unknown",
            "s3.operation.PutObjectTagging",
            "s3.header.x-amz-server-side-encryption", "s3.query.versions", "s3.signature.v2",
            "postgres.feature.replication", "postgres.feature.function", "postgres.feature.role",
            "postgres.feature.materialized-view", "postgres.feature.binary-copy", "postgres.feature.time-zone",
            "postgres.statement.do", "postgres.statement.grant", "postgres.statement.comment", "s3.header.unknown",
            "s3.header.x-amz-if-match-size", "s3.value.x-amz-tagging", "s3.value.versionid",
        ])
    func refused(feature: String) { #expect(FeatureNeeds.of(feature) == .refused) }

    @Test(
        "what the gateway does itself needs nothing",
        arguments: [
            "redis.protocol.resp3", "redis.subcommand.client.setname", "s3.signature.v4-presigned",
            "s3.header.x-amz-checksum-crc32", "postgres.message.sync", "s3.header.x-amz-storage-class",
        ])
    func nothing(feature: String) { #expect(FeatureNeeds.of(feature) == .nothing) }

    @Test(
        "a backend with locks, queues and sequences stands in for what is asked in their form, and for nothing else",
        arguments: [
            ("redis.shape.set.nx-with-time", .lock), ("redis.command.lpush", .queue), ("redis.command.rpop", .queue),
            ("redis.command.brpop", .queue), ("redis.command.rpoplpush", .queue), ("redis.command.brpoplpush", .queue),
            ("redis.shape.lmove.right-to-left", .queue), ("redis.shape.blmove.right-to-left", .queue),
            ("redis.command.lrem", .queue), ("redis.command.incr", .sequence), ("redis.command.incrby", .sequence),
            ("redis.command.set", nil), ("redis.command.setnx", nil), ("redis.option.set.nx", nil),
            ("redis.command.rpush", nil), ("redis.command.lpop", nil), ("redis.command.blpop", nil),
            ("redis.command.lrange", nil), ("redis.command.decr", nil), ("redis.command.lmove", nil),
            ("s3.operation.GetObject", nil), ("redis", nil), ("redis.command.", nil),
        ] as [(String, FeatureStandIn.Kind?)])
    func standIns(feature: String, kind: FeatureStandIn.Kind?) {
        let there: Set<Capability> = [
            .lockAcquire, .queuePut, .queueReserve, .queueAcknowledge, .sequenceNext, .keyValueSet, .keyValueTTL,
        ]
        #expect(FeatureNeeds.standIn(for: feature) { there.contains($0) }?.kind == kind)
        #expect(FeatureNeeds.standIn(for: feature) { _ in true } == nil)
        #expect(FeatureNeeds.standIn(for: feature) { _ in false } == nil)
        // A queue that cannot be acknowledged takes nothing.
        let putOnly = FeatureNeeds.standIn(for: feature) { $0 == .queuePut }
        #expect((putOnly != nil) == (feature == "redis.command.lpush"))
    }

    @Test("every command that is translated has needs, and every feature of a profile a verdict")
    func complete() {
        for entry in RedisCommandSet.shared.entries {
            #expect(FeatureNeeds.of("redis.command.\(entry.name)") != .refused, "\(entry.name)")
        }
        var refused: [String] = []
        for feature in RedisUsageTable.shared.table.features + S3UsageTable.shared.table.features {
            #expect(FeatureNeeds.of(feature) != .untold, "\(feature)")
            let name = feature.split(separator: ".")[2]
            let isTranslated = FeatureNeeds.of("redis.command.\(name)") != .refused
            if isTranslated, feature.hasPrefix("redis.option."), FeatureNeeds.of(feature) == .refused {
                refused.append(feature)
            }
        }
        // Options of Redis 8 that the translators, which speak 7.0, do not know.
        #expect(
            refused.sorted() == [
                "redis.option.hscan.novalues", "redis.option.set.ifeq", "redis.option.set.ifne",
                "redis.option.zrandmember.withscore", "redis.option.zrank.withscore", "redis.option.zrank.withscores",
                "redis.option.zrevrank.withscore", "redis.option.zrevrank.withscores",
            ])
    }
}
