// Operations on lists and sets as messages.

import Capabilities

extension ProtoOperation.OneOf_Kind {
    init(_ operation: ListOperation) {
        switch operation {
        case .push(let key, let values, let side, let onlyIfPresent):
            self = .listPush(
                .with {
                    $0.key = key.data
                    $0.values = values.data
                    $0.side = .init(side)
                    $0.onlyIfPresent = onlyIfPresent
                })
        case .pop(let key, let side, let count):
            self = .listPop(
                .with {
                    $0.key = key.data
                    $0.side = .init(side)
                    if let count { $0.count = count }
                })
        case .length(let key): self = .listLength(.init(key))
        case .range(let key, let first, let last): self = .listRange(.init(key, first, last))
        case .item(let key, let index):
            self = .listItem(
                .with {
                    $0.key = key.data
                    $0.index = index
                })
        case .setItem(let key, let index, let value):
            self = .listSetItem(
                .with {
                    $0.key = key.data
                    $0.index = index
                    $0.value = value.data
                })
        case .insert(let key, let before, let pivot, let value):
            self = .listInsert(
                .with {
                    $0.key = key.data
                    $0.before = before
                    $0.pivot = pivot.data
                    $0.value = value.data
                })
        case .remove(let key, let value, let count):
            self = .listRemove(
                .with {
                    $0.key = key.data
                    $0.value = value.data
                    $0.count = count
                })
        case .trim(let key, let first, let last): self = .listTrim(.init(key, first, last))
        case .position(let key, let value, let rank, let count, let limit):
            self = .listPosition(
                .with {
                    $0.key = key.data
                    $0.value = value.data
                    $0.rank = rank
                    if let count { $0.count = count }
                    $0.limit = limit
                })
        case .move(let from, let to, let take, let put, let wait):
            self = .listMove(
                .with {
                    $0.source = from.data
                    $0.target = to.data
                    $0.take = .init(take)
                    $0.put = .init(put)
                    if let wait { $0.wait = .init(wait) }
                })
        case .popFirst(let keys, let side, let count, let wait):
            self = .listPopFirst(
                .with {
                    $0.keys = keys.data
                    $0.side = .init(side)
                    $0.count = count
                    if let wait { $0.wait = .init(wait) }
                })
        }
    }

    init(_ operation: SetOperation) {
        switch operation {
        case .add(let key, let members): self = .setAdd(.init(key, members))
        case .remove(let key, let members): self = .setRemove(.init(key, members))
        case .contains(let key, let members): self = .setContains(.init(key, members))
        case .members(let key): self = .setMembers(.init(key))
        case .count(let key): self = .setCount(.init(key))
        case .pop(let key, let count): self = .setPop(.init(key, count))
        case .random(let key, let count): self = .setRandom(.init(key, count))
        case .move(let from, let to, let member):
            self = .setMove(
                .with {
                    $0.source = from.data
                    $0.target = to.data
                    $0.member = member.data
                })
        case .combine(let combination, let keys, let store):
            self = .setCombine(
                .with {
                    $0.combination = .init(combination)
                    $0.keys = keys.data
                    if let store { $0.store = store.data }
                })
        case .intersectionCount(let keys, let limit): self = .setIntersectionCount(.init(keys, limit))
        case .scan(let key, let cursor, let match, let count): self = .setScan(.init(key, cursor, match, count))
        }
    }
}

extension ProtoSide {
    init(_ side: ListSide) { self = side == .left ? .left : .right }
}

extension ProtoCombination {
    init(_ combination: SetCombination) {
        self =
            switch combination {
            case .union: .union
            case .intersection: .intersection
            case .difference: .difference
            }
    }
}

extension ProtoIntersectionCount {
    init(_ keys: [[UInt8]], _ limit: Int64) {
        self.init()
        self.keys = keys.data
        self.limit = limit
    }
}
