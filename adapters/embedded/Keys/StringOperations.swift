// Operations on keys whose values are bytes.

import Capabilities

/// The longest string, from Redis's `proto-max-bulk-len`.
let longestString = 512 * 1024 * 1024

extension Database {
    func perform(_ operation: KeyValueOperation, _ now: Int64) throws(Failure) -> Answer {
        switch operation {
        case .get(let key): return try string(key, now).map(Answer.bytes) ?? .missing
        case .set(let key, let value, let options): return try set(key, value, options, now)
        case .getVersioned(let key):
            guard let index = find(key, now) else { return .missing }
            guard let value = table[index].value.string else { throw .wrongType }
            return .versioned(value, Version(table[index].version))
        case .getMany(let keys):
            return .list(
                keys.map { key in find(key, now).flatMap { table[$0].value.string }.map(Answer.bytes) ?? .missing })
        case .setMany(let pairs, let onlyIfAllAbsent):
            if onlyIfAllAbsent {
                for pair in pairs where find(pair.name, now) != nil { return .flag(false) }
            }
            for pair in pairs { put(pair.name, .bytes(pair.value), expiry: .max, now) }
            return .flag(true)
        case .getAndExpire(let key, let expiry): return try getAndExpire(key, expiry, now)
        case .getAndDelete(let key):
            let hash = SeededHash.of(key)
            guard let index = find(key, hash, now) else { return .missing }
            guard let value = table[index].value.string else { throw .wrongType }
            delete(at: index, hash)
            return .bytes(value)
        case .append(let key, let value): return try append(key, value, now)
        case .length(let key): return .integer(Int64(try string(key, now)?.count ?? 0))
        case .range(let key, let first, let last): return .bytes(Self.part(try string(key, now) ?? [], first, last))
        case .overwrite(let key, let offset, let value): return try overwrite(key, offset, value, now)
        case .increment(let key, let amount): return try increment(key, amount, now)
        case .incrementFloat(let key, let amount): return try incrementFloat(key, amount, now)
        default: return try performOnKeys(operation, now)
        }
    }

    /// The bytes at `key`; nil when there is no such key.
    @inline(__always)
    private func string(_ key: [UInt8], _ now: Int64) throws(Failure) -> [UInt8]? {
        guard let index = find(key, now) else { return nil }
        if case .bytes(let bytes) = table[index].value { return bytes }
        guard let value = table[index].value.string else { throw .wrongType }
        return value
    }

    // MARK: Setting

    /// Puts bytes at `key` whatever was there.
    private func put(_ key: [UInt8], _ value: Value, expiry: Int64, _ now: Int64) {
        let hash = SeededHash.of(key)
        put(key, hash, find(key, hash, now), value, expiry: expiry)
    }

    private func put(_ key: [UInt8], _ hash: UInt32, _ index: Int?, _ value: Value, expiry: Int64) {
        if let index {
            replace(index, value)
            if table[index].expiry != expiry { setExpiry(index, expiry) }
        } else {
            insert(key, hash, value, expiry: expiry)
        }
        switch value {
        case .bytes(let bytes): state.journal.set(number, key, bytes, expiry: expiry)
        default: state.journal.set(number, key, value.string ?? [], expiry: expiry)
        }
    }

    private func set(_ key: [UInt8], _ value: [UInt8], _ options: SetOptions, _ now: Int64) throws(Failure) -> Answer {
        let hash = SeededHash.of(key)
        let index = find(key, hash, now)
        var answer = Answer.done
        if options.returnsOld {
            answer = .missing
            if let index {
                guard let old = table[index].value.string else { throw .wrongType }
                answer = .bytes(old)
            }
        }
        let holds =
            switch options.condition {
            case .always: true
            case .absent: index == nil
            case .present: index != nil
            case .version(let version): index.map { Version(table[$0].version) == version } ?? false
            }
        guard holds else { return options.returnsOld ? answer : .missing }
        let expiry: Int64
        switch options.expiry {
        case .never: expiry = .max
        case .kept: expiry = index.map { table[$0].expiry } ?? .max
        case .at(let time): expiry = time
        }
        if expiry <= now {
            if let index { delete(at: index, hash) }
        } else {
            put(key, hash, index, .bytes(value), expiry: expiry)
        }
        return answer
    }

    private func getAndExpire(_ key: [UInt8], _ expiry: Expiry, _ now: Int64) throws(Failure) -> Answer {
        let hash = SeededHash.of(key)
        guard let index = find(key, hash, now) else { return .missing }
        guard let value = table[index].value.string else { throw .wrongType }
        switch expiry {
        case .kept: break
        case .never: if table[index].expiry != .max { changeExpiry(index, .max) }
        case .at(let time): if time <= now { delete(at: index, hash) } else { changeExpiry(index, time) }
        }
        return .bytes(value)
    }

    /// Sets or takes away an expiry as a change of its own.
    func changeExpiry(_ index: Int, _ expiry: Int64) {
        setExpiry(index, expiry)
        table[index].version = state.nextVersion()
        state.journal.expire(number, table[index].key, expiry)
    }

