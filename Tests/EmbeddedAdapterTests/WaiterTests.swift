// Operations that wait for an item.

import Capabilities
import Testing

@testable import EmbeddedAdapter

@Suite("Waiting", .timeLimit(.minutes(1)))
struct WaiterTests {
    let workers: WorkersUnderTest
    init() async throws { workers = try await WorkersUnderTest() }

    private func take(_ keys: String..., milliseconds: Int64 = 0) -> Call {
        .list(.popFirst(keys: keys.map(b), .left, count: 1, wait: Wait(milliseconds: milliseconds)))
    }
    private func push(_ key: String, _ values: String...) -> Call {
        .list(.push(key: b(key), values: values.map(b), .right, onlyIfPresent: false))
    }
    private func start(_ worker: WorkerUnderTest, _ operation: Call) -> Task<Answer, any Error> {
        worker.run { try await $0.perform(operation, CallContext(now: 1_000_000)) }
    }
    private func taken(_ key: String, _ value: String) -> Answer { .taken(key: b(key), .texts(value)) }

    @Test("what is there is taken at once")
    func atOnce() async throws {
        _ = try await workers.one.call(push("l", "a"))
        #expect(try await workers.one.call(take("none", "l")) == taken("l", "a"))
        #expect(!workers.one.service.answersAtOnce(take("l")))
        #expect(workers.one.service.answersAtOnce(push("l", "a")))
    }

    @Test("what does not wait is performed without an asynchronous call, and what waits is left alone")
    func withoutAwait() async throws {
        let context = CallContext(now: 1_000_000)
        let push = push("l", "a")
        let take = take("l")
        let answers = try await workers.one.run { _ in
            // The closure may suspend, this function may not.
            try Self.performAtOnce([push, take, .keyValue(.count)], workers.one.service, context)
        }.value
        #expect(answers == [.integer(1), nil, .integer(1)])
        #expect(try await workers.one.call(take) == taken("l", "a"))
    }

    private static func performAtOnce(
        _ operations: [Call], _ service: EmbeddedService, _ context: CallContext
    ) throws -> [Answer?] {
        try operations.map { try service.performAtOnce($0, context) }
    }

