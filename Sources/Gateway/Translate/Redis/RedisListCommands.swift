// Commands on lists.

import Capabilities
import RedisWire

/// LPUSH, BLPOP and their kin.
enum RedisListCommands {
    private static let push = CapabilitySet(.listPush)
    private static let pop = CapabilitySet(.listPop)
    private static let range = CapabilitySet(.listRange)
    private static let edit = CapabilitySet(.listEdit)
    private static let move = CapabilitySet(.listMove)
    private static let waitToPop = CapabilitySet(.listPop, .listBlocking)
    private static let waitToMove = CapabilitySet(.listMove, .listBlocking)
    private static let writeOther: RedisCommandFlags = [.write, .denyOOM]

    static let entries: [RedisCommandEntry] = [
        push("lpush", .left, onlyIfPresent: false), push("rpush", .right, onlyIfPresent: false),
        push("lpushx", .left, onlyIfPresent: true), push("rpushx", .right, onlyIfPresent: true),
        pop("lpop", .left), pop("rpop", .right),
        .init("llen", 2, [.readOnly, .fast], .one, .list, range) { line, _ in
            .list(.length(key: line.arguments[0]), .integer)
        },
        .init("lrange", 4, .readOnly, .one, .list, range) { line, _ throws(RedisErrorText) in
            let first = try RedisArgument.integer(line.arguments[1])
            let last = try RedisArgument.integer(line.arguments[2])
            return .list(.range(key: line.arguments[0], first: first, last: last), .array)
        },
        .init("lindex", 3, .readOnly, .one, .list, range) { line, _ in
            guard let index = RedisInteger.parse(line.arguments[1]) else {
                return .refuse(
                    .notAnInteger, after: .list(.length(key: line.arguments[0])), whenMissing: .null)
            }
            return .list(.item(key: line.arguments[0], index: index), .bulk)
        },
        .init("lset", 4, writeOther, .one, .list, edit) { line, _ in
            guard let index = RedisInteger.parse(line.arguments[1]) else {
                return .refuse(
                    .notAnInteger, after: .list(.length(key: line.arguments[0])), whenMissing: .error(.noSuchKey))
            }
            return .list(.setItem(key: line.arguments[0], index: index, value: line.arguments[2]), .status)
        },
        .init("linsert", 5, writeOther, .one, .list, edit) { line, _ throws(RedisErrorText) in
            let isBefore = line.arguments[1].isWord("before")
            guard isBefore || line.arguments[1].isWord("after") else { throw .syntax }
            let (pivot, value) = (line.arguments[2], line.arguments[3])
            return .list(.insert(key: line.arguments[0], before: isBefore, pivot: pivot, value: value), .integer)
        },
        .init("lrem", 4, .write, .one, .list, edit) { line, _ throws(RedisErrorText) in
            let count = try RedisArgument.integer(line.arguments[1])
            return .list(.remove(key: line.arguments[0], value: line.arguments[2], count: count), .integer)
        },
        .init("ltrim", 4, .write, .one, .list, edit) { line, _ throws(RedisErrorText) in
            let first = try RedisArgument.integer(line.arguments[1])
            let last = try RedisArgument.integer(line.arguments[2])
            return .list(.trim(key: line.arguments[0], first: first, last: last), .status)
        },
        .init("lpos", -3, .readOnly, .one, .list, range, position),
        .init("lmove", 5, writeOther, .two, .list, move) { line, _ throws(RedisErrorText) in
            let (take, put) = (try side(line.arguments[2]), try side(line.arguments[3]))
            return .list(
                .move(from: line.arguments[0], to: line.arguments[1], take: take, put: put, wait: nil), .bulk)
        },
        .init("rpoplpush", 3, writeOther, .two, .list, move) { line, _ in
            .list(
                .move(from: line.arguments[0], to: line.arguments[1], take: .right, put: .left, wait: nil), .bulk)
        },
        .init("lmpop", -4, [.write, .movableKeys], .counted(at: 1), .list, pop) { line, _ throws(RedisErrorText) in
            try popSeveral(line.arguments[...]) { nil }
        },
        waitToPop("blpop", .left), waitToPop("brpop", .right),
        .init("blmove", 6, [.write, .denyOOM, .noScript, .blocking], .two, .list, waitToMove) {
            line, context throws(RedisErrorText) in
            let (take, put) = (try side(line.arguments[2]), try side(line.arguments[3]))
            let wait = try wait(line.arguments[4], context)
            return .list(
                .move(from: line.arguments[0], to: line.arguments[1], take: take, put: put, wait: wait),
                wait == nil ? .bulk : .waitedFor)
        },
        .init("brpoplpush", 4, [.write, .denyOOM, .noScript, .blocking], .two, .list, waitToMove) {
            line, context throws(RedisErrorText) in
            let wait = try wait(line.arguments[2], context)
            return .list(
                .move(from: line.arguments[0], to: line.arguments[1], take: .right, put: .left, wait: wait),
                wait == nil ? .bulk : .waitedFor)
        },
        .init("blmpop", -5, [.write, .blocking, .movableKeys], .counted(at: 2), .list, waitToPop) {
            line, context throws(RedisErrorText) in
            try popSeveral(line.arguments[1...]) { () throws(RedisErrorText) in try wait(line.arguments[0], context) }
        },
    ]

