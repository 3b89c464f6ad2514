// Operations on sets.

import Capabilities

extension Database {
    func perform(_ operation: SetOperation, _ now: Int64) throws(Failure) -> Answer {
        switch operation {
        case .add(let key, let members):
            return .integer(try addMembers(key, members, now))
        case .remove(let key, let members):
            return .integer(try removeMembers(key, members, now))
        case .pop(let key, let count): return try popMembers(key, count, now)
        case .move(let from, let to, let member): return .flag(try move(member, from, to, now))
        case .combine(let combination, let keys, let store):
            let result = try combine(combination, keys, now)
            guard let store else { return .list(result.members.elements { .bytes($0.key) }) }
            self.store(result, at: store, now)
            return .integer(Int64(result.members.count))
        case .intersectionCount(let keys, let limit):
            let limit = limit <= 0 ? Int.max : Int(clamping: limit)
            return .integer(Int64(try intersection(keys, now, limit: limit).count))
        default: return try read(operation, now)
        }
    }

    private func read(_ operation: SetOperation, _ now: Int64) throws(Failure) -> Answer {
        switch operation {
        case .contains(let key, let members):
            let set = try collection(SetValue.self, key, now)
            return .list(members.map { .flag(set?.members.contains($0) ?? false) })
        case .members(let key):
            return .list(try collection(SetValue.self, key, now)?.members.elements { .bytes($0.key) } ?? [])
        case .count(let key): return .integer(Int64(try collection(SetValue.self, key, now)?.members.count ?? 0))
        case .random(let key, let count):
            guard let set = try collection(SetValue.self, key, now) else { return count == nil ? .missing : .list([]) }
            guard let count else { return .bytes(set.members[state.random.below(set.members.count)].key) }
            return .list(try state.choices(count, of: set.members.count).map { .bytes(set.members[$0].key) })
        case .scan(let key, let cursor, let match, let count):
            guard let set = try collection(SetValue.self, key, now) else { return .page(cursor: 0, []) }
            var found: [Answer] = []
            let next = set.members.scan(from: cursor, wanted: max(1, count)) { index in
                let member = set.members[index].key
                if let match, !Glob.isEverything(match), !Glob.matches(match, member) { return }
                found.append(.bytes(member))
            }
            return .page(cursor: next, found)
        default: throw .refused(.setMembers, reason: "it changes the set")
        }
    }

    private func addMembers(_ key: [UInt8], _ members: [[UInt8]], _ now: Int64) throws(Failure) -> Int64 {
        guard let open = try open(SetValue.self, key, now, creates: true) else { return 0 }
        var new: [[UInt8]] = []
        for member in members where open.value.insert(member) { new.append(member) }
        close(open, key, changed: !new.isEmpty)
        state.journal.names(.setAdd, number, key, new)
        return Int64(new.count)
    }

    private func removeMembers(_ key: [UInt8], _ members: [[UInt8]], _ now: Int64) throws(Failure) -> Int64 {
        guard let open = try open(SetValue.self, key, now, creates: false) else { return 0 }
        var gone: [[UInt8]] = []
        for member in members where open.value.remove(member) { gone.append(member) }
        close(open, key, changed: !gone.isEmpty)
        state.journal.names(.setRemove, number, key, gone)
        return Int64(gone.count)
    }

    private func popMembers(_ key: [UInt8], _ count: Int64?, _ now: Int64) throws(Failure) -> Answer {
        guard count ?? 0 >= 0 else { throw .invalid("value is out of range, must be positive") }
        guard let set = try collection(SetValue.self, key, now) else { return count == nil ? .missing : .list([]) }
        let chosen = try state.choices(count ?? 1, of: set.members.count).map { set.members[$0].key }
        _ = try removeMembers(key, chosen, now)
        guard count != nil else { return chosen.first.map(Answer.bytes) ?? .missing }
        return .list(chosen.map(Answer.bytes))
    }

    private func move(
        _ member: [UInt8], _ from: [UInt8], _ to: [UInt8], _ now: Int64
    ) throws(Failure) -> Bool {
        guard let source = try collection(SetValue.self, from, now) else { return false }
        _ = try collection(SetValue.self, to, now)
        guard source.members.contains(member) else { return false }
        if Bytes.equal(from, to) { return true }
        _ = try removeMembers(from, [member], now)
        _ = try addMembers(to, [member], now)
        return true
    }

    // MARK: Combining

    private func combine(
        _ combination: SetCombination, _ keys: [[UInt8]], _ now: Int64
    ) throws(Failure) -> SetValue {
        let result = SetValue(generation: state.generation)
        switch combination {
        case .intersection:
            for member in try intersection(keys, now, limit: .max) { _ = result.insert(member) }
        case .union:
            for set in try sets(keys, now) { set?.members.forEach { _ = result.insert($0.key) } }
        case .difference:
            let sets = try sets(keys, now)
            guard let first = sets.first ?? nil else { return result }
            let others = sets.dropFirst().compactMap(\.self)
            first.members.forEach { member in
                if !others.contains(where: { $0.members.contains(member.key) }) { _ = result.insert(member.key) }
            }
        }
        return result
    }

    /// The sets at `keys`; every one of them is looked at, so that one of another type is noticed.
    private func sets(_ keys: [[UInt8]], _ now: Int64) throws(Failure) -> [SetValue?] {
        var sets: [SetValue?] = []
        for key in keys { sets.append(try collection(SetValue.self, key, now)) }
        return sets
    }

    private func intersection(_ keys: [[UInt8]], _ now: Int64, limit: Int) throws(Failure) -> [[UInt8]] {
        let sets = try sets(keys, now)
        let present = sets.compactMap(\.self).sorted { $0.members.count < $1.members.count }
        guard let smallest = present.first, present.count == sets.count else { return [] }
        var members: [[UInt8]] = []
        for chunk in smallest.members.chunks {
            for member in chunk where members.count < limit {
                if present.dropFirst().allSatisfy({ $0.members.contains(member.key) }) { members.append(member.key) }
            }
        }
        return members
    }
}

extension ByteTable {
    /// An answer for each element.
    func elements(_ answer: (Element) -> Answer) -> [Answer] {
        var answers: [Answer] = []
        answers.reserveCapacity(count)
        forEach { answers.append(answer($0)) }
        return answers
    }
}
