// Which keys an operation touches, so that pipelined commands can run side by side and still look like one after another.

import Capabilities

extension Operation {
    /// The keys it reads or writes; nil when it may touch any.
    var keys: [[UInt8]]? {
        switch self {
        case .keyValue(let operation): operation.keys
        case .hash(let operation): [operation.key]
        case .list(let operation): operation.keys
        case .set(let operation): operation.keys
        case .sortedSet(let operation): operation.keys
        case .queue(let operation): [operation.queue]
        case .lock(let operation): [operation.name]
        case .sequence(let name, _): [name]
        case .publish, .inspectBus: nil
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
    fileprivate var keys: [[UInt8]]? {
        switch self {
        case .get(let key), .getVersioned(let key), .set(let key, _, _), .getAndExpire(let key, _),
            .getAndDelete(let key), .deleteVersion(let key, _), .type(let key), .append(let key, _), .length(let key),
            .range(let key, _, _), .overwrite(let key, _, _), .increment(let key, _), .incrementFloat(let key, _),
            .expire(let key, _, _), .expiry(let key), .persist(let key):
            [key]
        case .getMany(let keys), .delete(let keys), .exists(let keys), .touch(let keys): keys
        case .setMany(let pairs, _): pairs.map(\.name)
        case .rename(let from, let to, _): [from, to]
        case .copy(let from, let to, let database, _): database == nil ? [from, to] : nil
        case .scan, .keys, .randomKey, .count, .clear: nil
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
    fileprivate var keys: [[UInt8]] {
        switch self {
        case .push(let key, _, _, _), .pop(let key, _, _), .length(let key), .range(let key, _, _), .item(let key, _),
            .setItem(let key, _, _), .insert(let key, _, _, _), .remove(let key, _, _), .trim(let key, _, _),
            .position(let key, _, _, _, _):
            [key]
        case .move(let from, let to, _, _, _): [from, to]
        case .popFirst(let keys, _, _, _): keys
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
    fileprivate var keys: [[UInt8]] {
        switch self {
        case .add(let key, _), .remove(let key, _), .contains(let key, _), .members(let key), .count(let key),
            .pop(let key, _), .random(let key, _), .scan(let key, _, _, _):
            [key]
        case .move(let from, let to, _): [from, to]
        case .combine(_, let keys, let store): store.map { keys + [$0] } ?? keys
        case .intersectionCount(let keys, _): keys
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
    fileprivate var keys: [[UInt8]] {
        switch self {
        case .add(let key, _, _), .remove(let key, _), .removeRange(let key, _), .scores(let key, _),
            .rank(let key, _, _, _), .count(let key), .countRange(let key, _), .range(let key, _), .pop(let key, _, _),
            .random(let key, _), .scan(let key, _, _, _):
            [key]
        case .storeRange(let from, let to, _): [from, to]
        case .popFirst(let keys, _, _, _), .intersectionCount(let keys, _): keys
        case .combine(_, let keys, _, _, let store): store.map { keys + [$0] } ?? keys
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
