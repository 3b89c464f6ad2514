// Which members of a sorted set a range means.

import Capabilities

extension SortedSetValue {
    /// The ranks of `range`, counted from the lowest.
    func ranks(_ range: SortedSetRange) -> Range<Int> {
        let low: Int
        let high: Int
        switch range {
        case .ranks(let first, let last): return Positions.range(first, last, order.count)
        case .scores(let from, let to):
            low = order.rank { from.isExcluded ? $0.score <= from.score : $0.score < from.score }
            high = order.rank { to.isExcluded ? $0.score < to.score : $0.score <= to.score }
        case .members(let from, let to):
            low = order.rank { Self.isBelow($0.member, from) }
            high = order.rank { !Self.isAbove($0.member, to) }
        }
        return low < high ? low..<high : 0..<0
    }

    /// Whether a range that starts with `bound` leaves the member out.
    private static func isBelow(_ member: [UInt8], _ bound: MemberBound) -> Bool {
        switch bound {
        case .lowest: false
        case .highest: true
        case .included(let bytes): Bytes.compare(member, bytes) < 0
        case .excluded(let bytes): Bytes.compare(member, bytes) <= 0
        }
    }

    /// Whether a range that ends with `bound` leaves the member out.
    private static func isAbove(_ member: [UInt8], _ bound: MemberBound) -> Bool {
        switch bound {
        case .lowest: true
        case .highest: false
        case .included(let bytes): Bytes.compare(member, bytes) > 0
        case .excluded(let bytes): Bytes.compare(member, bytes) >= 0
        }
    }

    /// The members of a slice in its direction.
    func items(_ slice: SortedSetSlice) -> [ScoredMember] {
        var ranks = ranks(slice.range)
        if slice.reversed, case .ranks = slice.range {
            // Ranks count from the highest.
            ranks = order.count - ranks.upperBound..<order.count - ranks.lowerBound
        }
        guard slice.offset >= 0 else { return [] }
        let offset = min(Int(clamping: slice.offset), ranks.count)
        let left = ranks.count - offset
        let count = slice.limit < 0 ? left : min(left, Int(clamping: slice.limit))
        guard slice.reversed else {
            return order.items(ranks.lowerBound + offset..<ranks.lowerBound + offset + count)
        }
        let end = ranks.upperBound - offset
        return order.items(end - count..<end).reversed()
    }
}
