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
        #expect(
            Capability.allCases.filter { gate.permits($0) }
                == [.keyValueGet, .keyValueExists, .keyValueRange, .keyValueMultiKey])
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
        // What is not there has no time to live, and gets none.
        let none = Array("none".utf8)
        #expect(try await gate.perform(.keyValue(.expire(key: none, at: 5_000, .always)), now) == .flag(false))
        #expect(try await gate.perform(.keyValue(.expiry(key: none)), now) == .missing)
        #expect(try await gate.perform(.keyValue(.expiry(key: key)), now) == .done)
        #expect(try await gate.perform(.keyValue(.expire(key: key, at: 5_000, .ifSome)), now) == .flag(false))
        #expect(try await gate.perform(.keyValue(.persist(key: key)), now) == .flag(false))
        #expect(try await gate.perform(.keyValue(.getAndExpire(key: key, .never)), now) == .bytes([0x31]))
    }

    @Test("where times are ignored, one that has passed ends the key all the same")
    func ignoringThePast() {
        let ttl = CapabilitySet(.keyValueTTL)
        func rest(_ operation: KeyValueOperation) -> OperationRest {
            Operation.keyValue(operation).without(ttl, now: 1_000)
        }
        let ended = rest(.expire(key: key, at: 1_000, .always))
        #expect(ended.operation == .keyValue(.delete(keys: [key])) && ended.ignored == CapabilitySet())
        #expect(ended.answer(.integer(1)) == .flag(true) && ended.answer(.integer(0)) == .flag(false))
        #expect(rest(.expire(key: key, at: 1_001, .always)).operation == .keyValue(.exists(keys: [key])))
        // There is no time that the condition could hold over.
        #expect(rest(.expire(key: key, at: 1, .ifSome)).operation == .keyValue(.exists(keys: [key])))
        #expect(rest(.getAndExpire(key: key, .at(1))).operation == .keyValue(.getAndDelete(key: key)))
        func set(_ condition: SetCondition, returnsOld: Bool = false) -> OperationRest {
            rest(.set(key: key, value: [0x31], SetOptions(condition, expiry: .at(1), returnsOld: returnsOld)))
        }
        #expect(set(.always).operation == .keyValue(.delete(keys: [key])) && set(.always).answer(.integer(0)) == .done)
        #expect(set(.present).operation == .keyValue(.delete(keys: [key])))
        #expect(set(.present).answer(.integer(0)) == .missing && set(.present).answer(.integer(1)) == .done)
        #expect(set(.absent).operation == .keyValue(.exists(keys: [key])))
        #expect(set(.absent).answer(.integer(0)) == .done && set(.absent).answer(.integer(1)) == .missing)
        #expect(set(.always, returnsOld: true).operation == .keyValue(.getAndDelete(key: key)))
        #expect(set(.absent, returnsOld: true).operation == .keyValue(.get(key: key)))
    }

    @Test("a step of a transaction is done by the service alone, or refused by the name of what is missing")
    func transactionSteps() async throws {
        let natively = VersionedStore.basics + [.keyValueTransaction, .hashGet]
        let get = Operation.keyValue(.get(key: key))
        let hash = Operation.hash(HashOperation(key, .count))
        func refused(_ gate: Gate, _ operation: Operation) -> Capability? {
            do throws(Failure) {
                _ = try gate.transactionStep(operation, now: 1_000)
                return nil
            } catch {
                guard case .refused(let capability, _) = error else { return nil }
                return capability
            }
        }
        let plain = Gate(VersionedStore(natively))
        #expect(try plain.transactionStep(get, now: 1_000).operation == get)
        #expect(refused(plain, .keyValue(.increment(key: key, by: 1))) == .keyValueIncrement)
        #expect(refused(plain, .keyValue(.getMany(keys: [key, key]))) == .keyValueMultiKey)
        #expect(refused(plain, set(SetOptions(expiry: .at(5_000)))) == .keyValueTTL)

        let beside = Gate(VersionedStore(natively), gaps: [.keyValueTTL: .emulate])
        for operation in [get, set(SetOptions()), set(SetOptions(expiry: .at(5_000)))] {
            #expect(refused(beside, operation) == .keyValueTTL)
        }
        #expect(try beside.transactionStep(hash, now: 1_000).operation == hash)
        #expect(beside.manifest[.keyValueTransaction].weakenings == [.partial])

        let ignoring = Gate(
            VersionedStore(natively + [.keyValueExists], ignored: [.keyValueTTL]), gaps: [.keyValueTTL: .ignore])
        let rest = try ignoring.transactionStep(set(SetOptions(expiry: .at(5_000))), now: 1_000)
        #expect(rest == OperationRest(set(SetOptions()), ignored: CapabilitySet(.keyValueTTL)))
        let expiry = try ignoring.transactionStep(.keyValue(.expiry(key: key)), now: 1_000)
        #expect(expiry.operation == .keyValue(.exists(keys: [key])))
        #expect(expiry.answer(.integer(1)) == .done && expiry.answer(.integer(0)) == .missing)
        #expect(ignoring.counters.ignored.isEmpty)
        ignoring.count(rest)
        #expect(ignoring.counters.ignored == [.keyValueTTL: 1])
    }

    @Test("a capability that the service has in part is completed by the gateway, where it can")
    func completed() async throws {
        let store = VersionedStore(VersionedStore.basics + [.keyValueRange])
        store.lacks = { operation in if case .range = operation { true } else { false } }
        var manifest = store.manifest
        manifest[.keyValueRange] = ManifestEntry(.native, weakenings: [.partial], note: "no parts")
        manifest.incomplete = CapabilitySet(.keyValueRange)
        store.declare(manifest)
        let gate = Gate(store)
        _ = try await gate.perform(set(SetOptions()), now)
        #expect(try await gate.perform(.keyValue(.range(key: key, first: 0, last: 9)), now) == .bytes([0x31]))
        #expect(store.calls.last == .getVersioned(key: key))
        #expect(try await gate.perform(.keyValue(.length(key: key)), now) == .integer(1))
        #expect(store.calls.last == .length(key: key))
        #expect(gate.manifest[.keyValueRange].support == .emulated)
        #expect(gate.manifest[.keyValueRange].weakenings.isEmpty)
        #expect(Gate(store, gaps: [.keyValueCompareAndSet: .refuse]).manifest[.keyValueRange].weakenings == [.partial])
    }

    @Test("where queues stand in for lists, what else lists can do is refused")
    func queues() {
        let gate = Gate(VersionedStore([.queuePut, .queueReserve, .listRange, .listPop, .listEdit]))
        #expect(!gate.permits(.listRange) && !gate.permits(.listPop) && !gate.permits(.listEdit))
        #expect(gate.manifest[.listRange].note.hasPrefix("a list is a queue here"))
        #expect(Gate(VersionedStore([.listRange])).permits(.listRange))
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
