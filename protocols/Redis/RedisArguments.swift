// What is kept of a command's arguments while they pass: the name, and a few short ones for a few commands.

import Wire

/// The arguments of the command that is passing; a long one is never kept, only recognised as none of ours.
struct RedisArguments: Sendable {
    private(set) var count = 0
    /// Whether the bytes of the argument that is passing are wanted.
    private(set) var isKept = false
    private var effect = RedisEffect.none
    private var command = RedisCommand.unknown
    private var helloVersion: UInt8 = 0
    private var mayBlock = false
    private var awaitsMore = false
    private var text = RedisText()
    private let table = RedisCommandTable.shared

    private static let reply = RedisText("reply")
    private static let on = RedisText("on")
    private static let off = RedisText("off")
    private static let skip = RedisText("skip")
    private static let two = RedisText("2")
    private static let three = RedisText("3")
    private static let ack = RedisText("ack")
    private static let getack = RedisText("getack")
    private static let block = RedisText("block")
    private static let streams = RedisText("streams")

    @inline(__always)
    mutating func reset() {
        count = 0
        isKept = false
        effect = .none
        command = .unknown
        helloVersion = 0
        mayBlock = false
        awaitsMore = false
    }

    /// An argument begins.
    @inline(__always)
    mutating func begin() {
        isKept = count == 0 || awaitsMore
        if isKept { text = RedisText() }
        count &+= 1
    }

    /// A byte of the argument that began.
    @inline(__always)
    mutating func keep(_ byte: UInt8) {
        text.append(byte.asciiLowercased)
    }

    /// Bytes of the argument that began.
    @inline(__always)
    mutating func keep(_ bytes: Bytes, _ range: Range<Int>) {
        for index in range {
            if text.isTruncated { return }
            text.append(bytes[index].asciiLowercased)
        }
    }

    /// The argument that began has ended.
    @inline(__always)
    mutating func end() {
        guard isKept else { return }
        isKept = false
        if count == 1 {
            command = text.isTruncated ? .unknown : table.command(named: text)
            if command.isSpecial { nameEnded() }
        } else {
            argumentEnded(count &- 1)
        }
    }

    private mutating func nameEnded() {
        switch command {
        case .client, .hello, .replconf, .xread, .xreadgroup: awaitsMore = true
        case .subscribe, .psubscribe, .ssubscribe: effect = .subscribe
        case .unsubscribe, .punsubscribe, .sunsubscribe: effect = .unsubscribe
        case .monitor: effect = .monitor
        case .reset: effect = .reset
        case .quit: effect = .quit
        case .multi: effect = .multi
        case .exec: effect = .exec
        case .discard: effect = .discard
        case .sync, .psync: effect = .replicate
        case .host, .post: effect = .crossProtocol
        default: mayBlock = true
        }
        if command == .hello { effect = .hello }
    }

    private mutating func argumentEnded(_ index: Int) {
        let text = text.upToZero
        switch command {
        case .client where index == 1:
            awaitsMore = text == Self.reply
        case .client:
            awaitsMore = false
            if text == Self.on { effect = .replyOn }
            if text == Self.off { effect = .replyOff }
            if text == Self.skip { effect = .replySkip }
        case .hello:
            awaitsMore = false
            helloVersion = text == Self.two ? 2 : text == Self.three ? 3 : 0
        case .replconf:
            awaitsMore = false
            if text == Self.ack || text == Self.getack { effect = .unanswered }
        case .xread where text == Self.streams, .xreadgroup where text == Self.streams && index > 3:
            awaitsMore = false
        case .xread where text == Self.block, .xreadgroup where text == Self.block && index > 3:
            mayBlock = true
        default: break
        }
    }

    /// The facts of the command, now that its last argument has ended.
    @inline(__always)
    func request(byteCount: UInt64, isInline: Bool) -> RedisRequest {
        var effect = effect
        // CLIENT REPLY takes exactly one mode; with more the server answers with an error and changes nothing.
        if command == .client, count != 3 { effect = .none }
        return RedisRequest(
            command: command, effect: effect, helloVersion: helloVersion, isInline: isInline, mayBlock: mayBlock,
            argumentCount: count, byteCount: byteCount)
    }
}
