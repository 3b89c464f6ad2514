// Commands on sorted sets that add, remove, look up and pop.

import Capabilities
import RedisWire

/// ZADD, ZSCORE, ZPOPMIN and their kin.
enum RedisSortedSetCommands {
    private static let add = CapabilitySet(.sortedSetAdd)
    private static let score = CapabilitySet(.sortedSetScore)
    private static let range = CapabilitySet(.sortedSetRange)
    private static let pop = CapabilitySet(.sortedSetPop)
    private static let waitToPop = CapabilitySet(.sortedSetPop, .sortedSetBlocking)
    private static let readFast: RedisCommandFlags = [.readOnly, .fast]
    private static let addFast: RedisCommandFlags = [.write, .denyOOM, .fast]

    static let entries: [RedisCommandEntry] = [
        .init("zadd", -4, addFast, .one, .sortedSet, add, add),
        .init("zincrby", 4, addFast, .one, .sortedSet, add) { line, _ throws(RedisErrorText) in
            var options = SortedSetAddOptions()
            options.increments = true
            let member = ScoredMember(line.arguments[2], score: try RedisArgument.double(line.arguments[1]))
            return .sortedSet(.add(key: line.arguments[0], [member], options), .double)
        },
        .init("zrem", -3, [.write, .fast], .one, .sortedSet, CapabilitySet(.sortedSetRemove)) { line, _ in
            .sortedSet(.remove(key: line.arguments[0], members: Array(line.arguments[1...])), .integer)
        },
        .init("zcard", 2, readFast, .one, .sortedSet, range) { line, _ in
            .sortedSet(.count(key: line.arguments[0]), .integer)
        },
        .init("zscore", 3, readFast, .one, .sortedSet, score) { line, _ in
            .sortedSet(.scores(key: line.arguments[0], members: [line.arguments[1]]), .firstDouble)
        },
        .init("zmscore", -3, readFast, .one, .sortedSet, score) { line, _ in
            .sortedSet(.scores(key: line.arguments[0], members: Array(line.arguments[1...])), .array)
        },
        rank("zrank", reversed: false), rank("zrevrank", reversed: true),
        pop("zpopmin", highest: false), pop("zpopmax", highest: true),
        waitToPop("bzpopmin", highest: false), waitToPop("bzpopmax", highest: true),
        .init("zmpop", -4, [.write, .movableKeys], .counted(at: 1), .sortedSet, pop) {
            line, _ throws(RedisErrorText) in
            try popSeveral(line.arguments[...]) { nil }
        },
        .init("bzmpop", -5, [.write, .blocking, .movableKeys], .counted(at: 2), .sortedSet, waitToPop) {
            line, context throws(RedisErrorText) in
            try popSeveral(line.arguments[1...]) { () throws(RedisErrorText) in
                try RedisListCommands.wait(line.arguments[0], context)
            }
        },
        .init("zrandmember", -2, .readOnly, .one, .sortedSet, range, random),
        .init("zscan", -3, .readOnly, .one, .sortedSet, CapabilitySet(.sortedSetScan)) {
            line, _ throws(RedisErrorText) in
            let key = line.arguments[0]
            return try RedisScanOptions.inside(line, probe: .sortedSet(.count(key: key))) { cursor, options in
                .sortedSet(.scan(key: key, cursor: cursor, match: options.match, count: options.count))
            }
        },
    ]