    // MARK: Parts

    private func append(_ key: [UInt8], _ value: [UInt8], _ now: Int64) throws(Failure) -> Answer {
        let hash = SeededHash.of(key)
        guard let index = find(key, hash, now) else {
            put(key, hash, nil, .bytes(value), expiry: .max)
            return .integer(Int64(value.count))
        }
        guard let count = length(at: index) else { throw .wrongType }
        guard count + value.count <= longestString else { throw .tooLarge(limit: longestString) }
        write(index, offset: count, value)
        state.journal.overwrite(number, key, offset: count, value)
        return .integer(Int64(count + value.count))
    }

    private func overwrite(
        _ key: [UInt8], _ offset: Int64, _ value: [UInt8], _ now: Int64
    ) throws(Failure) -> Answer {
        guard offset >= 0 else { throw .invalid("offset is out of range") }
        let hash = SeededHash.of(key)
        let index = find(key, hash, now)
        var count = 0
        if let index {
            guard let length = length(at: index) else { throw .wrongType }
            count = length
        }
        guard !value.isEmpty else { return .integer(Int64(count)) }
        guard offset <= longestString, Int(offset) + value.count <= longestString else {
            throw .tooLarge(limit: longestString)
        }
        let place = index ?? insert(key, hash, .bytes([]))
        write(place, offset: Int(offset), value)
        state.journal.overwrite(number, key, offset: Int(offset), value)
        return .integer(Int64(max(count, Int(offset) + value.count)))
    }

    private func length(at index: Int) -> Int? {
        if case .bytes(let bytes) = table[index].value { return bytes.count }
        return table[index].value.string?.count
    }

    /// Writes into the bytes at `index`, without a word to the journal.
    func write(_ index: Int, offset: Int, _ value: [UInt8]) {
        guard var bytes = table[index].value.string else { return }
        let sizeBefore = table[index].value.size
        // Only one reference is left, so that the bytes change in place.
        table[index].value = .integer(0)
        if bytes.count < offset { bytes.append(contentsOf: repeatElement(0, count: offset - bytes.count)) }
        let overlap = min(value.count, bytes.count - offset)
        if overlap == value.count {
            bytes.replaceSubrange(offset..<offset + overlap, with: value)
        } else {
            bytes.removeLast(overlap)
            bytes.append(contentsOf: value)
        }
        table[index].value = .bytes(bytes)
        state.memory += table[index].value.size - sizeBefore
        table[index].version = state.nextVersion()
    }

    /// The bytes from `first` to `last`, both included; negative positions count from the end.
    private static func part(_ bytes: [UInt8], _ first: Int64, _ last: Int64) -> [UInt8] {
        let count = Int64(bytes.count)
        if first < 0, last < 0, first > last { return [] }
        let low = max(0, first < 0 ? count + first : first)
        let high = min(count - 1, max(0, last < 0 ? count + last : last))
        guard low <= high else { return [] }
        if low == 0, high == count - 1 { return bytes }
        return Array(bytes[Int(low)...Int(high)])
    }

    // MARK: Numbers

    private func increment(_ key: [UInt8], _ amount: Int64, _ now: Int64) throws(Failure) -> Answer {
        let hash = SeededHash.of(key)
        guard let index = find(key, hash, now) else {
            put(key, hash, nil, .integer(amount), expiry: .max)
            return .integer(amount)
        }
        let old: Int64
        switch table[index].value {
        case .integer(let number): old = number
        case .bytes(let bytes):
            guard let number = Numbers.integer(bytes) else { throw .notAnInteger }
            old = number
        default: throw .wrongType
        }
        let (sum, overflowed) = old.addingReportingOverflow(amount)
        guard !overflowed else { throw .overflow }
        put(key, hash, index, .integer(sum), expiry: table[index].expiry)
        return .integer(sum)
    }

    private func incrementFloat(_ key: [UInt8], _ amount: [UInt8], _ now: Int64) throws(Failure) -> Answer {
        let hash = SeededHash.of(key)
        let index = find(key, hash, now)
        let text = try Self.sum(index.map { table[$0].value }.map(Self.text) ?? nil, amount, exists: index != nil)
        put(key, hash, index, .bytes(text), expiry: index.map { table[$0].expiry } ?? .max)
        return .bytes(text)
    }

    private static func text(_ value: Value) -> [UInt8]? { value.string }

    private static func sum(_ old: [UInt8]?, _ amount: [UInt8], exists: Bool) throws(Failure) -> [UInt8] {
        if exists, old == nil { throw .wrongType }
        return try FloatSum.add(amount, to: old)
    }
}

enum FloatSum {
    /// The text of `amount` more than `old`, which counts as zero when it is nil.
    static func add(_ amount: [UInt8], to old: [UInt8]?) throws(Failure) -> [UInt8] {
        guard let start = old.map(Numbers.wide) ?? 0, let more = Numbers.wide(amount) else { throw .notAFloat }
        let sum = start + more
        guard sum.isFinite else { throw .notFinite }
        return Numbers.text(of: sum)
    }
}
