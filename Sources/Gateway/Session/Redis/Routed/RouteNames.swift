// Which commands are special where keys lie on several backends, as data.

import RedisWire
import Wire

enum RouteNames {
    /// Commands about all keys of a server, whose answer would leave out those of the other backends.
    static func isWhole(_ command: RedisCommand) -> Bool { whole[Int(command.rawValue)] }
    /// Commands about the writes of their connection.
    static func isAboutWrites(_ command: RedisCommand) -> Bool { command == .wait || command == .waitaof }
    /// Commands whose "keys" are channels.
    static func isChannel(_ command: RedisCommand) -> Bool { channels[Int(command.rawValue)] }

    /// Commands that mean the same at every backend: they are about the connection, or about nothing.
    static func isAnywhere(_ command: RedisCommand) -> Bool { anywhere[Int(command.rawValue)] }

    private static let anywhere = table([
        "ping", "echo", "time", "client", "hello", "auth", "select", "reset", "quit", "multi", "exec", "discard",
        "unwatch", "readonly", "readwrite", "asking", "command",
    ])
    private static let whole = table([
        "dbsize", "keys", "scan", "randomkey", "flushall", "flushdb", "swapdb",
    ])
    private static let channels = table(["spublish", "ssubscribe", "sunsubscribe"])
    private static let tellers = table([
        "xread", "xreadgroup", "lmpop", "zmpop", "blmpop", "bzmpop", "blpop", "brpop", "bzpopmin", "bzpopmax",
        "migrate",
        "command",
    ])

    private static func table(_ names: Set<String>) -> [Bool] {
        RedisCommand.names.map { names.contains($0.description) }
    }

    /// Whether the reply of `command` may hold keys, or its words name keys that are in no place of a key.
    static func tellsKeys(_ command: RedisWholeCommand, in bytes: Bytes) -> Bool {
        if tellers[Int(command.command.rawValue)] { return true }
        return !sortPatterns(of: command, in: bytes).isEmpty
    }

    /// The words behind BY and GET of SORT, read as redis src/sort.c does: behind the key, and over the words of LIMIT and STORE.
    static func sortPatterns(of command: RedisWholeCommand, in bytes: Bytes) -> [[UInt8]] {
        guard command.command == sort || command.command == sortReadOnly else { return [] }
        var patterns: [[UInt8]] = []
        var arguments = RedisArgumentCursor(command, in: bytes)
        // The name and the key, which may be called as an option is.
        guard arguments.next(in: bytes) != nil, arguments.next(in: bytes) != nil else { return [] }
        while let argument = arguments.next(in: bytes) {
            // With a zero byte at its end BY is still BY to the server.
            guard argument.count >= 2 else { continue }
            let word = RedisWholeCommand.word(argument, in: bytes)
            if word == limit || word == store {
                if arguments.next(in: bytes) != nil, word == limit { _ = arguments.next(in: bytes) }
                continue
            }
            guard word == by || word == get else { continue }
            guard let pattern = arguments.next(in: bytes) else { return patterns + [[]] }
            patterns.append(bytes.extracting(pattern).withUnsafeBufferPointer { Array($0) })
        }
        return patterns
    }

    /// Whether a command is about one connection to one server, where the client has several: CLIENT REPLY, after which replies
    /// cannot be told apart, and CLIENT TRACKING, whose invalidations come from one server.
    static func isOfOneConnection(_ command: RedisWholeCommand, in bytes: Bytes) -> Bool {
        guard command.command == client, command.argumentCount > 2 else { return false }
        let word = command.word(1, in: bytes)
        return word == reply || word == tracking && command.word(2, in: bytes) == on
    }

    /// The key that a command takes to another database, and that database; `.some(nil)` where it is about whole databases, nil
    /// where it names none.
    static func database(namedBy command: RedisWholeCommand, in bytes: Bytes) -> (key: [UInt8], database: [UInt8])?? {
        switch command.command {
        case swapDatabases: return .some(nil)
        case move where command.argumentCount == 3:
            return (command.value(1, in: bytes), command.value(2, in: bytes))
        case copy where command.argumentCount > 4:
            // Of several the last counts (redis src/db.c, copyCommand).
            var arguments = RedisArgumentCursor(command, in: bytes)
            guard var argument = arguments.advance(to: 3, in: bytes) else { return nil }
            var named: Range<Int>?
            while true {
                if RedisWholeCommand.word(argument, in: bytes) == db, let database = arguments.next(in: bytes) {
                    named = database
                }
                guard let next = arguments.next(in: bytes) else { break }
                argument = next
            }
            guard let named else { return nil }
            let database = bytes.extracting(named).withUnsafeBufferPointer { Array($0) }
            return (command.value(2, in: bytes), database)
        default: return nil
        }
    }

    /// The pattern of KEYS, or of SCAN with MATCH.
    static func pattern(of command: RedisWholeCommand, in bytes: Bytes) -> [UInt8]? {
        if command.command == keys { return command.argumentCount == 2 ? command.value(1, in: bytes) : nil }
        guard command.command == scan else { return nil }
        var pattern: [UInt8]?
        // Of several the last counts.
        for index in stride(from: 2, to: min(command.argumentCount - 1, 16), by: 2)
        where command.word(index, in: bytes) == match {
            pattern = command.value(index + 1, in: bytes)
        }
        return pattern
    }

    /// Whether a byte of a pattern stands for others.
    static func isSpecial(_ byte: UInt8) -> Bool { [0x2A, 0x3F, 0x5B, 0x5C].contains(byte) }

    /// A whole error reply of the code that servers have for keys of several places.
    static func crossSlot(_ message: String) -> [UInt8] { RedisErrorReply.compose(message, code: "CROSSSLOT") }

    private static let client = RedisCommand("client")
    private static let swapDatabases = RedisCommand("swapdb")
    private static let move = RedisCommand("move")
    private static let copy = RedisCommand("copy")
    private static let reply = RedisText("reply")
    private static let tracking = RedisText("tracking")
    private static let on = RedisText("on")
    private static let db = RedisText("db")
    private static let keys = RedisCommand("keys")
    private static let scan = RedisCommand("scan")
    private static let sort = RedisCommand("sort")
    private static let sortReadOnly = RedisCommand("sort_ro")
    private static let match = RedisText("match")
    private static let by = RedisText("by")
    private static let get = RedisText("get")
    private static let limit = RedisText("limit")
    private static let store = RedisText("store")
}
