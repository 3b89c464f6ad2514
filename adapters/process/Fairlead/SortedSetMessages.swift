// Operations on sorted sets as messages.

import Capabilities

extension ProtoOperation.OneOf_Kind {
    init(_ operation: SortedSetOperation) {
        switch operation {
        case .add(let key, let members, let options): self = .sortedSetAdd(.init(key, members, options))
        case .remove(let key, let members): self = .sortedSetRemove(.init(key, members))
        case .removeRange(let key, let range): self = .sortedSetRemoveRange(.init(key, range))
        case .scores(let key, let members): self = .sortedSetScores(.init(key, members))
        case .rank(let key, let member, let reversed, let withScore):
            self = .sortedSetRank(
                .with {
                    $0.key = key.data
                    $0.member = member.data
                    $0.reversed = reversed
                    $0.withScore = withScore
                })
        case .count(let key): self = .sortedSetCount(.init(key))
        case .countRange(let key, let range): self = .sortedSetCountRange(.init(key, range))
        case .range(let key, let slice):
            self = .sortedSetRange(
                .with {
                    $0.key = key.data
                    $0.slice = .init(slice)
                })
        case .storeRange(let from, let to, let slice):
            self = .sortedSetStoreRange(
                .with {
                    $0.source = from.data
                    $0.target = to.data
                    $0.slice = .init(slice)
                })
        case .pop(let key, let highest, let count):
            self = .sortedSetPop(
                .with {
                    $0.key = key.data
                    $0.highest = highest
                    $0.count = count
                })
        case .popFirst(let keys, let highest, let count, let wait):
            self = .sortedSetPopFirst(
                .with {
                    $0.keys = keys.data
                    $0.highest = highest
                    $0.count = count
                    if let wait { $0.wait = .init(wait) }
                })
        case .random(let key, let count): self = .sortedSetRandom(.init(key, count))
        case .combine(let combination, let keys, let weights, let aggregate, let store):
            self = .sortedSetCombine(
                .with {
                    $0.combination = .init(combination)
                    $0.keys = keys.data
                    $0.weights = weights
                    $0.aggregate = .init(aggregate)
                    if let store { $0.store = store.data }
                })
        case .intersectionCount(let keys, let limit): self = .sortedSetIntersectionCount(.init(keys, limit))
        case .scan(let key, let cursor, let match, let count):
            self = .sortedSetScan(.init(key, cursor, match, count))
        }
    }
}

extension ProtoSortedSetAdd {
    init(_ key: [UInt8], _ members: [ScoredMember], _ options: SortedSetAddOptions) {
        self.init()
        self.key = key.data
        self.members = members.map { member in
            .with {
                $0.member = member.member.data
                $0.score = member.score
            }
        }
        onlyNew = options.onlyNew
        onlyPresent = options.onlyPresent
        onlyHigher = options.onlyHigher
        onlyLower = options.onlyLower
        countsChanges = options.countsChanges
        increments = options.increments
    }
}

extension ProtoSortedSetRange {
    init(_ range: SortedSetRange) {
        self.init()
        switch range {
        case .ranks(let first, let last):
            ranks = .with {
                $0.first = first
                $0.last = last
            }
        case .scores(let from, let to):
            scores = .with {
                $0.lowest = from.score
                $0.lowestExcluded = from.isExcluded
                $0.highest = to.score
                $0.highestExcluded = to.isExcluded
            }
        case .members(let from, let to):
            members = .with {
                $0.lowest = .init(from)
                $0.highest = .init(to)
            }
        }
    }
}

extension ProtoMemberBound {
    init(_ bound: MemberBound) {
        self.init()
        switch bound {
        case .lowest: lowest = .init()
        case .highest: highest = .init()
        case .included(let member): included = member.data
        case .excluded(let member): excluded = member.data
        }
    }
}

extension ProtoSortedSetRangeOf {
    init(_ key: [UInt8], _ range: SortedSetRange) {
        self.init()
        self.key = key.data
        self.range = .init(range)
    }
}

extension ProtoSortedSetSlice {
    init(_ slice: SortedSetSlice) {
        self.init()
        range = .init(slice.range)
        reversed = slice.reversed
        offset = slice.offset
        limit = slice.limit
    }
}

extension ProtoSortedSetCombine.Aggregate {
    init(_ aggregate: ScoreAggregate) {
        self =
            switch aggregate {
            case .sum: .sum
            case .minimum: .minimum
            case .maximum: .maximum
            }
    }
}
