// Sorted sets of a declared adapter.

import Capabilities

extension DeclaredStructures: SortedSetService {
    func perform(_ operation: SortedSetOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try calls.checkDatabase(context)
        if let plan = try plan(operation, context) { return try await calls.answer(plan) }
        switch operation {
        case .add(let key, let members, let options): return try await add(key, members, options, context)
        case .remove(let key, let members): return try await tally("sorted-set.remove", key, members, context)
        case .scores(let key, let members):
            return .list(try await each("sorted-set.score", key, members, at: .member, context, .score))
        case .rank(let key, let member, let reversed, _):
            let rank = try await calls.answer(try self.rank(key, member, reversed, context))
            let score = try await calls.answer(
                try calls.single("sorted-set.score", key, context, .score) { $0[.member] = member })
            return rank == .missing || score == .missing ? .missing : .list([rank, score])
        case .count(let key): return .integer(Int64(try await all(key, context).count))
        case .countRange(let key, let range):
            let slice = SortedSetSlice(range)
            return .integer(Int64(slice.applied(to: try await all(key, context)).count))
        case .range(let key, let slice):
            // Ranks from the highest are ranks from the end.
            if case .ranks(let first, let last) = slice.range, slice.offset == 0, slice.limit < 0 {
                let plan = try range(key, -1 - last, -1 - first, context)
                guard case .scored(let members) = try await calls.answer(plan) else { return .scored([]) }
                return .scored(members.reversed())
            }
            return .scored(slice.applied(to: try await all(key, context)))
        case .pop(let key, let highest, let count): return .scored(try await pop(key, highest, count, context))
        case .popFirst(let keys, let highest, let count, let wait):
            guard wait == nil else { throw .refused(.sortedSetBlocking, reason: "it does not wait for members") }
            for key in keys {
                let members = try await pop(key, highest, count, context)
                if !members.isEmpty { return .taken(key: key, .scored(members)) }
            }
            return .missing
        case .random(let key, let count):
            let members = try await all(key, context)
            guard let count else { return members.randomElement().map { .bytes($0.member) } ?? .missing }
            return .scored(try sample(members, count))
        case .scan(let key, _, let match, _):
            let members = try await all(key, context)
            return page(members, match: match, name: \.member) { [.bytes($0.member), .double($0.score)] }
        case .removeRange, .storeRange:
            throw .refused(
                operation.needs.members.first ?? .sortedSetRange,
                reason: "a range is read here, and neither removed nor stored as a whole")
        case .combine, .intersectionCount:
            throw .refused(.sortedSetCombine, reason: CapabilityMapping.reasons[.sortedSetCombine] ?? "")
        }
    }

    /// The one operation of the file that `operation` is; nil when it becomes several, or is made of another one.
    func plan(_ operation: SortedSetOperation, _ context: CallContext) throws(Failure) -> DeclaredPlan? {
        switch operation {
        case .add(let key, let members, let options):
            guard let shape = try shape(of: options), shape != "sorted-set.update" else { return nil }
            var scores: [[UInt8]] = []
            for member in members { scores.append(try score(member.score)) }
            guard options.increments else {
                return try several(shape, key, members.map(\.member), others: scores, context, .tally)
            }
            guard members.count == 1 else { return nil }
            return try calls.single(shape, key, context, .score) {
                $0[.member] = members[0].member
                $0[.score] = scores[0]
            }
        case .remove(let key, let members): return try several("sorted-set.remove", key, members, context, .tally)
        case .scores(let key, let members) where members.count == 1:
            return try calls.single("sorted-set.score", key, context, .onlyScore) { $0[.member] = members[0] }
        case .rank(let key, let member, let reversed, false): return try rank(key, member, reversed, context)
        case .count(let key) where has("sorted-set.count"):
            return try calls.single("sorted-set.count", key, context, .numberOrZero)
        case .range(let key, let slice):
            guard case .ranks(let first, let last) = slice.range, slice.offset == 0, slice.limit < 0,
                !slice.reversed
            else { return nil }
            return try range(key, first, last, context)
        case .pop(let key, let highest, let count):
            let plan = try popping(key, highest, count, context)
            return plan.operation.mentioned.contains(.count) && count > 0 || count == 1 ? plan : nil
        default: return nil
        }
    }

