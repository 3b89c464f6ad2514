// Commands on sets.

import Capabilities
import RedisWire

/// SADD, SINTER and their kin.
enum RedisSetCommands {
    private static let members = CapabilitySet(.setMembers)
    private static let combine = CapabilitySet(.setCombine)
    private static let readFast: RedisCommandFlags = [.readOnly, .fast]

    static let entries: [RedisCommandEntry] = [
        .init("sadd", -3, [.write, .denyOOM, .fast], .one, .set, CapabilitySet(.setAdd)) { line, _ in
            .set(.add(key: line.arguments[0], members: Array(line.arguments[1...])), .integer)
        },
        .init("srem", -3, [.write, .fast], .one, .set, CapabilitySet(.setRemove)) { line, _ in
            .set(.remove(key: line.arguments[0], members: Array(line.arguments[1...])), .integer)
        },
        .init("smembers", 2, .readOnly, .one, .set, members) { line, _ in
            .set(.members(key: line.arguments[0]), .set)
        },
        .init("sismember", 3, readFast, .one, .set, members) { line, _ in
            .set(.contains(key: line.arguments[0], members: [line.arguments[1]]), .firstFlag)
        },
        .init("smismember", -3, readFast, .one, .set, members) { line, _ in
            .set(.contains(key: line.arguments[0], members: Array(line.arguments[1...])), .flags)
        },
        .init("scard", 2, readFast, .one, .set, members) { line, _ in
            .set(.count(key: line.arguments[0]), .integer)
        },
        .init("smove", 4, [.write, .fast], .two, .set, CapabilitySet(.setMove)) { line, _ in
            .set(
                .move(from: line.arguments[0], to: line.arguments[1], member: line.arguments[2]), .integer)
        },
        .init("spop", -2, [.write, .fast], .one, .set, CapabilitySet(.setPop)) { line, _ throws(RedisErrorText) in
            guard line.arguments.count <= 2 else { throw .syntax }
            guard line.arguments.count == 2 else { return .set(.pop(key: line.arguments[0], count: nil), .bulk) }
            let count = try RedisArgument.count(line.arguments[1])
            return .set(.pop(key: line.arguments[0], count: count), .set)
        },
        .init("srandmember", -2, .readOnly, .one, .set, members) { line, _ throws(RedisErrorText) in
            guard line.arguments.count <= 2 else { throw .syntax }
            guard line.arguments.count == 2 else { return .set(.random(key: line.arguments[0], count: nil), .bulk) }
            let count = try RedisArgument.randomCount(line.arguments[1])
            return .set(.random(key: line.arguments[0], count: count), .array)
        },
        combine("sinter", .intersection), combine("sunion", .union), combine("sdiff", .difference),
        store("sinterstore", .intersection), store("sunionstore", .union), store("sdiffstore", .difference),
        .init("sintercard", -3, [.readOnly, .movableKeys], .counted(at: 1), .set, combine, intersectionCount),
        .init("sscan", -3, .readOnly, .one, .set, CapabilitySet(.setScan)) { line, _ throws(RedisErrorText) in
            let key = line.arguments[0]
            return try RedisScanOptions.inside(line, probe: .set(.count(key: key))) { cursor, options in
                .set(.scan(key: key, cursor: cursor, match: options.match, count: options.count))
            }
        },
    ]

    private static func combine(_ name: StaticString, _ combination: SetCombination) -> RedisCommandEntry {
        RedisCommandEntry(name, -2, .readOnly, .all, .set, combine) { line, _ in
            .set(.combine(combination, keys: line.arguments, store: nil), .set)
        }
    }

    private static func store(_ name: StaticString, _ combination: SetCombination) -> RedisCommandEntry {
        RedisCommandEntry(name, -3, [.write, .denyOOM], .all, .set, combine) { line, _ in
            .set(
                .combine(combination, keys: Array(line.arguments[1...]), store: line.arguments[0]), .integer)
        }
    }

    /// Source: redis src/t_set.c sinterCardCommand.
    private static func intersectionCount(
        _ line: RedisCommandLine, _ context: RedisTranslationContext
    ) throws(RedisErrorText) -> RedisTranslation {
        let arguments = line.arguments
        let number = try RedisArgument.integer(arguments[0], from: 1, or: .keyCountNotPositive)
        guard number < Int64(arguments.count) else { throw .keyCountTooLarge }
        let keys = Array(arguments[1...Int(number)])
        var limit: Int64 = 0
        var index = Int(number) + 1
        while index < arguments.count {
            guard arguments[index].isWord("limit"), index + 1 < arguments.count else { throw .syntax }
            limit = try RedisArgument.integer(arguments[index + 1], from: 0, or: .limitNegative)
            index += 2
        }
        return .set(.intersectionCount(keys: keys, limit: limit), .integer)
    }
}
