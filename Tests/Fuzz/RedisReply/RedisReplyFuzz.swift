// Feeds the Redis reply framer hostile bytes, whole and split, and requires the same facts.

import RedisWire
import Wire

/// What the framer noted: its events, the error that ended them, and whether a frame was open at the end.
private struct Noted: Equatable {
    var events: [RedisReply] = []
    var errorCode: String?
    var isAtBoundary = true
}

/// Feeds `input` in pieces of at most `pieceSize(index)` bytes.
private func feed(_ input: [UInt8], pieceSize: (Int) -> Int) -> Noted {
    var framer = RedisReplyFramer()
    var noted = Noted()
    var start = 0
    var index = 0
    while start < input.count {
        let end = min(input.count, start + max(1, pieceSize(index)))
        let piece = Array(input[start..<end])
        var offset = 0
        do throws(WireError) {
            while let event = try framer.next(piece.span, at: &offset) { noted.events.append(event) }
        } catch {
            precondition(framer.isLost, "an error means that framing is lost")
            noted.errorCode = error.code
            return noted
        }
        precondition(offset == piece.count, "every byte is consumed")
        start = end
        index += 1
    }
    noted.isAtBoundary = framer.isAtBoundary
    return noted
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRedisReply(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let whole = feed(input) { _ in input.count }
    precondition(feed(input) { _ in 1 } == whole, "byte by byte, the same is noted")
    let split = feed(input) { Int(input[($0 * 7 + 3) % input.count] & 31) }
    precondition(split == whole, "split by its own bytes, the same is noted")
    let bytes = whole.events.reduce(UInt64(0)) { $0 + $1.byteCount }
    precondition(bytes <= UInt64(input.count), "events account for no more bytes than came")
    precondition(whole.errorCode != nil || !whole.isAtBoundary || bytes == UInt64(input.count), "none is missed")
    var exchange = RedisExchange()
    for (index, reply) in whole.events.enumerated() {
        let effects: [RedisEffect] = [.none, .subscribe, .unsubscribe, .hello, .monitor, .reset, .exec, .multi]
        let effect = effects[Int(reply.byteCount % UInt64(effects.count))]
        exchange.commandReceived(
            RedisRequest(command: .subscribe, effect: effect, argumentCount: index % 4 + 1), at: UInt64(index))
        _ = exchange.replyReceived(reply)
        precondition(exchange.pendingCount >= 0, "no more replies are matched than were owed")
    }
    // Taken apart, the same bytes are one reply, or none that is looked into.
    if RedisReplyTree(input.span) != nil { precondition(whole.events.count == 1, "a tree is one whole reply") }
    let half = Array(input[..<(count / 2)])
    for rule in RedisReplyRule.allCases {
        _ = RedisReplyComparison.difference(input, half, rule, masks: [])
        precondition(
            RedisReplyComparison.difference(input, input, rule, masks: []) == nil, "nothing differs from itself")
    }
    return 0
}
