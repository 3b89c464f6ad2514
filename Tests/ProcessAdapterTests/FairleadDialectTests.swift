// The schema of our own, against the example in Python.

import Capabilities
import Foundation
import TestSupport
import Testing

@testable import ProcessAdapter

@Suite("A process with the schema of our own", .serialized)
struct FairleadDialectTests {
    private let process: AdapterProcess

    init() async throws { process = try await AdapterProcess.start(AdapterProcess.example("fairlead_kv.py")) }

    @Test("its description is the manifest, and nothing else is there")
    func manifest() async throws {
        let house = try await Harness(process.url)
        let manifest = house.service.manifest
        #expect(manifest.adapter == "house-kv")
        #expect(manifest[.keyValueGet] == ManifestEntry(.native, weakenings: [.notDurable]))
        #expect(manifest[.keyValueScan].support == .refused)
        #expect(house.service.keyValue != nil && house.service.bus != nil)
        #expect(house.service.hash == nil && house.service.transactions == nil && house.service.queue == nil)
        await #expect(throws: Failure.refused(.hashGet, reason: "the adapter process does not offer it")) {
            try await house.perform(.hash(HashOperation(bytes("h"), .all)))
        }
        await house.stop()
    }

    @Test("values with conditions, versions and old values")
    func values() async throws {
        let house = try await Harness(process.url)
        let key = bytes("k\0\u{ff}")
        #expect(try await house.perform(.get(key: key)) == .missing)
        #expect(try await house.perform(.set(key: key, value: bytes("1"), SetOptions(.absent))) == .done)
        #expect(try await house.perform(.set(key: key, value: bytes("2"), SetOptions(.absent))) == .missing)
        guard case .versioned(let value, let version) = try await house.perform(.getVersioned(key: key)) else {
            Issue.record("no version")
            return
        }
        #expect(value == bytes("1"))
        let old = try await house.perform(.set(key: key, value: bytes("3"), SetOptions(.present, returnsOld: true)))
        #expect(old == .bytes(bytes("1")))
        #expect(try await house.perform(.set(key: key, value: bytes("4"), SetOptions(.version(version)))) == .missing)
        #expect(try await house.perform(.deleteVersion(key: key, version)) == .flag(false))
        #expect(
            try await house.perform(.getMany(keys: [key, bytes("none"), key]))
                == .list([
                    .bytes(bytes("3")), .missing, .bytes(bytes("3")),
                ]))
        #expect(try await house.perform(.exists(keys: [key, key])) == .integer(2))
        #expect(try await house.perform(.get(key: key), database: 1) == .missing)
        #expect(try await house.perform(.delete(keys: [key, bytes("none")])) == .integer(1))
        await house.stop()
    }

    @Test("times to live are kept, told and taken away")
    func expiry() async throws {
        let house = try await Harness(process.url)
        let key = bytes("k")
        let set = KeyValueOperation.set(key: key, value: bytes("v"), SetOptions(expiry: .at(2_000)))
        #expect(try await house.perform(set, now: 1_000) == .done)
        #expect(try await house.perform(.expiry(key: key), now: 1_500) == .integer(2_000))
        let kept = KeyValueOperation.set(key: key, value: bytes("w"), SetOptions(expiry: .kept))
        #expect(try await house.perform(kept, now: 1_500) == .done)
        #expect(try await house.perform(.expiry(key: key), now: 1_500) == .integer(2_000))
        #expect(try await house.perform(.get(key: key), now: 2_000) == .missing)
        #expect(try await house.perform(set, now: 1_000) == .done)
        #expect(try await house.perform(.persist(key: key), now: 1_000) == .flag(true))
        #expect(try await house.perform(.expiry(key: key), now: 9_000) == .done)
        await house.stop()
    }

    @Test("a failure is the one that the process names")
    func failures() async throws {
        let house = try await Harness(process.url)
        _ = try await house.perform(.set(key: bytes("k"), value: bytes("x"), SetOptions()))
        await #expect(throws: Failure.notAnInteger) { try await house.perform(.increment(key: bytes("k"), by: 1)) }
        #expect(try await house.perform(.increment(key: bytes("n"), by: .max)) == .integer(.max))
        await #expect(throws: Failure.overflow) { try await house.perform(.increment(key: bytes("n"), by: 1)) }
        let large = [UInt8](repeating: 1, count: 1 << 20 + 1)
        await #expect(throws: Failure.tooLarge(limit: 1 << 20)) {
            try await house.perform(.set(key: bytes("k"), value: large, SetOptions()))
        }
        await house.stop()
    }

    @Test("the example keeps EXPIRE's conditions, several keys, and what gives old values")
    func example() async throws {
        let house = try await Harness(process.url)
        let (a, b) = (bytes("a"), bytes("b"))
        let pairs = [Pair(a, bytes("1")), Pair(b, bytes("2"))]
        #expect(try await house.perform(.setMany(pairs, onlyIfAllAbsent: true)) == .flag(true))
        #expect(try await house.perform(.setMany(pairs, onlyIfAllAbsent: true)) == .flag(false))
        #expect(try await house.perform(.touch(keys: [a, b, bytes("c")])) == .integer(2))
        for (condition, time, holds) in [
            (ExpireCondition.ifSome, 50, false), (.ifNone, 50, true), (.ifNone, 60, false), (.ifLater, 40, false),
            (.ifLater, 60, true), (.ifEarlier, 70, false), (.ifEarlier, 55, true), (.ifSome, 80, true),
        ] as [(ExpireCondition, Int64, Bool)] {
            #expect(
                try await house.perform(.expire(key: a, at: time, condition), now: 1) == .flag(holds),
                "\(condition) \(time)")
        }
        #expect(try await house.perform(.getAndExpire(key: a, .never), now: 1) == .bytes(bytes("1")))
        #expect(try await house.perform(.expiry(key: a), now: 1) == .done)
        #expect(try await house.perform(.getAndDelete(key: a), now: 1) == .bytes(bytes("1")))
        #expect(try await house.perform(.getAndDelete(key: a), now: 1) == .missing)
        await house.stop()
    }

    @Test("many calls at once get their own answers")
    func concurrency() async throws {
        let house = try await Harness(process.url, ["calls": "8", "timeout": "60s"])
        let wrong = try await house.run { service in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<300 {
                    group.addTask {
                        let key = bytes("key-\(number)")
                        let context = CallContext(now: 1)
                        _ = try await service.perform(
                            .keyValue(.set(key: key, value: key, SetOptions())), context)
                        return try await service.perform(.keyValue(.get(key: key)), context) == .bytes(key)
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 0 : 1) }
            }
        }
        #expect(wrong == 0)
        await house.stop()
    }

    @Test("an answer resumes its task on the worker without a foreign enqueue")
    func handOver() async throws {
        let house = try await Harness(process.url)
        _ = try await house.perform(.get(key: bytes("k")))
        let before = house.worker.foreignEnqueueCount
        let isCurrent = try await house.run { [worker = house.worker] service in
            for _ in 0..<50 { _ = try await service.perform(.keyValue(.get(key: bytes("k"))), CallContext(now: 1)) }
            return worker.isCurrent
        }
        #expect(isCurrent)
        // The task itself was started from here.
        #expect(house.worker.foreignEnqueueCount <= before + 1)
        await house.stop()
    }

    @Test("a subscription has every message from its beginning on, and none after its end")
    func subscription() async throws {
        let house = try await Harness(process.url)
        let (first, second) = (Collector(), Collector())
        let counts = try await house.run { service in
            guard let bus = service.bus else { throw SupportError("no bus") }
            var counts: [Int64] = []
            counts.append(try await bus.publish(bytes("early"), to: bytes("c")))
            try await bus.subscribe(first, to: .channel(bytes("c")))
            try await bus.subscribe(second, to: .channel(bytes("c")))
            counts.append(try await bus.publish(bytes("1"), to: bytes("c")))
            counts.append(try await bus.publish(bytes("other"), to: bytes("d")))
            return counts
        }
        // Both share one stream.
        #expect(counts == [0, 1, 0])
        let message = BusMessage(channel: bytes("c"), payload: bytes("1"))
        #expect(try await eventually { first.messages == [message] && second.messages == [message] })
        try await house.run { try await $0.bus?.unsubscribe(first, from: .channel(bytes("c"))) }
        _ = try await house.run { try await $0.bus?.publish(bytes("2"), to: bytes("c")) }
        #expect(try await eventually { second.messages.count == 2 })
        #expect(first.messages == [message])
        await #expect(throws: Failure.refused(.busPattern, reason: "the adapter process does not offer it")) {
            try await house.run { try await $0.bus?.subscribe(first, to: .pattern(bytes("c*"))) }
        }
        await house.stop()
    }

    @Test("the workers share one stream of a channel")
    func sharedStream() async throws {
        let house = try await Harness(process.url)
        let (worker, service) = try await house.another()
        let (here, there) = (Collector(), Collector())
        try await house.run { try await $0.bus?.subscribe(here, to: .channel(bytes("c"))) }
        try await Task(executorPreference: worker) {
            try await service.bus?.subscribe(there, to: .channel(bytes("c")))
        }.value
        let reached = try await house.run { try await $0.bus?.publish(bytes("1"), to: bytes("c")) }
        #expect(reached == 1)
        #expect(try await eventually { here.messages.count == 1 && there.messages.count == 1 })
        await house.stop()
        worker.stop()
    }
}

@Suite("The guide")
struct GuideTests {
    @Test("the adapter that the guide shows runs as it stands there")
    func shown() async throws {
        let guide = try String(contentsOfFile: "\(Tools.repository)/adapters/process/README.md", encoding: .utf8)
        let block = guide.components(separatedBy: "```python\n").dropFirst().first?.components(separatedBy: "```").first
        let code = try #require(block)
            .replacingOccurrences(of: "\"unix:/tmp/house.sock\"", with: "\"unix:\" + __import__(\"sys\").argv[1]")
            .replacingOccurrences(of: "server.start()", with: "server.start(); print(\"listening\")")
        let folder = try TemporaryFolder()
        let process = try await AdapterProcess.start(try folder.write("shown.py", code))
        let house = try await Harness(process.url)
        #expect(try await house.perform(.get(key: bytes("k"))) == .missing)
        #expect(try await house.perform(.set(key: bytes("k"), value: bytes("v"), SetOptions())) == .done)
        #expect(try await house.perform(.get(key: bytes("k"))) == .bytes(bytes("v")))
        await house.stop()
    }
}
