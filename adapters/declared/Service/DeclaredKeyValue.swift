// Keys and values of a declared adapter.

import Capabilities
import Multiplex

/// The family kv: each operation goes to what the file maps for its shape, or is refused by name.
final class DeclaredKeyValue: KeyValueService, @unchecked Sendable {
    private let calls: DeclaredCalls
    private let program: Program
    private let get: OperationProgram?
    /// By condition and expiry.
    private let sets: [OperationProgram?]

    init(_ calls: DeclaredCalls) {
        self.calls = calls
        program = calls.program
        get = program["get"]
        let conditions = ["set", "set-if-absent", "set-if-present", "set-if-version"]
        let program = program
        sets = conditions.flatMap { name in ["", "-with-expiry", "-keeping-expiry"].map { program[name + $0] } }
    }

    func perform(_ operation: KeyValueOperation, _ context: CallContext) async throws(Failure) -> Answer {
        guard context.database == 0 else { throw .refused(.keyValueDatabases, reason: "there is only database 0") }
        if let plan = try plan(operation, context) { return try await run(plan) }
        switch operation {
        case .deleteVersion(let key, let version):
            guard calls.isVersion(version.bytes) else { return .flag(false) }
            return try await run(try single("delete-version", key, .flag) { $0.third = version.bytes })
        case .expire(let key, let time, let condition):
            guard condition != .always else { return .flag(try await expire(key, at: time, context)) }
            return .flag(try await expire(key, at: time, if: condition, context))
        case .expiry(let key):
            let plan = try single("expiry", key, .value) { $0.now = context.now }
            let answer = try await calls.run(plan.operation, plan.inputs)
            guard answer.outcome == .result else { return .missing }
            return program.encoder.expiry.time(left: answer.outputs.left, now: context.now).map { .integer($0) }
                ?? .done
        case .type(let key):
            return try await run(try exists(key)) == .integer(1) ? .bytes(Array("string".utf8)) : .missing
        case .count:
            let operation = try mapped("count", .keyValueCount)
            // A count of zero is often left out.
            return .integer(try await calls.run(operation, rangeInputs()).outputs.number ?? 0)
        case .clear:
            _ = try await calls.run(try mapped("clear", .keyValueClear), rangeInputs())
            return .done
        case .keys, .scan, .randomKey: return try await list(operation)
        case .getMany(let keys):
            try calls.checkBatch(keys.count)
            return try await getMany(keys, context)
        case .delete(let keys):
            try calls.checkBatch(keys.count)
            return .integer(try await each(keys, "delete"))
        case .exists(let keys), .touch(let keys):
            try calls.checkBatch(keys.count)
            return .integer(try await each(keys, "exists"))
        case .setMany(let pairs, let onlyIfAllAbsent):
            try calls.checkBatch(pairs.count)
            return try await setMany(pairs, onlyIfAllAbsent, context)
        // Only a version that the server cannot have given has no plan.
        case .set: return .missing
        case .get, .getVersioned, .getAndExpire, .getAndDelete, .append, .length, .increment, .persist, .range,
            .overwrite,
            .incrementFloat, .rename, .copy:
            throw .refused(operation.needs.members.first ?? .keyValueRange, reason: "the adapter's file cannot map it")
        }
    }

    /// Begins an operation that takes one exchange; false, with nothing done, for any other.
    func begin(_ operation: KeyValueOperation, _ context: CallContext, _ pending: PendingOperation) -> Bool {
        guard context.database == 0 else { return false }
        do throws(Failure) {
            guard let plan = try plan(operation, context) else { return false }
            return calls.begin(plan, pending)
        } catch {
            pending.end(.failure(error))
            return true
        }
    }

    /// The one operation of the file that `operation` is; nil when it becomes several, or none.
    private func plan(_ operation: KeyValueOperation, _ context: CallContext) throws(Failure) -> DeclaredPlan? {
        switch operation {
        case .get(let key):
            guard let get else { throw unmapped("get", .keyValueGet) }
            return DeclaredPlan(get, Inputs(first: try calls.key(key, get)), .value)
        case .set(let key, let value, let options): return try set(key, value, options, context)
        case .delete(let keys) where keys.count == 1: return try single("delete", keys[0], .count)
        case .exists(let keys) where keys.count == 1: return try exists(keys[0])
        case .getVersioned(let key): return try single("get-versioned", key, .versioned)
        case .getAndExpire(let key, .kept): return try plan(.get(key: key), context)
        case .getAndExpire(let key, let expiry):
            let number = try expiryNumber(expiry, context)
            return try single("get-and-expire", key, .value) { $0.numberA = number }
        case .getAndDelete(let key): return try single("get-and-delete", key, .value)
        case .append(let key, let value):
            try calls.checkValue(value, .keyValueAppend)
            return try single("append", key, .number) { $0.second = value }
        case .length(let key): return try single("length", key, .numberOrZero)
        case .increment(let key, let amount): return try single("increment", key, .number) { $0.numberB = amount }
        case .persist(let key): return try single("persist", key, .flag) { $0.now = context.now }
        default: return nil
        }
    }

