// A plain model of what keys do, to hold the store to.

import Capabilities

@testable import EmbeddedAdapter

/// Keys in dictionaries and arrays, slow and obvious.
struct ReferenceModel {
    enum Thing: Equatable {
        case string([UInt8])
        case hash([[UInt8]: [UInt8]])
        case list([[UInt8]])
        case set(Set<[UInt8]>)
        case sorted([[UInt8]: Double])

        var isEmpty: Bool {
            switch self {
            case .string: false
            case .hash(let hash): hash.isEmpty
            case .list(let list): list.isEmpty
            case .set(let set): set.isEmpty
            case .sorted(let scores): scores.isEmpty
            }
        }
    }

    var things: [[UInt8]: Thing] = [:]
    var expiries: [[UInt8]: Int64] = [:]

    mutating func expire(_ now: Int64) {
        for (key, expiry) in expiries where expiry <= now { remove(key) }
    }

    mutating func remove(_ key: [UInt8]) {
        things[key] = nil
        expiries[key] = nil
    }

    /// Puts a collection back, or takes the key away when it is empty.
    mutating func keep(_ key: [UInt8], _ thing: Thing) {
        if thing.isEmpty { remove(key) } else { things[key] = thing }
    }

    func string(_ key: [UInt8]) throws(Failure) -> [UInt8]? {
        guard let thing = things[key] else { return nil }
        guard case .string(let string) = thing else { throw .wrongType }
        return string
    }
    func hash(_ key: [UInt8]) throws(Failure) -> [[UInt8]: [UInt8]] {
        guard let thing = things[key] else { return [:] }
        guard case .hash(let hash) = thing else { throw .wrongType }
        return hash
    }
    func list(_ key: [UInt8]) throws(Failure) -> [[UInt8]] {
        guard let thing = things[key] else { return [] }
        guard case .list(let list) = thing else { throw .wrongType }
        return list
    }
    func set(_ key: [UInt8]) throws(Failure) -> Set<[UInt8]> {
        guard let thing = things[key] else { return [] }
        guard case .set(let set) = thing else { throw .wrongType }
        return set
    }
    func sorted(_ key: [UInt8]) throws(Failure) -> [[UInt8]: Double] {
        guard let thing = things[key] else { return [:] }
        guard case .sorted(let scores) = thing else { throw .wrongType }
        return scores
    }

    static func order(_ scores: [[UInt8]: Double]) -> [ScoredMember] {
        scores.map { ScoredMember($0.key, score: $0.value) }.sorted {
            $0.score != $1.score ? $0.score < $1.score : $0.member.lexicographicallyPrecedes($1.member)
        }
    }

    /// All keys as ``StoreUnderTest/contents`` has them.
    var contents: [String: String] {
        var all: [String: String] = [:]
        for (key, thing) in things {
            let text =
                switch thing {
                case .string(let string): "\(string)"
                case .hash(let hash): "hash " + hash.map { "\($0.key): \($0.value)" }.sorted().joined(separator: ", ")
                case .list(let list): "list " + list.map { "\($0)" }.joined()
                case .set(let set): "set " + set.map { "\($0)" }.sorted().joined(separator: ", ")
                case .sorted(let scores): "sorted " + Self.order(scores).map { "\($0.member) \($0.score)" }.joined()
                }
            all["0 \(key)"] = text + (expiries[key].map { " until \($0)" } ?? "")
        }
        return all
    }
}

extension ReferenceModel {
    mutating func perform(_ operation: Call, _ now: Int64) throws(Failure) -> Answer {
        expire(now)
        switch operation {
        case .keyValue(let operation): return try perform(operation, now)
        case .hash(let operation): return try perform(operation)
        case .list(let operation): return try perform(operation)
        case .set(let operation): return try perform(operation)
        case .sortedSet(let operation): return try perform(operation)
        default: throw .backend("the model has no such operation")
        }
    }

