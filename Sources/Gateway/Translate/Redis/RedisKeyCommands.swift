// Commands on keys, whatever they hold.

import Capabilities
import RedisWire

/// DEL, EXPIRE, SCAN and their kin.
enum RedisKeyCommands {
    private static let ttl = CapabilitySet(.keyValueTTL)
    private static let exists = CapabilitySet(.keyValueExists)
    private static let scan = CapabilitySet(.keyValueScan)
    private static let readFast: RedisCommandFlags = [.readOnly, .fast]
    private static let writeFast: RedisCommandFlags = [.write, .fast]

    static let entries: [RedisCommandEntry] = [
        .init("del", -2, .write, .all, .generic, CapabilitySet(.keyValueDelete), delete),
        .init("unlink", -2, writeFast, .all, .generic, CapabilitySet(.keyValueDelete), delete),
        .init("exists", -2, readFast, .all, .generic, exists) { line, _ in
            .keyValue(.exists(keys: line.arguments), .integer)
        },
        .init("touch", -2, readFast, .all, .generic, exists) { line, _ in
            .keyValue(.touch(keys: line.arguments), .integer)
        },
        .init("type", 2, readFast, .one, .generic, CapabilitySet(.keyValueType)) { line, _ in
            .keyValue(.type(key: line.arguments[0]), .typeName)
        },
        expire("expire", .seconds), expire("pexpire", .milliseconds), expire("expireat", .atSecond),
        expire("pexpireat", .atMillisecond),
        .init("ttl", 2, readFast, .one, .generic, ttl) { line, context in
            .keyValue(.expiry(key: line.arguments[0]), .timeLeft(inSeconds: true, now: context.now))
        },
        .init("pttl", 2, readFast, .one, .generic, ttl) { line, context in
            .keyValue(.expiry(key: line.arguments[0]), .timeLeft(inSeconds: false, now: context.now))
        },
        .init("expiretime", 2, readFast, .one, .generic, ttl) { line, _ in
            .keyValue(.expiry(key: line.arguments[0]), .expiry(inSeconds: true))
        },
        .init("pexpiretime", 2, readFast, .one, .generic, ttl) { line, _ in
            .keyValue(.expiry(key: line.arguments[0]), .expiry(inSeconds: false))
        },
        .init("persist", 2, writeFast, .one, .generic, ttl) { line, _ in
            .keyValue(.persist(key: line.arguments[0]), .integer)
        },
        .init("rename", 3, .write, .two, .generic, CapabilitySet(.keyValueRename)) { line, _ in
            .keyValue(.rename(from: line.arguments[0], to: line.arguments[1], onlyIfAbsent: false), .status)
        },
        .init("renamenx", 3, writeFast, .two, .generic, CapabilitySet(.keyValueRename)) { line, _ in
            .keyValue(.rename(from: line.arguments[0], to: line.arguments[1], onlyIfAbsent: true), .integer)
        },
        .init("copy", -3, [.write, .denyOOM], .two, .generic, CapabilitySet(.keyValueCopy), copy),
        .init("scan", -2, .readOnly, .none, .generic, scan, scan),
        .init("keys", 2, [.readOnly, .dangerous], .none, .generic, scan) { line, _ in
            .keyValue(.keys(match: line.arguments[0]), .array)
        },
        .init("randomkey", 1, .readOnly, .none, .generic, CapabilitySet(.keyValueRandom)) { _, _ in
            .keyValue(.randomKey, .bulk)
        },
        .init("dbsize", 1, readFast, .none, .generic, CapabilitySet(.keyValueCount)) { _, _ in
            .keyValue(.count, .integer)
        },
        clear("flushdb", everyDatabase: false), clear("flushall", everyDatabase: true),
    ]

    private static func delete(
        _ line: RedisCommandLine, _ context: RedisTranslationContext
    ) throws(RedisErrorText) -> RedisTranslation {
        .keyValue(.delete(keys: line.arguments), .integer)
    }