    /// The time-out of a blocking command; none inside a transaction, where nothing waits.
    static func wait(_ text: [UInt8], _ context: RedisTranslationContext) throws(RedisErrorText) -> Wait? {
        let timeout = try RedisArgument.timeout(text)
        return context.mayWait ? Wait(milliseconds: timeout) : nil
    }

    private static func side(_ word: [UInt8]) throws(RedisErrorText) -> ListSide {
        if word.isWord("left") { return .left }
        if word.isWord("right") { return .right }
        throw .syntax
    }

    private static func push(_ name: StaticString, _ side: ListSide, onlyIfPresent: Bool) -> RedisCommandEntry {
        RedisCommandEntry(name, -3, [.write, .denyOOM, .fast], .one, .list, push) { line, _ in
            let values = Array(line.arguments[1...])
            return .list(
                .push(key: line.arguments[0], values: values, side, onlyIfPresent: onlyIfPresent), .integer)
        }
    }

    private static func pop(_ name: StaticString, _ side: ListSide) -> RedisCommandEntry {
        RedisCommandEntry(name, -2, [.write, .fast], .one, .list, pop) { line, _ throws(RedisErrorText) in
            guard line.arguments.count <= 2 else { throw .wrongArity(name.description) }
            guard line.arguments.count == 2 else {
                return .list(.pop(key: line.arguments[0], side, count: nil), .bulk)
            }
            let count = try RedisArgument.count(line.arguments[1])
            return .list(.pop(key: line.arguments[0], side, count: count), .arrayOrNull)
        }
    }

    private static func waitToPop(_ name: StaticString, _ side: ListSide) -> RedisCommandEntry {
        RedisCommandEntry(name, -3, [.write, .noScript, .blocking], .allButLast, .list, waitToPop) {
            line, context throws(RedisErrorText) in
            let wait = try wait(line.arguments[line.arguments.count - 1], context)
            return .list(
                .popFirst(keys: Array(line.arguments.dropLast()), side, count: 1, wait: wait), .takenFirst)
        }
    }

    /// `numkeys key… LEFT|RIGHT [COUNT count]`.
    ///
    /// Source: redis src/t_list.c lmpopGenericCommand.
    private static func popSeveral(
        _ words: ArraySlice<[UInt8]>, _ wait: () throws(RedisErrorText) -> Wait?
    ) throws(RedisErrorText) -> RedisTranslation {
        let request = try RedisPopRequest(words, side)
        return .list(.popFirst(keys: request.keys, request.end, count: request.count, wait: try wait()), .taken)
    }

    /// Source: redis src/t_list.c lposCommand.
    private static func position(
        _ line: RedisCommandLine, _ context: RedisTranslationContext
    ) throws(RedisErrorText) -> RedisTranslation {
        let arguments = line.arguments
        var rank: Int64 = 1
        var count: Int64?
        var limit: Int64 = 0
        var index = 2
        while index < arguments.count {
            guard index + 1 < arguments.count else { throw .syntax }
            let value = arguments[index + 1]
            if arguments[index].isWord("rank") {
                rank = try RedisArgument.integer(value)
                guard rank != 0 else { throw .rankZero }
                guard rank != .min else { throw .outOfBounds(-.max, .max) }
            } else if arguments[index].isWord("count") {
                count = try RedisArgument.integer(value, from: 0, or: .countNegative)
            } else if arguments[index].isWord("maxlen") {
                limit = try RedisArgument.integer(value, from: 0, or: .maximumLengthNegative)
            } else {
                throw .syntax
            }
            index += 2
        }
        return .list(
            .position(key: arguments[0], value: arguments[1], rank: rank, count: count, limit: limit),
            count == nil ? .integer : .array)
    }
}

/// `numkeys key… END [COUNT count]`, as LMPOP and ZMPOP have it.
struct RedisPopRequest<End> {
    let keys: [[UInt8]]
    let end: End
    private(set) var count: Int64 = 1

    /// - Parameter end: reads the word that says which end is taken from.
    init(
        _ words: ArraySlice<[UInt8]>, _ end: ([UInt8]) throws(RedisErrorText) -> End
    ) throws(RedisErrorText) {
        let number = try RedisArgument.integer(words[words.startIndex], from: 1, or: .keyCountNotPositive)
        guard number < Int64(words.count - 1) else { throw .syntax }
        let place = words.startIndex + 1 + Int(number)
        keys = Array(words[(words.startIndex + 1)..<place])
        self.end = try end(words[place])
        var rest = words[(place + 1)...]
        var hasCount = false
        while let word = rest.popFirst() {
            guard !hasCount, word.isWord("count"), let value = rest.popFirst() else { throw .syntax }
            count = try RedisArgument.integer(value, from: 1, or: .countNotPositive)
            hasCount = true
        }
    }
}
