// Operations on keys and values as messages.

import Capabilities

extension ProtoOperation.OneOf_Kind {
    init(_ operation: KeyValueOperation) {
        switch operation {
        case .get(let key): self = .kvGet(.init(key))
        case .getVersioned(let key): self = .kvGetVersioned(.init(key))
        case .getMany(let keys): self = .kvGetMany(.init(keys))
        case .set(let key, let value, let options): self = .kvSet(.init(key, value, options))
        case .setMany(let pairs, let onlyIfAllAbsent):
            self = .kvSetMany(
                .with {
                    $0.pairs = pairs.map(ProtoPair.init)
                    $0.onlyIfAllAbsent = onlyIfAllAbsent
                })
        case .getAndExpire(let key, let expiry):
            self = .kvGetAndExpire(
                .with {
                    $0.key = key.data
                    $0.expiry = .init(expiry)
                })
        case .getAndDelete(let key): self = .kvGetAndDelete(.init(key))
        case .delete(let keys): self = .kvDelete(.init(keys))
        case .deleteVersion(let key, let version):
            self = .kvDeleteVersion(
                .with {
                    $0.key = key.data
                    $0.version = version.bytes.data
                })
        case .exists(let keys): self = .kvExists(.init(keys))
        case .touch(let keys): self = .kvTouch(.init(keys))
        case .type(let key): self = .kvType(.init(key))
        case .append(let key, let value):
            self = .kvAppend(
                .with {
                    $0.key = key.data
                    $0.value = value.data
                })
        case .length(let key): self = .kvLength(.init(key))
        case .range(let key, let first, let last): self = .kvRange(.init(key, first, last))
        case .overwrite(let key, let offset, let value):
            self = .kvOverwrite(
                .with {
                    $0.key = key.data
                    $0.offset = offset
                    $0.value = value.data
                })
        case .increment(let key, let by):
            self = .kvIncrement(
                .with {
                    $0.key = key.data
                    $0.by = by
                })
        case .incrementFloat(let key, let by):
            self = .kvIncrementFloat(
                .with {
                    $0.key = key.data
                    $0.by = by.data
                })
        case .expire(let key, let at, let condition):
            self = .kvExpire(
                .with {
                    $0.key = key.data
                    $0.at = at
                    $0.condition = .init(condition)
                })
        case .expiry(let key): self = .kvExpiry(.init(key))
        case .persist(let key): self = .kvPersist(.init(key))
        case .rename(let from, let to, let onlyIfAbsent):
            self = .kvRename(
                .with {
                    $0.source = from.data
                    $0.target = to.data
                    $0.onlyIfAbsent = onlyIfAbsent
                })
        case .copy(let from, let to, let database, let replaces):
            self = .kvCopy(
                .with {
                    $0.source = from.data
                    $0.target = to.data
                    if let database { $0.targetDatabase = Int32(clamping: database) }
                    $0.replaces = replaces
                })
        case .scan(let cursor, let match, let count, let type):
            self = .kvScan(
                .with {
                    $0.cursor = cursor
                    if let match { $0.match = match.data }
                    $0.count = Int64(count)
                    if let type { $0.type = type.data }
                })
        case .keys(let match): self = .kvKeys(.with { $0.match = match.data })
        case .randomKey: self = .kvRandomKey(.init())
        case .count: self = .kvCount(.init())
        case .clear(let everyDatabase): self = .kvClear(.with { $0.everyDatabase = everyDatabase })
        }
    }
}

extension ProtoKvSet {
    init(_ key: [UInt8], _ value: [UInt8], _ options: SetOptions) {
        self.init()
        self.key = key.data
        self.value = value.data
        switch options.condition {
        case .always: condition = .always
        case .absent: condition = .absent
        case .present: condition = .present
        case .version(let version):
            condition = .version
            self.version = version.bytes.data
        }
        if options.expiry != .never { expiry = .init(options.expiry) }
        returnsOld = options.returnsOld
    }
}

extension ProtoExpiry {
    init(_ expiry: Expiry) {
        self.init()
        switch expiry {
        case .never: never = .init()
        case .kept: kept = .init()
        case .at(let time): at = time
        }
    }
}

extension ProtoKvExpire.Condition {
    init(_ condition: ExpireCondition) {
        self =
            switch condition {
            case .always: .always
            case .ifNone: .ifNone
            case .ifSome: .ifSome
            case .ifLater: .ifLater
            case .ifEarlier: .ifEarlier
            case .ifSomeAndLater: .ifSomeAndLater
            case .ifSomeAndEarlier: .ifSomeAndEarlier
            }
    }
}

// MARK: What several operations take

extension ProtoKey {
    init(_ key: [UInt8]) {
        self.init()
        self.key = key.data
    }
}

extension ProtoKeys {
    init(_ keys: [[UInt8]]) {
        self.init()
        self.keys = keys.data
    }
}

extension ProtoPair {
    init(_ pair: Pair) {
        self.init()
        name = pair.name.data
        value = pair.value.data
    }
}

extension ProtoKeyRange {
    init(_ key: [UInt8], _ first: Int64, _ last: Int64) {
        self.init()
        self.key = key.data
        self.first = first
        self.last = last
    }
}

extension ProtoKeyCount {
    init(_ key: [UInt8], _ count: Int64?) {
        self.init()
        self.key = key.data
        if let count { self.count = count }
    }
}

extension ProtoKeyScan {
    init(_ key: [UInt8], _ cursor: UInt64, _ match: [UInt8]?, _ count: Int) {
        self.init()
        self.key = key.data
        self.cursor = cursor
        if let match { self.match = match.data }
        self.count = Int64(count)
    }
}

extension ProtoMembers {
    init(_ key: [UInt8], _ members: [[UInt8]]) {
        self.init()
        self.key = key.data
        self.members = members.data
    }
}

extension ProtoWait {
    init(_ wait: Wait) {
        self.init()
        milliseconds = wait.milliseconds
    }
}
