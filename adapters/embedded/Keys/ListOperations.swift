// Operations on lists.

import Capabilities

extension Database {
    func perform(_ operation: ListOperation, _ now: Int64) throws(Failure) -> Answer {
        switch operation {
        case .push(let key, let values, let side, let onlyIfPresent):
            guard let open = try open(ListValue.self, key, now, creates: !onlyIfPresent) else { return .integer(0) }
            for value in values { open.value.push(value, side) }
            let count = open.value.items.count
            close(open, key, changed: !values.isEmpty)
            if !values.isEmpty { state.journal.push(number, key, side, values) }
            return .integer(Int64(count))
        case .pop(let key, let side, let count):
            guard count ?? 0 >= 0 else { throw .invalid("value is out of range, must be positive") }
            guard try collection(ListValue.self, key, now) != nil else { return .missing }
            let items = try pop(key, side, count ?? 1, now)
            guard count != nil else { return items.first.map(Answer.bytes) ?? .missing }
            return .list(items.map(Answer.bytes))
        case .setItem(let key, let index, let value):
            guard let open = try open(ListValue.self, key, now, creates: false) else { throw .noSuchKey }
            guard let place = Self.place(index, open.value.items.count) else { throw .indexOutOfRange }
            open.value.set(place, value)
            close(open, key, changed: true)
            state.journal.listSet(number, key, place, value)
            return .done
        case .insert(let key, let before, let pivot, let value): return try insert(key, before, pivot, value, now)
        case .remove(let key, let value, let count): return try remove(key, value, count, now)
        case .trim(let key, let first, let last): return try trim(key, first, last, now)
        case .move(let from, let to, let take, let put, _):
            return try move(from, to, take, put, now).map(Answer.bytes) ?? .missing
        case .popFirst(let keys, let side, let count, _):
            for key in keys where try collection(ListValue.self, key, now) != nil {
                return .taken(key: key, .list(try pop(key, side, count, now).map(Answer.bytes)))
            }
            return .missing
        default: return try read(operation, now)
        }
    }

    private func read(_ operation: ListOperation, _ now: Int64) throws(Failure) -> Answer {
        switch operation {
        case .length(let key): return .integer(Int64(try collection(ListValue.self, key, now)?.items.count ?? 0))
        case .range(let key, let first, let last):
            guard let list = try collection(ListValue.self, key, now) else { return .list([]) }
            let range = Positions.range(first, last, list.items.count)
            return .list(range.map { .bytes(list.items[$0] ?? []) })
        case .item(let key, let index):
            guard let list = try collection(ListValue.self, key, now),
                let place = Self.place(index, list.items.count), let item = list.items[place]
            else { return .missing }
            return .bytes(item)
        case .position(let key, let value, let rank, let count, let limit):
            let list = try collection(ListValue.self, key, now)
            let found = try Self.positions(of: value, in: list, rank, count ?? 1, limit)
            guard count != nil else { return found.first.map { .integer(Int64($0)) } ?? .missing }
            return .list(found.map { .integer(Int64($0)) })
        default: throw .refused(.listRange, reason: "it changes the list")
        }
    }

    /// The index that a position means, if it is inside.
    private static func place(_ position: Int64, _ count: Int) -> Int? {
        let index = position < 0 ? position + Int64(count) : position
        return index >= 0 && index < Int64(count) ? Int(index) : nil
    }

    // MARK: Taking

    /// Takes up to `count` items from a side of the list at `key`, which is there.
    func pop(_ key: [UInt8], _ side: ListSide, _ count: Int64, _ now: Int64) throws(Failure) -> [[UInt8]] {
        guard let open = try open(ListValue.self, key, now, creates: false) else { return [] }
        let number = min(Int(clamping: count), open.value.items.count)
        var items: [[UInt8]] = []
        items.reserveCapacity(number)
        while items.count < number, let item = open.value.pop(side) { items.append(item) }
        close(open, key, changed: !items.isEmpty)
        state.journal.pop(self.number, key, side, items.count)
        return items
    }

