// Pairs recorded conversations with a real server and compares with the server's own pairing.

import Testing
import Wire

@testable import RedisWire

/// What one client sent, command by command, and what came before it sent the next.
struct RecordedConversation: Sendable, CustomTestStringConvertible {
    let name: String
    let steps: [(sent: String, received: String)]

    init(_ name: String, _ steps: [(String, String)]) {
        self.name = name
        self.steps = steps
    }

    var testDescription: String { name }
}

/// Both framers and the exchange of one connection.
struct Pairing {
    var requestFramer = RedisRequestFramer()
    var replyFramer = RedisReplyFramer()
    var exchange = RedisExchange()

    mutating func send(_ text: String, at now: UInt64) throws {
        let bytes = Array(text.utf8)
        var offset = 0
        while let event = try requestFramer.next(bytes.span, at: &offset) {
            switch event {
            case .commandReceived(let request): exchange.commandReceived(request, at: now)
            case .emptyReceived: exchange.emptyReceived()
            }
        }
    }

    mutating func receive(_ text: String) throws -> [RedisOutcome] {
        let bytes = Array(text.utf8)
        var offset = 0
        var outcomes: [RedisOutcome] = []
        while let reply = try replyFramer.next(bytes.span, at: &offset) {
            outcomes.append(exchange.replyReceived(reply))
        }
        return outcomes
    }
}

@Suite("conversations recorded with redis-server 7.0")
struct RecordedConversationTests {
    @Test("one command at a time, nothing is left over and nothing is unmatched", arguments: recordedConversations)
    func stepByStep(conversation: RecordedConversation) throws {
        var pairing = Pairing()
        for (index, step) in conversation.steps.enumerated() {
            try pairing.send(step.sent, at: UInt64(index))
            let expected = pairing.exchange.pendingCount
            let outcomes = try pairing.receive(step.received)
            #expect(!outcomes.contains(.unmatched) && !outcomes.contains(.untracked), "step \(index): \(step)")
            #expect(pairing.exchange.pendingCount == 0, "step \(index): \(step)")
            #expect(expected <= 1)
            #expect(answers(outcomes).map(\.startedAt) == Array(repeating: UInt64(index), count: expected))
            #expect(pairing.requestFramer.isAtBoundary && pairing.replyFramer.isAtBoundary)
        }
        #expect(!pairing.exchange.isAdrift)
    }

    @Test("everything pipelined, each reply finds the command it was recorded with", arguments: recordedConversations)
    func pipelined(conversation: RecordedConversation) throws {
        var pairing = Pairing()
        for (index, step) in conversation.steps.enumerated() { try pairing.send(step.sent, at: UInt64(index)) }
        let answered = conversation.steps.indices.filter { isAnswered(conversation, $0) }.count
        // Only the answer to the first MONITOR tells that the server will ignore the second.
        let ignored = conversation.steps.filter { $0.sent == "MONITOR\r\n" }.dropFirst().filter(\.received.isEmpty)
            .count
        #expect(pairing.exchange.repliesOwed == answered + ignored)
        for (index, step) in conversation.steps.enumerated() {
            let outcomes = try pairing.receive(step.received)
            #expect(!outcomes.contains(.unmatched) && !outcomes.contains(.untracked), "step \(index): \(step)")
            for answer in answers(outcomes) { #expect(answer.startedAt == UInt64(index), "step \(index): \(step)") }
            #expect(answers(outcomes).count == (isAnswered(conversation, index) ? 1 : 0), "step \(index): \(step)")
        }
        #expect(pairing.exchange.pendingCount == 0)
    }

    @Test("cut anywhere, the same facts are noted", arguments: recordedConversations)
    func cutAnywhere(conversation: RecordedConversation) {
        let sent = requests(conversation.steps.map(\.sent).joined())
        let received = replies(conversation.steps.map(\.received).joined())
        #expect(sent.errorCode == nil && sent.isAtBoundary)
        #expect(received.errorCode == nil && received.isAtBoundary)
        #expect(sent.events.count == conversation.steps.filter { !$0.sent.isEmpty }.count)
    }

    private func answers(_ outcomes: [RedisOutcome]) -> [RedisAnswer] {
        outcomes.compactMap { outcome in
            if case .answered(let answer) = outcome { answer } else { nil }
        }
    }

    /// Whether the server answered the step: by what it sent, pushes and silenced confirmations aside.
    private func isAnswered(_ conversation: RecordedConversation, _ index: Int) -> Bool {
        var pairing = Pairing()
        do {
            for step in conversation.steps[..<index] {
                try pairing.send(step.sent, at: 0)
                _ = try pairing.receive(step.received)
            }
            try pairing.send(conversation.steps[index].sent, at: 0)
            return try !answers(pairing.receive(conversation.steps[index].received)).isEmpty
        } catch {
            return false
        }
    }
}
