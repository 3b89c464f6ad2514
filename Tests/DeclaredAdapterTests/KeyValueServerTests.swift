// memcached, in both protocols, and etcd: the operations on keys against the real servers.

import Capabilities
import Foundation
import TestSupport
import Testing

@testable import DeclaredAdapter

@Suite("Keys and values on real servers", .serialized, .timeLimit(.minutes(5)))
struct KeyValueServerTests {
    static let names = ["memcached", "memcached-binary", "etcd"]

    private func run(_ name: String, _ body: @escaping @Sendable (DeclaredRig) async throws -> Void) async throws {
        if name == "etcd" {
            let server = try await EtcdServer.start()
            defer { server.stop() }
            try await DeclaredRig.run(name, url: server.url, body)
        } else {
            let server = try await MemcachedServer.start()
            defer { server.stop() }
            try await DeclaredRig.run(name, url: server.url, body)
        }
    }

    @Test("what is set is read back, byte for byte", arguments: names)
    func setAndGet(name: String) async throws {
        try await run(name) { rig in
            let awkward = [UInt8](0...255) + bytes("\r\nEND\r\nget x\r\n")
            #expect(await rig.get("k") == .success(.missing))
            #expect(await rig.kv(.set(key: bytes("k"), value: awkward, SetOptions())) == .success(.done))
            #expect(await rig.get("k") == .success(.bytes(awkward)))
            #expect(await rig.set("empty", "") == .success(.done))
            #expect(await rig.get("empty") == .success(.bytes([])))
            #expect(await rig.set("zero", "0") == .success(.done))
            #expect(await rig.get("zero") == .success(.bytes(bytes("0"))))
            #expect(await rig.kv(.exists(keys: [bytes("k")])) == .success(.integer(1)))
            #expect(await rig.kv(.exists(keys: [bytes("nothing")])) == .success(.integer(0)))
            #expect(await rig.kv(.type(key: bytes("k"))) == .success(.bytes(bytes("string"))))
            #expect(await rig.kv(.delete(keys: [bytes("k")])) == .success(.integer(1)))
            #expect(await rig.kv(.delete(keys: [bytes("k")])) == .success(.integer(0)))
            #expect(await rig.get("k") == .success(.missing))
        }
    }

    @Test("keys of any bytes come through", arguments: names)
    func awkwardKeys(name: String) async throws {
        try await run(name) { rig in
            for key in ["with space", "line\r\nend", "100%", "%41", "ä"] {
                #expect(await rig.set(key, key) == .success(.done))
            }
            for key in ["with space", "line\r\nend", "100%", "%41", "ä"] {
                #expect(await rig.get(key) == .success(.bytes(bytes(key))))
            }
            #expect(await rig.get("A") == .success(.missing))
            #expect(await rig.get("").refused == .keyValueGet)
        }
    }

    @Test("conditions hold", arguments: names)
    func conditions(name: String) async throws {
        try await run(name) { rig in
            #expect(await rig.set("k", "1", SetOptions(.present)) == .success(.missing))
            #expect(await rig.set("k", "1", SetOptions(.absent)) == .success(.done))
            #expect(await rig.set("k", "2", SetOptions(.absent)) == .success(.missing))
            #expect(await rig.get("k") == .success(.bytes(bytes("1"))))
            #expect(await rig.set("k", "3", SetOptions(.present)) == .success(.done))
            #expect(await rig.get("k") == .success(.bytes(bytes("3"))))
        }
    }

    @Test("a version that has passed sets and deletes nothing", arguments: names)
    func versions(name: String) async throws {
        try await run(name) { rig in
            #expect(await rig.kv(.getVersioned(key: bytes("k"))) == .success(.missing))
            _ = await rig.set("k", "1")
            guard case .success(.versioned(let value, let version)) = await rig.kv(.getVersioned(key: bytes("k")))
            else { throw SupportError("no version") }
            #expect(value == bytes("1"))
            #expect(await rig.set("k", "2", SetOptions(.version(version))) == .success(.done))
            #expect(await rig.set("k", "3", SetOptions(.version(version))) == .success(.missing))
            #expect(await rig.kv(.deleteVersion(key: bytes("k"), version)) == .success(.flag(false)))
            #expect(await rig.get("k") == .success(.bytes(bytes("2"))))
            guard case .success(.versioned(_, let latest)) = await rig.kv(.getVersioned(key: bytes("k")))
            else { throw SupportError("no version") }
            #expect(await rig.kv(.deleteVersion(key: bytes("k"), latest)) == .success(.flag(true)))
            #expect(await rig.get("k") == .success(.missing))
        }
    }

