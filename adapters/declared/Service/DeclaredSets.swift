// Sets of a declared adapter.

import Capabilities

extension DeclaredStructures: SetService {
    func perform(_ operation: SetOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try calls.checkDatabase(context)
        if let plan = try plan(operation, context) { return try await calls.answer(plan) }
        switch operation {
        case .add(let key, let members): return try await tally("set.add", key, members, context)
        case .remove(let key, let members): return try await tally("set.remove", key, members, context)
        case .contains(let key, let members):
            if has("set.contains") {
                return .list(try await each("set.contains", key, members, at: .member, context, .flag))
            }
            let all = Set(try await self.members(key, context))
            return .list(members.map { .flag(all.contains($0)) })
        case .count(let key): return .integer(Int64(try await members(key, context).count))
        case .pop(let key, let count): return .list(try await pop(key, count ?? 1, context).map { .bytes($0) })
        case .random(let key, let count):
            let members = try await members(key, context)
            guard let count else { return members.randomElement().map { .bytes($0) } ?? .missing }
            return .list(try sample(members, count).map { .bytes($0) })
        case .scan(let key, _, let match, _):
            return page(try await members(key, context), match: match, name: \.self) { [.bytes($0)] }
        case .combine, .intersectionCount:
            throw .refused(.setCombine, reason: CapabilityMapping.reasons[.setCombine] ?? "")
        // Each of the others has a plan, or was refused.
        case .members, .move: throw .refused(.setMembers, reason: "the adapter's file cannot map it")
        }
    }

    /// The one operation of the file that `operation` is; nil when it becomes several, or is made of another one.
    func plan(_ operation: SetOperation, _ context: CallContext) throws(Failure) -> DeclaredPlan? {
        switch operation {
        case .add(let key, let members): return try several("set.add", key, members, context, .tally)
        case .remove(let key, let members): return try several("set.remove", key, members, context, .tally)
        case .members(let key): return try calls.single("set.members", key, context, .names)
        case .contains(let key, let members) where members.count == 1 && has("set.contains"):
            return try calls.single("set.contains", key, context, .onlyFlag) { $0[.member] = members[0] }
        case .count(let key) where has("set.count"): return try calls.single("set.count", key, context, .numberOrZero)
        case .pop(let key, nil): return try calls.single("set.pop", key, context, .first) { $0.numberB = 1 }
        case .pop(let key, let count?):
            let plan = try calls.single("set.pop", key, context, .names) { $0.numberB = count }
            return plan.operation.mentioned.contains(.count) && count > 0 ? plan : nil
        case .move(let from, let target, let member):
            let target = try calls.key(target, calls.mapped("set.move"))
            return try calls.single("set.move", from, context, .flag) {
                $0[.target] = target
                $0[.member] = member
            }
        case .contains, .count, .random, .combine, .intersectionCount, .scan: return nil
        }
    }

    private func members(_ key: [UInt8], _ context: CallContext) async throws(Failure) -> [[UInt8]] {
        try await calls.answer(try calls.single("set.members", key, context, .names)).items
    }

    private func pop(_ key: [UInt8], _ count: Int64, _ context: CallContext) async throws(Failure) -> [[UInt8]] {
        let plan = try calls.single("set.pop", key, context, .names)
        var members: [[UInt8]] = []
        // With {count} in it, only a count of zero comes here.
        while Int64(members.count) < count, members.count < program.limits.items {
            let member = try await calls.answer(plan).items
            guard !member.isEmpty else { break }
            members += member
        }
        return members
    }
}
