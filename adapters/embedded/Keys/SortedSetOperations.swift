// Operations on sorted sets.

import Capabilities

extension Database {
    func perform(_ operation: SortedSetOperation, _ now: Int64) throws(Failure) -> Answer {
        switch operation {
        case .add(let key, let members, let options): return try add(key, members, options, now)
        case .remove(let key, let members): return .integer(Int64(try removeScored(key, members, now).count))
        case .removeRange(let key, let range):
            guard let set = try collection(SortedSetValue.self, key, now) else { return .integer(0) }
            let members = set.order.items(set.ranks(range)).map(\.member)
            return .integer(Int64(try removeScored(key, members, now).count))
        case .storeRange(let from, let to, let slice):
            let set = try collection(SortedSetValue.self, from, now)
            let result = SortedSetValue(generation: state.generation)
            for item in set?.items(slice) ?? [] { result.set(item.member, item.score) }
            store(result, at: to, now)
            return .integer(Int64(result.order.count))
        case .pop(let key, let highest, let count):
            guard count >= 0 else { throw .invalid("value is out of range, must be positive") }
            return .scored(try popScored(key, highest, count, now))
        case .popFirst(let keys, let highest, let count, _):
            for key in keys where try collection(SortedSetValue.self, key, now) != nil {
                return .taken(key: key, .scored(try popScored(key, highest, count, now)))
            }
            return .missing
        case .combine(let combination, let keys, let weights, let aggregate, let store):
            let result = try combine(combination, keys, weights, aggregate, now)
            guard let store else { return .scored(result.order.items(0..<result.order.count)) }
            self.store(result, at: store, now)
            return .integer(Int64(result.order.count))
        case .intersectionCount(let keys, let limit):
            return .integer(try intersectionCount(keys, limit <= 0 ? .max : limit, now))
        default: return try read(operation, now)
        }
    }

    private func read(_ operation: SortedSetOperation, _ now: Int64) throws(Failure) -> Answer {
        switch operation {
        case .scores(let key, let members):
            let set = try collection(SortedSetValue.self, key, now)
            return .list(members.map { set?.score($0).map(Answer.double) ?? .missing })
        case .rank(let key, let member, let reversed, let withScore):
            guard let set = try collection(SortedSetValue.self, key, now), let score = set.score(member) else {
                return .missing
            }
            let item = ScoredMember(member, score: score)
            let rank = set.order.rank { OrderedMembers.precedes($0, item) }
            let answer = Answer.integer(Int64(reversed ? set.order.count - 1 - rank : rank))
            return withScore ? .list([answer, .double(score)]) : answer
        case .count(let key): return .integer(Int64(try collection(SortedSetValue.self, key, now)?.order.count ?? 0))
        case .countRange(let key, let range):
            return .integer(Int64(try collection(SortedSetValue.self, key, now)?.ranks(range).count ?? 0))
        case .range(let key, let slice):
            return .scored(try collection(SortedSetValue.self, key, now)?.items(slice) ?? [])
        case .random(let key, let count):
            guard let set = try collection(SortedSetValue.self, key, now) else {
                return count == nil ? .missing : .scored([])
            }
            guard let count else { return .bytes(set.scores[state.random.below(set.scores.count)].key) }
            return .scored(
                try state.choices(count, of: set.scores.count).map {
                    ScoredMember(set.scores[$0].key, score: set.scores[$0].score)
                })
        case .scan(let key, let cursor, let match, let count):
            guard let set = try collection(SortedSetValue.self, key, now) else { return .page(cursor: 0, []) }
            var found: [Answer] = []
            let next = set.scores.scan(from: cursor, wanted: max(1, count)) { index in
                let score = set.scores[index]
                if let match, !Glob.isEverything(match), !Glob.matches(match, score.key) { return }
                found.append(.bytes(score.key))
                found.append(.double(score.score))
            }
            return .page(cursor: next, found)
        default: throw .refused(.sortedSetRange, reason: "it changes the sorted set")
        }
    }

    // MARK: Adding

    private func add(
        _ key: [UInt8], _ members: [ScoredMember], _ options: SortedSetAddOptions, _ now: Int64
    ) throws(Failure) -> Answer {
        if options.increments, members.count != 1 { throw .invalid("an increment takes one member") }
        for item in members where item.score.isNaN { throw .notFinite }
        let nothing = options.increments ? Answer.missing : .integer(0)
        guard let open = try open(SortedSetValue.self, key, now, creates: !options.onlyPresent) else { return nothing }
        var added: Int64 = 0
        var changed: [ScoredMember] = []
        var last: Double?
        for item in members {
            guard let old = open.value.score(item.member) else {
                guard !options.onlyPresent else { continue }
                open.value.set(item.member, item.score)
                changed.append(item)
                added += 1
                last = item.score
                continue
            }
            guard !options.onlyNew else { continue }
            let score = options.increments ? old + item.score : item.score
            guard !score.isNaN else { throw .notFinite }
            if options.onlyHigher, score <= old { continue }
            if options.onlyLower, score >= old { continue }
            last = score
            guard score != old else { continue }
            open.value.set(item.member, score)
            changed.append(ScoredMember(item.member, score: score))
        }
        close(open, key, changed: !changed.isEmpty)
        state.journal.sortedSetAdd(number, key, changed)
        if options.increments { return last.map(Answer.double) ?? .missing }
        return .integer(options.countsChanges ? Int64(changed.count) : added)
    }

