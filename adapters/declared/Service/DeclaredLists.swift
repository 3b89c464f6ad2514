// Lists of a declared adapter.

import Capabilities

extension DeclaredStructures: ListService {
    func perform(_ operation: ListOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try calls.checkDatabase(context)
        if let plan = try plan(operation, context) { return try await calls.answer(plan) }
        switch operation {
        case .push(let key, let values, let side, let onlyIfPresent):
            let answers = try await oneByOne(Self.push(side, onlyIfPresent), key, values, context, .numberOrZero)
            return answers.last ?? .integer(0)
        case .pop(let key, let side, let count):
            let values = try await pop(key, side, count ?? 1, context)
            return values.isEmpty ? .missing : .list(values.map { .bytes($0) })
        case .position(let key, let value, let rank, let count, let limit):
            let values = try await calls.answer(try range(key, 0, -1, context)).items
            return Self.position(of: value, in: values, rank, count, limit)
        case .popFirst(let keys, let side, let count, let wait):
            guard wait == nil else { throw .refused(.listBlocking, reason: "it does not wait for values") }
            for key in keys {
                let values = try await pop(key, side, count, context)
                if !values.isEmpty { return .taken(key: key, .list(values.map { .bytes($0) })) }
            }
            return .missing
        // Each of the others has a plan, or was refused.
        default: throw .refused(operation.needs.members.first ?? .listRange, reason: "the adapter's file cannot map it")
        }
    }

    /// The one operation of the file that `operation` is; nil when it becomes several, or is made of another one.
    func plan(_ operation: ListOperation, _ context: CallContext) throws(Failure) -> DeclaredPlan? {
        switch operation {
        case .push(let key, let values, let side, let onlyIfPresent):
            for value in values { try calls.checkValue(value, .listPush) }
            return try several(Self.push(side, onlyIfPresent), key, values, context, .numberOrZero)
        case .pop(let key, let side, nil):
            return try calls.single(Self.pop(side), key, context, .first) { $0.numberB = 1 }
        case .pop(let key, let side, let count?):
            let plan = try calls.single(Self.pop(side), key, context, .taken) { $0.numberB = count }
            return plan.operation.mentioned.contains(.count) && count > 0 ? plan : nil
        case .length(let key): return try calls.single("list.length", key, context, .numberOrZero)
        case .range(let key, let first, let last): return try range(key, first, last, context)
        case .item(let key, let index):
            guard has("list.item") else { return try range(key, index, index, context, .first) }
            return try calls.single("list.item", key, context, .value) { $0.numberA = index }
        case .setItem(let key, let index, let value):
            try calls.checkValue(value, .listPush)
            return try calls.single("list.set", key, context, .edited) {
                $0.numberA = index
                $0.second = value
            }
        case .insert(let key, let before, let pivot, let value):
            try calls.checkValue(value, .listPush)
            return try calls.single(before ? "list.insert-before" : "list.insert-after", key, context, .inserted) {
                $0[.pivot] = pivot
                $0.second = value
            }
        case .remove(let key, let value, let count):
            return try calls.single("list.remove", key, context, .tally) {
                $0.second = value
                $0.numberB = count
            }
        case .trim(let key, let first, let last):
            return try calls.single("list.trim", key, context, .done) {
                $0.numberA = first
                $0.numberB = last
            }
        case .move(let from, let target, let take, let put, let wait):
            guard wait == nil else { throw .refused(.listBlocking, reason: "it does not wait for values") }
            let target = try calls.key(target, calls.mapped("list.move"))
            return try calls.single("list.move", from, context, .value) {
                $0[.target] = target
                $0[.takeSide] = take.word
                $0[.putSide] = put.word
            }
        case .position, .popFirst: return nil
        }
    }

    private static func push(_ side: ListSide, _ onlyIfPresent: Bool) -> String {
        (side == .left ? "list.push-left" : "list.push-right") + (onlyIfPresent ? "-if-present" : "")
    }

    private static func pop(_ side: ListSide) -> String { side == .left ? "list.pop-left" : "list.pop-right" }

    private func range(
        _ key: [UInt8], _ first: Int64, _ last: Int64, _ context: CallContext, _ answer: DeclaredAnswerShape = .values
    ) throws(Failure) -> DeclaredPlan {
        try calls.single("list.range", key, context, answer) {
            $0.numberA = first
            $0.numberB = last
        }
    }

    /// Up to `count` values from an end, in one exchange where the file can say how many.
    private func pop(
        _ key: [UInt8], _ side: ListSide, _ count: Int64, _ context: CallContext
    ) async throws(Failure) -> [[UInt8]] {
        let plan = try calls.single(Self.pop(side), key, context, .taken) { $0.numberB = count }
        if plan.operation.mentioned.contains(.count) { return count > 0 ? try await calls.answer(plan).items : [] }
        var values: [[UInt8]] = []
        while Int64(values.count) < count, values.count < program.limits.items {
            let value = try await calls.answer(plan).items
            guard !value.isEmpty else { break }
            values += value
        }
        return values
    }

    /// Where `value` stands; redis src/t_list.c, lposCommand.
    private static func position(
        of value: [UInt8], in values: [[UInt8]], _ rank: Int64, _ count: Int64?, _ limit: Int64
    ) -> Answer {
        let places = rank < 0 ? Array(values.indices.reversed()) : Array(values.indices)
        let looked = limit > 0 ? places.prefix(Int(clamping: limit)) : places[...]
        let skipped = Int(clamping: rank.magnitude) - 1
        let found = looked.filter { values[$0] == value }.dropFirst(max(0, skipped)).map { Answer.integer(Int64($0)) }
        guard let count else { return found.first ?? .missing }
        return .list(count == 0 ? Array(found) : Array(found.prefix(Int(clamping: count))))
    }
}

extension ListSide {
    /// What {take} and {put} are.
    fileprivate var word: [UInt8] { Array((self == .left ? "left" : "right").utf8) }
}
