// A command whose parts go to several lanes, and how their replies become one.

import RedisWire
import Wire

/// The parts of a split command, and what has come back.
final class RedisSplit {
    /// How replies become one.
    enum Merge: Equatable {
        /// Numbers are added: DEL, EXISTS, UNLINK, TOUCH.
        case sum
        /// Values go back to the places of their keys: MGET.
        case values
        /// All of them say OK: MSET.
        case allOK
        /// Elements follow one another: KEYS.
        case elements
        /// One of those that are not null is picked at random: RANDOMKEY.
        case anyKey
        /// The one reply is a page of a scan, whose cursor becomes that of all masters.
        case page(RedisClusterCursor, of: Int)
    }

    struct Part {
        let lane: RoutedLane
        /// What is sent: a whole command.
        var command: [UInt8]
        /// Which of the keys, from 0, are in it.
        var keys: [Int]
        var reply: [UInt8] = []
        var attempt = 1
    }

    /// What the keys of one part have in common.
    private struct Place: Hashable {
        let lane: ObjectIdentifier
        let group: Int
    }

    let merge: Merge
    let keyCount: Int
    var parts: [Part]
    var waiting: Int
    /// Whether the parts together are more than is held of one client's replies: they are dropped, and an error stands for all.
    private(set) var isTooLarge = false

    /// The most parts of one command.
    static let partLimit = 1024

    init(_ merge: Merge, keyCount: Int, parts: [Part]) {
        self.merge = merge
        self.keyCount = keyCount
        self.parts = parts
        waiting = parts.count
    }

    /// Drops the replies that are here; how many bytes they were.
    func overflow() -> Int {
        isTooLarge = true
        return parts.indices.reduce(0) { sum, index in
            defer { parts[index].reply = [] }
            return sum + parts[index].reply.count
        }
    }

    /// How the replies of `command` can be made one; nil when it cannot be split.
    static func merge(of command: RedisCommand) -> Merge? { merges[Int(command.rawValue)] }

    private static let merges: [Merge?] = RedisCommand.names.map { name in
        switch name.description {
        case "del", "exists", "unlink", "touch": .sum
        case "mget": .values
        case "mset": .allOK
        default: nil
        }
    }

    /// Splits `command` by the lanes and groups that `place` gives for each key; nil when it takes too many parts.
    ///
    /// Keys of one lane stay together only if they are of one group too.
    static func split(
        _ command: RedisWholeCommand, in bytes: Span<UInt8>, _ merge: Merge,
        place: (Span<UInt8>, _ spelled: inout [UInt8]) -> (lane: RoutedLane, group: Int)
    ) -> RedisSplit? {
        var arguments = RedisArgumentCursor(command, in: bytes)
        guard let name = arguments.next(in: bytes) else { return nil }
        var parts: [Part] = []
        var bodies: [(count: Int, bytes: [UInt8])] = []
        // Where the part of a lane and a group is: a command may have thousands of keys in as many parts as there may be.
        var places: [Place: Int] = [:]
        var keyCount = 0
        while let key = arguments.next(in: bytes) {
            var spelled: [UInt8] = []
            let (lane, group) = place(bytes.extracting(key), &spelled)
            let index = places[Place(lane: ObjectIdentifier(lane), group: group), default: parts.count]
            if index == parts.count {
                guard index < partLimit else { return nil }
                places[Place(lane: ObjectIdentifier(lane), group: group)] = index
                parts.append(Part(lane: lane, command: [], keys: []))
                bodies.append((1, []))
                append(bytes.extracting(name), to: &bodies[index].bytes)
            }
            if spelled.isEmpty {
                append(bytes.extracting(key), to: &bodies[index].bytes)
            } else {
                append(spelled.span, to: &bodies[index].bytes)
            }
            bodies[index].count += 1
            if merge == .allOK {
                guard let value = arguments.next(in: bytes) else { return nil }
                append(bytes.extracting(value), to: &bodies[index].bytes)
                bodies[index].count += 1
            }
            parts[index].keys.append(keyCount)
            keyCount += 1
        }
        for index in parts.indices {
            parts[index].command = Array("*\(bodies[index].count)\r\n".utf8) + bodies[index].bytes
        }
        return RedisSplit(merge, keyCount: keyCount, parts: parts)
    }

