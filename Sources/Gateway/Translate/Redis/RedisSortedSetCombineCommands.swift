// Commands that make one sorted set of several.

import Capabilities
import RedisWire

/// ZUNION, ZINTERSTORE, ZINTERCARD and their kin.
enum RedisSortedSetCombineCommands {
    private static let combine = CapabilitySet(.sortedSetCombine)

    static let entries: [RedisCommandEntry] = [
        combine("zunion", .union), combine("zinter", .intersection), combine("zdiff", .difference),
        store("zunionstore", .union), store("zinterstore", .intersection), store("zdiffstore", .difference),
        .init("zintercard", -3, [.readOnly, .movableKeys], .counted(at: 1), .sortedSet, combine) {
            line, _ throws(RedisErrorText) in
            let keys = try keys(line.arguments[...], "zintercard")
            return try options(after: keys, .intersection) { () throws(RedisErrorText) in
                var limit: Int64 = 0
                var rest = line.arguments[(keys.count + 1)...]
                while let word = rest.popFirst() {
                    guard word.isWord("limit"), let value = rest.popFirst() else { throw .syntax }
                    limit = try RedisArgument.integer(value, from: 0, or: .limitNegative)
                }
                return .sortedSet(.intersectionCount(keys: keys, limit: limit), .integer)
            }
        },
    ]

    private static func combine(_ name: StaticString, _ combination: SetCombination) -> RedisCommandEntry {
        RedisCommandEntry(name, -3, [.readOnly, .movableKeys], .counted(at: 1), .sortedSet, combine) {
            line, _ throws(RedisErrorText) in
            try translate(line.arguments[...], name.description, combination, store: nil)
        }
    }

    private static func store(_ name: StaticString, _ combination: SetCombination) -> RedisCommandEntry {
        RedisCommandEntry(
            name, -4, [.write, .denyOOM, .movableKeys], .counted(at: 2, first: 1), .sortedSet, combine
        ) { line, _ throws(RedisErrorText) in
            try translate(line.arguments[1...], name.description, combination, store: line.arguments[0])
        }
    }

    /// Source: redis src/t_zset.c zunionInterDiffGenericCommand, which judges options after it has looked at the keys.
    private static func translate(
        _ words: ArraySlice<[UInt8]>, _ name: String, _ combination: SetCombination, store: [UInt8]?
    ) throws(RedisErrorText) -> RedisTranslation {
        let keys = try keys(words, name)
        return try options(after: keys, combination) { () throws(RedisErrorText) in
            var weights: [Double] = []
            var aggregate = ScoreAggregate.sum
            var hasScores = false
            var rest = words.dropFirst(keys.count + 1)
            while let word = rest.popFirst() {
                if combination != .difference, word.isWord("weights"), rest.count >= keys.count {
                    weights = []
                    for _ in keys.indices {
                        weights.append(try RedisArgument.double(rest.removeFirst(), or: .weightNotAFloat))
                    }
                } else if combination != .difference, word.isWord("aggregate"), let kind = rest.popFirst() {
                    aggregate = try self.aggregate(kind)
                } else if store == nil, word.isWord("withscores") {
                    hasScores = true
                } else {
                    throw .syntax
                }
            }
            let operation = SortedSetOperation.combine(
                combination, keys: keys, weights: weights, aggregate: aggregate, store: store)
            return .sortedSet(operation, store != nil ? .integer : hasScores ? .scored : .members)
        }
    }

    private static func aggregate(_ word: [UInt8]) throws(RedisErrorText) -> ScoreAggregate {
        if word.isWord("sum") { return .sum }
        if word.isWord("min") { return .minimum }
        if word.isWord("max") { return .maximum }
        throw .syntax
    }

    /// The keys behind their number.
    private static func keys(_ words: ArraySlice<[UInt8]>, _ name: String) throws(RedisErrorText) -> [[UInt8]] {
        let number = try RedisArgument.integer(words[words.startIndex])
        guard number >= 1 else { throw RedisErrorText("ERR at least 1 input key is needed for '\(name)' command") }
        guard number < Int64(words.count) else { throw .syntax }
        return Array(words.dropFirst().prefix(Int(number)))
    }

    /// What `parse` gives, or its error once the types of the keys are known to be right.
    private static func options(
        after keys: [[UInt8]], _ combination: SetCombination,
        _ parse: () throws(RedisErrorText) -> RedisTranslation
    ) throws(RedisErrorText) -> RedisTranslation {
        do throws(RedisErrorText) {
            return try parse()
        } catch {
            let probe = SortedSetOperation.combine(.union, keys: keys, weights: [], aggregate: .sum, store: nil)
            return .refuse(error, after: .sortedSet(probe), whenMissing: nil)
        }
    }
}
