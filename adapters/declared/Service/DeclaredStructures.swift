// Hashes, lists, sets and sorted sets of a declared adapter: what the four families share.

import Capabilities

/// The families hash, list, set and sorted-set: each operation goes to what the file maps, or is made of what it maps.
final class DeclaredStructures: @unchecked Sendable {
    let calls: DeclaredCalls
    let program: Program

    init(_ calls: DeclaredCalls) {
        self.calls = calls
        program = calls.program
    }

    /// Begins an operation that takes one exchange; false, with nothing done, for any other.
    func begin(_ operation: Operation, _ context: CallContext, _ pending: PendingOperation) -> Bool {
        do throws(Failure) {
            try calls.checkDatabase(context)
            let plan: DeclaredPlan?
            switch operation {
            case .hash(let operation): plan = try self.plan(operation, context)
            case .list(let operation): plan = try self.plan(operation, context)
            case .set(let operation): plan = try self.plan(operation, context)
            case .sortedSet(let operation): plan = try self.plan(operation, context)
            default: plan = nil
            }
            guard let plan else { return false }
            return calls.begin(plan, pending)
        } catch {
            pending.end(.failure(error))
            return true
        }
    }

    // MARK: One operation of the file

    func has(_ shape: String) -> Bool { program[shape] != nil }

    /// An operation on items of a key; nil when the file's takes only one of them.
    func several(
        _ shape: String, _ key: [UInt8], _ items: [[UInt8]], others: [[UInt8]] = [], _ context: CallContext,
        _ answer: DeclaredAnswerShape
    ) throws(Failure) -> DeclaredPlan? {
        let operation = try calls.mapped(shape)
        guard let list = operation.shape.items else { return nil }
        try calls.checkBatch(items.count, operation.shape.capability, list.rawValue)
        var inputs = try calls.request(key, operation, context)
        if operation.takesSeveral {
            inputs.more.keys = items
            inputs.more.others = others
        } else {
            guard items.count == 1 else { return nil }
            let places = list.places
            inputs.set(places.item, items[0])
            if let other = others.first { inputs.set(places.other, other) }
        }
        return DeclaredPlan(operation, inputs, answer)
    }

    /// The same for one item after another, in their order: an item may be named twice.
    func oneByOne(
        _ shape: String, _ key: [UInt8], _ items: [[UInt8]], others: [[UInt8]] = [], _ context: CallContext,
        _ answer: DeclaredAnswerShape
    ) async throws(Failure) -> [Answer] {
        var answers: [Answer] = []
        for (index, item) in items.enumerated() {
            let other = index < others.count ? [others[index]] : []
            guard let plan = try several(shape, key, [item], others: other, context, answer) else { continue }
            answers.append(try await calls.answer(plan))
        }
        return answers
    }

    /// How many the operation counted, over all items.
    func tally(
        _ shape: String, _ key: [UInt8], _ items: [[UInt8]], others: [[UInt8]] = [], _ context: CallContext
    ) async throws(Failure) -> Answer {
        let answers = try await oneByOne(shape, key, items, others: others, context, .tally)
        return .integer(answers.reduce(0) { $0 + $1.number })
    }

    /// What each of `items` gives when it is asked for alone; all are asked at once.
    func each(
        _ shape: String, _ key: [UInt8], _ items: [[UInt8]], at place: Input, _ context: CallContext,
        _ answer: DeclaredAnswerShape
    ) async throws(Failure) -> [Answer] {
        let operation = try calls.mapped(shape)
        var requests: [Inputs] = []
        for item in items {
            var inputs = try calls.request(key, operation, context)
            inputs[place] = item
            requests.append(inputs)
        }
        var answers: [Answer] = []
        for exchange in try await calls.runAll(operation, requests) { answers.append(try answer.answer(exchange)) }
        return answers
    }

    // MARK: What is made of all items

    /// Everything on one page, as servers do with what is small.
    func page<Item>(
        _ items: [Item], match: [UInt8]?, name: (Item) -> [UInt8], _ answers: (Item) -> [Answer]
    ) -> Answer {
        .page(cursor: 0, items.filter { item in match.map { Glob.matches($0, name(item)) } ?? true }.flatMap(answers))
    }

    /// Random ones of `items`: distinct for a positive count, any for a negative one.
    func sample<Item>(_ items: [Item], _ count: Int64) throws(Failure) -> [Item] {
        guard !items.isEmpty else { return [] }
        guard count < 0 else { return Array(items.shuffled().prefix(Int(clamping: count))) }
        guard count >= -Int64(program.limits.items) else {
            throw .invalid("at most \(program.limits.items) random items are given at once here")
        }
        return (0..<Int(-count)).map { _ in items[Int.random(in: items.indices)] }
    }
}

extension Answer {
    /// The number that it is, or zero.
    var number: Int64 { if case .integer(let number) = self { number } else { 0 } }
    /// The bytes of a list.
    var items: [[UInt8]] {
        guard case .list(let answers) = self else { return [] }
        return answers.compactMap { if case .bytes(let bytes) = $0 { bytes } else { nil } }
    }
}
