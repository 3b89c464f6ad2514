// Commands on hashes.

import Capabilities
import RedisWire

/// HSET, HGET and their kin.
enum RedisHashCommands {
    private static let get = CapabilitySet(.hashGet)
    private static let set = CapabilitySet(.hashSet)
    private static let readFast: RedisCommandFlags = [.readOnly, .fast]
    private static let setFast: RedisCommandFlags = [.write, .denyOOM, .fast]

    static let entries: [RedisCommandEntry] = [
        .init("hset", -4, setFast, .one, .hash, set) { line, _ throws(RedisErrorText) in
            let pairs = try RedisStringCommands.pairs(line.arguments[1...], "hset")
            return .hash(line.arguments[0], .set(pairs), .integer)
        },
        .init("hmset", -4, setFast, .one, .hash, set) { line, _ throws(RedisErrorText) in
            let pairs = try RedisStringCommands.pairs(line.arguments[1...], "hmset")
            return .hash(line.arguments[0], .set(pairs), .status)
        },
        .init("hsetnx", 4, setFast, .one, .hash, set) { line, _ in
            .hash(line.arguments[0], .setIfAbsent(field: line.arguments[1], value: line.arguments[2]), .integer)
        },
        .init("hget", 3, readFast, .one, .hash, get) { line, _ in
            .hash(line.arguments[0], .get(field: line.arguments[1]), .bulk)
        },
        .init("hmget", -3, readFast, .one, .hash, get) { line, _ in
            .hash(line.arguments[0], .getMany(fields: Array(line.arguments[1...])), .array)
        },
        .init("hgetall", 2, .readOnly, .one, .hash, get) { line, _ in .hash(line.arguments[0], .all, .map) },
        .init("hkeys", 2, .readOnly, .one, .hash, get) { line, _ in .hash(line.arguments[0], .fields, .array) },
        .init("hvals", 2, .readOnly, .one, .hash, get) { line, _ in .hash(line.arguments[0], .values, .array) },
        .init("hlen", 2, readFast, .one, .hash, get) { line, _ in .hash(line.arguments[0], .count, .integer) },
        .init("hexists", 3, readFast, .one, .hash, get) { line, _ in
            .hash(line.arguments[0], .contains(field: line.arguments[1]), .integer)
        },
        .init("hstrlen", 3, readFast, .one, .hash, get) { line, _ in
            .hash(line.arguments[0], .valueLength(field: line.arguments[1]), .integer)
        },
        .init("hdel", -3, [.write, .fast], .one, .hash, CapabilitySet(.hashDelete)) { line, _ in
            .hash(line.arguments[0], .delete(fields: Array(line.arguments[1...])), .integer)
        },
        .init("hincrby", 4, setFast, .one, .hash, CapabilitySet(.hashIncrement)) { line, _ throws(RedisErrorText) in
            let number = try RedisArgument.integer(line.arguments[2])
            return .hash(line.arguments[0], .increment(field: line.arguments[1], by: number), .integer)
        },
        .init("hincrbyfloat", 4, setFast, .one, .hash, CapabilitySet(.hashIncrement)) {
            line, _ throws(RedisErrorText) in
            guard try RedisArgument.isFinite(line.arguments[2]) else { throw .notFinite }
            return .hash(
                line.arguments[0], .incrementFloat(field: line.arguments[1], by: line.arguments[2]), .bulk)
        },
        .init("hrandfield", -2, .readOnly, .one, .hash, CapabilitySet(.hashRandom), random),
        .init("hscan", -3, .readOnly, .one, .hash, CapabilitySet(.hashScan)) { line, _ throws(RedisErrorText) in
            let key = line.arguments[0]
            return try RedisScanOptions.inside(line, probe: .hash(HashOperation(key, .count))) { cursor, options in
                .hash(HashOperation(key, .scan(cursor: cursor, match: options.match, count: options.count)))
            }
        },
    ]

    /// Source: redis src/t_hash.c hrandfieldCommand.
    private static func random(
        _ line: RedisCommandLine, _ context: RedisTranslationContext
    ) throws(RedisErrorText) -> RedisTranslation {
        let arguments = line.arguments
        guard arguments.count > 1 else {
            return .hash(arguments[0], .random(count: nil, withValues: false), .bulk)
        }
        let count = try RedisArgument.randomCount(arguments[1])
        guard arguments.count > 2 else {
            return .hash(arguments[0], .random(count: count, withValues: false), .names)
        }
        guard arguments.count == 3, arguments[2].isWord("withvalues") else { throw .syntax }
        guard count >= -.max / 2, count <= .max / 2 else { throw .outOfRange }
        return .hash(arguments[0], .random(count: count, withValues: true), .pairs)
    }
}
