// What the adapter does with a real memcached.

import AdapterTestSupport
import Capabilities
import Reactor
import TestSupport
import Testing

@testable import MemcachedSwiftAdapter

@Suite("memcached in Swift, against a memcached", .serialized, .timeLimit(.minutes(2)))
struct OperationTests {
    @Test("a value is set, read, replaced and deleted; any bytes may be in it")
    func setGetDelete() async throws {
        let server = try await MemcachedServer.start()
        let odd = (0..<300).map { UInt8(truncatingIfNeeded: $0) } + bytes("\r\nEND\r\nVALUE x 0 1\r\n")
        try await ServiceRig.run(MemcachedSwiftAdapter.kind, url: server.url) { rig in
            #expect(await rig.end(.get(key: bytes("k"))) == .success(.missing))
            for value in [odd, [], bytes("x")] {
                #expect(await rig.end(.set(key: bytes("k"), value: value, SetOptions())) == .success(.done))
                #expect(await rig.end(.get(key: bytes("k"))) == .success(.bytes(value)))
            }
            #expect(await rig.end(.type(key: bytes("k"))) == .success(.bytes(bytes("string"))))
            #expect(await rig.end(.exists(keys: [bytes("k"), bytes("l"), bytes("k")])) == .success(.integer(2)))
            #expect(await rig.end(.delete(keys: [bytes("k")])) == .success(.integer(1)))
            #expect(await rig.end(.delete(keys: [bytes("k")])) == .success(.integer(0)))
            #expect(await rig.end(.type(key: bytes("k"))) == .success(.missing))
        }
    }

    @Test("set only if absent, only if present")
    func conditions() async throws {
        let server = try await MemcachedServer.start()
        try await ServiceRig.run(MemcachedSwiftAdapter.kind, url: server.url) { rig in
            let key = bytes("k")
            #expect(await rig.end(.set(key: key, value: bytes("1"), SetOptions(.present))) == .success(.missing))
            #expect(await rig.end(.set(key: key, value: bytes("2"), SetOptions(.absent))) == .success(.done))
            #expect(await rig.end(.set(key: key, value: bytes("3"), SetOptions(.absent))) == .success(.missing))
            #expect(await rig.end(.get(key: key)) == .success(.bytes(bytes("2"))))
            #expect(await rig.end(.set(key: key, value: bytes("4"), SetOptions(.present))) == .success(.done))
            #expect(await rig.end(.get(key: key)) == .success(.bytes(bytes("4"))))
        }
    }

