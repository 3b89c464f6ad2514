// Commands on parts of sorted sets: by rank, by score, by member.

import Capabilities
import RedisWire

/// ZRANGE, ZCOUNT, ZREMRANGEBYSCORE and their kin.
enum RedisSortedSetRangeCommands {
    private static let range = CapabilitySet(.sortedSetRange)
    private static let remove = CapabilitySet(.sortedSetRemove)

    static let entries: [RedisCommandEntry] = [
        range("zrange", nil, nil), range("zrevrange", .ranks, true),
        range("zrangebyscore", .scores, false), range("zrevrangebyscore", .scores, true),
        range("zrangebylex", .members, false), range("zrevrangebylex", .members, true),
        .init("zrangestore", -5, [.write, .denyOOM], .two, .sortedSet, range) { line, _ throws(RedisErrorText) in
            let arguments = line.arguments
            let request = try RedisRangeRequest(arguments[2...], kind: nil, reversed: nil, stores: true)
            return .sortedSet(.storeRange(from: arguments[1], to: arguments[0], request.slice), .integer)
        },
        .init("zcount", 4, [.readOnly, .fast], .one, .sortedSet, range) { line, _ throws(RedisErrorText) in
            let range = try RedisRangeKind.scores.range(line.arguments[1], line.arguments[2])
            return .sortedSet(.countRange(key: line.arguments[0], range), .integer)
        },
        .init("zlexcount", 4, [.readOnly, .fast], .one, .sortedSet, range) { line, _ throws(RedisErrorText) in
            let range = try RedisRangeKind.members.range(line.arguments[1], line.arguments[2])
            return .sortedSet(.countRange(key: line.arguments[0], range), .integer)
        },
        removal("zremrangebyrank", .ranks), removal("zremrangebyscore", .scores),
        removal("zremrangebylex", .members),
    ]

    private static func range(_ name: StaticString, _ kind: RedisRangeKind?, _ reversed: Bool?) -> RedisCommandEntry {
        RedisCommandEntry(name, -4, .readOnly, .one, .sortedSet, range) { line, _ throws(RedisErrorText) in
            let request = try RedisRangeRequest(line.arguments[1...], kind: kind, reversed: reversed, stores: false)
            return .sortedSet(
                .range(key: line.arguments[0], request.slice), request.hasScores ? .scored : .members)
        }
    }

    private static func removal(_ name: StaticString, _ kind: RedisRangeKind) -> RedisCommandEntry {
        RedisCommandEntry(name, 4, .write, .one, .sortedSet, remove) { line, _ throws(RedisErrorText) in
            let range = try kind.range(line.arguments[1], line.arguments[2])
            return .sortedSet(.removeRange(key: line.arguments[0], range), .integer)
        }
    }
}

/// What the ends of a range are.
enum RedisRangeKind: Sendable {
    case ranks, scores, members

    func range(_ first: [UInt8], _ last: [UInt8]) throws(RedisErrorText) -> SortedSetRange {
        switch self {
        case .ranks:
            return .ranks(first: try RedisArgument.integer(first), last: try RedisArgument.integer(last))
        case .scores:
            let low = try RedisArgument.scoreBound(first)
            let high = try RedisArgument.scoreBound(last)
            return .scores(
                from: ScoreBound(low.score, isExcluded: low.isExcluded),
                to: ScoreBound(high.score, isExcluded: high.isExcluded))
        case .members:
            return .members(from: try Self.member(first), to: try Self.member(last))
        }
    }

    /// Source: redis src/t_zset.c zslParseLexRangeItem.
    private static func member(_ text: [UInt8]) throws(RedisErrorText) -> MemberBound {
        switch text.first {
        case 0x2B where text.count == 1: return .highest
        case 0x2D where text.count == 1: return .lowest
        case 0x28: return .excluded(Array(text.dropFirst()))
        case 0x5B: return .included(Array(text.dropFirst()))
        default: throw .boundNotAMember
        }
    }
}

/// The words of ZRANGE and its kin behind the key.
///
/// Source: redis src/t_zset.c zrangeGenericCommand.
struct RedisRangeRequest {
    let slice: SortedSetSlice
    private(set) var hasScores = false

    /// - Parameters:
    ///   - kind: what the command's name says of the ends; nil when BYSCORE and BYLEX may.
    ///   - reversed: what the command's name says of the direction; nil when REV may.
    ///   - stores: whether there is no client to give scores to.
    init(
        _ words: ArraySlice<[UInt8]>, kind: RedisRangeKind?, reversed: Bool?, stores: Bool
    ) throws(RedisErrorText) {
        var kind = kind
        var reversed = reversed
        var offset: Int64 = 0
        var limit: Int64 = -1
        var index = words.startIndex + 2
        while index < words.endIndex {
            let word = words[index]
            if !stores, word.isWord("withscores") {
                hasScores = true
            } else if word.isWord("limit"), words.endIndex - index > 2 {
                offset = try RedisArgument.integer(words[index + 1])
                limit = try RedisArgument.integer(words[index + 2])
                index += 2
            } else if reversed == nil, word.isWord("rev") {
                reversed = true
            } else if kind == nil, word.isWord("bylex") {
                kind = .members
            } else if kind == nil, word.isWord("byscore") {
                kind = .scores
            } else {
                throw .syntax
            }
            index += 1
        }
        let ends = kind ?? .ranks
        if limit != -1, ends == .ranks { throw .limitWithoutRange }
        if hasScores, ends == .members { throw .scoresWithoutRange }
        let isReversed = reversed ?? false
        var (first, last) = (words[words.startIndex], words[words.startIndex + 1])
        if isReversed, ends != .ranks { swap(&first, &last) }
        // Ranks know no limit, and one with a negative offset never begins.
        if ends == .ranks {
            (offset, limit) = (0, -1)
        } else if offset < 0 {
            (offset, limit) = (0, 0)
        }
        slice = SortedSetSlice(
            try ends.range(first, last), reversed: isReversed, offset: offset, limit: limit)
    }
}