    private func run(_ plan: DeclaredPlan) async throws(Failure) -> Answer {
        try plan.shape.answer(try await calls.run(plan.operation, plan.inputs))
    }

    // MARK: Shapes

    private func unmapped(_ shape: String, _ capability: Capability) -> Failure {
        .refused(capability, reason: "the adapter maps no operation \"\(shape)\"")
    }

    private func mapped(_ shape: String, _ capability: Capability) throws(Failure) -> OperationProgram {
        guard let operation = program[shape] else { throw unmapped(shape, capability) }
        return operation
    }

    /// An operation on one key.
    private func single(
        _ shape: String, _ key: [UInt8], _ answer: DeclaredAnswerShape, _ fill: (inout Inputs) -> Void = { _ in }
    ) throws(Failure) -> DeclaredPlan {
        guard let operation = program[shape] else {
            throw unmapped(shape, OperationShape.named(shape)?.capability ?? .keyValueGet)
        }
        var inputs = Inputs(first: try calls.key(key, operation))
        fill(&inputs)
        return DeclaredPlan(operation, inputs, answer)
    }

    private func exists(_ key: [UInt8]) throws(Failure) -> DeclaredPlan {
        try single(program["exists"] == nil ? "get" : "exists", key, .count)
    }

    private func expiryNumber(_ expiry: Expiry, _ context: CallContext) throws(Failure) -> Int64 {
        guard case .at(let time) = expiry else { return program.encoder.expiry.never }
        return try program.encoder.expiry.number(at: time, now: context.now)
    }

    // MARK: Setting

    /// The operation of the file that sets so; nil when the version is none that the server can have given.
    private func set(
        _ key: [UInt8], _ value: [UInt8], _ options: SetOptions, _ context: CallContext
    ) throws(Failure) -> DeclaredPlan? {
        guard !options.returnsOld else { throw .refused(.keyValueExchange, reason: "a set cannot give the old value") }
        var inputs = Inputs()
        inputs.now = context.now
        let row: Int
        switch options.condition {
        case .always: row = 0
        case .absent: row = 1
        case .present: row = 2
        case .version(let version):
            row = 3
            guard calls.isVersion(version.bytes) else { return nil }
            inputs.third = version.bytes
        }
        let operation: OperationProgram
        switch options.expiry {
        case .never:
            guard let plain = sets[row * 3] else { throw unmappedSet(row, "") }
            operation = plain
            inputs.numberA = program.encoder.expiry.never
        case .kept:
            guard let keeping = sets[row * 3 + 2] else { throw unmappedSet(row, "-keeping-expiry") }
            operation = keeping
        case .at(let time):
            if let own = sets[row * 3 + 1] {
                operation = own
            } else if let plain = sets[row * 3], plain.writesExpiry {
                operation = plain
            } else {
                throw unmappedSet(row, "-with-expiry")
            }
            inputs.numberA = try program.encoder.expiry.number(at: time, now: context.now)
        }
        try calls.checkValue(value, .keyValueSet)
        inputs.first = try calls.key(key, operation)
        inputs.second = value
        return DeclaredPlan(operation, inputs, .stored)
    }

    private func unmappedSet(_ row: Int, _ suffix: String) -> Failure {
        let names = ["set", "set-if-absent", "set-if-present", "set-if-version"]
        let capabilities: [Capability] = [
            .keyValueSet, .keyValueConditionalSet, .keyValueConditionalSet, .keyValueCompareAndSet,
        ]
        return unmapped(names[row] + suffix, suffix.isEmpty ? capabilities[row] : .keyValueTTL)
    }

    private func setMany(
        _ pairs: [Pair], _ onlyIfAllAbsent: Bool, _ context: CallContext
    ) async throws(Failure) -> Answer {
        guard !onlyIfAllAbsent else {
            throw .refused(.keyValueMultiKey, reason: "several keys cannot be set only if none of them is there")
        }
        for pair in pairs { _ = try await perform(.set(key: pair.name, value: pair.value, SetOptions()), context) }
        return .done
    }

    // MARK: Single keys

    private func expire(_ key: [UInt8], at time: Int64, _ context: CallContext) async throws(Failure) -> Bool {
        guard time > context.now else { return try await run(try single("delete", key, .flag)) == .flag(true) }
        let number = try expiryNumber(.at(time), context)
        return try await run(try single("expire", key, .flag) { $0.numberA = number }) == .flag(true)
    }

