// Feeds a framer the same bytes in every way they may arrive, and says what it noted.

import Testing
import Wire

@testable import RedisWire

/// A small seeded generator, so that a failing split can be had again.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        return state
    }
}

/// What a framer said about some bytes: its events, and the code of the error that ended them.
struct Noted<Event: Equatable>: Equatable {
    var events: [Event] = []
    var errorCode: String?
    var isAtBoundary = true
}

protocol Framer {
    associatedtype Event: Equatable
    init()
    var isAtBoundary: Bool { get }
    var isLost: Bool { get }
    mutating func next(_ bytes: Bytes, at offset: inout Int) throws(WireError) -> Event?
}

extension RedisRequestFramer: Framer {}
extension RedisReplyFramer: Framer {}

/// Feeds `input` cut at `cuts`, which are in order.
func feed<F: Framer>(_ framer: inout F, _ input: [UInt8], cutAt cuts: [Int]) -> Noted<F.Event> {
    var noted = Noted<F.Event>()
    var start = 0
    for end in cuts + [input.count] where end >= start {
        let piece = Array(input[start..<end])
        start = end
        var offset = 0
        do throws(WireError) {
            while true {
                let event = try framer.next(piece.span, at: &offset)
                guard let event else { break }
                noted.events.append(event)
            }
        } catch {
            noted.errorCode = error.code
            #expect(framer.isLost)
            return noted
        }
        #expect(offset == piece.count, "all bytes are consumed unless framing is lost")
    }
    noted.isAtBoundary = framer.isAtBoundary
    return noted
}

/// Feeds `input` whole, byte by byte and at random splits, requires the same of each, and returns it.
func feedEveryWay<F: Framer>(_ type: F.Type, _ input: [UInt8]) -> Noted<F.Event> {
    var framer = F()
    let whole = feed(&framer, input, cutAt: [])
    framer = F()
    if input.count <= 300_000 {
        let single = feed(&framer, input, cutAt: Array(0..<input.count))
        #expect(single == whole, "byte by byte must note the same as in one piece")
    }
    var generator = SeededGenerator(state: 0x5EED + UInt64(input.count))
    for _ in 0..<8 {
        let cuts = (0..<Int.random(in: 1...6, using: &generator))
            .map { _ in Int.random(in: 0...input.count, using: &generator) }.sorted()
        framer = F()
        let split = feed(&framer, input, cutAt: cuts)
        #expect(split == whole, "split at \(cuts) must note the same as in one piece")
    }
    return whole
}

func requests(_ input: String) -> Noted<RedisRequestEvent> { feedEveryWay(RedisRequestFramer.self, Array(input.utf8)) }
func replies(_ input: String) -> Noted<RedisReply> { feedEveryWay(RedisReplyFramer.self, Array(input.utf8)) }
