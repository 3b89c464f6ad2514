// Emulation: what the gateway does with get and compare-and-set alone.

import Capabilities
import Testing

@testable import Gateway

@Suite("Emulated capabilities")
struct EmulationTests {
    private let now = CallContext(now: 1_000)
    private let key = Array("k".utf8)

    private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test("a counter counts, keeps its bounds, and refuses what is no number")
    func increment() async throws {
        let store = VersionedStore()
        let gate = Gate(store)
        func add(_ number: Int64) -> Operation { .keyValue(.increment(key: key, by: number)) }
        #expect(try await gate.perform(add(5), now) == .integer(5))
        #expect(try await gate.perform(add(-7), now) == .integer(-2))
        #expect(store.values[key]?.bytes == bytes("-2"))
        store.put(key, bytes("9223372036854775807"))
        await #expect(throws: Failure.overflow) { try await gate.perform(add(1), now) }
        for text in ["", "1.5", " 1", "+1", "01", "x"] {
            store.put(key, bytes(text))
            await #expect(throws: Failure.notAnInteger) { try await gate.perform(add(1), now) }
        }
        #expect(gate.counters.emulated > 0)
    }

    @Test("sums of decimal numbers are written as Redis writes them, long double and all")
    func incrementFloat() async throws {
        let store = VersionedStore()
        let gate = Gate(store)
        store.put(key, bytes("10.50"))
        let sum = try await gate.perform(.keyValue(.incrementFloat(key: key, by: bytes("0.1"))), now)
        #expect(sum == .bytes(bytes("10.6")))
        let large = try await gate.perform(.keyValue(.incrementFloat(key: key, by: bytes("2.0e2"))), now)
        #expect(large == .bytes(bytes("210.60000000000000001")))
        store.put(key, bytes("1e4000"))
        await #expect(throws: Failure.self) {
            _ = try await gate.perform(.keyValue(.incrementFloat(key: key, by: bytes("nan"))), now)
        }
    }

    @Test("a change that others get in the way of begins again, and loses nothing")
    func contention() async throws {
        let store = VersionedStore()
        let gate = Gate(store)
        store.put(key, bytes("a"))
        store.intruders = 3
        #expect(try await gate.perform(.keyValue(.append(key: key, value: bytes("z"))), now) == .integer(5))
        #expect(store.values[key]?.bytes == bytes("a!!!z"))
        store.intruders = 1_000
        await #expect(throws: Failure.self) {
            try await gate.perform(.keyValue(.append(key: key, value: bytes("z"))), now)
        }
    }

    @Test("parts of values are read and written as GETRANGE and SETRANGE do")
    func ranges() async throws {
        let store = VersionedStore()
        let gate = Gate(store)
        func range(_ first: Int64, _ last: Int64) async throws -> Answer {
            try await gate.perform(.keyValue(.range(key: key, first: first, last: last)), now)
        }
        store.put(key, bytes("This is a string"))
        #expect(try await range(0, 3) == .bytes(bytes("This")))
        #expect(try await range(-3, -1) == .bytes(bytes("ing")))
        #expect(try await range(10, 100) == .bytes(bytes("string")))
        #expect(try await range(5, 3) == .bytes([]))
        #expect(try await range(-1, -5) == .bytes([]))
        #expect(try await range(.min, .max) == .bytes(bytes("This is a string")))
        let overwrite = Operation.keyValue(.overwrite(key: bytes("n"), offset: 2, value: bytes("x")))
        #expect(try await gate.perform(overwrite, now) == .integer(3))
        #expect(store.values[bytes("n")]?.bytes == [0, 0, 0x78])
        await #expect(throws: Failure.self) {
            try await gate.perform(.keyValue(.overwrite(key: key, offset: .max, value: [1])), now)
        }
    }

    @Test("several keys are taken one after another")
    func severalKeys() async throws {
        let store = VersionedStore()
        let gate = Gate(store)
        let pairs = [Pair(bytes("a"), [1]), Pair(bytes("b"), [2])]
        #expect(try await gate.perform(.keyValue(.setMany(pairs, onlyIfAllAbsent: false)), now) == .done)
        let keys = [bytes("b"), bytes("x"), bytes("a")]
        #expect(
            try await gate.perform(.keyValue(.getMany(keys: keys)), now)
                == .list([.bytes([2]), .missing, .bytes([1])]))
        #expect(try await gate.perform(.keyValue(.exists(keys: keys + [bytes("a")])), now) == .integer(3))
        #expect(try await gate.perform(.keyValue(.delete(keys: keys)), now) == .integer(2))
        await #expect(throws: Failure.self) {
            try await gate.perform(.keyValue(.setMany(pairs, onlyIfAllAbsent: true)), now)
        }
    }

    @Test("the old value comes back from a set, and a delete gives what it took")
    func exchange() async throws {
        let store = VersionedStore()
        let gate = Gate(store)
        let set = Operation.keyValue(.set(key: key, value: [2], SetOptions(returnsOld: true)))
        #expect(try await gate.perform(set, now) == .missing)
        #expect(try await gate.perform(set, now) == .bytes([2]))
        #expect(try await gate.perform(.keyValue(.getAndDelete(key: key)), now) == .bytes([2]))
        #expect(try await gate.perform(.keyValue(.getAndDelete(key: key)), now) == .missing)
    }

    @Test("an exchange sets the expiry that it names, takes it away when it names none, and a change keeps it")
    func expiryOfTheBackend() async throws {
        let store = VersionedStore(VersionedStore.basics + [.keyValueTTL])
        let gate = Gate(store)
        func exchange(_ expiry: Expiry) async throws -> Expiry? {
            let options = SetOptions(expiry: expiry, returnsOld: true)
            _ = try await gate.perform(.keyValue(.set(key: key, value: bytes("v"), options)), now)
            guard case .set(_, _, let done) = store.calls.last else { return nil }
            return done.expiry
        }
        #expect(try await exchange(.at(5_000)) == .at(5_000))
        #expect(try await exchange(.at(6_000)) == .at(6_000))
        #expect(try await exchange(.kept) == .kept)
        #expect(try await exchange(.never) == .never)
        _ = try await gate.perform(.keyValue(.append(key: key, value: bytes("w"))), now)
        #expect(store.calls.last == .set(key: key, value: bytes("vw"), SetOptions(.version(Version(4)), expiry: .kept)))
    }

    @Test("an expiry beside the value is kept, read, moved, and honoured")
    func expiry() async throws {
        let store = VersionedStore()
        let gate = Gate(store, gaps: [.keyValueTTL: .emulate])
        func at(_ now: Int64, _ operation: KeyValueOperation) async throws -> Answer {
            try await gate.perform(.keyValue(operation), CallContext(now: now))
        }
        #expect(try await at(0, .set(key: key, value: bytes("v"), SetOptions(expiry: .at(100)))) == .done)
        #expect(try await at(99, .get(key: key)) == .bytes(bytes("v")))
        #expect(try await at(99, .expiry(key: key)) == .integer(100))
        #expect(try await at(100, .get(key: key)) == .missing)
        #expect(try await at(100, .exists(keys: [key])) == .integer(0))
        #expect(try await at(100, .delete(keys: [key])) == .integer(0))
        #expect(try await at(100, .set(key: key, value: bytes("w"), SetOptions(.present))) == .missing)
        #expect(try await at(100, .set(key: key, value: bytes("w"), SetOptions(.absent, expiry: .at(200)))) == .done)
        #expect(try await at(110, .append(key: key, value: bytes("x"))) == .integer(2))
        #expect(try await at(110, .expiry(key: key)) == .integer(200))
        #expect(try await at(110, .expire(key: key, at: 150, .ifLater)) == .flag(false))
        #expect(try await at(110, .expire(key: key, at: 150, .ifEarlier)) == .flag(true))
        #expect(try await at(110, .getAndExpire(key: key, .at(300))) == .bytes(bytes("wx")))
        #expect(try await at(299, .persist(key: key)) == .flag(true))
        #expect(try await at(9_999, .get(key: key)) == .bytes(bytes("wx")))
        #expect(store.values[key]?.bytes == bytes("wx"))
        #expect(try await at(9_999, .expiry(key: key)) == .done)
    }

    @Test("a key whose time is over is in no listing, has no type and no version, and is in nobody's way")
    func overAndListed() async throws {
        let more: [Capability] = [
            .keyValueScan, .keyValueRandom, .keyValueType, .keyValueRename, .keyValueCount, .keyValueExists,
        ]
        let store = VersionedStore(VersionedStore.basics + more)
        let gate = Gate(store, gaps: [.keyValueTTL: .emulate])
        func at(_ now: Int64, _ operation: KeyValueOperation) async throws -> Answer {
            try await gate.perform(.keyValue(operation), CallContext(now: now))
        }
        let (over, other, list) = (bytes("over"), bytes("other"), bytes("list"))
        store.collections = [list]
        #expect(try await at(0, .set(key: over, value: bytes("v"), SetOptions(expiry: .at(100)))) == .done)
        guard case .versioned(bytes("v"), let version) = try await at(50, .getVersioned(key: over)) else {
            Issue.record("no version")
            return
        }
        #expect(try await at(50, .type(key: over)) == .bytes(bytes("string")))
        #expect(try await at(100, .type(key: over)) == .missing)
        #expect(try await at(100, .type(key: list)) == .bytes(bytes("list")))
        #expect(try await at(100, .exists(keys: [list])) == .integer(1))
        #expect(try await at(100, .expiry(key: list)) == .done)
        #expect(try await at(100, .getVersioned(key: over)) == .missing)
        #expect(try await at(100, .deleteVersion(key: over, version)) == .flag(false))
        #expect(try await at(100, .keys(match: bytes("*"))) == .list([.bytes(list)]))
        store.collections = []
        #expect(try await at(100, .randomKey) == .missing)
        #expect(try await at(50, .randomKey) == .bytes(over))
        await #expect(throws: Failure.noSuchKey) {
            _ = try await at(100, .rename(from: over, to: other, onlyIfAbsent: false))
        }
        #expect(try await at(100, .set(key: other, value: bytes("w"), SetOptions())) == .done)
        #expect(try await at(100, .rename(from: other, to: over, onlyIfAbsent: true)) == .flag(true))
        #expect(try await at(100, .deleteVersion(key: over, version)) == .flag(false))
        guard case .versioned(_, let last) = try await at(100, .getVersioned(key: over)) else {
            Issue.record("no version")
            return
        }
        #expect(try await at(100, .deleteVersion(key: over, last)) == .flag(true))
        #expect(gate.manifest[.keyValueCount].support == .refused)
        await #expect(throws: Failure.self) { _ = try await at(100, .count) }
    }

    @Test("a value that looks like an envelope comes back as it was")
    func lookalike() async throws {
        let gate = Gate(VersionedStore(), gaps: [.keyValueTTL: .emulate])
        let value: [UInt8] = [0x00, 0x46, 0x4C, 0x45, 1, 2, 3, 4, 5, 6, 7, 8, 9]
        _ = try await gate.perform(.keyValue(.set(key: key, value: value, SetOptions())), now)
        #expect(try await gate.perform(.keyValue(.get(key: key)), now) == .bytes(value))
        #expect(ExpiryEnvelope.unwrap(ExpiryEnvelope.wrap(value, expiresAt: 7)).expiresAt == 7)
    }
}
