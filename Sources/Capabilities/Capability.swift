// The vocabulary: everything a backend can be able to do, by dotted name.

/// Something a backend can do; the raw value is the dotted name that manifests, errors, metrics and reports use.
///
/// What each one takes, gives and promises is told by ``description`` and, as one page, by
/// `adapters/CAPABILITIES.md`, which is made from that.
public enum Capability: String, CaseIterable, Sendable, Hashable {
    // Keys and their values.
    case keyValueGet = "kv.get"
    case keyValueSet = "kv.set"
    case keyValueDelete = "kv.delete"
    case keyValueExists = "kv.exists"
    case keyValueScan = "kv.scan"
    case keyValueCount = "kv.count"
    case keyValueType = "kv.type"
    case keyValueRandom = "kv.random"
    case keyValueTTL = "kv.ttl"
    case keyValueConditionalSet = "kv.conditional-set"
    case keyValueCompareAndSet = "kv.compare-and-set"
    case keyValueExchange = "kv.exchange"
    case keyValueIncrement = "kv.increment"
    case keyValueIncrementFloat = "kv.increment-float"
    case keyValueAppend = "kv.append"
    case keyValueRange = "kv.range"
    case keyValueRename = "kv.rename"
    case keyValueCopy = "kv.copy"
    case keyValueClear = "kv.clear"
    case keyValueDatabases = "kv.databases"
    case keyValueMultiKey = "kv.multi-key"
    case keyValueTransaction = "kv.transaction"

    // Fields and their values under one key.
    case hashGet = "hash.get"
    case hashSet = "hash.set"
    case hashDelete = "hash.delete"
    case hashIncrement = "hash.increment"
    case hashScan = "hash.scan"
    case hashRandom = "hash.random"

    // Values in the order in which they were put there.
    case listPush = "list.push"
    case listPop = "list.pop"
    case listRange = "list.range"
    case listEdit = "list.edit"
    case listMove = "list.move"
    case listBlocking = "list.blocking"

    // Members without order.
    case setAdd = "set.add"
    case setRemove = "set.remove"
    case setMembers = "set.members"
    case setPop = "set.pop"
    case setMove = "set.move"
    case setCombine = "set.combine"
    case setScan = "set.scan"

    // Members in the order of their scores.
    case sortedSetAdd = "sorted-set.add"
    case sortedSetRemove = "sorted-set.remove"
    case sortedSetScore = "sorted-set.score"
    case sortedSetRange = "sorted-set.range"
    case sortedSetPop = "sorted-set.pop"
    case sortedSetCombine = "sorted-set.combine"
    case sortedSetBlocking = "sorted-set.blocking"
    case sortedSetScan = "sorted-set.scan"

    // Messages to whoever listens now.
    case busPublish = "bus.publish"
    case busSubscribe = "bus.subscribe"
    case busPattern = "bus.pattern"
    case busInspect = "bus.inspect"

    // Work that one taker has to acknowledge.
    case queuePut = "queue.put"
    case queueReserve = "queue.reserve"
    case queueAcknowledge = "queue.acknowledge"
    case queueRelease = "queue.release"

    // One holder at a time.
    case lockAcquire = "lock.acquire"
    case lockRelease = "lock.release"
    case lockExtend = "lock.extend"

    // Numbers that are given out once.
    case sequenceNext = "sequence.next"

    // Named bytes of any size, with metadata.
    case objectPut = "object.put"
    case objectGet = "object.get"
    case objectHead = "object.head"
    case objectDelete = "object.delete"
    case objectList = "object.list"
    case objectRange = "object.range"
    case objectMultipart = "object.multipart"
    case objectCopy = "object.copy"
    case objectConditional = "object.conditional"
    case objectMetadata = "object.metadata"
    case objectBuckets = "object.buckets"

    // Tables.
    case sqlQuery = "sql.query"
    case sqlParameters = "sql.parameters"
    case sqlPrepared = "sql.prepared"
    case sqlTransaction = "sql.transaction"
    case sqlCursor = "sql.cursor"
    case sqlCopy = "sql.copy"

    /// The dotted name.
    public var name: String { rawValue }

    /// What stands before the dot.
    public var family: CapabilityFamily {
        CapabilityFamily(rawValue: String(rawValue.prefix { $0 != "." })) ?? .keyValue
    }

    /// Its place in the vocabulary, from zero.
    var ordinal: Int { Self.ordinals[self] ?? 0 }
    private static let ordinals = Dictionary(uniqueKeysWithValues: zip(allCases, allCases.indices))
}

/// A group of capabilities that belong together.
public enum CapabilityFamily: String, CaseIterable, Sendable {
    case keyValue = "kv"
    case hash
    case list
    case set
    case sortedSet = "sorted-set"
    case bus
    case queue
    case lock
    case sequence
    case object
    case sql
}