    /// Source: redis src/expire.c expireGenericCommand.
    private static func expire(_ name: StaticString, _ unit: RedisTimeUnit) -> RedisCommandEntry {
        RedisCommandEntry(name, -3, writeFast, .one, .generic, ttl) { line, context throws(RedisErrorText) in
            let condition = try RedisExpireCondition.parse(line.arguments[2...])
            let number = try RedisArgument.integer(line.arguments[1])
            guard let time = unit.time(number, now: context.now) else { throw .invalidExpiry(name.description) }
            return .keyValue(.expire(key: line.arguments[0], at: time, condition), .integer)
        }
    }

    private static func clear(_ name: StaticString, everyDatabase: Bool) -> RedisCommandEntry {
        let needs = CapabilitySet(.keyValueClear)
        return RedisCommandEntry(name, -1, [.write, .dangerous], .none, .generic, needs) {
            line, _ throws(RedisErrorText) in
            // Whether memory is given back at once or a little later is nothing that a client can see.
            let isKnown = line.arguments.allSatisfy { $0.isWord("sync") || $0.isWord("async") }
            guard line.arguments.count <= 1, isKnown else { throw .syntax }
            return .keyValue(.clear(everyDatabase: everyDatabase), .status)
        }
    }

    private static func copy(
        _ line: RedisCommandLine, _ context: RedisTranslationContext
    ) throws(RedisErrorText) -> RedisTranslation {
        let arguments = line.arguments
        var database: Int?
        var replaces = false
        var index = 2
        while index < arguments.count {
            if arguments[index].isWord("replace") {
                replaces = true
            } else if arguments[index].isWord("db"), index + 1 < arguments.count {
                index += 1
                let number = try RedisArgument.integer(arguments[index], or: .notAnInteger)
                guard number >= 0, number < Int64(context.databases) else { throw .databaseOutOfRange }
                database = Int(number)
            } else {
                throw .syntax
            }
            index += 1
        }
        if database == context.database { database = nil }
        if database == nil, arguments[0] == arguments[1] { throw .sameObject }
        return .keyValue(
            .copy(from: arguments[0], to: arguments[1], toDatabase: database, replaces: replaces), .integer)
    }

    private static func scan(
        _ line: RedisCommandLine, _ context: RedisTranslationContext
    ) throws(RedisErrorText) -> RedisTranslation {
        let cursor = try RedisArgument.cursor(line.arguments[0])
        let options = try RedisScanOptions(line.arguments[1...], takesType: true)
        return .keyValue(
            .scan(cursor: cursor, match: options.match, count: options.count, type: options.type), .page)
    }
}

/// The options of SCAN and its kin.
///
/// Source: redis src/db.c scanGenericCommand.
struct RedisScanOptions {
    var match: [UInt8]?
    var count = 10
    var type: [UInt8]?

    /// Items that one page may be asked for.
    private static let most: Int64 = 1 << 20

    init(_ words: ArraySlice<[UInt8]>, takesType: Bool) throws(RedisErrorText) {
        var index = words.startIndex
        while index < words.endIndex {
            guard index + 1 < words.endIndex else { throw .syntax }
            let value = words[index + 1]
            if words[index].isWord("count") {
                let number = try RedisArgument.integer(value)
                guard number >= 1 else { throw .syntax }
                count = Int(min(number, Self.most))
            } else if words[index].isWord("match") {
                match = value == [0x2A] ? nil : value
            } else if words[index].isWord("type"), takesType {
                type = value
            } else {
                throw .syntax
            }
            index += 2
        }
    }

    /// A scan inside the collection at a key, which the server looks up between the cursor and the options.
    static func inside(
        _ line: RedisCommandLine, probe: Operation, _ scan: (UInt64, RedisScanOptions) -> Operation
    ) throws(RedisErrorText) -> RedisTranslation {
        let cursor = try RedisArgument.cursor(line.arguments[1])
        do throws(RedisErrorText) {
            let options = try RedisScanOptions(line.arguments[2...], takesType: false)
            return .perform(scan(cursor, options), .page)
        } catch {
            return .refuse(error, after: probe, whenMissing: .emptyPage)
        }
    }
}
