// Operations on keys, whatever is under them.

import Capabilities

extension Database {
    func performOnKeys(_ operation: KeyValueOperation, _ now: Int64) throws(Failure) -> Answer {
        switch operation {
        case .delete(let keys):
            var count: Int64 = 0
            for key in keys where delete(key, now) { count += 1 }
            return .integer(count)
        case .deleteVersion(let key, let version):
            let hash = SeededHash.of(key)
            guard let index = find(key, hash, now), Version(table[index].version) == version else {
                return .flag(false)
            }
            delete(at: index, hash)
            return .flag(true)
        case .exists(let keys), .touch(let keys):
            var count: Int64 = 0
            for key in keys where find(key, now) != nil { count += 1 }
            return .integer(count)
        case .type(let key):
            guard let index = find(key, now) else { return .missing }
            return .bytes(table[index].value.typeName.bytes)
        case .expire(let key, let time, let condition): return .flag(expire(key, time, condition, now))
        case .expiry(let key):
            guard let index = find(key, now) else { return .missing }
            return table[index].expiry == .max ? .done : .integer(table[index].expiry)
        case .persist(let key):
            guard let index = find(key, now), table[index].expiry != .max else { return .flag(false) }
            changeExpiry(index, .max)
            return .flag(true)
        case .rename(let from, let to, let onlyIfAbsent): return try rename(from, to, onlyIfAbsent, now)
        case .copy(let from, let to, let other, let replaces):
            return .flag(try copy(from, to, state.database(other ?? number), replaces, now))
        case .scan(let cursor, let match, let count, let type): return scan(cursor, match, count, type, now)
        case .keys(let match): return keys(match, now)
        case .randomKey: return randomKey(now)
        case .count: return .integer(Int64(table.count))
        case .clear(let everyDatabase):
            for database in everyDatabase ? state.databases : [self] where !database.table.isEmpty {
                database.clear()
                state.journal.clear(database.number)
            }
            return .done
        default: throw .refused(.keyValueGet, reason: "it is no operation on keys")
        }
    }

    private func expire(_ key: [UInt8], _ time: Int64, _ condition: ExpireCondition, _ now: Int64) -> Bool {
        let hash = SeededHash.of(key)
        guard let index = find(key, hash, now) else { return false }
        let old = table[index].expiry
        guard condition.holds(for: time, over: old == .max ? nil : old) else { return false }
        if time <= now { delete(at: index, hash) } else { changeExpiry(index, time) }
        return true
    }

    private func rename(
        _ from: [UInt8], _ to: [UInt8], _ onlyIfAbsent: Bool, _ now: Int64
    ) throws(Failure) -> Answer {
        guard find(from, now) != nil else { throw .noSuchKey }
        if Bytes.equal(from, to) { return .flag(!onlyIfAbsent) }
        if find(to, now) != nil, onlyIfAbsent { return .flag(false) }
        move(from, to)
        state.journal.rename(number, from, to: to)
        return .flag(true)
    }

    /// Gives what is at `from` the name `to`, without a word to the journal.
    func move(_ from: [UInt8], _ to: [UInt8]) {
        let target = SeededHash.of(to)
        if let index = table.find(to, target) { remove(at: index, target) }
        let source = SeededHash.of(from)
        guard let index = table.find(from, source) else { return }
        let entry = remove(at: index, source)
        insert(to, target, entry.value, expiry: entry.expiry)
    }

    private func copy(
        _ from: [UInt8], _ to: [UInt8], _ other: Database, _ replaces: Bool, _ now: Int64
    ) throws(Failure) -> Bool {
        guard other !== self || !Bytes.equal(from, to) else {
            throw .invalid("source and destination objects are the same")
        }
        guard find(from, now) != nil else { return false }
        if other.find(to, now) != nil, !replaces { return false }
        duplicate(from, to, in: other)
        state.journal.copy(number, from, to: to, in: other.number)
        return true
    }

    /// Puts a copy of what is at `from` at `to` of another database or this one, without a word to the journal.
    func duplicate(_ from: [UInt8], _ to: [UInt8], in other: Database) {
        let target = SeededHash.of(to)
        if let index = other.table.find(to, target) { other.remove(at: index, target) }
        guard let index = table.find(from, SeededHash.of(from)) else { return }
        let generation = state.generation
        let value: Value =
            switch table[index].value {
            case .bytes, .integer: table[index].value
            case .hash(let hash): .hash(HashValue(hash, generation: generation))
            case .list(let list): .list(ListValue(list, generation: generation))
            case .set(let set): .set(SetValue(set, generation: generation))
            case .sortedSet(let set): .sortedSet(SortedSetValue(set, generation: generation))
            }
        other.insert(to, target, value, expiry: table[index].expiry)
    }

    // MARK: Walking

    private func scan(
        _ cursor: UInt64, _ match: [UInt8]?, _ count: Int, _ type: [UInt8]?, _ now: Int64
    ) -> Answer {
        var found: [Answer] = []
        let next = table.scan(from: cursor, wanted: max(1, count)) { index in
            table[index].appendIfMatching(match, type, now, to: &found)
        }
        return .page(cursor: next, found)
    }

    private func keys(_ match: [UInt8], _ now: Int64) -> Answer {
        var found: [Answer] = []
        let pattern = Glob.isEverything(match) ? nil : match
        for chunk in table.chunks {
            for entry in chunk { entry.appendIfMatching(pattern, nil, now, to: &found) }
        }
        return .list(found)
    }

    private func randomKey(_ now: Int64) -> Answer {
        // Keys that have expired are deleted on the way, so the loop comes to an end.
        while !table.isEmpty {
            let key = table[state.random.below(table.count)].key
            if find(key, now) != nil { return .bytes(key) }
        }
        return .missing
    }
}

extension Entry {
    fileprivate func appendIfMatching(
        _ match: [UInt8]?, _ type: [UInt8]?, _ now: Int64, to found: inout [Answer]
    ) {
        guard expiry > now else { return }
        if let match, !Glob.isEverything(match), !Glob.matches(match, key) { return }
        if let type, !Bytes.equal(type, value.typeName.bytes) { return }
        found.append(.bytes(key))
    }
}

extension StaticString {
    /// The text's bytes.
    var bytes: [UInt8] { withUTF8Buffer { Array($0) } }
}
