// Which capabilities an operation needs: every option of it counts.

extension Operation {
    /// What a backend has to be able to do to perform this, options included.
    public var needs: CapabilitySet {
        switch self {
        case .keyValue(let operation): operation.needs
        case .hash(let operation): operation.action.needs
        case .list(let operation): operation.needs
        case .set(let operation): operation.needs
        case .sortedSet(let operation): operation.needs
        case .publish: Needs.publish
        case .inspectBus: Needs.inspectBus
        case .queue(let operation): operation.needs
        case .lock(let operation): operation.needs
        case .sequence: Needs.sequence
        }
    }
}

/// The sets are made once.
private enum Needs {
    static let publish = CapabilitySet(.busPublish)
    static let inspectBus = CapabilitySet(.busInspect)
    static let sequence = CapabilitySet(.sequenceNext)

    static let get = CapabilitySet(.keyValueGet)
    static let getMany = CapabilitySet(.keyValueGet, .keyValueMultiKey)
    static let versioned = CapabilitySet(.keyValueGet, .keyValueCompareAndSet)
    static let set = CapabilitySet(.keyValueSet)
    static let setMany = CapabilitySet(.keyValueSet, .keyValueMultiKey)
    static let setManyIfAbsent = CapabilitySet(.keyValueSet, .keyValueMultiKey, .keyValueConditionalSet)
    static let conditional = CapabilitySet(.keyValueConditionalSet)
    static let compare = CapabilitySet(.keyValueCompareAndSet)
    static let exchange = CapabilitySet(.keyValueExchange)
    static let ttl = CapabilitySet(.keyValueTTL)
    static let getAndExpire = CapabilitySet(.keyValueGet, .keyValueTTL)
    static let delete = CapabilitySet(.keyValueDelete)
    static let deleteMany = CapabilitySet(.keyValueDelete, .keyValueMultiKey)
    static let deleteVersion = CapabilitySet(.keyValueDelete, .keyValueCompareAndSet)
    static let exists = CapabilitySet(.keyValueExists)
    static let existsMany = CapabilitySet(.keyValueExists, .keyValueMultiKey)
    static let type = CapabilitySet(.keyValueType)
    static let append = CapabilitySet(.keyValueAppend)
    static let range = CapabilitySet(.keyValueRange)
    static let increment = CapabilitySet(.keyValueIncrement)
    static let incrementFloat = CapabilitySet(.keyValueIncrementFloat)
    static let rename = CapabilitySet(.keyValueRename)
    static let copy = CapabilitySet(.keyValueCopy)
    static let copyAcross = CapabilitySet(.keyValueCopy, .keyValueDatabases)
    static let scan = CapabilitySet(.keyValueScan)
    static let scanType = CapabilitySet(.keyValueScan, .keyValueType)
    static let random = CapabilitySet(.keyValueRandom)
    static let count = CapabilitySet(.keyValueCount)
    static let clear = CapabilitySet(.keyValueClear)

    static let hashGet = CapabilitySet(.hashGet)
    static let hashSet = CapabilitySet(.hashSet)
    static let hashDelete = CapabilitySet(.hashDelete)
    static let hashIncrement = CapabilitySet(.hashIncrement)
    static let hashScan = CapabilitySet(.hashScan)
    static let hashRandom = CapabilitySet(.hashRandom)

    static let listPush = CapabilitySet(.listPush)
    static let listPop = CapabilitySet(.listPop)
    static let listRange = CapabilitySet(.listRange)
    static let listEdit = CapabilitySet(.listEdit)
    static let listMove = CapabilitySet(.listMove)
    static let listMoveBlocking = CapabilitySet(.listMove, .listBlocking)
    static let listPopBlocking = CapabilitySet(.listPop, .listBlocking)

    static let setAdd = CapabilitySet(.setAdd)
    static let setRemove = CapabilitySet(.setRemove)
    static let setMembers = CapabilitySet(.setMembers)
    static let setPop = CapabilitySet(.setPop)
    static let setMove = CapabilitySet(.setMove)
    static let setCombine = CapabilitySet(.setCombine)
    static let setScan = CapabilitySet(.setScan)

    static let sortedSetAdd = CapabilitySet(.sortedSetAdd)
    static let sortedSetRemove = CapabilitySet(.sortedSetRemove)
    static let sortedSetScore = CapabilitySet(.sortedSetScore)
    static let sortedSetRange = CapabilitySet(.sortedSetRange)
    static let sortedSetPop = CapabilitySet(.sortedSetPop)
    static let sortedSetPopBlocking = CapabilitySet(.sortedSetPop, .sortedSetBlocking)
    static let sortedSetCombine = CapabilitySet(.sortedSetCombine)
    static let sortedSetScan = CapabilitySet(.sortedSetScan)