    /// Source: redis src/t_zset.c zaddGenericCommand.
    private static func add(
        _ line: RedisCommandLine, _ context: RedisTranslationContext
    ) throws(RedisErrorText) -> RedisTranslation {
        let arguments = line.arguments
        var options = SortedSetAddOptions()
        var index = 1
        scan: while index < arguments.count {
            let word = arguments[index]
            switch true {
            case word.isWord("nx"): options.onlyNew = true
            case word.isWord("xx"): options.onlyPresent = true
            case word.isWord("ch"): options.countsChanges = true
            case word.isWord("incr"): options.increments = true
            case word.isWord("gt"): options.onlyHigher = true
            case word.isWord("lt"): options.onlyLower = true
            default: break scan
            }
            index += 1
        }
        let words = arguments[index...]
        guard !words.isEmpty, words.count.isMultiple(of: 2) else { throw .syntax }
        if options.onlyNew, options.onlyPresent { throw .addConditions }
        let directions = [options.onlyHigher, options.onlyLower, options.onlyNew].count { $0 }
        if directions > 1 { throw .addDirections }
        if options.increments, words.count > 2 { throw .addIncrementsOne }
        var members: [ScoredMember] = []
        members.reserveCapacity(words.count / 2)
        while index < arguments.count {
            members.append(ScoredMember(arguments[index + 1], score: try RedisArgument.double(arguments[index])))
            index += 2
        }
        return .sortedSet(
            .add(key: arguments[0], members, options), options.increments ? .double : .integer)
    }

    private static func rank(_ name: StaticString, reversed: Bool) -> RedisCommandEntry {
        RedisCommandEntry(name, 3, readFast, .one, .sortedSet, score) { line, _ in
            .sortedSet(
                .rank(key: line.arguments[0], member: line.arguments[1], reversed: reversed, withScore: false),
                .integer)
        }
    }

    private static func pop(_ name: StaticString, highest: Bool) -> RedisCommandEntry {
        RedisCommandEntry(name, -2, [.write, .fast], .one, .sortedSet, pop) { line, _ throws(RedisErrorText) in
            guard line.arguments.count <= 2 else { throw .syntax }
            guard line.arguments.count == 2 else {
                return .sortedSet(.pop(key: line.arguments[0], highest: highest, count: 1), .firstScored)
            }
            let count = try RedisArgument.count(line.arguments[1])
            return .sortedSet(.pop(key: line.arguments[0], highest: highest, count: count), .scored)
        }
    }

    private static func waitToPop(_ name: StaticString, highest: Bool) -> RedisCommandEntry {
        RedisCommandEntry(
            name, -3, [.write, .noScript, .blocking, .fast], .allButLast, .sortedSet, waitToPop
        ) { line, context throws(RedisErrorText) in
            let wait = try RedisListCommands.wait(line.arguments[line.arguments.count - 1], context)
            return .sortedSet(
                .popFirst(keys: Array(line.arguments.dropLast()), highest: highest, count: 1, wait: wait),
                .takenFirstScored)
        }
    }

    /// `numkeys key… MIN|MAX [COUNT count]`.
    private static func popSeveral(
        _ words: ArraySlice<[UInt8]>, _ wait: () throws(RedisErrorText) -> Wait?
    ) throws(RedisErrorText) -> RedisTranslation {
        let request = try RedisPopRequest(words) { word throws(RedisErrorText) in
            guard word.isWord("max") || word.isWord("min") else { throw .syntax }
            return word.isWord("max")
        }
        return .sortedSet(
            .popFirst(keys: request.keys, highest: request.end, count: request.count, wait: try wait()), .taken)
    }

    /// Source: redis src/t_zset.c zrandmemberCommand.
    private static func random(
        _ line: RedisCommandLine, _ context: RedisTranslationContext
    ) throws(RedisErrorText) -> RedisTranslation {
        let arguments = line.arguments
        guard arguments.count > 1 else { return .sortedSet(.random(key: arguments[0], count: nil), .bulk) }
        let count = try RedisArgument.randomCount(arguments[1])
        guard arguments.count > 2 else { return .sortedSet(.random(key: arguments[0], count: count), .members) }
        guard arguments.count == 3, arguments[2].isWord("withscores") else { throw .syntax }
        guard count >= -.max / 2, count <= .max / 2 else { throw .outOfRange }
        return .sortedSet(.random(key: arguments[0], count: count), .scored)
    }
}
