// Walks the arguments of a whole command once, from the first to the last.

import Wire

/// The arguments of a command in their order, each found once.
package struct RedisArgumentCursor: Sendable {
    /// The place of the argument that comes next, the name being 0.
    package private(set) var place = 0
    private let count: Int
    private var offset: Int

    /// Begins at the name of `command`, found in `bytes`.
    package init(_ command: RedisWholeCommand, in bytes: Bytes) {
        count = command.argumentCount
        offset = command.firstArgument(in: bytes)
    }

    /// Where the next argument's bytes lie; nil behind the last.
    @inline(__always)
    package mutating func next(in bytes: Bytes) -> Range<Int>? {
        guard place < count, let range = RedisWholeCommand.payload(in: bytes, at: offset) else { return nil }
        place &+= 1
        offset = range.upperBound &+ 2
        return range
    }

    /// The argument at `place`, which is not before the next one.
    package mutating func advance(to place: Int, in bytes: Bytes) -> Range<Int>? {
        while self.place < place { guard next(in: bytes) != nil else { return nil } }
        return self.place == place ? next(in: bytes) : nil
    }
}

/// The keys of a command in their order, each found once.
package struct RedisKeyCursor: Sendable {
    private let keys: RedisKeys
    private var arguments: RedisArgumentCursor
    private var index = 0

    /// Begins at the first of `keys`, which are those of `command`, found in `bytes`.
    package init(_ keys: RedisKeys, of command: RedisWholeCommand, in bytes: Bytes) {
        self.keys = keys
        arguments = RedisArgumentCursor(command, in: bytes)
    }

    /// Where the next key's bytes lie; nil behind the last.
    package mutating func next(in bytes: Bytes) -> Range<Int>? {
        guard let place = keys.place(index) else { return nil }
        index &+= 1
        return arguments.advance(to: place, in: bytes)
    }
}

/// The arguments of a command as short words in lower case; those that are options are skipped on request.
struct RedisWordCursor {
    private var arguments: RedisArgumentCursor
    private var skipped = 0

    init(_ command: RedisWholeCommand, in bytes: Bytes) { arguments = RedisArgumentCursor(command, in: bytes) }

    /// The place of the argument that comes next.
    var place: Int { arguments.place &+ skipped }

    /// The next `count` arguments are not words.
    mutating func skips(_ count: Int) { skipped &+= count }

    mutating func next(in bytes: Bytes) -> RedisText? {
        while skipped > 0 {
            skipped &-= 1
            guard arguments.next(in: bytes) != nil else { return nil }
        }
        guard let range = arguments.next(in: bytes) else { return nil }
        return RedisWholeCommand.word(range, in: bytes)
    }
}
