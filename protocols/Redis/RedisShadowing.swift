// Which commands can be sent to a second server as well, and how the replies compare, as data.

import Wire

/// What a command is to a server that is asked beside the one that the client is answered by.
package enum RedisShadowing: Equatable, Sendable {
    /// It reads, and its reply is compared.
    case reads(RedisReplyRule)
    /// It reads from the whole database, so that it is compared only where nothing is known to differ.
    case readsAll(RedisReplyRule)
    /// It writes, with the same effect and reply on servers of the same data. A whole write leaves its keys in a state that
    /// does not depend on what they held before.
    case writes(RedisReplyRule, isWhole: Bool)
    /// It is about the connection, waits, or has no effect before EXEC.
    case stateful
    /// Its reply or its effect is another each time, is the server's own affair, or cannot be known.
    case incomparable
}

extension RedisShadowing {
    /// What `command` is, found in `bytes`.
    package static func of(_ command: RedisWholeCommand, in bytes: Bytes) -> RedisShadowing {
        let shadowing = table[Int(command.command.rawValue)]
        guard looksFurther[Int(command.command.rawValue)] else { return shadowing }
        switch command.command {
        case set:
            // With options the result may depend on what was there, or be told.
            return .writes(.exact, isWhole: command.argumentCount == 3)
        case copy where command.argumentCount > 3: return .incomparable
        case sort: return RedisKeys.of(command, in: bytes).count > 1 ? .writes(.exact, isWhole: false) : .reads(.exact)
        case .xread: return RedisSharing.of(command, in: bytes) == .shared ? .reads(.exact) : .stateful
        case xadd:
            // With `*` each server picks an id of its own.
            for index in 2..<max(2, command.argumentCount) where command.value(index, in: bytes).contains(0x2A) {
                return .incomparable
            }
            return shadowing
        default: return shadowing
        }
    }

    /// Whether the command called `command` may change data.
    package static func mayWrite(_ command: RedisCommand) -> Bool { writers[Int(command.rawValue)] }

    /// Whether the command has one key, its first argument, whatever its other arguments are.
    package static func hasOneKey(_ command: RedisCommand) -> Bool { RedisKeyRule.of(command) == .first }

    /// Where the first argument of the command at `start` lies, of which only the beginning may be there; nil where that does
    /// not reach so far.
    package static func firstKey(in bytes: Bytes, at start: Int) -> Range<Int>? {
        var offset = start
        guard header(0x2A, in: bytes, at: &offset) != nil, let name = header(0x24, in: bytes, at: &offset),
            name <= bytes.count &- offset &- 2
        else { return nil }
        offset &+= name &+ 2
        guard let length = header(0x24, in: bytes, at: &offset), length <= bytes.count &- offset else { return nil }
        return offset..<(offset &+ length)
    }

    private static func header(_ mark: UInt8, in bytes: Bytes, at offset: inout Int) -> Int? {
        guard offset < bytes.count, bytes[offset] == mark,
            let end = bytes.firstIndex(of: .carriageReturn, from: offset), end &- offset <= 11
        else { return nil }
        var number = DecimalAccumulator()
        for index in (offset &+ 1)..<end { guard number.append(bytes[index]) else { return nil } }
        offset = end &+ 2
        return offset <= bytes.count && number.digits > 0 ? number.value : nil
    }

    private static let set = RedisCommand("set")
    private static let copy = RedisCommand("copy")
    private static let sort = RedisCommand("sort")
    private static let xadd = RedisCommand("xadd")

    private static let looksFurther: [Bool] = RedisCommand.names.map {
        ["set", "copy", "sort", "xread", "xadd"].contains($0.description)
    }

    private static let writers: [Bool] = RedisCommand.names.map { name in
        let name = name.description
        // Of a command that is not known nothing is known.
        if name == "unknown" { return true }
        return RedisTraits.table(at: name).contains(.writes)
    }

    /// By command id.
    private static let table: [RedisShadowing] = RedisCommand.names.map { name in
        let name = name.description
        if let rule = all[name] { return .readsAll(rule) }
        if incomparableNames.contains(name) { return .incomparable }
        let traits = RedisTraits.table(at: name)
        guard RedisSharing.table(at: name) == .shared else { return .stateful }
        let rule = rules[name] ?? .exact
        if traits.contains(.readsOnly) || name == "ping" || name == "echo" { return .reads(rule) }
        return traits.contains(.writes) ? .writes(rule, isWhole: whole.contains(name)) : .incomparable
    }