    static let queuePut = CapabilitySet(.queuePut)
    static let queueReserve = CapabilitySet(.queueReserve)
    static let queueAcknowledge = CapabilitySet(.queueAcknowledge)
    static let queueRelease = CapabilitySet(.queueRelease)
    static let lockAcquire = CapabilitySet(.lockAcquire)
    static let lockRelease = CapabilitySet(.lockRelease)
    static let lockExtend = CapabilitySet(.lockExtend)
}

extension KeyValueOperation {
    public var needs: CapabilitySet {
        switch self {
        case .get: Needs.get
        case .getVersioned: Needs.versioned
        case .getMany: Needs.getMany
        case .set(_, _, let options): options.needs
        case .setMany(_, let onlyIfAllAbsent): onlyIfAllAbsent ? Needs.setManyIfAbsent : Needs.setMany
        case .getAndExpire(_, let expiry): expiry == .kept ? Needs.get : Needs.getAndExpire
        case .getAndDelete: Needs.exchange
        case .delete(let keys): keys.count > 1 ? Needs.deleteMany : Needs.delete
        case .deleteVersion: Needs.deleteVersion
        case .exists(let keys), .touch(let keys): keys.count > 1 ? Needs.existsMany : Needs.exists
        case .type: Needs.type
        case .append: Needs.append
        case .length, .range, .overwrite: Needs.range
        case .increment: Needs.increment
        case .incrementFloat: Needs.incrementFloat
        case .expire, .expiry, .persist: Needs.ttl
        case .rename: Needs.rename
        case .copy(_, _, let database, _): database == nil ? Needs.copy : Needs.copyAcross
        case .scan(_, _, _, let type): type == nil ? Needs.scan : Needs.scanType
        case .keys: Needs.scan
        case .randomKey: Needs.random
        case .count: Needs.count
        case .clear: Needs.clear
        }
    }
}

extension SetOptions {
    /// What a set with these options needs.
    public var needs: CapabilitySet {
        var needs = Needs.set
        switch condition {
        case .always: break
        case .absent, .present: needs = needs.union(Needs.conditional)
        case .version: needs = needs.union(Needs.compare)
        }
        if expiry != .never { needs = needs.union(Needs.ttl) }
        if returnsOld { needs = needs.union(Needs.exchange) }
        return needs
    }
}

extension HashAction {
    public var needs: CapabilitySet {
        switch self {
        case .set, .setIfAbsent: Needs.hashSet
        case .get, .getMany, .all, .fields, .values, .count, .contains, .valueLength: Needs.hashGet
        case .delete: Needs.hashDelete
        case .increment, .incrementFloat: Needs.hashIncrement
        case .random: Needs.hashRandom
        case .scan: Needs.hashScan
        }
    }
}

extension ListOperation {
    public var needs: CapabilitySet {
        switch self {
        case .push: Needs.listPush
        case .pop: Needs.listPop
        case .length, .range, .item, .position: Needs.listRange
        case .setItem, .insert, .remove, .trim: Needs.listEdit
        case .move(_, _, _, _, let wait): wait == nil ? Needs.listMove : Needs.listMoveBlocking
        case .popFirst(_, _, _, let wait): wait == nil ? Needs.listPop : Needs.listPopBlocking
        }
    }
}

extension SetOperation {
    public var needs: CapabilitySet {
        switch self {
        case .add: Needs.setAdd
        case .remove: Needs.setRemove
        case .contains, .members, .count, .random: Needs.setMembers
        case .pop: Needs.setPop
        case .move: Needs.setMove
        case .combine, .intersectionCount: Needs.setCombine
        case .scan: Needs.setScan
        }
    }
}

extension SortedSetOperation {
    public var needs: CapabilitySet {
        switch self {
        case .add: Needs.sortedSetAdd
        case .remove, .removeRange: Needs.sortedSetRemove
        case .scores, .rank: Needs.sortedSetScore
        case .count, .countRange, .range, .storeRange, .random: Needs.sortedSetRange
        case .pop: Needs.sortedSetPop
        case .popFirst(_, _, _, let wait): wait == nil ? Needs.sortedSetPop : Needs.sortedSetPopBlocking
        case .combine, .intersectionCount: Needs.sortedSetCombine
        case .scan: Needs.sortedSetScan
        }
    }
}

extension QueueOperation {
    public var needs: CapabilitySet {
        switch self {
        case .put: Needs.queuePut
        case .reserve: Needs.queueReserve
        case .acknowledge: Needs.queueAcknowledge
        case .release: Needs.queueRelease
        }
    }
}

extension LockOperation {
    public var needs: CapabilitySet {
        switch self {
        case .acquire: Needs.lockAcquire
        case .release: Needs.lockRelease
        case .extend: Needs.lockExtend
        }
    }
}
