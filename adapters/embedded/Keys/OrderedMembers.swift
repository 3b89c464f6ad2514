// The members of a sorted set in order, with ranks.

import Capabilities

/// Members in the order of score and bytes, in chunks of up to 256 with counts on two levels above them.
///
/// Finding a place is two binary searches; a rank adds up counts of 64 chunks at a time. Like ``ByteTable`` it is a value
/// whose copies share chunks.
struct OrderedMembers {
    private static let chunkSize = 256
    private static let groupBits = 6

    private var chunks: [ContiguousArray<ScoredMember>] = []
    private var counts: ContiguousArray<Int32> = []
    /// The sums of 64 counts each.
    private var groups: ContiguousArray<Int> = []
    private(set) var count = 0

    /// A place among the members; `chunk` is the number of chunks at the end.
    private struct Place {
        var chunk: Int
        var offset: Int
    }

    /// Whether `left` comes before `right`.
    @inline(__always)
    static func precedes(_ left: ScoredMember, _ right: ScoredMember) -> Bool {
        if left.score != right.score { return left.score < right.score }
        return Bytes.compare(left.member, right.member) < 0
    }

    // MARK: Changing

    mutating func insert(_ item: ScoredMember) {
        var place = search { Self.precedes($0, item) }
        if place.chunk == chunks.count {
            // Behind everything: the last chunk takes it while it has room, so rising scores leave full chunks.
            if let last = chunks.last, last.count < Self.chunkSize {
                place = Place(chunk: chunks.count - 1, offset: last.count)
            } else {
                chunks.append([])
                counts.append(0)
                if (chunks.count - 1) >> Self.groupBits == groups.count { groups.append(0) }
            }
        } else if chunks[place.chunk].count == Self.chunkSize {
            split(place.chunk)
            if place.offset > Self.chunkSize / 2 {
                place = Place(chunk: place.chunk + 1, offset: place.offset - Self.chunkSize / 2)
            }
        }
        chunks[place.chunk].insert(item, at: place.offset)
        counts[place.chunk] += 1
        groups[place.chunk >> Self.groupBits] += 1
        count += 1
    }

    /// Takes `item`, which is there, out.
    mutating func remove(_ item: ScoredMember) {
        let place = search { Self.precedes($0, item) }
        guard place.chunk < chunks.count else { return }
        remove(at: place)
    }

    private mutating func remove(at place: Place) {
        chunks[place.chunk].remove(at: place.offset)
        counts[place.chunk] -= 1
        groups[place.chunk >> Self.groupBits] -= 1
        count -= 1
        let left = Int(counts[place.chunk])
        if left == 0 {
            chunks.remove(at: place.chunk)
            counts.remove(at: place.chunk)
            regroup(from: place.chunk)
        } else if left < Self.chunkSize / 4, place.chunk + 1 < chunks.count,
            left + Int(counts[place.chunk + 1]) <= Self.chunkSize / 2
        {
            let next = chunks.remove(at: place.chunk + 1)
            counts.remove(at: place.chunk + 1)
            chunks[place.chunk].append(contentsOf: next)
            counts[place.chunk] += Int32(next.count)
            regroup(from: place.chunk)
        }
    }

    private mutating func split(_ chunk: Int) {
        let half = Self.chunkSize / 2
        var upper = ContiguousArray<ScoredMember>()
        upper.reserveCapacity(Self.chunkSize)
        upper.append(contentsOf: chunks[chunk][half...])
        chunks[chunk].removeSubrange(half...)
        counts[chunk] = Int32(half)
        counts.insert(Int32(upper.count), at: chunk + 1)
        chunks.insert(upper, at: chunk + 1)
        regroup(from: chunk)
    }

    /// Adds up the groups anew from the one that holds `chunk`.
    private mutating func regroup(from chunk: Int) {
        let first = min(chunk >> Self.groupBits, groups.count)
        groups.removeSubrange(first...)
        var index = first << Self.groupBits
        while index < counts.count {
            let end = min(index + 1 << Self.groupBits, counts.count)
            groups.append(counts[index..<end].reduce(0) { $0 + Int($1) })
            index = end
        }
    }

    // MARK: Finding

    /// How many members `isBefore` is true for; it is true for the first ones and false for all others.
    func rank(_ isBefore: (ScoredMember) -> Bool) -> Int {
        let place = search(isBefore)
        let group = place.chunk >> Self.groupBits
        var rank = place.offset
        for index in 0..<min(group, groups.count) { rank += groups[index] }
        var index = group << Self.groupBits
        while index < place.chunk {
            rank += Int(counts[index])
            index += 1
        }
        return rank
    }

    private func search(_ isBefore: (ScoredMember) -> Bool) -> Place {
        var low = 0
        var high = chunks.count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(chunks[middle][chunks[middle].count - 1]) { low = middle + 1 } else { high = middle }
        }
        guard low < chunks.count else { return Place(chunk: low, offset: 0) }
        let chunk = low
        low = 0
        high = chunks[chunk].count
        while low < high {
            let middle = (low + high) / 2
            if isBefore(chunks[chunk][middle]) { low = middle + 1 } else { high = middle }
        }
        return Place(chunk: chunk, offset: low)
    }

    /// The place of the member with `rank`, which is less than ``count``.
    private func place(_ rank: Int) -> Place {
        var rest = rank
        var group = 0
        while group < groups.count, rest >= groups[group] {
            rest -= groups[group]
            group += 1
        }
        var chunk = group << Self.groupBits
        while chunk < counts.count, rest >= Int(counts[chunk]) {
            rest -= Int(counts[chunk])
            chunk += 1
        }
        return Place(chunk: chunk, offset: rest)
    }

    subscript(rank: Int) -> ScoredMember {
        let place = place(rank)
        return chunks[place.chunk][place.offset]
    }

    /// The members with the ranks of `range`, in order.
    func items(_ range: Range<Int>) -> [ScoredMember] {
        var items: [ScoredMember] = []
        guard !range.isEmpty else { return items }
        items.reserveCapacity(range.count)
        var place = place(range.lowerBound)
        while items.count < range.count {
            let chunk = chunks[place.chunk]
            let end = min(chunk.count, place.offset + range.count - items.count)
            items.append(contentsOf: chunk[place.offset..<end])
            place = Place(chunk: place.chunk + 1, offset: 0)
        }
        return items
    }
}