    @Test("a version holds until somebody writes")
    func compareAndSet() async throws {
        let server = try await MemcachedServer.start()
        try await ServiceRig.run(MemcachedSwiftAdapter.kind, url: server.url) { rig in
            let key = bytes("k")
            #expect(await rig.end(.getVersioned(key: key)) == .success(.missing))
            _ = await rig.end(.set(key: key, value: bytes("1"), SetOptions()))
            guard case .success(.versioned(let value, let version)) = await rig.end(.getVersioned(key: key)) else {
                Issue.record("no version")
                return
            }
            #expect(value == bytes("1"))
            #expect(await rig.end(.set(key: key, value: bytes("2"), SetOptions(.version(version)))) == .success(.done))
            #expect(
                await rig.end(.set(key: key, value: bytes("3"), SetOptions(.version(version)))) == .success(.missing))
            #expect(await rig.end(.deleteVersion(key: key, version)) == .success(.flag(false)))
            #expect(await rig.end(.get(key: key)) == .success(.bytes(bytes("2"))))
            guard case .success(.versioned(_, let newer)) = await rig.end(.getVersioned(key: key)) else {
                Issue.record("no version")
                return
            }
            #expect(await rig.end(.deleteVersion(key: key, newer)) == .success(.flag(true)))
            #expect(await rig.end(.get(key: key)) == .success(.missing))
            #expect(await rig.end(.deleteVersion(key: key, newer)) == .success(.flag(false)))
            #expect(
                await rig.end(.set(key: key, value: bytes("3"), SetOptions(.version(newer)))) == .success(.missing))
            #expect(
                await rig.end(.set(key: key, value: bytes("3"), SetOptions(.version(Version([1])))))
                    == .success(.missing))
        }
    }

    @Test("several keys are read in their order, with what is missing and what is named twice")
    func many() async throws {
        let server = try await MemcachedServer.start()
        try await ServiceRig.run(MemcachedSwiftAdapter.kind, url: server.url) { rig in
            let pairs = (0..<500).map { Pair(bytes("key\($0)"), bytes("value\($0)")) }
            #expect(await rig.end(.setMany(pairs, onlyIfAllAbsent: false)) == .success(.flag(true)))
            let keys = pairs.map(\.name) + [bytes("no"), bytes("key7"), bytes("none")]
            let wanted = pairs.map { Answer.bytes($0.value) } + [.missing, .bytes(bytes("value7")), .missing]
            #expect(await rig.end(.getMany(keys: keys)) == .success(.list(wanted)))
            #expect(await rig.end(.getMany(keys: [])) == .success(.list([])))
            #expect(await rig.end(.delete(keys: keys)) == .success(.integer(500)))
            #expect(await rig.end(.getMany(keys: [bytes("key1")])) == .success(.list([.missing])))
            let tooMany = Array(repeating: bytes("k"), count: 1001)
            #expect(
                await rig.end(.getMany(keys: tooMany))
                    == .failure(.invalid("memcached is asked for at most 1000 keys at once")))
        }
    }

    @Test("expiries are set with the value or later, told, moved, kept and taken away")
    func expiries() async throws {
        let server = try await MemcachedServer.start()
        try await ServiceRig.run(MemcachedSwiftAdapter.kind, url: server.url) { rig in
            let key = bytes("k")
            func remaining() async -> Int64? {
                let now = ServiceRig.now
                guard case .success(.integer(let time)) = await rig.end(.expiry(key: key), now: now) else { return nil }
                return time - now
            }
            #expect(await rig.end(.expiry(key: key)) == .success(.missing))
            #expect(await rig.end(.expire(key: key, at: ServiceRig.now + 9000, .always)) == .success(.flag(false)))
            _ = await rig.end(.set(key: key, value: bytes("1"), SetOptions()))
            #expect(await rig.end(.expiry(key: key)) == .success(.done))
            #expect(await rig.end(.persist(key: key)) == .success(.flag(false)))
            _ = await rig.end(.set(key: key, value: bytes("1"), SetOptions(expiry: .at(ServiceRig.now + 100_000))))
            #expect((98_000...101_000).contains(await remaining() ?? 0))
            // Kept by a set that says so, and gone by one that does not.
            for condition in [SetCondition.always, .present] {
                let options = SetOptions(condition, expiry: .kept)
                #expect(await rig.end(.set(key: key, value: bytes("2"), options)) == .success(.done))
                #expect((98_000...101_000).contains(await remaining() ?? 0))
            }
            #expect(
                await rig.end(.set(key: key, value: bytes("3"), SetOptions(.absent, expiry: .kept)))
                    == .success(.missing))
            #expect(await rig.end(.get(key: key)) == .success(.bytes(bytes("2"))))
            #expect(
                await rig.end(.set(key: bytes("new"), value: bytes("3"), SetOptions(.absent, expiry: .kept)))
                    == .success(.done))
            #expect(
                await rig.end(.getAndExpire(key: key, .at(ServiceRig.now + 50_000))) == .success(.bytes(bytes("2"))))
            #expect((48_000...51_000).contains(await remaining() ?? 0))
            #expect(await rig.end(.getAndExpire(key: key, .kept)) == .success(.bytes(bytes("2"))))
            #expect((48_000...51_000).contains(await remaining() ?? 0))
            #expect(await rig.end(.persist(key: key)) == .success(.flag(true)))
            #expect(await rig.end(.expiry(key: key)) == .success(.done))
            #expect(await rig.end(.getAndExpire(key: key, .never)) == .success(.bytes(bytes("2"))))
            // A time that has passed takes the key with it.
            #expect(await rig.end(.expire(key: key, at: ServiceRig.now - 1, .always)) == .success(.flag(true)))
            #expect(await rig.end(.get(key: key)) == .success(.missing))
            _ = await rig.end(.set(key: key, value: bytes("1"), SetOptions(expiry: .at(ServiceRig.now - 1))))
            #expect(await rig.end(.get(key: key)) == .success(.missing))
            #expect(
                await rig.end(.set(key: key, value: bytes("1"), SetOptions(expiry: .at(2_147_483_648_000))))
                    == .failure(.invalid("memcached holds expiries up to 2038-01-19")))
        }
    }

    @Test(
        "an expiry's condition looks at the present one",
        arguments: [
            (ExpireCondition.ifNone, false, true), (.ifSome, true, false), (.ifLater, true, false),
            (.ifEarlier, false, true), (.ifSomeAndLater, true, false), (.ifSomeAndEarlier, false, false),
        ])
    func expireConditions(condition: ExpireCondition, whenSooner: Bool, whenNone: Bool) async throws {
        let server = try await MemcachedServer.start()
        try await ServiceRig.run(MemcachedSwiftAdapter.kind, url: server.url) { rig in
            let (key, time) = (bytes("k"), ServiceRig.now + 60_000)
            _ = await rig.end(.set(key: key, value: bytes("1"), SetOptions(expiry: .at(ServiceRig.now + 10_000))))
            #expect(await rig.end(.expire(key: key, at: time, condition)) == .success(.flag(whenSooner)))
            _ = await rig.end(.set(key: key, value: bytes("1"), SetOptions()))
            #expect(await rig.end(.expire(key: key, at: time, condition)) == .success(.flag(whenNone)))
        }
    }

    @Test("a second that has passed is a key that is gone")
    func expires() async throws {
        let server = try await MemcachedServer.start()
        try await ServiceRig.run(MemcachedSwiftAdapter.kind, url: server.url) { rig in
            _ = await rig.end(.set(key: bytes("k"), value: bytes("1"), SetOptions(expiry: .at(ServiceRig.now + 1))))
            let waker = Waker(worker: rig.worker)
            var answer = await rig.end(.get(key: bytes("k")))
            while answer != .success(.missing) {
                waker.setDeadline(after: 20_000_000)
                await waker.wait()
                answer = await rig.end(.get(key: bytes("k")))
            }
        }
    }

    @Test("clearing leaves nothing")
    func clear() async throws {
        let server = try await MemcachedServer.start()
        try await ServiceRig.run(MemcachedSwiftAdapter.kind, url: server.url) { rig in
            for name in ["a", "b"] {
                _ = await rig.end(.set(key: bytes(name), value: bytes("1"), SetOptions()))
            }
            #expect(await rig.end(.clear(everyDatabase: true)) == .success(.done))
            #expect(await rig.end(.exists(keys: [bytes("a"), bytes("b")])) == .success(.integer(0)))
            #expect(await rig.end(.set(key: bytes("a"), value: bytes("2"), SetOptions())) == .success(.done))
            #expect(await rig.end(.get(key: bytes("a"))) == .success(.bytes(bytes("2"))))
        }
    }

    @Test("keys that the protocol cannot carry are refused before they are sent")
    func keys() async throws {
        let server = try await MemcachedServer.start()
        try await ServiceRig.run(MemcachedSwiftAdapter.kind, url: server.url) { rig in
            let longest = [UInt8](repeating: 0x6B, count: 250)
            #expect(await rig.end(.set(key: longest, value: bytes("1"), SetOptions())) == .success(.done))
            #expect(await rig.end(.get(key: longest)) == .success(.bytes(bytes("1"))))
            for key in [[], longest + [0x6B]] {
                #expect(
                    await rig.end(.get(key: key)) == .failure(.invalid("memcached takes keys of 1 to 250 bytes")))
            }
            for byte: UInt8 in [0x00, 0x09, 0x0A, 0x0D, 0x20, 0x7F] {
                let end = await rig.end(.delete(keys: [bytes("a") + [byte] + bytes("flush_all")]))
                #expect(
                    end == .failure(.invalid("memcached takes no spaces and no control characters in keys")))
            }
            let high = [UInt8](0x80...0xFF)
            #expect(await rig.end(.set(key: high, value: bytes("1"), SetOptions())) == .success(.done))
            #expect(await rig.end(.get(key: high)) == .success(.bytes(bytes("1"))))
        }
    }

    @Test("values go up to the bound of the manifest, and the server takes the largest")
    func values() async throws {
        let server = try await MemcachedServer.start()
        let bound = try #require(MemcachedManifest.make(valueBytes: 1 << 20 - 512)[.keyValueSet].bounds[.valueBytes])
        #expect(bound == 1_048_064)
        try await ServiceRig.run(MemcachedSwiftAdapter.kind, url: server.url) { rig in
            let key = [UInt8](repeating: 0x6B, count: 250)
            let value = (0..<bound).map { UInt8(truncatingIfNeeded: $0) }
            let expiry = Expiry.at(ServiceRig.now + 1_000_000)
            #expect(await rig.end(.set(key: key, value: value, SetOptions(expiry: expiry))) == .success(.done))
            #expect((await rig.end(.get(key: key)) == .success(.bytes(value))) as Bool)
            #expect(
                await rig.end(.set(key: key, value: value + [1], SetOptions())) == .failure(.tooLarge(limit: bound)))
            #expect((await rig.end(.get(key: key)) == .success(.bytes(value))) as Bool)
        }
    }

    @Test("an error of the server's own is told, and the connection goes on")
    func serverError() async throws {
        // Items of at most 512 KiB, which the adapter is not told.
        let server = try await MemcachedServer.start(["-I", "512k"])
        try await ServiceRig.run(MemcachedSwiftAdapter.kind, url: server.url) { rig in
            let end = await rig.end(.set(key: bytes("k"), value: [UInt8](repeating: 1, count: 600_000), SetOptions()))
            #expect(end == .failure(.backend("SERVER_ERROR object too large for cache")))
            #expect(await rig.end(.set(key: bytes("k"), value: bytes("1"), SetOptions())) == .success(.done))
        }
    }

    @Test("what the manifest does not say is refused by name")
    func refused() async throws {
        let server = try await MemcachedServer.start()
        try await ServiceRig.run(MemcachedSwiftAdapter.kind, url: server.url) { rig in
            for (operation, capability): (KeyValueOperation, Capability) in [
                (.increment(key: bytes("k"), by: 1), .keyValueIncrement), (.count, .keyValueCount),
                (.append(key: bytes("k"), value: []), .keyValueAppend), (.keys(match: bytes("*")), .keyValueScan),
                (.set(key: bytes("k"), value: [], SetOptions(returnsOld: true)), .keyValueExchange),
                (.getAndDelete(key: bytes("k")), .keyValueExchange), (.randomKey, .keyValueRandom),
            ] {
                guard case .failure(.refused(let missing, _)) = await rig.end(operation) else {
                    Issue.record("\(operation) was not refused")
                    continue
                }
                #expect(missing == capability)
            }
            #expect(
                await rig.end(.get(key: bytes("k")), database: 1)
                    == .failure(.refused(.keyValueDatabases, reason: "memcached has one set of keys")))
            guard case .failure(.refused) = await rig.end(.setMany([Pair([1], [])], onlyIfAllAbsent: true)) else {
                Issue.record("MSETNX was not refused")
                return
            }
        }
    }

    @Test("a thousand callers at once get their own values")
    func concurrent() async throws {
        let server = try await MemcachedServer.start()
        try await ServiceRig.run(MemcachedSwiftAdapter.kind, url: server.url, options: ["connections": "2"]) { rig in
            let service = rig.service
            let foreign = rig.worker.foreignEnqueueCount
            let wrong = await withTaskGroup(of: Int.self) { group in
                for number in 0..<1000 {
                    group.addTask(executorPreference: rig.worker) {
                        let rig = ServiceRig(service: service, worker: rig.worker)
                        let (key, value) = (bytes("key\(number)"), bytes("value\(number)"))
                        guard await rig.end(.set(key: key, value: value, SetOptions())) == .success(.done),
                            await rig.end(.get(key: key)) == .success(.bytes(value))
                        else { return 1 }
                        return 0
                    }
                }
                return await group.reduce(0, +)
            }
            #expect(wrong == 0)
            #expect(rig.worker.foreignEnqueueCount == foreign)
        }
    }
}

/// The bytes of `text`.
private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
