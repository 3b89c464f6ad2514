// Dapr's pluggable components, against the example in Python.

import Capabilities
import TestSupport
import Testing

@testable import ProcessAdapter

@Suite("A pluggable component of Dapr", .serialized)
struct DaprDialectTests {
    private func component(_ arguments: String...) async throws -> AdapterProcess {
        try await AdapterProcess.start(AdapterProcess.example("dapr_state.py"), arguments)
    }

    private func version(_ house: Harness, _ key: String) async throws -> Version? {
        guard case .versioned(_, let version) = try await house.perform(.getVersioned(key: bytes(key))) else {
            return nil
        }
        return version
    }

    private func set(_ key: String, _ value: String, _ options: SetOptions = SetOptions()) -> KeyValueOperation {
        .set(key: bytes(key), value: bytes(value), options)
    }

    @Test("it is found by reflection, and told the metadata of the configuration")
    func found() async throws {
        let process = try await component()
        let house = try await Harness(process.url, ["metadata.region": "north"])
        let manifest = house.service.manifest
        #expect(manifest.adapter == "dapr")
        #expect(manifest[.keyValueCompareAndSet].support == .native)
        #expect(manifest[.keyValueTTL].weakenings == [.wholeSeconds, .partial])
        #expect(manifest[.keyValueScan].support == .refused && manifest[.busPattern].support == .refused)
        #expect(process.log.contains("init {'region': 'north'}"))
        await house.stop()
    }

