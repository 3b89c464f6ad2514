// Mutates recorded conversations and requires that nothing traps and nothing is left unread.

import Testing
import Wire

@testable import RedisWire

@Suite("hostile input")
struct RobustnessTests {
    private func mutate(_ input: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var mutated = input
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !mutated.isEmpty {
            let index = Int.random(in: 0..<mutated.count, using: &generator)
            switch Int.random(in: 0..<5, using: &generator) {
            case 0: mutated[index] = UInt8.random(in: 0...255, using: &generator)
            case 1: mutated.remove(at: index)
            case 2: mutated.insert(contentsOf: Array("9223372036854775807".utf8), at: index)
            case 3: mutated.insert(contentsOf: mutated[(mutated.count / 2)...].prefix(40), at: index)
            default: mutated[index] = "+-:$*_,#!=(~%>|;.?0123456789\r\n".utf8.randomElement(using: &generator) ?? 0
            }
        }
        return mutated
    }

    @Test("mutated conversations never trap, and splits never matter", arguments: recordedConversations)
    func mutated(conversation: RecordedConversation) {
        var generator = SeededGenerator(state: UInt64(conversation.steps.count) &* 0x9E37_79B9 | 1)
        let sent = Array(conversation.steps.map(\.sent).joined().utf8)
        let received = Array(conversation.steps.map(\.received).joined().utf8)
        for _ in 0..<60 {
            let requests = feedTwice(RedisRequestFramer.self, mutate(sent, &generator), &generator)
            let replies = feedTwice(RedisReplyFramer.self, mutate(received, &generator), &generator)
            var exchange = RedisExchange()
            var remaining = replies.events[...]
            for event in requests.events {
                switch event {
                case .commandReceived(let request): exchange.commandReceived(request, at: 1)
                case .emptyReceived: exchange.emptyReceived()
                }
                if Bool.random(using: &generator), let reply = remaining.popFirst() {
                    _ = exchange.replyReceived(reply)
                }
                #expect(exchange.pendingCount >= 0)
            }
            for reply in remaining { _ = exchange.replyReceived(reply) }
            #expect(exchange.pendingCount >= 0)
        }
    }

    private func feedTwice<F: Framer>(
        _ type: F.Type, _ input: [UInt8], _ generator: inout SeededGenerator
    ) -> Noted<F.Event> {
        var framer = F()
        let whole = feed(&framer, input, cutAt: [])
        framer = F()
        let cuts = (0..<5).map { _ in Int.random(in: 0...input.count, using: &generator) }.sorted()
        #expect(feed(&framer, input, cutAt: cuts) == whole)
        return whole
    }
}