    /// Why `command` could not be split: a whole error reply.
    static func refusal(of command: RedisWholeCommand, _ merge: Merge) -> [UInt8] {
        if merge == .allOK, command.argumentCount % 2 == 0 {
            // As redis src/t_string.c msetGenericCommand spells it.
            return Array("-ERR wrong number of arguments for '\(command.command)' command\r\n".utf8)
        }
        return RedisErrorReply.compose(
            "\(command.command) has keys of more than \(partLimit) slots, which is as many as one command is split for: send fewer keys at once"
        )
    }

    /// Appends `argument` as a bulk string.
    static func append(_ argument: Span<UInt8>, to bytes: inout [UInt8]) {
        bytes.append(contentsOf: Array("$\(argument.count)\r\n".utf8))
        argument.withUnsafeBufferPointer { bytes.append(contentsOf: $0) }
        bytes.append(.carriageReturn)
        bytes.append(.lineFeed)
    }

    // MARK: Replies

    private static let tooLarge = RedisErrorReply.compose(
        "the parts of this reply are more than \(RedisLimits.sharedBacklog.maximum) bytes, which is as much as is held to make one of them: ask for fewer keys at once"
    )

    /// The one reply, once all parts are answered: the first error, or what the parts make together.
    func merged() -> [UInt8] {
        if isTooLarge { return Self.tooLarge }
        for part in parts where part.reply.first == 0x2D || part.reply.first == 0x21 { return part.reply }
        switch merge {
        case .allOK: return parts.first?.reply ?? []
        case .sum:
            var sum: Int64 = 0
            for part in parts {
                guard let number = Self.number(part.reply) else { return Self.strange }
                sum &+= number
            }
            return Array(":\(sum)\r\n".utf8)
        case .values: return mergedValues()
        case .elements: return mergedElements()
        case .anyKey:
            let found = parts.filter { $0.reply != Self.nullString && $0.reply != Self.null }
            return (found.randomElement() ?? parts.first)?.reply ?? Self.strange
        case .page(let cursor, let masters):
            return parts.first.flatMap { cursor.page($0.reply.span, of: masters) } ?? Self.strange
        }
    }

    private static let nullString = Array("$-1\r\n".utf8)
    private static let null = Array("_\r\n".utf8)

    private func mergedElements() -> [UInt8] {
        var count = 0
        var elements: [UInt8] = []
        for part in parts {
            guard part.reply.first == 0x2A, let end = part.reply.firstIndex(of: .lineFeed), end > 1,
                let number = Int(String(decoding: part.reply[1..<(end - 1)], as: UTF8.self)), number >= 0
            else { return Self.strange }
            count += number
            elements += part.reply[(end + 1)...]
        }
        return Array("*\(count)\r\n".utf8) + elements
    }

    private func mergedValues() -> [UInt8] {
        var places: [(part: Int, range: Range<Int>)?] = Array(repeating: nil, count: keyCount)
        for (index, part) in parts.enumerated() {
            var offset = 0
            let reply = part.reply.span
            guard reply.count > 3, reply[0] == 0x2A else { return Self.strange }
            while offset < reply.count, reply[offset] != .lineFeed { offset += 1 }
            offset += 1
            var framer = RedisReplyFramer()
            for key in part.keys {
                let start = offset
                guard (try? framer.next(reply, at: &offset)) ?? nil != nil else { return Self.strange }
                places[key] = (index, start..<offset)
            }
            guard offset == reply.count else { return Self.strange }
        }
        var merged = Array("*\(keyCount)\r\n".utf8)
        merged.reserveCapacity(parts.reduce(16) { $0 + $1.reply.count })
        for place in places {
            guard let place else { return Self.strange }
            merged += parts[place.part].reply[place.range]
        }
        return merged
    }

    private static func number(_ reply: [UInt8]) -> Int64? {
        guard reply.count > 3, reply[0] == 0x3A else { return nil }
        return Int64(String(decoding: reply[1..<(reply.count - 2)], as: UTF8.self))
    }

    private static let strange = RedisErrorReply.compose("a part of the split command got an answer of another kind")
}