    @Test("a made-up version is no command", arguments: names)
    func madeUpVersions(name: String) async throws {
        try await run(name) { rig in
            _ = await rig.set("k", "1")
            let forged = Version(bytes("1\r\nflush_all"))
            let answer = await rig.set("k", "2", SetOptions(.version(forged)))
            #expect(answer != .success(.done))
            #expect(await rig.get("k") == .success(.bytes(bytes("1"))))
        }
    }

    @Test("an expiry is set, told, kept and taken away", arguments: names)
    func expiry(name: String) async throws {
        try await run(name) { rig in
            let now = DeclaredRig.now
            #expect(await rig.set("k", "1", SetOptions(expiry: .at(now + 100_000))) == .success(.done))
            #expect(
                await rig.kv(.expire(key: bytes("k"), at: now + 90_000, .always), now: now) == .success(.flag(true)))
            #expect(
                await rig.kv(.expire(key: bytes("none"), at: now + 90_000, .always), now: now) == .success(.flag(false))
            )
            guard name != "memcached-binary" else {
                #expect(await rig.kv(.expiry(key: bytes("k"))).refused == .keyValueTTL)
                #expect(await rig.set("k", "2", SetOptions(expiry: .kept)).refused == .keyValueTTL)
                return
            }
            guard case .success(.integer(let time)) = await rig.kv(.expiry(key: bytes("k"))) else {
                throw SupportError("no expiry")
            }
            #expect((now + 80_000...now + 100_000).contains(time))
            #expect(await rig.set("k", "2", SetOptions(expiry: .kept)) == .success(.done))
            guard case .success(.integer(let kept)) = await rig.kv(.expiry(key: bytes("k"))) else {
                throw SupportError("the expiry was not kept")
            }
            #expect((now + 75_000...now + 100_000).contains(kept))
            #expect(await rig.set("new", "2", SetOptions(expiry: .kept)) == .success(.done))
            #expect(await rig.kv(.expiry(key: bytes("new"))) == .success(.done))
            #expect(await rig.kv(.persist(key: bytes("k"))) == .success(.flag(true)))
            #expect(await rig.kv(.persist(key: bytes("k"))) == .success(.flag(false)))
            #expect(await rig.kv(.persist(key: bytes("none"))) == .success(.flag(false)))
            #expect(await rig.kv(.expiry(key: bytes("k"))) == .success(.done))
            #expect(await rig.kv(.expiry(key: bytes("none"))) == .success(.missing))
            #expect(await rig.get("k") == .success(.bytes(bytes("2"))))
            guard case .success(.versioned(_, let version)) = await rig.kv(.getVersioned(key: bytes("k")))
            else { throw SupportError("no version") }
            #expect(await rig.set("k", "3", SetOptions(.version(version), expiry: .kept)) == .success(.done))
            #expect(await rig.get("k") == .success(.bytes(bytes("3"))))
        }
    }

    @Test("an expiry that depends on the present one is set when the condition holds", arguments: names)
    func conditionalExpiry(name: String) async throws {
        try await run(name) { rig in
            let now = DeclaredRig.now
            let (near, far) = (now + 100_000, now + 900_000)
            func expire(_ key: String, _ time: Int64, _ condition: ExpireCondition) async -> Result<Answer, Failure> {
                await rig.kv(.expire(key: bytes(key), at: time, condition), now: now)
            }
            _ = await rig.set("k", "v")
            guard name != "memcached-binary" else {
                #expect(await expire("k", near, .ifNone).refused == .keyValueTTL)
                #expect(await expire("none", near, .ifNone).refused == .keyValueTTL)
                return
            }
            let steps: [(Int64, ExpireCondition, Bool)] = [
                (near, .ifSome, false), (near, .ifLater, false), (near, .ifSomeAndEarlier, false),
                (far, .ifNone, true), (near, .ifNone, false), (near, .ifLater, false), (near, .ifEarlier, true),
                (far, .ifSomeAndEarlier, false), (far, .ifSomeAndLater, true), (near, .ifSome, true),
                (now - 1, .ifNone, false), (now - 1, .ifLater, false),
            ]
            for (time, condition, holds) in steps {
                #expect(await expire("k", time, condition) == .success(.flag(holds)), "\(condition)")
                if holds, case .success(.integer(let told)) = await rig.kv(.expiry(key: bytes("k"))) {
                    #expect(abs(told - time) < 60_000, "\(condition)")
                }
            }
            #expect(await rig.get("k") == .success(.bytes(bytes("v"))))
            #expect(await expire("k", now - 1, .ifEarlier) == .success(.flag(true)))
            #expect(await rig.get("k") == .success(.missing))
            #expect(await expire("none", near, .ifNone) == .success(.flag(false)))
        }
    }

    @Test("an expiry beyond thirty days, and one in a second's part", arguments: names)
    func longExpiry(name: String) async throws {
        try await run(name) { rig in
            let now = DeclaredRig.now
            #expect(await rig.set("long", "1", SetOptions(expiry: .at(now + 40 * 86_400_000))) == .success(.done))
            #expect(await rig.get("long") == .success(.bytes(bytes("1"))))
            #expect(await rig.set("short", "1", SetOptions(expiry: .at(now + 1500))) == .success(.done))
            try await rig.until("the end of the key") { true }
            var isThere = true
            for _ in 0..<1000 where isThere {
                isThere = await rig.get("short") != .success(.missing)
                if isThere { try await Task.sleep(for: .milliseconds(10)) }
            }
            #expect(!isThere)
        }
    }

    @Test("several keys at once are answered in their order", arguments: names)
    func severalKeys(name: String) async throws {
        try await run(name) { rig in
            let keys = (0..<50).map { bytes("k\($0)") }
            for key in keys where key != bytes("k7") {
                _ = await rig.kv(.set(key: key, value: key + bytes("!"), SetOptions()))
            }
            let expected: [Answer] = keys.map { $0 == bytes("k7") ? .missing : .bytes($0 + bytes("!")) }
            #expect(await rig.kv(.getMany(keys: keys)) == .success(.list(expected)))
            #expect(await rig.kv(.exists(keys: [keys[0], keys[0], keys[7]])) == .success(.integer(2)))
            #expect(await rig.kv(.delete(keys: keys)) == .success(.integer(49)))
            #expect(
                await rig.kv(.setMany([Pair(keys[0], keys[1])], onlyIfAllAbsent: false)) == .success(.done))
            #expect(
                await rig.kv(.setMany([Pair(keys[0], keys[1])], onlyIfAllAbsent: true)).refused == .keyValueMultiKey)
            #expect(await rig.kv(.clear(everyDatabase: true)) == .success(.done))
            #expect(await rig.kv(.get(key: keys[0])) == .success(.missing))
        }
    }

    @Test("more keys at once than the file declares are refused, and nothing is done", arguments: names)
    func batch(name: String) async throws {
        try await run(name) { rig in
            let most = (0..<1000).map { bytes("k\($0)") }
            let more = most + [bytes("one-more")]
            _ = await rig.set("k0", "1")
            let refusals: [KeyValueOperation] = [
                .getMany(keys: more), .delete(keys: more), .exists(keys: more),
                .setMany(more.map { Pair($0, $0) }, onlyIfAllAbsent: false),
            ]
            for operation in refusals {
                guard case .failure(.invalid(let text)) = await rig.kv(operation) else {
                    Issue.record("\(operation.needs) of 1,001 keys was performed")
                    continue
                }
                #expect(text.contains("at most 1000 keys at once (kv.multi-key, bound batch), not 1001"))
            }
            #expect(await rig.kv(.exists(keys: most)) == .success(.integer(1)))
        }
    }

    @Test("what the file does not map is refused by name", arguments: names)
    func refusals(name: String) async throws {
        try await run(name) { rig in
            #expect(
                await rig.kv(.rename(from: bytes("a"), to: bytes("b"), onlyIfAbsent: false)).refused == .keyValueRename)
            #expect(await rig.kv(.increment(key: bytes("a"), by: 1)).refused == .keyValueIncrement)
            #expect(await rig.kv(.get(key: bytes("a")), database: 1).refused == .keyValueDatabases)
            #expect(await rig.end(.hash(HashOperation(bytes("a"), .all))).refused == .hashGet)
            if name != "etcd" {
                #expect(await rig.kv(.count).refused == .keyValueCount)
                #expect(await rig.get(String(repeating: "k", count: 251)).refused == .keyValueGet)
                // What the bound allows fits the server's items, with the longest key too.
                let key = String(repeating: "k", count: 250)
                let largest = [UInt8](repeating: 1, count: 1_048_064)
                let answer = await rig.kv(.set(key: bytes(key), value: largest + [1], SetOptions()))
                #expect(answer == .failure(.tooLarge(limit: 1_048_064)))
                #expect(await rig.get(key) == .success(.missing))
                let second = await rig.kv(.set(key: bytes(key), value: largest, SetOptions()))
                #expect(second == .success(.done))
            }
        }
    }

    @Test("all keys are listed, over pages, and counted")
    func listing() async throws {
        try await run("etcd") { rig in
            for index in 0..<1200 { _ = await rig.set("k\(index)", "v") }
            #expect(await rig.kv(.count) == .success(.integer(1200)))
            guard case .success(.list(let keys)) = await rig.kv(.keys(match: bytes("k1*"))) else {
                throw SupportError("no list")
            }
            #expect(Set(keys.map { "\($0)" }).count == 311)
            var (cursor, pages, scanned): (UInt64, Int, [Answer]) = (0, 0, [])
            repeat {
                let scan = KeyValueOperation.scan(cursor: cursor, match: bytes("k*"), count: 500, type: nil)
                guard case .success(.page(let next, let page)) = await rig.kv(scan) else {
                    throw SupportError("no page")
                }
                // What is set behind the scan's place does not disturb it.
                _ = await rig.set("a\(pages)", "v")
                (cursor, pages, scanned) = (next, pages + 1, scanned + page)
            } while cursor != 0
            #expect(pages == 3)
            #expect(scanned.count == 1200 && Set(scanned.map { "\($0)" }).count == 1200)
            let other = KeyValueOperation.scan(cursor: 17, match: nil, count: 10, type: nil)
            guard case .failure(.invalid) = await rig.kv(other) else { throw SupportError("a cursor of nobody's") }
            guard
                case .success(.page(let next, [])) = await rig.kv(
                    .scan(cursor: 0, match: nil, count: 10, type: bytes("list"))), next != 0
            else { throw SupportError("no page of lists") }
            #expect(await rig.kv(.clear(everyDatabase: false)) == .success(.done))
            _ = await rig.set("k", "v")
            guard case .success(.bytes(let random)) = await rig.kv(.randomKey) else { throw SupportError("no key") }
            #expect(random.first == UInt8(ascii: "k"))
        }
    }

    @Test("a prefix keeps two backends of one etcd apart")
    func prefixes() async throws {
        let server = try await EtcdServer.start()
        defer { server.stop() }
        for prefix in ["a/", "b/"] {
            try await DeclaredRig.run("etcd", url: server.url, options: ["prefix": prefix]) { rig in
                #expect(await rig.kv(.count) == .success(.integer(0)))
                _ = await rig.set("k", prefix)
                #expect(await rig.kv(.keys(match: bytes("*"))) == .success(.list([.bytes(bytes("k"))])))
            }
        }
        try await DeclaredRig.run("etcd", url: server.url, options: ["prefix": "a/"]) { rig in
            #expect(await rig.kv(.clear(everyDatabase: false)) == .success(.done))
            #expect(await rig.get("k") == .success(.missing))
        }
        try await DeclaredRig.run("etcd", url: server.url) { rig in
            #expect(await rig.get("b/k") == .success(.bytes(bytes("b/"))))
        }
    }

    @Test("a lock has one holder at a time", arguments: ["memcached", "etcd"])
    func locks(name: String) async throws {
        try await run(name) { rig in
            func lock(_ operation: LockOperation) async -> Result<Answer, Failure> { await rig.end(.lock(operation)) }
            let (lockName, a, b) = (bytes("job 1"), bytes("a"), bytes("b\r\n"))
            #expect(await lock(.acquire(name: lockName, owner: a, ttlMilliseconds: 60_000)) == .success(.flag(true)))
            #expect(await lock(.acquire(name: lockName, owner: b, ttlMilliseconds: 60_000)) == .success(.flag(false)))
            #expect(await lock(.acquire(name: lockName, owner: a, ttlMilliseconds: 60_000)) == .success(.flag(true)))
            #expect(await lock(.release(name: lockName, owner: b)) == .success(.flag(false)))
            #expect(await lock(.extend(name: lockName, owner: b, ttlMilliseconds: 60_000)) == .success(.flag(false)))
            #expect(await lock(.extend(name: lockName, owner: a, ttlMilliseconds: 90_000)) == .success(.flag(true)))
            #expect(await lock(.release(name: lockName, owner: a)) == .success(.flag(true)))
            #expect(await lock(.release(name: lockName, owner: a)) == .success(.flag(false)))
            #expect(await lock(.acquire(name: lockName, owner: b, ttlMilliseconds: 60_000)) == .success(.flag(true)))
        }
    }
}
