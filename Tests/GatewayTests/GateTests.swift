// The gate: what goes through, what is ignored and counted, and what is refused by name.

import Capabilities
import Testing

@testable import Gateway

@Suite("The gate in front of a private backend")
struct GateTests {
    private let now = CallContext(now: 1_000)
    private let key = Array("k".utf8)

    private func set(_ options: SetOptions) -> Operation { .keyValue(.set(key: key, value: [0x31], options)) }

    @Test("what the manifest covers goes straight through")
    func direct() async throws {
        let store = VersionedStore()
        let gate = Gate(store)
        #expect(try await gate.perform(set(SetOptions()), now) == .done)
        #expect(try await gate.perform(.keyValue(.get(key: key)), now) == .bytes([0x31]))
        #expect(store.calls.count == 2)
        #expect(gate.counters == GateCounters())
    }

    @Test("an option that the backend lacks refuses the whole command, and nothing is done")
    func options() async {
        let store = VersionedStore()
        let gate = Gate(store)
        await #expect(throws: Failure.refused(.keyValueTTL, reason: "")) {
            try await gate.perform(set(SetOptions(.absent, expiry: .at(5_000))), now)
        }
        #expect(store.calls.isEmpty)
        #expect(gate.counters.refused == [.keyValueTTL: 1])
        #expect(
            gate.refusal(.keyValueTTL, "because")
                == "UNSUPPORTED kv.ttl: backend 'house-kv' (adapter tests) cannot do this: because")
    }

    @Test("everything that is not declared is refused")
    func undeclared() async {
        let gate = Gate(VersionedStore([.keyValueGet]))
        #expect(Capability.allCases.filter { gate.permits($0) } == [.keyValueGet, .keyValueExists, .keyValueMultiKey])
        await #expect(throws: Failure.self) {
            try await gate.perform(.hash(HashOperation(key, .count)), now)
        }
    }

    @Test("ignoring needs the manifest and the configuration, and is counted")
    func ignoring() async throws {
        let expiring = set(SetOptions(expiry: .at(5_000)))
        let unwilling = Gate(VersionedStore(ignored: [.keyValueTTL]))
        await #expect(throws: Failure.self) { try await unwilling.perform(expiring, now) }
        let undeclared = Gate(VersionedStore(), gaps: [.keyValueTTL: .ignore])
        await #expect(throws: Failure.self) { try await undeclared.perform(expiring, now) }

        let store = VersionedStore(ignored: [.keyValueTTL])
        let gate = Gate(store, gaps: [.keyValueTTL: .ignore])
        #expect(try await gate.perform(expiring, now) == .done)
        #expect(store.calls == [.set(key: key, value: [0x31], SetOptions())])
        #expect(try await gate.perform(.keyValue(.expire(key: key, at: 5_000, .always)), now) == .flag(true))
        #expect(gate.counters.ignored == [.keyValueTTL: 2])
    }

    @Test("the configuration can refuse what the backend could do")
    func refusing() async {
        let gate = Gate(VersionedStore(), gaps: [.keyValueDelete: .refuse])
        await #expect(throws: Failure.refused(.keyValueDelete, reason: "the configuration refuses it")) {
            try await gate.perform(.keyValue(.delete(keys: [key])), now)
        }
    }

    @Test("the effective manifest tells what is emulated and how")
    func manifest() {
        let gate = Gate(VersionedStore())
        #expect(gate.manifest[.keyValueIncrement].support == .emulated)
        #expect(gate.manifest[.keyValueIncrement].note.hasPrefix("by the gateway"))
        #expect(gate.manifest[.keyValueMultiKey].weakenings == [.notAtomic])
        #expect(gate.manifest[.keyValueTTL].support == .refused)
        #expect(Gate(VersionedStore(), gaps: [.keyValueTTL: .emulate]).manifest[.keyValueTTL].support == .emulated)
        #expect(Gate(VersionedStore([.keyValueGet])).manifest[.keyValueIncrement].support == .refused)
    }

    @Test("what is emulated has the bounds of the set that it stands on, where they are about it")
    func bounds() {
        let store = VersionedStore()
        var manifest = store.manifest
        manifest[.keyValueSet].bounds = [.keyBytes: 250, .valueBytes: 1000]
        store.declare(manifest)
        let gate = Gate(store)
        #expect(gate.manifest[.keyValueExchange].bounds == [.keyBytes: 250, .valueBytes: 1000])
        #expect(gate.manifest[.keyValueAppend].bounds == [.valueBytes: 1000])
        #expect(gate.manifest[.keyValueIncrement].bounds.isEmpty)
    }

    @Test("where an expiry cannot be kept, what would keep it is refused, and what can be read is still read")
    func expiryThatIsNotKept() {
        let store = VersionedStore(VersionedStore.basics + [.keyValueTTL])
        #expect(Gate(store).permits(.keyValueIncrement))
        var manifest = store.manifest
        manifest[.keyValueTTL].weakenings = [.partial]
        store.declare(manifest)
        let gate = Gate(store)
        #expect(!gate.permits(.keyValueIncrement) && !gate.permits(.keyValueAppend))
        #expect(gate.manifest[.keyValueRange].weakenings == [.partial])
        #expect(gate.manifest[.keyValueExchange].weakenings.isEmpty)
        #expect(Gate(store, gaps: [.keyValueTTL: .refuse]).permits(.keyValueIncrement))
    }

    @Test("a manifest that becomes another one makes another gate, which counts on")
    func revision() async {
        let store = VersionedStore([])
        let gate = Gate(store)
        _ = try? await gate.perform(.keyValue(.get(key: key)), now)
        #expect(gate.current === gate)
        store.declare(Manifest(adapter: "tests", [.keyValueGet: ManifestEntry(.native)]))
        let successor = gate.current
        #expect(successor !== gate && successor.permits(.keyValueGet) && !gate.permits(.keyValueGet))
        #expect(successor.counters.refused == [.keyValueGet: 1])
        #expect(successor.current === successor)
    }
}
