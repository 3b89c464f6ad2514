// The bus, on one worker and between two.

import Capabilities
import Glibc
import Synchronization
import Testing

@testable import EmbeddedAdapter

/// Keeps what it is given, and on which worker.
private final class Sink: MessageSink {
    private let received = Mutex<[BusMessage]>([])
    var messages: [BusMessage] { received.withLock { $0 } }
    var texts: [String] { messages.map { String(decoding: $0.payload, as: UTF8.self) } }

    func messageReceived(_ message: BusMessage) { received.withLock { $0.append(message) } }
    func subscriptionsLost(_ failure: Failure) {}

    /// Waits until so many messages are there.
    func until(_ count: Int) async throws {
        while messages.count < count { try await Task.sleep(nanoseconds: 1_000_000) }
    }
}

/// Something that one thread says to another.
private final class Flag: Sendable {
    private let value = Atomic(false)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}

@Suite("The bus", .timeLimit(.minutes(1)))
struct BusTests {
    let workers: WorkersUnderTest
    init() async throws { workers = try await WorkersUnderTest() }

    private func subscribe(_ worker: WorkerUnderTest, _ sink: Sink, _ topic: BusTopic) async throws {
        try await worker.run { try await $0.subscribe(sink, to: topic) }.value
    }
    private func publish(_ worker: WorkerUnderTest, _ text: String, _ channel: String = "c") async throws -> Int64 {
        try await worker.run { try await $0.publish(b(text), to: b(channel)) }.value
    }

    @Test("a message reaches subscribers on every worker, by channel and by pattern, and is counted for each")
    func delivery() async throws {
        let (here, there, pattern) = (Sink(), Sink(), Sink())
        try await subscribe(workers.one, here, .channel(b("c")))
        try await subscribe(workers.one, here, .pattern(b("*")))
        try await subscribe(workers.two, there, .channel(b("c")))
        try await subscribe(workers.two, pattern, .pattern(b("c?")))
        #expect(try await publish(workers.one, "1") == 3)
        #expect(try await publish(workers.one, "2", "cd") == 2)
        #expect(try await publish(workers.two, "3", "x") == 1)
        try await here.until(4)
        try await there.until(1)
        try await pattern.until(1)
        #expect(here.texts == ["1", "1", "2", "3"])
        #expect(here.messages.map(\.pattern) == [nil, b("*"), b("*"), b("*")])
        #expect(there.messages == [BusMessage(channel: b("c"), payload: b("1"))])
        #expect(pattern.messages == [BusMessage(channel: b("cd"), payload: b("2"), pattern: b("c?"))])
    }

    @Test("a message for a subscriber on the publisher's own worker is there when the publishing returns")
    func sameWorker() async throws {
        let sink = Sink()
        let texts = try await workers.one.run { service in
            try await service.subscribe(sink, to: .channel(b("c")))
            _ = try await service.publish(b("1"), to: b("c"))
            return sink.texts
        }.value
        #expect(texts == ["1"])
    }

    @Test("messages of one publisher keep their order")
    func order() async throws {
        let sink = Sink()
        try await subscribe(workers.two, sink, .channel(b("c")))
        try await workers.one.run { service in
            for index in 0..<500 { _ = try await service.publish(b("\(index)"), to: b("c")) }
        }.value
        try await sink.until(500)
        #expect(sink.texts == (0..<500).map { "\($0)" })
    }

    @Test("nothing comes after unsubscribing, and nothing that was published before subscribing")
    func boundaries() async throws {
        let sink = Sink()
        try await subscribe(workers.two, sink, .channel(b("c")))
        try await subscribe(workers.two, sink, .channel(b("c")))
        #expect(try await publish(workers.one, "1") == 1)
        try await sink.until(1)
        let seen = try await workers.two.run { [workers] service in
            // This worker is kept busy while the other one publishes: the message is in its inbox when the
            // subscription ends and begins anew.
            let isPublished = Flag()
            _ = workers.one.run { service in
                _ = try await service.publish(b("2"), to: b("c"))
                isPublished.set()
            }
            while !isPublished.isSet { sched_yield() }
            try await service.unsubscribe(sink, from: .channel(b("c")))
            let before = sink.messages.count
            try await service.subscribe(sink, to: .channel(b("c")))
            return before
        }.value
        #expect(try await publish(workers.one, "3") == 1)
        try await sink.until(seen + 1)
        #expect(sink.texts.last == "3")
        #expect(sink.messages.count == seen + 1)
        try await workers.two.run { try await $0.unsubscribe(sink, from: .channel(b("c"))) }.value
        #expect(try await publish(workers.one, "4") == 0)
    }

    @Test("who listens can be asked for, and a closed service listens no more")
    func inspection() async throws {
        let (first, second) = (Sink(), Sink())
        try await subscribe(workers.one, first, .channel(b("a1")))
        try await subscribe(workers.two, second, .channel(b("a1")))
        try await subscribe(workers.two, second, .channel(b("b")))
        try await subscribe(workers.two, second, .pattern(b("p*")))
        let ask = { (question: BusInspection) async throws in try await workers.one.call(.inspectBus(question)) }
        #expect(try await ask(.channels(match: nil)).sorted == .texts("a1", "b"))
        #expect(try await ask(.channels(match: b("a*"))) == .texts("a1"))
        #expect(
            try await ask(.subscriberCounts(channels: ["a1", "b", "none"].map(b)))
                == .list([.integer(2), .integer(1), .integer(0)]))
        #expect(try await ask(.patternCount) == .integer(1))
        try await workers.two.run { await $0.close() }.value
        #expect(try await ask(.channels(match: nil)) == .texts("a1"))
        #expect(try await ask(.patternCount) == .integer(0))
    }
}