    private mutating func perform(_ operation: KeyValueOperation, _ now: Int64) throws(Failure) -> Answer {
        switch operation {
        case .get(let key): return try string(key).map(Answer.bytes) ?? .missing
        case .set(let key, let value, let options):
            let old = options.returnsOld ? try string(key).map(Answer.bytes) ?? .missing : .missing
            let holds =
                options.condition == .absent
                ? things[key] == nil : options.condition == .present ? things[key] != nil : true
            if !holds { return old }
            things[key] = .string(value)
            if options.expiry == .never { expiries[key] = nil }
            if case .at(let time) = options.expiry { expiries[key] = time }
            expire(now)
            return options.returnsOld ? old : .done
        case .append(let key, let value):
            let joined = (try string(key) ?? []) + value
            things[key] = .string(joined)
            return .integer(Int64(joined.count))
        case .overwrite(let key, let offset, let value):
            var bytes = try string(key) ?? []
            if value.isEmpty { return .integer(Int64(bytes.count)) }
            let end = Int(offset) + value.count
            if bytes.count < end { bytes += Array(repeating: 0, count: end - bytes.count) }
            for (index, byte) in value.enumerated() { bytes[Int(offset) + index] = byte }
            things[key] = .string(bytes)
            return .integer(Int64(bytes.count))
        case .increment(let key, let amount):
            guard let old = Int64(String(decoding: try string(key) ?? b("0"), as: UTF8.self)) else {
                throw .notAnInteger
            }
            things[key] = .string(b("\(old + amount)"))
            return .integer(old + amount)
        case .delete(let keys):
            let there = Set(keys).filter { things[$0] != nil }
            for key in there { remove(key) }
            return .integer(Int64(there.count))
        case .expire(let key, let time, _):
            guard things[key] != nil else { return .flag(false) }
            expiries[key] = time
            expire(now)
            return .flag(true)
        case .persist(let key): return .flag(expiries.removeValue(forKey: key) != nil)
        case .expiry(let key):
            return things[key] == nil ? .missing : expiries[key].map { .integer($0) } ?? .done
        case .rename(let from, let to, let onlyIfAbsent):
            guard let thing = things[from] else { throw .noSuchKey }
            if onlyIfAbsent, things[to] != nil { return .flag(false) }
            let expiry = expiries[from]
            remove(from)
            (things[to], expiries[to]) = (thing, expiry)
            return .flag(true)
        case .copy(let from, let to, _, let replaces):
            if from == to { throw .invalid("source and destination objects are the same") }
            guard let thing = things[from], things[to] == nil || replaces else { return .flag(false) }
            (things[to], expiries[to]) = (thing, expiries[from])
            return .flag(true)
        case .keys: return .list(things.keys.map(Answer.bytes))
        default: throw .backend("the model has no such operation")
        }
    }

    private mutating func perform(_ operation: HashOperation) throws(Failure) -> Answer {
        var hash = try hash(operation.key)
        switch operation.action {
        case .set(let pairs):
            let before = hash.count
            for pair in pairs { hash[pair.name] = pair.value }
            things[operation.key] = .hash(hash)
            return .integer(Int64(hash.count - before))
        case .get(let field): return hash[field].map(Answer.bytes) ?? .missing
        case .delete(let fields):
            let before = hash.count
            for field in fields { hash[field] = nil }
            keep(operation.key, .hash(hash))
            return .integer(Int64(before - hash.count))
        case .all: return .pairs(hash.map { Pair($0.key, $0.value) })
        default: throw .backend("the model has no such operation")
        }
    }