    /// Sets an expiry that depends on the one that there is: the value is written again, if its version still holds.
    private func expire(
        _ key: [UInt8], at time: Int64, if condition: ExpireCondition, _ context: CallContext
    ) async throws(Failure) -> Bool {
        guard program["expiry"] != nil else {
            throw .refused(.keyValueTTL, reason: "it cannot depend on an expiry that the backend does not tell")
        }
        for _ in 0..<Self.attempts {
            guard case .versioned(let value, let version) = try await perform(.getVersioned(key: key), context) else {
                return false
            }
            let present: Int64?
            switch try await perform(.expiry(key: key), context) {
            case .missing: return false
            case .integer(let time): present = time
            default: present = nil
            }
            guard condition.holds(for: time, over: present) else { return false }
            if time <= context.now {
                if try await perform(.deleteVersion(key: key, version), context) == .flag(true) { return true }
                continue
            }
            let options = SetOptions(.version(version), expiry: .at(time))
            if try await perform(.set(key: key, value: value, options), context) == .done { return true }
        }
        throw .unavailable("the key was changed by others \(Self.attempts) times in a row")
    }

    private static let attempts = 16

    // MARK: Several keys

    /// One exchange for each key, all under way at once.
    private func all(_ keys: [[UInt8]], _ operation: OperationProgram) async throws(Failure) -> [DeclaredExchange] {
        guard operation.steps.count == 1, operation.captureCount == 0 else {
            var answers: [DeclaredExchange] = []
            for key in keys {
                var inputs = Inputs()
                inputs.first = try calls.key(key, operation)
                answers.append(try await calls.run(operation, inputs))
            }
            return answers
        }
        var exchanges: [DeclaredExchange] = []
        for key in keys {
            var inputs = Inputs()
            inputs.first = try calls.key(key, operation)
            exchanges.append(
                DeclaredExchange(program, operation.steps[0], inputs, calls.connections.message, isRepeatable: true))
        }
        for exchange in exchanges { calls.multiplexer.submit(exchange) }
        var failure: Failure?
        for exchange in exchanges {
            do throws(MultiplexFailure) { try await calls.multiplexer.wait(for: exchange) } catch {
                failure = failure ?? error.asFailure
            }
        }
        if let failure { throw failure }
        for exchange in exchanges {
            switch exchange.outcome {
            case .result, .missing, .conflict: break
            default: throw program.failure(exchange)
            }
        }
        return exchanges
    }

    private func each(_ keys: [[UInt8]], _ shape: String) async throws(Failure) -> Int64 {
        let name = program[shape] == nil && shape == "exists" ? "get" : shape
        let answers = try await all(keys, mapped(name, .keyValueMultiKey))
        return Int64(answers.count { $0.outcome == .result })
    }

    private func getMany(_ keys: [[UInt8]], _ context: CallContext) async throws(Failure) -> Answer {
        guard let operation = program["get-many"] else {
            let answers = try await all(keys, mapped("get", .keyValueMultiKey))
            return .list(answers.map { $0.outcome == .result ? .bytes($0.outputs.value ?? []) : .missing })
        }
        var inputs = Inputs()
        for key in keys { inputs.keys.append(try calls.key(key, operation)) }
        let outputs = try await calls.run(operation, inputs).outputs
        let found = Dictionary(zip(outputs.names, outputs.values)) { first, _ in first }
        return .list(inputs.keys.map { key in found[key].map { .bytes($0) } ?? .missing })
    }

    // MARK: All keys

    /// Keys of one page at most; also what a listing of all of them asks for.
    private static let pageItems: Int64 = 1000

    private func rangeInputs() -> Inputs {
        var inputs = Inputs()
        (inputs.first, inputs.second) = calls.keyRange
        inputs.third = inputs.first
        inputs.numberB = Self.pageItems
        return inputs
    }

    private func list(_ operation: KeyValueOperation) async throws(Failure) -> Answer {
        if case .scan(let cursor, let match, let count, let type) = operation {
            return try await scan(cursor, match, count, type)
        }
        let names = try await calls.runPages(try mapped("keys", .keyValueScan), rangeInputs())
        let keys = names.map { calls.read(key: $0) }
        if case .keys(let match) = operation {
            return .list(keys.filter { Glob.matches(match, $0) }.map { .bytes($0) })
        }
        return keys.randomElement().map { .bytes($0) } ?? .missing
    }

    /// One page of the server's; all keys at once where the file says nothing of pages.
    private func scan(
        _ cursor: UInt64, _ match: [UInt8]?, _ count: Int, _ type: [UInt8]?
    ) async throws(Failure) -> Answer {
        var inputs = rangeInputs()
        if cursor != 0 {
            guard let place = calls.cursors[cursor] else {
                throw .invalid("the cursor is none of this backend's, or too old: begin the scan again at 0")
            }
            inputs.third = place
        }
        inputs.numberB = min(max(1, Int64(count)), Self.pageItems)
        let (names, next) = try await calls.runPage(try mapped("keys", .keyValueScan), inputs)
        let following = next.map { calls.cursors.open(at: $0) } ?? 0
        // Every value is a string.
        guard type == nil || type == Array("string".utf8) else { return .page(cursor: following, []) }
        let keys = names.map { calls.read(key: $0) }.filter { match == nil || Glob.matches(match ?? [], $0) }
        return .page(cursor: following, keys.map { .bytes($0) })
    }
}
