// Ranges of a sorted set, taken out of all its members.

import Capabilities

extension SortedSetSlice {
    /// What the slice has of `members`, which are all, from the lowest to the highest.
    func applied(to members: [ScoredMember]) -> [ScoredMember] {
        var found: [ScoredMember]
        switch range {
        case .ranks(let first, let last):
            let ordered = reversed ? members.reversed() : members
            let start = Self.place(first, members.count)
            let end = Self.place(last, members.count)
            guard start <= end, start < members.count, end >= 0 else { return [] }
            found = Array(ordered[max(0, start)...min(end, members.count - 1)])
        case .scores(let from, let to):
            found = members.filter { from.isBelow($0.score) && to.isAbove($0.score) }
            if reversed { found.reverse() }
        case .members(let from, let to):
            found = members.filter { from.isBelow($0.member) && to.isAbove($0.member) }
            if reversed { found.reverse() }
        }
        guard offset >= 0 else { return [] }
        let rest = found.dropFirst(Int(clamping: offset))
        return limit < 0 ? Array(rest) : Array(rest.prefix(Int(clamping: limit)))
    }

    /// A position, of which negative ones count from the end.
    private static func place(_ rank: Int64, _ count: Int) -> Int {
        Int(clamping: rank < 0 ? max(rank, -1 - Int64(count)) + Int64(count) : rank)
    }
}

extension ScoreBound {
    fileprivate func isBelow(_ other: Double) -> Bool { isExcluded ? score < other : score <= other }
    fileprivate func isAbove(_ other: Double) -> Bool { isExcluded ? score > other : score >= other }
}

extension MemberBound {
    fileprivate func isBelow(_ other: [UInt8]) -> Bool {
        switch self {
        case .lowest: true
        case .highest: false
        case .included(let member): !other.lexicographicallyPrecedes(member)
        case .excluded(let member): member.lexicographicallyPrecedes(other)
        }
    }

    fileprivate func isAbove(_ other: [UInt8]) -> Bool {
        switch self {
        case .lowest: false
        case .highest: true
        case .included(let member): !member.lexicographicallyPrecedes(other)
        case .excluded(let member): other.lexicographicallyPrecedes(member)
        }
    }
}
