// Commands on values that are bytes.

import Capabilities
import RedisWire

/// GET, SET and their kin.
enum RedisStringCommands {
    private static let get = CapabilitySet(.keyValueGet)
    private static let set = CapabilitySet(.keyValueSet)
    private static let range = CapabilitySet(.keyValueRange)
    private static let increment = CapabilitySet(.keyValueIncrement)
    private static let setWithTTL = CapabilitySet(.keyValueSet, .keyValueTTL)
    private static let setOther: RedisCommandFlags = [.write, .denyOOM]
    private static let setFast: RedisCommandFlags = [.write, .denyOOM, .fast]

    static let entries: [RedisCommandEntry] = [
        .init("get", 2, [.readOnly, .fast], .one, .string, get) { line, _ in
            .keyValue(.get(key: line.arguments[0]), .bulk)
        },
        .init("set", -3, setOther, .one, .string, set, RedisStringCommands.set),
        .init("getset", 3, setFast, .one, .string, CapabilitySet(.keyValueSet, .keyValueExchange)) { line, _ in
            .keyValue(
                .set(key: line.arguments[0], value: line.arguments[1], SetOptions(returnsOld: true)), .bulk)
        },
        .init("getex", -2, [.write, .fast], .one, .string, get, getAndExpire),
        .init("getdel", 2, [.write, .fast], .one, .string, CapabilitySet(.keyValueExchange)) { line, _ in
            .keyValue(.getAndDelete(key: line.arguments[0]), .bulk)
        },
        .init("mget", -2, [.readOnly, .fast], .all, .string, CapabilitySet(.keyValueGet, .keyValueMultiKey)) {
            line, _ in
            .keyValue(.getMany(keys: line.arguments), .array)
        },
        .init("mset", -3, setOther, .pairs, .string, CapabilitySet(.keyValueSet, .keyValueMultiKey)) {
            line, _ throws(RedisErrorText) in
            .keyValue(.setMany(try pairs(line.arguments[...], "mset"), onlyIfAllAbsent: false), .status)
        },
        .init(
            "msetnx", -3, setOther, .pairs, .string,
            CapabilitySet(.keyValueSet, .keyValueMultiKey, .keyValueConditionalSet)
        ) { line, _ throws(RedisErrorText) in
            .keyValue(.setMany(try pairs(line.arguments[...], "msetnx"), onlyIfAllAbsent: true), .integer)
        },
        .init("setnx", 3, setFast, .one, .string, CapabilitySet(.keyValueSet, .keyValueConditionalSet)) { line, _ in
            .keyValue(.set(key: line.arguments[0], value: line.arguments[1], SetOptions(.absent)), .wasDone)
        },
        .init("setex", 4, setOther, .one, .string, setWithTTL) { line, context throws(RedisErrorText) in
            try setFor(line.arguments, .seconds, context, "setex")
        },
        .init("psetex", 4, setOther, .one, .string, setWithTTL) { line, context throws(RedisErrorText) in
            try setFor(line.arguments, .milliseconds, context, "psetex")
        },
        .init("append", 3, setFast, .one, .string, CapabilitySet(.keyValueAppend)) { line, _ in
            .keyValue(.append(key: line.arguments[0], value: line.arguments[1]), .integer)
        },
        .init("strlen", 2, [.readOnly, .fast], .one, .string, range) { line, _ in
            .keyValue(.length(key: line.arguments[0]), .integer)
        },
        .init("getrange", 4, .readOnly, .one, .string, range, part),
        .init("substr", 4, .readOnly, .one, .string, range, part),
        .init("setrange", 4, setOther, .one, .string, range, overwrite),
        .init("incr", 2, setFast, .one, .string, increment) { line, _ in
            .keyValue(.increment(key: line.arguments[0], by: 1), .integer)
        },
        .init("decr", 2, setFast, .one, .string, increment) { line, _ in
            .keyValue(.increment(key: line.arguments[0], by: -1), .integer)
        },
        .init("incrby", 3, setFast, .one, .string, increment) { line, _ throws(RedisErrorText) in
            .keyValue(.increment(key: line.arguments[0], by: try RedisArgument.integer(line.arguments[1])), .integer)
        },
        .init("decrby", 3, setFast, .one, .string, increment) { line, _ throws(RedisErrorText) in
            let number = try RedisArgument.integer(line.arguments[1])
            guard number != .min else { throw .decrementOverflow }
            return .keyValue(.increment(key: line.arguments[0], by: -number), .integer)
        },
        .init("incrbyfloat", 3, setFast, .one, .string, CapabilitySet(.keyValueIncrementFloat), incrementFloat),
    ]

