// Which keys an operation touches, so that pipelined commands can run side by side and still look like one after another.

import Capabilities

/// The keys that an operation reads or writes.
enum OperationKeys: Equatable {
    case any
    /// By far the most frequent, and it takes no memory of its own.
    case one([UInt8])
    case several([[UInt8]])

    /// More comparisons than this cost more than waiting.
    private static let comparisons = 4096

    /// Whether both may touch the same key.
    func meet(_ others: OperationKeys) -> Bool {
        switch (self, others) {
        case (.any, _), (_, .any): true
        case (.one(let key), .one(let other)): key == other
        case (.one(let key), .several(let keys)), (.several(let keys), .one(let key)): keys.contains(key)
        case (.several(let keys), .several(let others)):
            keys.count * others.count > Self.comparisons || keys.contains(where: others.contains)
        }
    }
}

extension Operation {
    /// The keys it reads or writes.
    var keys: OperationKeys {
        switch self {
        case .keyValue(let operation): operation.keys
        case .hash(let operation): .one(operation.key)
        case .list(let operation): operation.keys
        case .set(let operation): operation.keys
        case .sortedSet(let operation): operation.keys
        case .queue(let operation): .one(operation.queue)
        case .lock(let operation): .one(operation.name)
        case .sequence(let name, _): .one(name)
        case .publish, .inspectBus: .any
        }
    }

    /// Whether it leaves everything as it is.
    var isReadOnly: Bool {
        switch self {
        case .keyValue(let operation): operation.isReadOnly
        case .hash(let operation): operation.action.isReadOnly
        case .list(let operation): operation.isReadOnly
        case .set(let operation): operation.isReadOnly
        case .sortedSet(let operation): operation.isReadOnly
        case .inspectBus: true
        case .publish, .queue, .lock, .sequence: false
        }
    }

    /// Whether it may wait for something to happen.
    var waits: Bool {
        switch self {
        case .list(.move(_, _, _, _, let wait)), .list(.popFirst(_, _, _, let wait)),
            .sortedSet(.popFirst(_, _, _, let wait)), .queue(.reserve(_, _, let wait)):
            wait != nil
        default: false
        }
    }
}

extension KeyValueOperation {
    fileprivate var keys: OperationKeys {
        switch self {
        case .get(let key), .getVersioned(let key), .set(let key, _, _), .getAndExpire(let key, _),
            .getAndDelete(let key), .deleteVersion(let key, _), .type(let key), .append(let key, _), .length(let key),
            .range(let key, _, _), .overwrite(let key, _, _), .increment(let key, _), .incrementFloat(let key, _),
            .expire(let key, _, _), .expiry(let key), .persist(let key):
            .one(key)
        case .getMany(let keys), .delete(let keys), .exists(let keys), .touch(let keys):
            keys.count == 1 ? .one(keys[0]) : .several(keys)
        case .setMany(let pairs, _): .several(pairs.map(\.name))
        case .rename(let from, let to, _): .several([from, to])
        case .copy(let from, let to, let database, _): database == nil ? .several([from, to]) : .any
        case .scan, .keys, .randomKey, .count, .clear: .any
        }
    }

    fileprivate var isReadOnly: Bool {
        switch self {
        case .get, .getVersioned, .getMany, .exists, .touch, .type, .length, .range, .expiry, .scan, .keys, .randomKey,
            .count:
            true
        case .getAndExpire(_, let expiry): expiry == .kept
        case .set, .setMany, .getAndDelete, .delete, .deleteVersion, .append, .overwrite, .increment, .incrementFloat,
            .expire, .persist, .rename, .copy, .clear:
            false
        }
    }
}

extension HashAction {
    fileprivate var isReadOnly: Bool {
        switch self {
        case .get, .getMany, .all, .fields, .values, .count, .contains, .valueLength, .random, .scan: true
        case .set, .setIfAbsent, .delete, .increment, .incrementFloat: false
        }
    }
}

extension ListOperation {
    fileprivate var keys: OperationKeys {
        switch self {
        case .push(let key, _, _, _), .pop(let key, _, _), .length(let key), .range(let key, _, _), .item(let key, _),
            .setItem(let key, _, _), .insert(let key, _, _, _), .remove(let key, _, _), .trim(let key, _, _),
            .position(let key, _, _, _, _):
            .one(key)
        case .move(let from, let to, _, _, _): .several([from, to])
        case .popFirst(let keys, _, _, _): .several(keys)
        }
    }

    fileprivate var isReadOnly: Bool {
        switch self {
        case .length, .range, .item, .position: true
        case .push, .pop, .setItem, .insert, .remove, .trim, .move, .popFirst: false
        }
    }
}

extension SetOperation {
    fileprivate var keys: OperationKeys {
        switch self {
        case .add(let key, _), .remove(let key, _), .contains(let key, _), .members(let key), .count(let key),
            .pop(let key, _), .random(let key, _), .scan(let key, _, _, _):
            .one(key)
        case .move(let from, let to, _): .several([from, to])
        case .combine(_, let keys, let store): .several(store.map { keys + [$0] } ?? keys)
        case .intersectionCount(let keys, _): .several(keys)
        }
    }

    fileprivate var isReadOnly: Bool {
        switch self {
        case .contains, .members, .count, .random, .intersectionCount, .scan: true
        case .combine(_, _, let store): store == nil
        case .add, .remove, .pop, .move: false
        }
    }
}

extension SortedSetOperation {
    fileprivate var keys: OperationKeys {
        switch self {
        case .add(let key, _, _), .remove(let key, _), .removeRange(let key, _), .scores(let key, _),
            .rank(let key, _, _, _), .count(let key), .countRange(let key, _), .range(let key, _), .pop(let key, _, _),
            .random(let key, _), .scan(let key, _, _, _):
            .one(key)
        case .storeRange(let from, let to, _): .several([from, to])
        case .popFirst(let keys, _, _, _), .intersectionCount(let keys, _): .several(keys)
        case .combine(_, let keys, _, _, let store): .several(store.map { keys + [$0] } ?? keys)
        }
    }

    fileprivate var isReadOnly: Bool {
        switch self {
        case .scores, .rank, .count, .countRange, .range, .random, .intersectionCount, .scan: true
        case .combine(_, _, _, _, let store): store == nil
        case .add, .remove, .removeRange, .storeRange, .pop, .popFirst: false
        }
    }
}

extension QueueOperation {
    fileprivate var queue: [UInt8] {
        switch self {
        case .put(let queue, _, _), .reserve(let queue, _, _), .acknowledge(let queue, _), .release(let queue, _, _):
            queue
        }
    }
}

extension LockOperation {
    fileprivate var name: [UInt8] {
        switch self {
        case .acquire(let name, _, _), .release(let name, _), .extend(let name, _, _): name
        }
    }
}
