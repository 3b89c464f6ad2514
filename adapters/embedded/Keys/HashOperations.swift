// Operations on hashes.

import Capabilities

extension Database {
    func perform(_ operation: HashOperation, _ now: Int64) throws(Failure) -> Answer {
        let key = operation.key
        switch operation.action {
        case .set(let pairs):
            guard let open = try open(HashValue.self, key, now, creates: true) else { return .missing }
            var count: Int64 = 0
            for pair in pairs where open.value.set(pair.name, pair.value) { count += 1 }
            close(open, key, changed: !pairs.isEmpty)
            if !pairs.isEmpty { state.journal.hashSet(number, key, pairs) }
            return .integer(count)
        case .setIfAbsent(let field, let value):
            if try collection(HashValue.self, key, now)?.fields.contains(field) == true { return .flag(false) }
            try setField(key, field, value, now)
            return .flag(true)
        case .delete(let fields):
            guard let open = try open(HashValue.self, key, now, creates: false) else { return .integer(0) }
            var gone: [[UInt8]] = []
            for field in fields where open.value.remove(field) { gone.append(field) }
            close(open, key, changed: !gone.isEmpty)
            state.journal.names(.hashDelete, number, key, gone)
            return .integer(Int64(gone.count))
        case .increment(let field, let amount):
            let old = try collection(HashValue.self, key, now)?.get(field)
            guard let start = old.map(Numbers.integer) ?? 0 else { throw .notAnInteger }
            let (sum, overflowed) = start.addingReportingOverflow(amount)
            guard !overflowed else { throw .overflow }
            try setField(key, field, Numbers.text(of: sum), now)
            return .integer(sum)
        case .incrementFloat(let field, let amount):
            let text = try FloatSum.add(amount, to: collection(HashValue.self, key, now)?.get(field))
            try setField(key, field, text, now)
            return .bytes(text)
        default: return try read(operation.action, try collection(HashValue.self, key, now))
        }
    }

    private func setField(_ key: [UInt8], _ field: [UInt8], _ value: [UInt8], _ now: Int64) throws(Failure) {
        guard let open = try open(HashValue.self, key, now, creates: true) else { return }
        _ = open.value.set(field, value)
        close(open, key, changed: true)
        state.journal.hashSet(number, key, [Pair(field, value)])
    }

    private func read(_ action: HashAction, _ hash: HashValue?) throws(Failure) -> Answer {
        switch action {
        case .get(let field): return hash?.get(field).map(Answer.bytes) ?? .missing
        case .getMany(let fields): return .list(fields.map { hash?.get($0).map(Answer.bytes) ?? .missing })
        case .all:
            var pairs: [Pair] = []
            pairs.reserveCapacity(hash?.fields.count ?? 0)
            hash?.fields.forEach { pairs.append(Pair($0.key, $0.value)) }
            return .pairs(pairs)
        case .fields:
            var list: [Answer] = []
            hash?.fields.forEach { list.append(.bytes($0.key)) }
            return .list(list)
        case .values:
            var list: [Answer] = []
            hash?.fields.forEach { list.append(.bytes($0.value)) }
            return .list(list)
        case .count: return .integer(Int64(hash?.fields.count ?? 0))
        case .contains(let field): return .flag(hash?.fields.contains(field) ?? false)
        case .valueLength(let field): return .integer(Int64(hash?.get(field)?.count ?? 0))
        case .random(let count, let withValues): return try random(hash, count, withValues)
        case .scan(let cursor, let match, let count):
            guard let hash else { return .page(cursor: 0, []) }
            var found: [Answer] = []
            let next = hash.fields.scan(from: cursor, wanted: max(1, count)) { index in
                let field = hash.fields[index]
                if let match, !Glob.isEverything(match), !Glob.matches(match, field.key) { return }
                found.append(.bytes(field.key))
                found.append(.bytes(field.value))
            }
            return .page(cursor: next, found)
        case .set, .setIfAbsent, .delete, .increment, .incrementFloat:
            throw .refused(.hashGet, reason: "it changes the hash")
        }
    }

    private func random(_ hash: HashValue?, _ count: Int64?, _ withValues: Bool) throws(Failure) -> Answer {
        guard let hash else { return count == nil ? .missing : .pairs([]) }
        guard let count else { return .bytes(hash.fields[state.random.below(hash.fields.count)].key) }
        return .pairs(
            try state.choices(count, of: hash.fields.count).map { index in
                Pair(hash.fields[index].key, withValues ? hash.fields[index].value : [])
            })
    }
}

extension StoreState {
    /// The most elements that one request can have chosen with repetition; Redis has no such bound, but builds the
    /// answer piece by piece, where here it is in memory at once.
    private static let mostChoices: Int64 = 1 << 24

    /// Indexes below `bound`: distinct ones for a positive count, any for a negative one.
    func choices(_ count: Int64, of bound: Int) throws(Failure) -> [Int] {
        guard count < 0 else { return random.distinct(Int(clamping: count), below: bound) }
        guard count >= -Self.mostChoices else { throw .invalid("value is out of range") }
        return (0..<Int(-count)).map { _ in random.below(bound) }
    }
}