    // MARK: Taking

    private func removeScored(
        _ key: [UInt8], _ members: [[UInt8]], _ now: Int64
    ) throws(Failure) -> [[UInt8]] {
        guard let open = try open(SortedSetValue.self, key, now, creates: false) else { return [] }
        var gone: [[UInt8]] = []
        for member in members where open.value.remove(member) { gone.append(member) }
        close(open, key, changed: !gone.isEmpty)
        state.journal.names(.sortedSetRemove, number, key, gone)
        return gone
    }

    /// Takes up to `count` members from an end, outermost first.
    func popScored(
        _ key: [UInt8], _ highest: Bool, _ count: Int64, _ now: Int64
    ) throws(Failure) -> [ScoredMember] {
        guard let set = try collection(SortedSetValue.self, key, now) else { return [] }
        let total = set.order.count
        let number = min(Int(clamping: count), total)
        var items = set.order.items(highest ? total - number..<total : 0..<number)
        if highest { items.reverse() }
        _ = try removeScored(key, items.map(\.member), now)
        return items
    }

    // MARK: Combining

    private func combine(
        _ combination: SetCombination, _ keys: [[UInt8]], _ weights: [Double], _ aggregate: ScoreAggregate,
        _ now: Int64
    ) throws(Failure) -> SortedSetValue {
        guard weights.isEmpty || weights.count == keys.count else {
            throw .invalid("weights and keys differ in number")
        }
        let result = SortedSetValue(generation: state.generation)
        var sources: [(source: ScoredSource, weight: Double)] = []
        for (index, key) in keys.enumerated() {
            sources.append((try source(key, now), weights.isEmpty ? 1 : weights[index]))
        }
        // Smaller sets first, as Redis takes them: sums of fractions depend on the order.
        let sorted = sources.sorted { $0.source.count < $1.source.count }
        switch combination {
        case .union:
            for (source, weight) in sorted {
                source.forEach { member, score in
                    let score = Self.weighted(score, weight)
                    result.set(member, result.score(member).map { Self.join($0, score, aggregate) } ?? score)
                }
            }
        case .intersection:
            guard let smallest = sorted.first else { return result }
            smallest.source.forEach { member, score in
                var sum = Self.weighted(score, smallest.weight)
                for (source, weight) in sorted.dropFirst() {
                    guard let other = source.score(member) else { return }
                    sum = Self.join(sum, other * weight, aggregate)
                }
                result.set(member, sum)
            }
        case .difference:
            sources.first?.source.forEach { member, score in
                if !sources.dropFirst().contains(where: { $0.source.score(member) != nil }) {
                    result.set(member, score)
                }
            }
        }
        return result
    }

    private func intersectionCount(_ keys: [[UInt8]], _ limit: Int64, _ now: Int64) throws(Failure) -> Int64 {
        var sources: [ScoredSource] = []
        for key in keys { sources.append(try source(key, now)) }
        sources.sort { $0.count < $1.count }
        var count: Int64 = 0
        sources.first?.forEach { member, _ in
            if count < limit, sources.dropFirst().allSatisfy({ $0.score(member) != nil }) { count += 1 }
        }
        return count
    }

    private func source(_ key: [UInt8], _ now: Int64) throws(Failure) -> ScoredSource {
        guard let index = find(key, now) else { return .none }
        switch table[index].value {
        case .set(let set): return .set(set)
        case .sortedSet(let set): return .sortedSet(set)
        default: throw .wrongType
        }
    }

    /// Zero times infinity counts as zero; in an intersection, for the first set only.
    ///
    /// Source: redis src/t_zset.c zunionInterDiffGenericCommand and zunionInterAggregate.
    private static func weighted(_ score: Double, _ weight: Double) -> Double {
        let product = score * weight
        return product.isNaN ? 0 : product
    }

    private static func join(_ left: Double, _ right: Double, _ aggregate: ScoreAggregate) -> Double {
        switch aggregate {
        // What is not a number is neither less nor more, so that the left one stays.
        case .minimum: return right < left ? right : left
        case .maximum: return right > left ? right : left
        case .sum:
            let sum = left + right
            return sum.isNaN ? 0 : sum
        }
    }
}

/// What sorted sets are combined from: a set's members count 1 each.
private enum ScoredSource {
    case none
    case set(SetValue)
    case sortedSet(SortedSetValue)

    var count: Int {
        switch self {
        case .none: 0
        case .set(let set): set.members.count
        case .sortedSet(let set): set.scores.count
        }
    }

    func score(_ member: [UInt8]) -> Double? {
        switch self {
        case .none: nil
        case .set(let set): set.members.contains(member) ? 1 : nil
        case .sortedSet(let set): set.score(member)
        }
    }

    func forEach(_ body: ([UInt8], Double) -> Void) {
        switch self {
        case .none: break
        case .set(let set): set.members.forEach { body($0.key, 1) }
        case .sortedSet(let set): set.scores.forEach { body($0.key, $0.score) }
        }
    }
}