    @Test("features that it does not have are refused and not dropped")
    func features() async throws {
        let process = try await component("--features=")
        let house = try await Harness(process.url, ["dialect": "dapr"])
        let refusals: [(KeyValueOperation, Capability)] = [
            (set("k", "v", SetOptions(expiry: .at(2_000_000))), .keyValueTTL),
            (.getVersioned(key: bytes("k")), .keyValueCompareAndSet),
            (set("k", "v", SetOptions(.absent)), .keyValueConditionalSet),
            (.scan(cursor: 0, match: nil, count: 10, type: nil), .keyValueScan),
        ]
        for (operation, capability) in refusals {
            await #expect(throws: Failure.refused(capability, reason: "the adapter process does not offer it")) {
                try await house.perform(operation)
            }
        }
        #expect(try await house.perform(.get(key: bytes("k"))) == .missing)
        #expect(house.service.transactions == nil)
        #expect(try await house.perform(set("k", "v")) == .done)
        #expect(try await house.perform(.delete(keys: [bytes("k")])) == .integer(1))
        await house.stop()
    }

    @Test("values, several keys at once, and counts of what was there")
    func values() async throws {
        let process = try await component("--features=ETAG")
        let house = try await Harness(process.url)
        #expect(try await house.perform(set("empty", "")) == .done)
        #expect(try await house.perform(.get(key: bytes("empty"))) == .bytes([]))
        let pairs = [Pair(bytes("a"), bytes("1")), Pair(bytes("b"), bytes("2"))]
        #expect(try await house.perform(.setMany(pairs, onlyIfAllAbsent: false)) == .flag(true))
        let keys = [bytes("b"), bytes("none"), bytes("a"), bytes("b")]
        #expect(
            try await house.perform(.getMany(keys: keys))
                == .list([
                    .bytes(bytes("2")), .missing, .bytes(bytes("1")), .bytes(bytes("2")),
                ]))
        #expect(try await house.perform(.exists(keys: keys)) == .integer(3))
        #expect(try await house.perform(.delete(keys: keys)) == .integer(2))
        #expect(try await house.perform(.delete(keys: [bytes("a")])) == .integer(0))
        await #expect(throws: Failure.invalid("Dapr's keys are UTF-8 text")) {
            try await house.perform(.get(key: [0xFF]))
        }
        await #expect(throws: Failure.self) { try await house.perform(.get(key: bytes("a")), database: 3) }
        await house.stop()
    }

    @Test("an ETag decides who writes")
    func etags() async throws {
        let process = try await component()
        let house = try await Harness(process.url)
        _ = try await house.perform(set("k", "1"))
        let first = try #require(try await version(house, "k"))
        #expect(try await house.perform(set("k", "2", SetOptions(.version(first)))) == .done)
        #expect(try await house.perform(set("k", "3", SetOptions(.version(first)))) == .missing)
        #expect(try await house.perform(.get(key: bytes("k"))) == .bytes(bytes("2")))
        #expect(try await house.perform(.deleteVersion(key: bytes("k"), first)) == .flag(false))
        let second = try #require(try await version(house, "k"))
        #expect(try await house.perform(.deleteVersion(key: bytes("k"), second)) == .flag(true))
        let invalid = Failure.invalid("the component does not take this version: an ETag is a number")
        await #expect(throws: invalid) {
            try await house.perform(set("k", "3", SetOptions(.version(Version(bytes("x"))))))
        }
        await house.stop()
    }

    @Test("a time to live goes with the value, in whole seconds rounded up; what Dapr cannot do is refused")
    func expiry() async throws {
        let process = try await component()
        let house = try await Harness(process.url)
        // The component's clock is the machine's; a millisecond becomes a second of it.
        #expect(try await house.perform(set("k", "v", SetOptions(expiry: .at(1_001))), now: 1_000) == .done)
        #expect(try await house.perform(.get(key: bytes("k"))) == .bytes(bytes("v")))
        #expect(try await house.eventually(.get(key: bytes("k")), is: .missing))
        #expect(try await house.perform(set("k", "v")) == .done)
        #expect(try await house.perform(set("k", "w", SetOptions(expiry: .at(1_000))), now: 1_000) == .done)
        #expect(try await house.perform(.get(key: bytes("k"))) == .missing)
        for operation: KeyValueOperation in [
            .expire(key: bytes("k"), at: 5, .always), .expiry(key: bytes("k")), .persist(key: bytes("k")),
            set("k", "v", SetOptions(expiry: .kept)),
        ] {
            await #expect(throws: Failure.self) { try await house.perform(operation) }
        }
        await house.stop()
    }

    private func transact(
        _ house: Harness, _ operations: [KeyValueOperation], _ watched: [WatchedKey] = []
    ) async throws -> [Result<Answer, Failure>]? {
        try await house.run { service in
            try await service.transactions?.perform(
                operations.map { TransactionStep(.keyValue($0), database: 0) }, ifUnchanged: watched,
                CallContext(now: 1_000))
        }
    }

    private func watch(_ house: Harness, _ key: String) async throws -> WatchedKey {
        let marks = try await house.run { try await $0.transactions?.marks(of: [bytes(key)], CallContext(now: 1)) }
        return WatchedKey(bytes(key), database: 0, mark: try #require(marks?.first))
    }

    @Test("a transaction is done as a whole, unless a watched key has changed")
    func transactions() async throws {
        let process = try await component()
        let house = try await Harness(process.url)
        _ = try await house.perform(set("a", "1"))
        let steps = [
            set("a", "2"), .delete(keys: [bytes("a"), bytes("none")]), set("b", "3"),
            .setMany([Pair(bytes("c"), bytes("4"))], onlyIfAllAbsent: false),
        ]
        let watched = try await watch(house, "a")
        let answers = try await transact(house, steps, [watched])
        #expect(answers == [.success(.done), .success(.integer(1)), .success(.done), .success(.flag(true))])
        let values = try await house.perform(.getMany(keys: [bytes("a"), bytes("b"), bytes("c")]))
        #expect(values == .list([.missing, .bytes(bytes("3")), .bytes(bytes("4"))]))
        let old = try await watch(house, "b")
        _ = try await house.perform(set("b", "changed"))
        #expect(try await transact(house, [set("b", "mine")], [old]) == nil)
        #expect(try await transact(house, [.delete(keys: [bytes("b")])], [old]) == nil)
        #expect(try await house.perform(.get(key: bytes("b"))) == .bytes(bytes("changed")))
        await #expect(throws: Failure.self) { try await transact(house, [set("x", "1")], [old]) }
        let gone = try await watch(house, "b")
        _ = try await house.perform(.delete(keys: [bytes("b")]))
        #expect(try await transact(house, [.delete(keys: [bytes("b")])], [gone]) == nil)
        let absent = try await watch(house, "nowhere")
        await #expect(throws: Failure.self) { try await transact(house, [set("nowhere", "1")], [absent]) }
        await #expect(throws: Failure.self) { try await transact(house, [.get(key: bytes("c"))]) }
        await house.stop()
    }

    @Test("messages come to subscribers and are acknowledged")
    func bus() async throws {
        let process = try await component()
        let house = try await Harness(process.url)
        let sink = Collector()
        try await house.run { try await $0.bus?.subscribe(sink, to: .channel(bytes("c"))) }
        #expect(try await eventually { process.log.contains("subscribed c") })
        for number in 0..<100 {
            let reached = try await house.run { try await $0.bus?.publish(bytes("\(number)"), to: bytes("c")) }
            #expect(reached == 0)
        }
        #expect(try await eventually { sink.messages.count == 100 })
        #expect(sink.messages.map(\.payload) == (0..<100).map { bytes("\($0)") })
        #expect(
            try await eventually { process.log.split(separator: "\n").count { $0.hasPrefix("acknowledged") } == 100 })
        #expect(process.log.contains("acknowledged c 0"))
        await #expect(throws: Failure.refused(.busPattern, reason: "the adapter process does not offer it")) {
            try await house.run { try await $0.bus?.subscribe(sink, to: .pattern(bytes("*"))) }
        }
        await house.stop()
    }

    @Test("a component that is restarted is initialised again")
    func restart() async throws {
        let process = try await component()
        let house = try await Harness(process.url, ["metadata.region": "north"], kind: .dapr)
        _ = try await house.perform(set("k", "v"))
        process.server.kill()
        let next = try await AdapterProcess.start(AdapterProcess.example("dapr_state.py"), in: process.folder)
        #expect(try await house.eventually(.get(key: bytes("k"))) == .missing)
        #expect(next.log.contains("init {'region': 'north'}"))
        await house.stop()
        next.server.stop()
    }

    @Test("a process without Dapr's services is none of its components")
    func other() async throws {
        let process = try await AdapterProcess.start(AdapterProcess.example("fairlead_kv.py"))
        let house = try await Harness(process.url, kind: .dapr)
        let reason = "it offers no server reflection, which the dapr dialect needs"
        await #expect(throws: Failure.unavailable("adapter process at \(process.url) cannot be used: \(reason)")) {
            try await house.perform(.get(key: bytes("k")))
        }
        await house.stop()
    }
}