    /// Moves an item; nil when there is none.
    func move(
        _ from: [UInt8], _ to: [UInt8], _ take: ListSide, _ put: ListSide, _ now: Int64
    ) throws(Failure) -> [UInt8]? {
        guard try collection(ListValue.self, from, now) != nil else { return nil }
        // The target's type is looked at before anything is taken.
        _ = try collection(ListValue.self, to, now)
        if Bytes.equal(from, to) {
            guard let open = try open(ListValue.self, from, now, creates: false) else { return nil }
            let item = open.value.pop(take)
            if let item { open.value.push(item, put) }
            close(open, from, changed: true)
            state.journal.rotate(number, from, take, put)
            return item
        }
        guard let item = try pop(from, take, 1, now).first else { return nil }
        guard let open = try open(ListValue.self, to, now, creates: true) else { return nil }
        open.value.push(item, put)
        close(open, to, changed: true)
        state.journal.push(number, to, put, [item])
        return item
    }

    // MARK: Editing

    private func insert(
        _ key: [UInt8], _ before: Bool, _ pivot: [UInt8], _ value: [UInt8], _ now: Int64
    ) throws(Failure) -> Answer {
        guard let list = try collection(ListValue.self, key, now) else { return .integer(0) }
        guard let index = try Self.positions(of: pivot, in: list, 1, 1, 0).first else { return .integer(-1) }
        guard let open = try open(ListValue.self, key, now, creates: false) else { return .integer(0) }
        let place = before ? index : index + 1
        open.value.insert(value, at: place)
        let count = open.value.items.count
        close(open, key, changed: true)
        state.journal.listInsert(number, key, place, value)
        return .integer(Int64(count))
    }

    private func remove(_ key: [UInt8], _ value: [UInt8], _ count: Int64, _ now: Int64) throws(Failure) -> Answer {
        guard let list = try collection(ListValue.self, key, now) else { return .integer(0) }
        let most = count == .min ? .max : abs(count)
        let found = try Self.positions(of: value, in: list, count < 0 ? -1 : 1, most, 0).sorted()
        guard !found.isEmpty, let open = try open(ListValue.self, key, now, creates: false) else { return .integer(0) }
        open.value.remove(at: found)
        close(open, key, changed: true)
        state.journal.listRemove(number, key, found)
        return .integer(Int64(found.count))
    }

    private func trim(_ key: [UInt8], _ first: Int64, _ last: Int64, _ now: Int64) throws(Failure) -> Answer {
        guard let list = try collection(ListValue.self, key, now) else { return .done }
        let kept = Positions.range(first, last, list.items.count)
        let left = kept.isEmpty ? list.items.count : kept.lowerBound
        let right = kept.isEmpty ? 0 : list.items.count - kept.upperBound
        _ = try pop(key, .left, Int64(left), now)
        if right > 0 { _ = try pop(key, .right, Int64(right), now) }
        return .done
    }

    /// Where `value` is: up to `count` places (zero: all), the first one being the `rank`th match, among the first
    /// `limit` items (zero: all); from the right when `rank` is negative.
    private static func positions(
        of value: [UInt8], in list: ListValue?, _ rank: Int64, _ count: Int64, _ limit: Int64
    ) throws(Failure) -> [Int] {
        guard count >= 0, limit >= 0, rank != 0 else { throw .invalid("value is out of range") }
        guard let list else { return [] }
        let total = list.items.count
        let looks = limit == 0 ? total : min(total, Int(clamping: limit))
        let most = count == 0 ? total : Int(clamping: count)
        var skipped = rank.magnitude - 1
        var found: [Int] = []
        var step = 0
        while step < looks, found.count < most {
            let index = rank > 0 ? step : total - 1 - step
            step += 1
            guard let item = list.items[index], Bytes.equal(item, value) else { continue }
            if skipped > 0 { skipped -= 1 } else { found.append(index) }
        }
        return found
    }
}

enum Positions {
    /// The indexes from `first` to `last`, both included, of `count` items; negative positions count from the end.
    static func range(_ first: Int64, _ last: Int64, _ count: Int) -> Range<Int> {
        let total = Int64(count)
        let low = max(0, first < 0 ? total + first : first)
        let high = min(total - 1, last < 0 ? total + last : last)
        guard low <= high else { return 0..<0 }
        return Int(low)..<Int(high) + 1
    }
}