    /// What is answered from all keys.
    private static let all: [String: RedisReplyRule] = [
        "dbsize": .exact, "keys": .unordered, "scan": .shape, "randomkey": .shape,
    ]
    /// Where the protocol leaves something open.
    private static let rules: [String: RedisReplyRule] = [
        "smembers": .unordered, "sinter": .unordered, "sunion": .unordered, "sdiff": .unordered, "hkeys": .unordered,
        "hvals": .unordered, "hgetall": .unorderedPairs, "srandmember": .shape, "hrandfield": .shape,
        "zrandmember": .shape, "sscan": .shape, "hscan": .shape, "zscan": .shape, "ttl": .seconds,
        "expiretime": .seconds, "httl": .seconds, "hexpiretime": .seconds, "pttl": .milliseconds,
        "pexpiretime": .milliseconds, "hpttl": .milliseconds, "hpexpiretime": .milliseconds,
    ]
    private static let whole: Set<String> = ["setex", "psetex", "mset", "del", "unlink", "getdel", "getset"]
    /// Scripts, which may read the clock and pick at random; random effects and ids; what is told of the server's memory and
    /// clocks; what names other databases or servers.
    private static let incomparableNames: Set<String> = [
        "unknown", "eval", "eval_ro", "evalsha", "evalsha_ro", "fcall", "fcall_ro", "function", "script", "spop",
        "xautoclaim", "xclaim", "xreadgroup", "xpending", "xinfo", "object", "memory", "dump", "restore", "lolwut",
        "time", "command", "move", "migrate", "flushall", "flushdb", "swapdb", "publish", "spublish", "pubsub",
        "pfdebug", "randomkey",
    ]
}

extension RedisShadowing {
    /// Arguments that are told of one by one.
    private static let shownArguments = 8

    /// The whole command in `command` with `prefix` before each of its keys, in place of their first `dropped` bytes.
    package static func prefixed(_ command: [UInt8], _ prefix: [UInt8], dropping dropped: Int = 0) -> [UInt8] {
        let bytes = command.span
        guard case .whole(let whole) = RedisWholeCommand.find(in: bytes, at: 0) else { return command }
        let keys = places(of: whole, bytes)
        var result = Array("*\(whole.argumentCount)\r\n".utf8)
        var arguments = RedisArgumentCursor(whole, in: bytes)
        while let range = arguments.next(in: bytes) {
            let isKey = keys.contains(arguments.place - 1)
            let before = isKey ? prefix : []
            let rest = command[range].dropFirst(isKey ? dropped : 0)
            result += Array("$\(before.count + rest.count)\r\n".utf8) + before + rest + [13, 10]
        }
        return result
    }

    /// The whole command in `command` with the sizes of its arguments in their place.
    package static func redacted(_ command: [UInt8]) -> String {
        let bytes = command.span
        guard case .whole(let whole) = RedisWholeCommand.find(in: bytes, at: 0) else { return "" }
        let keys = places(of: whole, bytes)
        var words = [whole.command.description.uppercased()]
        var arguments = RedisArgumentCursor(whole, in: bytes)
        _ = arguments.next(in: bytes)
        while let range = arguments.next(in: bytes) {
            guard words.count <= shownArguments else {
                words.append("and \(whole.argumentCount - words.count) more")
                break
            }
            let name = keys.contains(arguments.place - 1) ? "key, " : ""
            words.append("<\(name)\(range.count) bytes>")
        }
        return words.joined(separator: " ")
    }

    private static func places(of whole: RedisWholeCommand, _ bytes: Bytes) -> Set<Int> {
        let keys = RedisKeys.of(whole, in: bytes)
        return Set((0..<keys.count).compactMap { keys.place($0) })
    }
}

extension RedisTraits {
    /// The traits of the command called `name` whatever its arguments are.
    static func table(at name: String) -> RedisTraits { byName[name] ?? [] }

    private static let byName: [String: RedisTraits] = Dictionary(
        uniqueKeysWithValues: zip(RedisCommand.names.map(\.description), all))
}

extension RedisSharing {
    /// What the command called `name` needs at least.
    static func table(at name: String) -> RedisSharing { byName[name] ?? .keeps }

    private static let byName: [String: RedisSharing] = Dictionary(
        uniqueKeysWithValues: zip(RedisCommand.names.map(\.description), all))
}