    @Test("those who wait on several workers are served in the order in which they came, one item each")
    func order() async throws {
        var waiting: [Task<Answer, any Error>] = []
        for index in 0..<6 {
            waiting.append(start(index % 2 == 0 ? workers.one : workers.two, take("l")))
            try await workers.untilWaiting(index + 1)
        }
        _ = try await workers.one.call(push("l", "0", "1", "2"))
        _ = try await workers.two.call(push("l", "3", "4", "5", "6"))
        for (index, task) in waiting.enumerated() { #expect(try await task.value == taken("l", "\(index)")) }
        #expect(workers.contents()["0 \(b("l"))"] == "list \(b("6"))")
        #expect(workers.store.withState { $0.waiting.isEmpty })
        #expect(workers.two.worker.foreignEnqueueCount <= 10)
    }

    @Test("a push from another worker resumes a task on its own worker, without a foreign enqueue")
    func resumesAtHome() async throws {
        let before = workers.two.worker.foreignEnqueueCount
        let worker = workers.two.worker
        let operation = take("l")
        let task = workers.two.run { service in
            let answer = try await service.perform(operation, CallContext(now: 1_000_000))
            return (answer, worker.isCurrent, worker.foreignEnqueueCount)
        }
        try await workers.untilWaiting(1)
        let started = workers.two.worker.foreignEnqueueCount
        _ = try await workers.one.call(push("l", "a"))
        let (answer, isAtHome, count) = try await task.value
        #expect(answer == taken("l", "a"))
        #expect(isAtHome)
        #expect(count == started && started >= before)
    }

    @Test("the time to wait comes to an end, and the waiter is gone")
    func timesOut() async throws {
        #expect(try await workers.one.call(take("l", milliseconds: 20)) == .missing)
        #expect(workers.store.withState { $0.waiting.isEmpty })
        _ = try await workers.one.call(push("l", "a"))
        #expect(try await workers.one.call(take("l", milliseconds: 20)) == taken("l", "a"))
    }

    @Test("a cancelled waiter takes nothing")
    func cancelled() async throws {
        let first = start(workers.one, take("l"))
        try await workers.untilWaiting(1)
        let second = start(workers.two, take("l"))
        try await workers.untilWaiting(2)
        first.cancel()
        await #expect(throws: Failure.cancelled) { try await first.value }
        _ = try await workers.two.call(push("l", "a"))
        #expect(try await second.value == taken("l", "a"))
    }

    @Test("an item that was taken for a waiter that is cancelled in the same moment is nobody's loss")
    func cancelledWhenServed() async throws {
        for round in 0..<200 {
            let task = start(workers.one, take("l"))
            try await workers.untilWaiting(1)
            async let pushed = workers.two.call(push("l", "\(round)"))
            task.cancel()
            _ = try await pushed
            let answer = try? await task.value
            if answer == nil {
                #expect(try await workers.two.call(take("l", milliseconds: 1)) == taken("l", "\(round)"))
            } else {
                #expect(answer == taken("l", "\(round)"))
            }
        }
    }

    @Test("what is given back goes where it was")
    func givenBack() async throws {
        let waiter = await workers.one.run { [take = take("l")] _ in
            Waiter(take, CallContext(now: 1_000_000), worker: workers.one.worker)
        }.result
        let served = try waiter.get()
        _ = try await workers.one.call(push("l", "b", "c"))
        workers.store.withState { $0.giveBack(.taken(key: b("l"), .texts("x", "a")), of: served, 1_000_000) }
        #expect(workers.contents()["0 \(b("l"))"] == "list " + ["x", "a", "b", "c"].map { "\(b($0))" }.joined())
    }

    @Test("a waiter stands at every key that it names and leaves all of them")
    func severalKeys() async throws {
        let task = start(workers.one, take("a", "b", "b"))
        try await workers.untilWaiting(2)
        _ = try await workers.two.call(push("b", "1"))
        #expect(try await task.value == taken("b", "1"))
        #expect(workers.store.withState { $0.waiting.isEmpty })
    }

    @Test("an item moves on to a list that somebody else waits for")
    func chain() async throws {
        let last = start(workers.two, take("m"))
        try await workers.untilWaiting(1)
        let move = Call.list(
            .move(from: b("l"), to: b("m"), take: .left, put: .right, wait: Wait(milliseconds: 0)))
        let mover = start(workers.one, move)
        try await workers.untilWaiting(2)
        _ = try await workers.two.call(push("l", "a"))
        #expect(try await mover.value == .text("a"))
        #expect(try await last.value == taken("m", "a"))
        #expect(workers.contents().keys.allSatisfy { $0 == "last item" })
    }

    @Test("a waiting move to another type fails when its item comes, and the item stays")
    func moveToAnotherType() async throws {
        let move = Call.list(
            .move(from: b("l"), to: b("k"), take: .left, put: .right, wait: Wait(milliseconds: 0)))
        let mover = start(workers.one, move)
        try await workers.untilWaiting(1)
        _ = try await workers.two.call(.keyValue(.set(key: b("k"), value: b("v"), SetOptions())))
        _ = try await workers.two.call(push("l", "a"))
        await #expect(throws: Failure.wrongType) { try await mover.value }
        #expect(workers.contents()["0 \(b("l"))"] == "list \(b("a"))")
    }

    @Test("a list that comes by a new name or a copy is served, one of another type is not")
    func otherWays() async throws {
        let scored = start(
            workers.one, .sortedSet(.popFirst(keys: [b("k")], highest: true, count: 2, wait: Wait(milliseconds: 0))))
        try await workers.untilWaiting(1)
        let list = start(workers.one, take("k"))
        try await workers.untilWaiting(2)
        _ = try await workers.two.call(push("l", "a"))
        _ = try await workers.two.call(.keyValue(.rename(from: b("l"), to: b("k"), onlyIfAbsent: false)))
        #expect(try await list.value == taken("k", "a"))
        let members = [ScoredMember(b("a"), score: 1), ScoredMember(b("b"), score: 2)]
        _ = try await workers.two.call(.sortedSet(.add(key: b("k"), members, SortedSetAddOptions())))
        #expect(try await scored.value == .taken(key: b("k"), .scored(members.reversed())))
    }

    @Test("a transaction serves those who wait when it is over")
    func transactions() async throws {
        let task = start(workers.one, take("l"))
        try await workers.untilWaiting(1)
        let steps = [
            TransactionStep(push("l", "a", "b"), database: 0),
            TransactionStep(.list(.pop(key: b("l"), .left, count: nil)), database: 0),
        ]
        let results = try await workers.two.run {
            try await $0.perform(steps, ifUnchanged: [], CallContext(now: 1_000_000))
        }.value
        #expect(results == [.success(.integer(2)), .success(.text("a"))])
        #expect(try await task.value == taken("l", "b"))
    }

    @Test("an item of a queue goes to whoever waits first, when it is put and when its time has come")
    func queues() async throws {
        let reserve = Call.queue(
            .reserve(queue: b("q"), visibilityMilliseconds: 1000, wait: Wait(milliseconds: 0)))
        let first = start(workers.one, reserve)
        try await workers.untilWaiting(1)
        let second = start(workers.two, reserve)
        try await workers.untilWaiting(2)
        _ = try await workers.one.call(.queue(.put(queue: b("q"), payload: b("a"), delayMilliseconds: 0)))
        #expect(try await first.value == .pairs([Pair(b("1"), b("a"))]))
        _ = workers.store.keep(1_000_999)
        try await workers.untilWaiting(1)
        _ = workers.store.keep(1_001_000)
        #expect(try await second.value == .pairs([Pair(b("1"), b("a"))]))
    }

    @Test("what a waiter was given is written before its worker's commit returns")
    func durable() async throws {
        let operation = take("l")
        let task = workers.two.run { service in
            let answer = try await service.perform(operation, CallContext(now: 1_000_000))
            try service.commit()
            return answer
        }
        try await workers.untilWaiting(1)
        _ = try await workers.one.run { service in
            _ = try await service.perform(self.push("l", "a"), CallContext(now: 1_000_000))
        }.value
        _ = try await task.value
        #expect(workers.store.hasWritten(workers.store.withState { $0.journal.count }))
    }
}
