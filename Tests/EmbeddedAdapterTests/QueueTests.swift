// Queues, locks and sequences.

import Capabilities
import Testing

@testable import EmbeddedAdapter

@Suite("Queues, locks and sequences")
struct QueueTests {
    let store: StoreUnderTest
    init() throws { store = try StoreUnderTest() }

    private func put(_ payload: String, delay: Int64 = 0) throws -> Answer {
        try store.call(.put(queue: b("q"), payload: b(payload), delayMilliseconds: delay))
    }
    private func reserve(_ visibility: Int64 = 1000) throws -> Answer {
        try store.call(.reserve(queue: b("q"), visibilityMilliseconds: visibility, wait: nil))
    }
    private func item(_ id: String, _ payload: String) -> Answer { .pairs([Pair(b(id), b(payload))]) }

    @Test("items are reserved in the order in which they were put, each by one taker")
    func order() throws {
        #expect(try reserve() == .missing)
        #expect(try put("a") == .text("1"))
        #expect(try put("b") == .text("2"))
        #expect(try reserve() == item("1", "a"))
        #expect(try reserve() == item("2", "b"))
        #expect(try reserve() == .missing)
    }

    @Test("an item is gone when it is acknowledged in time")
    func acknowledges() throws {
        _ = try put("a")
        #expect(try store.call(.acknowledge(queue: b("q"), id: b("1"))) == .flag(false))
        _ = try reserve()
        #expect(try store.call(.acknowledge(queue: b("q"), id: b("1"))) == .flag(true))
        #expect(try store.call(.acknowledge(queue: b("q"), id: b("1"))) == .flag(false))
        #expect(try store.call(.acknowledge(queue: b("none"), id: b("1"))) == .flag(false))
        store.now += 10_000
        #expect(try reserve() == .missing)
        #expect(store.store.withState { $0.memory } == 0)
    }

    @Test("an item whose time is up can be reserved again and no longer be acknowledged")
    func timesOut() throws {
        _ = try put("a")
        _ = try put("b")
        _ = try reserve(1000)
        store.now += 1000
        #expect(try store.call(.acknowledge(queue: b("q"), id: b("1"))) == .flag(false))
        #expect(try reserve() == item("2", "b"))
        #expect(try reserve() == item("1", "a"))
    }

    @Test("a released or delayed item comes when its delay is over")
    func delays() throws {
        _ = try put("a", delay: 50)
        #expect(try reserve() == .missing)
        store.now += 50
        #expect(try reserve() == item("1", "a"))
        #expect(try store.call(.release(queue: b("q"), id: b("1"), delayMilliseconds: 20)) == .flag(true))
        #expect(try store.call(.release(queue: b("q"), id: b("1"), delayMilliseconds: 20)) == .flag(false))
        #expect(try reserve() == .missing)
        store.now += 20
        #expect(try reserve(.max) == item("1", "a"))
        store.now = .max - 1
        #expect(try reserve() == .missing)
    }

    @Test("order and reservations outlast a restart, and ids are not given out twice")
    func restarts() throws {
        for name in ["a", "b", "c"] { _ = try put(name) }
        _ = try reserve(1000)
        _ = try store.call(.acknowledge(queue: b("q"), id: b("1")))
        _ = try reserve(1000)
        try store.reopen()
        #expect(try reserve() == item("3", "c"))
        #expect(try reserve() == .missing)
        store.now += 1000
        #expect(try reserve() == item("2", "b"))
        #expect(try put("d") == .text("4"))
    }

    @Test("a lock has one owner until it is released or its time is up")
    func locks() throws {
        let acquire = { (owner: String, ttl: Int64) throws in
            try self.store.call(.acquire(name: b("l"), owner: b(owner), ttlMilliseconds: ttl))
        }
        #expect(try acquire("me", 1000) == .flag(true))
        #expect(try acquire("you", 1000) == .flag(false))
        #expect(try acquire("me", 2000) == .flag(true))
        #expect(try store.call(.release(name: b("l"), owner: b("you"))) == .flag(false))
        #expect(try store.call(.extend(name: b("l"), owner: b("you"), ttlMilliseconds: 9)) == .flag(false))
        #expect(try store.call(.extend(name: b("l"), owner: b("me"), ttlMilliseconds: 5000)) == .flag(true))
        store.now += 4999
        #expect(try acquire("you", 1000) == .flag(false))
        store.now += 1
        #expect(try store.call(.extend(name: b("l"), owner: b("me"), ttlMilliseconds: 5000)) == .flag(false))
        #expect(try store.call(.release(name: b("l"), owner: b("me"))) == .flag(false))
        #expect(try acquire("you", .max) == .flag(true))
        #expect(try store.call(.release(name: b("l"), owner: b("you"))) == .flag(true))
        #expect(throws: Failure.self) { try acquire("me", 0) }
    }

    @Test("a sequence gives each number once, across restarts too")
    func sequences() async throws {
        #expect(try await store.service.next(b("n"), count: 1) == 1)
        #expect(try await store.service.next(b("n"), count: 10) == 11)
        #expect(try await store.service.next(b("m"), count: 1) == 1)
        try store.reopen()
        #expect(try await store.service.next(b("n"), count: 1) == 12)
        await #expect(throws: Failure.self) { try await store.service.next(b("n"), count: 0) }
        await #expect(throws: Failure.overflow) { try await store.service.next(b("n"), count: .max) }
        #expect(try await store.service.next(b("n"), count: 1) == 13)
    }
}