    /// Names and values in turn.
    static func pairs(_ words: ArraySlice<[UInt8]>, _ command: String) throws(RedisErrorText) -> [Pair] {
        guard words.count.isMultiple(of: 2) else { throw .wrongArity(command) }
        var pairs: [Pair] = []
        pairs.reserveCapacity(words.count / 2)
        for index in stride(from: words.startIndex, to: words.endIndex, by: 2) {
            pairs.append(Pair(words[index], words[index + 1]))
        }
        return pairs
    }

    private static func set(
        _ line: RedisCommandLine, _ context: RedisTranslationContext
    ) throws(RedisErrorText) -> RedisTranslation {
        let arguments = line.arguments
        guard arguments.count > 2 else {
            return .keyValue(.set(key: arguments[0], value: arguments[1], SetOptions()), .status)
        }
        var options = SetOptions()
        var expiry = RedisExpiryOptions()
        var index = 2
        while index < arguments.count {
            let word = arguments[index]
            if word.isWord("nx"), options.condition != .present {
                options.condition = .absent
            } else if word.isWord("xx"), options.condition != .absent {
                options.condition = .present
            } else if word.isWord("get") {
                options.returnsOld = true
            } else if word.isWord("keepttl"), expiry.unit == nil {
                expiry.isKept = true
            } else if !expiry.take(arguments, at: &index) {
                throw .syntax
            }
            index += 1
        }
        if let unit = expiry.unit {
            options.expiry = .at(try unit.positiveTime(expiry.number, now: context.now, "set"))
        } else if expiry.isKept {
            options.expiry = .kept
        }
        return .keyValue(
            .set(key: arguments[0], value: arguments[1], options), options.returnsOld ? .bulk : .status)
    }

    private static func setFor(
        _ arguments: [[UInt8]], _ unit: RedisTimeUnit, _ context: RedisTranslationContext, _ command: String
    ) throws(RedisErrorText) -> RedisTranslation {
        let time = try unit.positiveTime(arguments[1], now: context.now, command)
        return .keyValue(.set(key: arguments[0], value: arguments[2], SetOptions(expiry: .at(time))), .status)
    }

    private static func getAndExpire(
        _ line: RedisCommandLine, _ context: RedisTranslationContext
    ) throws(RedisErrorText) -> RedisTranslation {
        let key = line.arguments[0]
        var expiry = RedisExpiryOptions()
        var index = 1
        while index < line.arguments.count {
            if line.arguments[index].isWord("persist"), expiry.unit == nil {
                expiry.isTakenAway = true
            } else if !expiry.take(line.arguments, at: &index) {
                throw .syntax
            }
            index += 1
        }
        guard let unit = expiry.unit else {
            return .keyValue(.getAndExpire(key: key, expiry.isTakenAway ? .never : .kept), .bulk)
        }
        do throws(RedisErrorText) {
            let time = try unit.positiveTime(expiry.number, now: context.now, "getex")
            return .keyValue(.getAndExpire(key: key, .at(time)), .bulk)
        } catch {
            return .refuse(error, after: .keyValue(.get(key: key)), whenMissing: .null)
        }
    }

    private static func part(
        _ line: RedisCommandLine, _ context: RedisTranslationContext
    ) throws(RedisErrorText) -> RedisTranslation {
        let first = try RedisArgument.integer(line.arguments[1])
        let last = try RedisArgument.integer(line.arguments[2])
        return .keyValue(.range(key: line.arguments[0], first: first, last: last), .bulk)
    }

    private static func overwrite(
        _ line: RedisCommandLine, _ context: RedisTranslationContext
    ) throws(RedisErrorText) -> RedisTranslation {
        let offset = try RedisArgument.integer(line.arguments[1])
        guard offset >= 0 else { throw .offsetOutOfRange }
        return .keyValue(
            .overwrite(key: line.arguments[0], offset: offset, value: line.arguments[2]), .integer)
    }

    private static func incrementFloat(
        _ line: RedisCommandLine, _ context: RedisTranslationContext
    ) throws(RedisErrorText) -> RedisTranslation {
        let key = line.arguments[0]
        do throws(RedisErrorText) {
            guard try RedisArgument.isFinite(line.arguments[1]) else { throw .notFiniteSum }
            return .keyValue(.incrementFloat(key: key, by: line.arguments[1]), .bulk)
        } catch {
            return .refuse(error, after: .keyValue(.get(key: key)), whenMissing: nil)
        }
    }
}
