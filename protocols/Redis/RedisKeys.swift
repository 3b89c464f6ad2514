// Which arguments of a command are keys, or channels that have a slot as keys have.

import Wire

/// The places of a command's keys: a run of arguments, and at most one beside it.
///
/// Keys are found as redis src/db.c finds them (getKeysFromCommand); a command whose arguments the server would refuse
/// has none, and any server gives its error. Places are below the command's `argumentCount`, whatever it says of itself.
package struct RedisKeys: Equatable, Sendable {
    /// The place of the run's first key, the name being 0.
    package private(set) var first = 0
    /// Keys in the run.
    package private(set) var runCount = 0
    /// Arguments from one key of the run to the next.
    package private(set) var step = 1
    /// The place of a key outside the run, such as a destination; zero when there is none.
    package private(set) var single = 0

    init() {}

    init(from first: Int, count: Int, step: Int = 1, single: Int = 0) {
        self.first = first
        self.runCount = max(0, count)
        self.step = step
        self.single = single
    }

    /// How many keys there are.
    package var count: Int { runCount &+ (single > 0 ? 1 : 0) }
    package var isEmpty: Bool { count == 0 }

    /// The place of the key at `index` in the order of the arguments; nil beyond the last.
    package func place(_ index: Int) -> Int? {
        guard index >= 0, index < count else { return nil }
        var index = index
        if single > 0, single < first || runCount == 0 {
            if index == 0 { return single }
            index &-= 1
        }
        return index < runCount ? first &+ index &* step : single
    }

    /// The keys of `command`, found in `bytes`; none when it is not known.
    package static func of(_ command: RedisWholeCommand, in bytes: Bytes) -> RedisKeys {
        let count = command.argumentCount
        switch RedisKeyRule.of(command.command) {
        case .none: return RedisKeys()
        case .first: return run(1, through: 1, count)
        case .firstTwo: return count > 2 ? RedisKeys(from: 1, count: 2) : RedisKeys()
        case .all: return run(1, through: count &- 1, count)
        case .everySecond: return RedisKeys(from: 1, count: count / 2, step: 2)
        case .allButLast: return run(1, through: count &- 2, count)
        case .fromSecond: return run(2, through: count &- 1, count)
        case .second: return run(2, through: 2, count)
        case .usage: return command.word(1, in: bytes) == Word.usage ? run(2, through: 2, count) : RedisKeys()
        case .countedFirst: return counted(1, command, in: bytes)
        case .countedSecond: return counted(2, command, in: bytes)
        case .storedCounted:
            let keys = counted(2, command, in: bytes)
            return keys.isEmpty ? keys : RedisKeys(from: 3, count: keys.runCount, single: 1)
        case .sort: return sort(command, in: bytes)
        case .radius: return radius(command, in: bytes)
        case .migrate: return migrate(command, in: bytes)
        case .streams: return streams(command, in: bytes)
        }
    }

    // MARK: - Forms

    private static func run(_ first: Int, through last: Int, _ count: Int) -> RedisKeys {
        last < count && last >= first ? RedisKeys(from: first, count: last &- first &+ 1) : RedisKeys()
    }

    /// A number of keys at `place`, and the keys behind it.
    private static func counted(_ place: Int, _ command: RedisWholeCommand, in bytes: Bytes) -> RedisKeys {
        guard let range = command.argument(place, in: bytes) else { return RedisKeys() }
        var number = 0
        for index in range {
            // A command has no more arguments than its bytes, so a longer number is wrong whatever follows.
            guard bytes[index].isASCIIDigit, number <= RedisLimits.sharedCommand.maximum else { return RedisKeys() }
            number = number &* 10 &+ Int(bytes[index] &- 0x30)
        }
        guard number <= command.argumentCount &- place &- 1 else { return RedisKeys() }
        return RedisKeys(from: place &+ 1, count: number)
    }

    /// The last STORE counts, and what follows LIMIT, GET and BY is never taken for it.
    private static func sort(_ command: RedisWholeCommand, in bytes: Bytes) -> RedisKeys {
        guard command.argumentCount > 1 else { return RedisKeys() }
        var single = 0
        var words = RedisWordCursor(command, in: bytes)
        words.skips(2)
        while let word = words.next(in: bytes) {
            if word == Word.store, words.place < command.argumentCount { single = words.place }
            if word == Word.limit { words.skips(2) }
            if word == Word.get || word == Word.by { words.skips(1) }
        }
        return RedisKeys(from: 1, count: 1, single: single)
    }

    private static func radius(_ command: RedisWholeCommand, in bytes: Bytes) -> RedisKeys {
        guard command.argumentCount > 1 else { return RedisKeys() }
        var single = 0
        var words = RedisWordCursor(command, in: bytes)
        words.skips(command.command == byMember ? 5 : 6)
        while let word = words.next(in: bytes) {
            guard word == Word.store || word == Word.storeDist, words.place < command.argumentCount else { continue }
            single = words.place
            words.skips(1)
        }
        return RedisKeys(from: 1, count: 1, single: single)
    }

    private static func migrate(_ command: RedisWholeCommand, in bytes: Bytes) -> RedisKeys {
        guard let third = command.argument(3, in: bytes) else { return RedisKeys() }
        guard third.isEmpty else { return RedisKeys(from: 3, count: 1) }
        var words = RedisWordCursor(command, in: bytes)
        words.skips(6)
        while let word = words.next(in: bytes) {
            if word == Word.keys {
                return run(words.place, through: command.argumentCount &- 1, command.argumentCount)
            }
            if word == Word.auth { words.skips(1) }
            if word == Word.auth2 { words.skips(2) }
        }
        return RedisKeys(from: 3, count: 1)
    }

    private static func streams(_ command: RedisWholeCommand, in bytes: Bytes) -> RedisKeys {
        var words = RedisWordCursor(command, in: bytes)
        words.skips(1)
        while let word = words.next(in: bytes) {
            if word == Word.streams {
                let left = command.argumentCount &- words.place
                return left > 0 && left % 2 == 0 ? RedisKeys(from: words.place, count: left / 2) : RedisKeys()
            }
            if word == Word.block || word == Word.count {
                words.skips(1)
            } else if word == Word.group {
                words.skips(2)
            } else if word != Word.noAck {
                return RedisKeys()
            }
        }
        return RedisKeys()
    }

    private static let byMember = RedisCommand("georadiusbymember")

    private enum Word {
        static let usage = RedisText("usage")
        static let limit = RedisText("limit")
        static let get = RedisText("get")
        static let by = RedisText("by")
        static let store = RedisText("store")
        static let storeDist = RedisText("storedist")
        static let keys = RedisText("keys")
        static let auth = RedisText("auth")
        static let auth2 = RedisText("auth2")
        static let streams = RedisText("streams")
        static let block = RedisText("block")
        static let count = RedisText("count")
        static let group = RedisText("group")
        static let noAck = RedisText("noack")
    }
}
