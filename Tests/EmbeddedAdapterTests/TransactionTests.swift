// Transactions, watched keys, and the bound on memory.

import Capabilities
import Testing

@testable import EmbeddedAdapter

@Suite("Transactions")
struct TransactionTests {
    let store: StoreUnderTest
    init() throws { store = try StoreUnderTest() }

    private func watch(_ key: String) async throws -> WatchedKey {
        let marks = try await store.service.marks(of: [b(key)], store.context)
        return WatchedKey(b(key), database: 0, mark: try #require(marks.first))
    }

    private func run(_ watched: WatchedKey) async throws -> Bool {
        let steps = [TransactionStep(.keyValue(.set(key: b("done"), value: b("1"), SetOptions())), database: 0)]
        return try await store.service.perform(steps, ifUnchanged: [watched], store.context) != nil
    }

    @Test("all is done in order, and a failure keeps nothing else from being done")
    func order() async throws {
        let steps = [
            TransactionStep(.keyValue(.set(key: b("k"), value: b("v"), SetOptions())), database: 0),
            TransactionStep(.keyValue(.increment(key: b("k"), by: 1)), database: 0),
            TransactionStep(.keyValue(.get(key: b("k"))), database: 1),
            TransactionStep(.keyValue(.get(key: b("k"))), database: 0),
        ]
        let results = try await store.service.perform(steps, ifUnchanged: [], store.context)
        #expect(results == [.success(.done), .failure(.notAnInteger), .success(.missing), .success(.text("v"))])
    }

    @Test("a watched key that is touched keeps a transaction from being done")
    func watched() async throws {
        let touches: [(String, (StoreUnderTest) throws -> Void)] = [
            ("set", { try $0.set("k", "other") }), ("set to the same", { try $0.set("k", "v") }),
            ("deleted", { _ = try $0.call(.delete(keys: [b("k")])) }),
            ("an expiry", { _ = try $0.call(.expire(key: b("k"), at: 9_000_000, .always)) }),
            ("cleared", { _ = try $0.call(.clear(everyDatabase: true)) }),
            ("renamed away", { _ = try $0.call(.rename(from: b("k"), to: b("k2"), onlyIfAbsent: false)) }),
            (
                "deleted and made anew",
                {
                    _ = try $0.call(.delete(keys: [b("k")]))
                    try $0.set("k", "v")
                }
            ),
        ]
        for (name, touch) in touches {
            try store.set("k", "v")
            #expect(try await run(try await watch("k")), "\(name)")
            let watched = try await watch("k")
            try touch(store)
            #expect(try await !run(watched), "\(name)")
        }
    }

    @Test("a watched key that is not there counts as touched when it comes, even if it goes again")
    func absent() async throws {
        let watched = try await watch("k")
        #expect(try await run(watched))
        try store.set("k", "v")
        #expect(try await !run(watched))
        _ = try store.call(.delete(keys: [b("k")]))
        #expect(try await !run(watched))
        #expect(try await run(try await watch("k")))
    }

    @Test("a watched key that expires counts as touched; one that had expired does not")
    func expired() async throws {
        try store.set("k", "v", SetOptions(expiry: .at(1_000_001)))
        let before = try await watch("k")
        store.now = 1_000_001
        #expect(try await !run(before))
        #expect(try await run(try await watch("k")))
    }

    @Test("changes that change nothing leave a watched key untouched")
    func untouched() async throws {
        try store.add("s", "a")
        try store.score("z", ["a": 1])
        _ = try store.hash("h", .set([Pair(b("f"), b("1"))]))
        let watched = [try await watch("s"), try await watch("z"), try await watch("h"), try await watch("none")]
        try store.add("s", "a")
        try store.score("z", ["a": 1])
        _ = try store.hash("h", .setIfAbsent(field: b("f"), value: b("2")))
        _ = try store.hash("h", .delete(fields: [b("g")]))
        _ = try store.call(.delete(keys: [b("none")]))
        _ = try store.call(.persist(key: b("s")))
        for watched in watched { #expect(try await run(watched)) }
    }

    @Test("above the bound on memory nothing is added, but things are read and taken away")
    func memory() throws {
        let store = try StoreUnderTest(maximumMemory: 10_000)
        try store.set("k", String(repeating: "x", count: 20_000))
        let error = #expect(throws: Failure.self) { try store.set("l", "1") }
        #expect(error == .backend("OOM command not allowed when used memory > 'maxmemory'."))
        #expect(throws: Failure.self) { try store.push("l", "1") }
        #expect(throws: Failure.self) { try store.call(.put(queue: b("q"), payload: [], delayMilliseconds: 0)) }
        #expect(try store.exists("k"))
        _ = try store.call(.expire(key: b("k"), at: 2_000_000, .always))
        _ = try store.call(.delete(keys: [b("k")]))
        try store.push("l", "1")
    }
}
