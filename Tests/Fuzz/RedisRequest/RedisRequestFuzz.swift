// Feeds the Redis request framer hostile bytes, whole and split, and requires the same facts.

import RedisWire
import Wire

/// What the framer noted: its events, the error that ended them, and whether a frame was open at the end.
private struct Noted: Equatable {
    var events: [RedisRequestEvent] = []
    var errorCode: String?
    var isAtBoundary = true
}

/// Feeds `input` in pieces of at most `pieceSize(index)` bytes.
private func feed(_ input: [UInt8], pieceSize: (Int) -> Int) -> Noted {
    var framer = RedisRequestFramer()
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
public func fuzzRedisRequest(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    let whole = feed(input) { _ in input.count }
    precondition(feed(input) { _ in 1 } == whole, "byte by byte, the same is noted")
    let split = feed(input) { Int(input[($0 * 7 + 3) % input.count] & 31) }
    precondition(split == whole, "split by its own bytes, the same is noted")
    let bytes = whole.events.reduce(UInt64(0)) { sum, event in
        switch event {
        case .commandReceived(let request): sum + request.byteCount
        case .emptyReceived(let byteCount): sum + byteCount
        }
    }
    precondition(bytes <= UInt64(input.count), "events account for no more bytes than came")
    precondition(whole.errorCode != nil || !whole.isAtBoundary || bytes == UInt64(input.count), "none is missed")
    pair(whole.events)
    return 0
}

/// Replies of every kind, taken in an order that the commands choose, must not trap the exchange.
private func pair(_ events: [RedisRequestEvent]) {
    let replies = [
        RedisReply(kind: 0x2B, text: RedisText("OK")), RedisReply(kind: 0x2D, text: RedisText("ERR")),
        RedisReply(
            kind: 0x2A, elementCount: 3, text: RedisText("subscribe"), lastInteger: 1, endsWithInteger: true),
        RedisReply(
            kind: 0x3E, elementCount: 3, text: RedisText("punsubscribe"), lastInteger: .min, endsWithInteger: true),
        RedisReply(kind: 0x25, elementCount: 7), RedisReply(kind: 0x2B, text: RedisText("1700000000.1")),
    ]
    var exchange = RedisExchange()
    var choice = 0
    for event in events {
        switch event {
        case .commandReceived(let request):
            exchange.commandReceived(request, at: UInt64(choice))
            choice += request.argumentCount + Int(request.command.rawValue)
        case .emptyReceived: exchange.emptyReceived()
        }
        if choice % 3 != 0 { _ = exchange.replyReceived(replies[choice % replies.count]) }
        precondition(exchange.pendingCount >= 0, "no more replies are matched than were owed")
    }
}