    private mutating func perform(_ operation: ListOperation) throws(Failure) -> Answer {
        switch operation {
        case .push(let key, let values, let side, _):
            var items = try list(key)
            for value in values { items.insert(value, at: side == .left ? 0 : items.count) }
            things[key] = .list(items)
            return .integer(Int64(items.count))
        case .pop(let key, let side, let count):
            var items = try list(key)
            if items.isEmpty { return .missing }
            let number = min(items.count, Int(count ?? 1))
            let popped = side == .left ? Array(items.prefix(number)) : items.suffix(number).reversed()
            if side == .left { items.removeFirst(number) } else { items.removeLast(number) }
            keep(key, .list(items))
            return count == nil ? .bytes(popped[0]) : .list(popped.map(Answer.bytes))
        case .move(let from, let to, let take, let put, _):
            var items = try list(from)
            if items.isEmpty { return .missing }
            _ = try list(to)
            let item = take == .left ? items.removeFirst() : items.removeLast()
            if from == to {
                items.insert(item, at: put == .left ? 0 : items.count)
                things[from] = .list(items)
                return .bytes(item)
            }
            keep(from, .list(items))
            var others = try list(to)
            others.insert(item, at: put == .left ? 0 : others.count)
            things[to] = .list(others)
            return .bytes(item)
        case .remove(let key, let value, let count):
            var items = try list(key)
            var indexes = items.indices.filter { items[$0] == value }
            if count < 0 { indexes.reverse() }
            let gone = Set(indexes.prefix(count == 0 ? .max : Int(count.magnitude)))
            items = items.indices.filter { !gone.contains($0) }.map { items[$0] }
            keep(key, .list(items))
            return .integer(Int64(gone.count))
        case .insert(let key, let before, let pivot, let value):
            var items = try list(key)
            if items.isEmpty { return .integer(0) }
            guard let index = items.firstIndex(of: pivot) else { return .integer(-1) }
            items.insert(value, at: before ? index : index + 1)
            things[key] = .list(items)
            return .integer(Int64(items.count))
        case .range(let key, _, _): return .list(try list(key).map(Answer.bytes))
        default: throw .backend("the model has no such operation")
        }
    }

    private mutating func perform(_ operation: SetOperation) throws(Failure) -> Answer {
        switch operation {
        case .add(let key, let members):
            let old = try set(key)
            things[key] = .set(old.union(members))
            return .integer(Int64(old.union(members).count - old.count))
        case .remove(let key, let members):
            let old = try set(key)
            keep(key, .set(old.subtracting(members)))
            return .integer(Int64(old.intersection(members).count))
        case .members(let key): return .list(try set(key).map(Answer.bytes))
        case .move(let from, let to, let member):
            let source = try set(from)
            if source.isEmpty { return .flag(false) }
            _ = try set(to)
            guard source.contains(member) else { return .flag(false) }
            if from == to { return .flag(true) }
            keep(from, .set(source.subtracting([member])))
            things[to] = .set(try set(to).union([member]))
            return .flag(true)
        case .combine(let how, let keys, let store):
            var result = try set(keys[0])
            for key in keys.dropFirst() {
                let other = try set(key)
                switch how {
                case .union: result.formUnion(other)
                case .intersection: result.formIntersection(other)
                case .difference: result.subtract(other)
                }
            }
            guard let store else { return .list(result.map(Answer.bytes)) }
            remove(store)
            keep(store, .set(result))
            return .integer(Int64(result.count))
        default: throw .backend("the model has no such operation")
        }
    }

    private mutating func perform(_ operation: SortedSetOperation) throws(Failure) -> Answer {
        switch operation {
        case .add(let key, let members, _):
            var scores = try sorted(key)
            let before = scores.count
            for item in members { scores[item.member] = item.score }
            things[key] = .sorted(scores)
            return .integer(Int64(scores.count - before))
        case .remove(let key, let members):
            var scores = try sorted(key)
            let before = scores.count
            for member in members { scores[member] = nil }
            keep(key, .sorted(scores))
            return .integer(Int64(before - scores.count))
        case .range(let key, _): return .scored(Self.order(try sorted(key)))
        case .pop(let key, let highest, let count):
            var scores = try sorted(key)
            let order = Self.order(scores)
            let popped = highest ? order.suffix(Int(count)).reversed() : Array(order.prefix(Int(count)))
            for item in popped { scores[item.member] = nil }
            keep(key, .sorted(scores))
            return .scored(popped)
        case .rank(let key, let member, _, _):
            return Self.order(try sorted(key)).firstIndex { $0.member == member }.map { .integer(Int64($0)) }
                ?? .missing
        default: throw .backend("the model has no such operation")
        }
    }
}
