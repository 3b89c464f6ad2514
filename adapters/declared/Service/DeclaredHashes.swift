// Hashes of a declared adapter.

import Capabilities

extension DeclaredStructures: HashService {
    func perform(_ operation: HashOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try calls.checkDatabase(context)
        if let plan = try plan(operation, context) { return try await calls.answer(plan) }
        let key = operation.key
        switch operation.action {
        case .set(let pairs):
            return try await tally("hash.set", key, pairs.map(\.name), others: pairs.map(\.value), context)
        case .delete(let fields): return try await tally("hash.delete", key, fields, context)
        case .getMany(let fields): return try await getMany(key, fields, context)
        case .fields: return .list(try await all(key, context).map { .bytes($0.name) })
        case .values: return .list(try await all(key, context).map { .bytes($0.value) })
        case .count: return .integer(Int64(try await all(key, context).count))
        case .random(let count, let withValues):
            let pairs = try await all(key, context)
            guard let count else { return pairs.randomElement().map { .bytes($0.name) } ?? .missing }
            return .pairs(try sample(pairs, count).map { Pair($0.name, withValues ? $0.value : []) })
        case .scan(_, let match, _):
            let pairs = try await all(key, context)
            return page(pairs, match: match, name: \.name) { [.bytes($0.name), .bytes($0.value)] }
        // Each of the others has a plan, or was refused.
        case .setIfAbsent, .get, .all, .contains, .valueLength, .increment, .incrementFloat:
            throw .refused(.hashGet, reason: "the adapter's file cannot map it")
        }
    }

    /// The one operation of the file that `operation` is; nil when it becomes several, or is made of another one.
    func plan(_ operation: HashOperation, _ context: CallContext) throws(Failure) -> DeclaredPlan? {
        let key = operation.key
        switch operation.action {
        case .set(let pairs):
            for pair in pairs { try calls.checkValue(pair.value, .hashSet) }
            return try several("hash.set", key, pairs.map(\.name), others: pairs.map(\.value), context, .tally)
        case .setIfAbsent(let field, let value):
            try calls.checkValue(value, .hashSet)
            return try calls.single("hash.set-if-absent", key, context, .flag) {
                $0[.field] = field
                $0[.value] = value
            }
        case .get(let field): return try calls.single("hash.get", key, context, .value) { $0[.field] = field }
        case .all: return try calls.single("hash.all", key, context, .pairs)
        case .fields where has("hash.fields"): return try calls.single("hash.fields", key, context, .names)
        case .values where has("hash.values"): return try calls.single("hash.values", key, context, .values)
        case .count where has("hash.count"): return try calls.single("hash.count", key, context, .numberOrZero)
        case .contains(let field):
            return try calls.single(has("hash.contains") ? "hash.contains" : "hash.get", key, context, .flag) {
                $0[.field] = field
            }
        case .valueLength(let field): return try calls.single("hash.get", key, context, .length) { $0[.field] = field }
        case .delete(let fields): return try several("hash.delete", key, fields, context, .tally)
        case .increment(let field, let amount):
            try calls.mapped("hash.increment").check(.amount, amount, orElse: 1)
            return try calls.single("hash.increment", key, context, .number) {
                $0[.field] = field
                $0.numberB = amount
            }
        case .incrementFloat(let field, let amount):
            let addend = try calls.addend(amount)
            return try calls.single("hash.increment-float", key, context, .decimal) {
                $0[.field] = field
                $0[.addend] = addend
            }
        case .fields, .values, .count, .getMany, .random, .scan: return nil
        }
    }

    private func all(_ key: [UInt8], _ context: CallContext) async throws(Failure) -> [Pair] {
        guard case .pairs(let pairs) = try await calls.answer(try calls.single("hash.all", key, context, .pairs)) else {
            return []
        }
        return pairs
    }

    private func getMany(
        _ key: [UInt8], _ fields: [[UInt8]], _ context: CallContext
    ) async throws(Failure) -> Answer {
        guard let operation = program["hash.get-many"], operation.takesSeveral else {
            return .list(try await each("hash.get", key, fields, at: .field, context, .value))
        }
        var inputs = try calls.request(key, operation, context)
        inputs.keys = fields
        let exchange = try await calls.run(operation, inputs)
        let found = exchange.outcome == .result ? try exchange.outputs.pairs : []
        let values = Dictionary(found.map { ($0.name, $0.value) }) { first, _ in first }
        return .list(fields.map { field in values[field].map { .bytes($0) } ?? .missing })
    }
}
