// Keys and values of a declared adapter.

import Capabilities
import Multiplex

/// The family kv: each operation goes to what the file maps for its shape, or is refused by name.
final class DeclaredKeyValue: KeyValueService, @unchecked Sendable {
    let calls: DeclaredCalls
    let program: Program
    private let get: OperationProgram?
    /// By condition and expiry.
    let sets: [OperationProgram?]

    init(_ calls: DeclaredCalls) {
        self.calls = calls
        program = calls.program
        get = program["get"]
        let conditions = ["set", "set-if-absent", "set-if-present", "set-if-version"]
        let program = program
        sets = conditions.flatMap { name in ["", "-with-expiry", "-keeping-expiry"].map { program[name + $0] } }
    }

    func perform(_ operation: KeyValueOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try calls.checkDatabase(context)
        if let plan = try plan(operation, context) { return try await calls.answer(plan) }
        switch operation {
        case .deleteVersion(let key, let version):
            guard calls.isVersion(version.bytes) else { return .flag(false) }
            return try await calls.answer(
                try calls.single("delete-version", key, context, .flag) { $0.third = version.bytes })
        case .expire(let key, let time, let condition):
            guard condition != .always else { return .flag(try await expire(key, at: time, context)) }
            return .flag(try await expire(key, at: time, if: condition, context))
        case .expiry(let key):
            let plan = try calls.single("expiry", key, context, .value)
            let answer = try await calls.run(plan.operation, plan.inputs)
            guard answer.outcome == .result else { return .missing }
            return program.encoder.expiry.time(left: answer.outputs.left, now: context.now).map { .integer($0) }
                ?? .done
        case .type(let key):
            let isThere = try await calls.answer(try exists(key, context)) == .integer(1)
            return isThere ? .bytes(Array("string".utf8)) : .missing
        case .count:
            let operation = try calls.mapped("count")
            // A count of zero is often left out.
            return .integer(try await calls.run(operation, rangeInputs(context)).outputs.number ?? 0)
        case .clear(let everyDatabase):
            var context = context
            for database in everyDatabase ? 0..<program.databases : context.database..<context.database + 1 {
                context.database = database
                _ = try await calls.run(try calls.mapped("clear"), rangeInputs(context))
            }
            return .done
        case .keys, .scan, .randomKey: return try await list(operation, context)
        case .getMany(let keys):
            try calls.checkBatch(keys.count)
            return try await getMany(keys, context)
        case .delete(let keys):
            try calls.checkBatch(keys.count)
            return .integer(try await each(keys, "delete", context))
        case .exists(let keys), .touch(let keys):
            try calls.checkBatch(keys.count)
            return .integer(try await each(keys, "exists", context))
        case .setMany(let pairs, let onlyIfAllAbsent):
            try calls.checkBatch(pairs.count)
            return try await setMany(pairs, onlyIfAllAbsent, context)
        // Only a version that the server cannot have given has no plan.
        case .set: return .missing
        case .get, .getVersioned, .getAndExpire, .getAndDelete, .append, .length, .increment, .persist, .range,
            .overwrite, .incrementFloat, .rename, .copy:
            throw .refused(operation.needs.members.first ?? .keyValueRange, reason: "the adapter's file cannot map it")
        }
    }