    // MARK: Adding

    /// The operation of the file that adds so; nil where it takes several.
    private func shape(of options: SortedSetAddOptions) throws(Failure) -> String? {
        func refused(_ what: String) -> Failure { .refused(.sortedSetAdd, reason: "\(what) cannot be mapped") }
        guard !options.onlyHigher, !options.onlyLower else { throw refused("a condition on the score there is") }
        if options.increments {
            guard !options.onlyNew, !options.onlyPresent else { throw refused("adding to a score under a condition") }
            return "sorted-set.increment"
        }
        if options.onlyNew { return options.onlyPresent ? nil : "sorted-set.add-if-absent" }
        guard !options.countsChanges else { throw refused("a count of the scores that were changed") }
        return options.onlyPresent ? "sorted-set.update" : "sorted-set.add"
    }

    private func score(_ number: Double) throws(Failure) -> [UInt8] {
        // Infinity has no spelling that all servers share.
        guard number.isFinite else { throw .refused(.sortedSetAdd, reason: "a score has to be finite here") }
        return Scores.text(number)
    }

    private func add(
        _ key: [UInt8], _ members: [ScoredMember], _ options: SortedSetAddOptions, _ context: CallContext
    ) async throws(Failure) -> Answer {
        // Nothing is new and there at once.
        guard let shape = try shape(of: options) else { return .integer(0) }
        var scores: [[UInt8]] = []
        for member in members { scores.append(try score(member.score)) }
        guard shape == "sorted-set.update" else {
            return try await tally(shape, key, members.map(\.member), others: scores, context)
        }
        for (member, score) in zip(members, scores) {
            let plan = try calls.single(shape, key, context, .flag) {
                $0[.member] = member.member
                $0[.score] = score
            }
            _ = try await calls.answer(plan)
        }
        return .integer(0)
    }

    // MARK: Reading and taking

    private func rank(
        _ key: [UInt8], _ member: [UInt8], _ reversed: Bool, _ context: CallContext
    ) throws(Failure) -> DeclaredPlan {
        try calls.single(reversed ? "sorted-set.rank-from-highest" : "sorted-set.rank", key, context, .rank) {
            $0[.member] = member
        }
    }

    private func range(
        _ key: [UInt8], _ first: Int64, _ last: Int64, _ context: CallContext
    ) throws(Failure) -> DeclaredPlan {
        try calls.single("sorted-set.range", key, context, .scored) {
            $0.numberA = first
            $0.numberB = last
        }
    }

    private func all(_ key: [UInt8], _ context: CallContext) async throws(Failure) -> [ScoredMember] {
        guard case .scored(let members) = try await calls.answer(try range(key, 0, -1, context)) else { return [] }
        return members
    }

    private func popping(
        _ key: [UInt8], _ highest: Bool, _ count: Int64, _ context: CallContext
    ) throws(Failure) -> DeclaredPlan {
        try calls.single(highest ? "sorted-set.pop-highest" : "sorted-set.pop-lowest", key, context, .scored) {
            $0.numberB = count
        }
    }

    private func pop(
        _ key: [UInt8], _ highest: Bool, _ count: Int64, _ context: CallContext
    ) async throws(Failure) -> [ScoredMember] {
        let plan = try popping(key, highest, count, context)
        let takesCount = plan.operation.mentioned.contains(.count)
        var members: [ScoredMember] = []
        while Int64(members.count) < count, members.count < program.limits.items {
            guard case .scored(let taken) = try await calls.answer(plan), !taken.isEmpty else { break }
            members += taken
            if takesCount { break }
        }
        return members
    }
}