    /// Begins an operation that takes one exchange; false, with nothing done, for any other.
    func begin(_ operation: KeyValueOperation, _ context: CallContext, _ pending: PendingOperation) -> Bool {
        do throws(Failure) {
            try calls.checkDatabase(context)
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
            guard let get else { throw calls.unmapped("get") }
            return DeclaredPlan(get, try calls.request(key, get, context), .value)
        case .set(let key, let value, let options): return try set(key, value, options, context)
        case .delete(let keys) where keys.count == 1: return try calls.single("delete", keys[0], context, .count)
        case .exists(let keys) where keys.count == 1: return try exists(keys[0], context)
        case .getVersioned(let key): return try calls.single("get-versioned", key, context, .versioned)
        case .getAndExpire(let key, .kept): return try plan(.get(key: key), context)
        case .getAndExpire(let key, let expiry):
            let number = try expiryNumber(expiry, context)
            return try calls.single("get-and-expire", key, context, .value) { $0.numberA = number }
        case .getAndDelete(let key): return try calls.single("get-and-delete", key, context, .value)
        case .append(let key, let value):
            try calls.checkValue(value, .keyValueAppend)
            return try calls.single("append", key, context, .number) { $0.second = value }
        case .length(let key): return try calls.single("length", key, context, .numberOrZero)
        case .increment(let key, let amount):
            try calls.mapped("increment").check(.amount, amount, orElse: 1)
            return try calls.single("increment", key, context, .number) { $0.numberB = amount }
        case .persist(let key): return try calls.single("persist", key, context, .flag)
        case .type(let key) where program["type"] != nil: return try calls.single("type", key, context, .value)
        case .incrementFloat(let key, let amount):
            let addend = try calls.addend(amount)
            return try calls.single("increment-float", key, context, .decimal) { $0[.addend] = addend }
        case .rename(let from, let to, let onlyIfAbsent):
            let shape = onlyIfAbsent ? "rename-if-absent" : "rename"
            let target = try calls.key(to, calls.mapped(shape))
            return try calls.single(shape, from, context, .renamed) { $0[.target] = target }
        case .copy(let from, let to, let database, let replaces):
            return try copy(from, to, database, replaces, context)
        default: return nil
        }
    }

    // MARK: Shapes

    func maps(_ shape: String) -> Bool { program[shape] != nil }

    private func mapped(_ shape: String, _ capability: Capability) throws(Failure) -> OperationProgram {
        guard let operation = program[shape] else { throw calls.unmapped(shape, capability) }
        return operation
    }

    private func copy(
        _ from: [UInt8], _ to: [UInt8], _ database: Int?, _ replaces: Bool, _ context: CallContext
    ) throws(Failure) -> DeclaredPlan {
        let operation = try calls.mapped(replaces ? "copy" : "copy-if-absent")
        let target = try calls.key(to, operation)
        var inputs = try calls.request(from, operation, context)
        inputs[.target] = target
        let database = database ?? context.database
        try calls.checkDatabase(CallContext(database: database, now: context.now))
        if database != context.database, !operation.mentioned.contains(.targetDatabase) {
            throw .refused(.keyValueDatabases, reason: "a copy stays in its database here")
        }
        inputs.more.targetDatabase = Int64(database)
        return DeclaredPlan(operation, inputs, .flag)
    }

    private func exists(_ key: [UInt8], _ context: CallContext) throws(Failure) -> DeclaredPlan {
        try calls.single(program["exists"] == nil ? "get" : "exists", key, context, .count)
    }

    func expiryNumber(_ expiry: Expiry, _ context: CallContext) throws(Failure) -> Int64 {
        guard case .at(let time) = expiry else { return program.encoder.expiry.never }
        return try program.encoder.expiry.number(at: time, now: context.now)
    }

    // MARK: Several keys

    /// One exchange for each key, all under way at once.
    func all(
        _ keys: [[UInt8]], _ operation: OperationProgram, _ context: CallContext, passing: Outcome? = nil
    ) async throws(Failure) -> [DeclaredExchange] {
        var requests: [Inputs] = []
        for key in keys { requests.append(try calls.request(key, operation, context)) }
        return try await calls.runAll(operation, requests, passing: passing)
    }

    private func each(_ keys: [[UInt8]], _ shape: String, _ context: CallContext) async throws(Failure) -> Int64 {
        let name = program[shape] == nil && shape == "exists" ? "get" : shape
        let answers = try await all(keys, mapped(name, .keyValueMultiKey), context)
        return Int64(answers.count { $0.outcome == .result })
    }

    private func getMany(_ keys: [[UInt8]], _ context: CallContext) async throws(Failure) -> Answer {
        guard let operation = program["get-many"] else {
            // A key of another type has no value.
            let answers = try await all(keys, mapped("get", .keyValueMultiKey), context, passing: .wrongType)
            return .list(answers.map { $0.outcome == .result ? .bytes($0.outputs.value ?? []) : .missing })
        }
        var inputs = Inputs()
        inputs.database = Int64(context.database)
        var written: [[UInt8]] = []
        for key in keys { written.append(try calls.key(key, operation)) }
        inputs.keys = written
        let outputs = try await calls.run(operation, inputs).outputs
        let found = Dictionary(zip(outputs.names, outputs.values)) { first, _ in first }
        return .list(written.map { key in found[key].map { .bytes($0) } ?? .missing })
    }
}
