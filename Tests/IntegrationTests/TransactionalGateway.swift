// An adapter that has versions and transactions and no expiry, and a gateway within the test's own process.

import Capabilities
import Gateway
import Logging
import Synchronization
import TestSupport

/// The values of all workers.
private final class TransactionalStore: Sendable {
    struct State {
        var values: [[UInt8]: (bytes: [UInt8], version: UInt64)] = [:]
        var last: UInt64 = 0
    }
    private let state = Mutex(State())

    func mark(_ key: [UInt8]) -> Version { state.withLock { Version($0.values[key]?.version ?? 0) } }

    func perform(_ operation: KeyValueOperation) throws(Failure) -> Answer {
        let answer = state.withLock { state -> Answer? in
            switch operation {
            case .get(let key): return state.values[key].map { .bytes($0.bytes) } ?? .missing
            case .getVersioned(let key):
                return state.values[key].map { .versioned($0.bytes, Version($0.version)) } ?? .missing
            case .exists(let keys): return .integer(Int64(keys.count { state.values[$0] != nil }))
            case .delete(let keys): return .integer(Int64(keys.count { state.values.removeValue(forKey: $0) != nil }))
            case .set(let key, let value, let options) where options.expiry == .never && !options.returnsOld:
                let present = state.values[key]
                switch options.condition {
                case .always: break
                case .absent: if present != nil { return .missing }
                case .present: if present == nil { return .missing }
                case .version(let version): if present.map({ Version($0.version) }) != version { return .missing }
                }
                state.last += 1
                state.values[key] = (value, state.last)
                return .done
            default: return nil
            }
        }
        guard let answer else { throw .refused(.keyValueGet, reason: "the store of the tests cannot do this") }
        return answer
    }
}

private final class TransactionalService: Service, KeyValueService, TransactionService, @unchecked Sendable {
    let store: TransactionalStore
    let manifest: Manifest
    var keyValue: (any KeyValueService)? { self }
    var transactions: (any TransactionService)? { self }

    init(_ store: TransactionalStore, _ manifest: Manifest) {
        self.store = store
        self.manifest = manifest
    }

    func perform(_ operation: KeyValueOperation, _ context: CallContext) async throws(Failure) -> Answer {
        try store.perform(operation)
    }

    func marks(of keys: [[UInt8]], _ context: CallContext) async throws(Failure) -> [Version] {
        keys.map(store.mark)
    }

    func perform(
        _ operations: [TransactionStep], ifUnchanged watched: [WatchedKey], _ context: CallContext
    ) async throws(Failure) -> [Result<Answer, Failure>]? {
        guard watched.allSatisfy({ store.mark($0.key) == $0.mark }) else { return nil }
        return operations.map { step in
            guard case .keyValue(let operation) = step.operation else { return .failure(.wrongType) }
            do throws(Failure) {
                return .success(try store.perform(operation))
            } catch {
                return .failure(error)
            }
        }
    }
}

private struct TransactionalAdapter: Adapter {
    let store = TransactionalStore()
    let manifest: Manifest

    func makeService() -> any Service { TransactionalService(store, manifest) }
}

/// A gateway in this process whose Redis listener leads to such a store.
struct TransactionalGateway {
    let port: Int
    private let gateway: Gateway

    /// - Parameters:
    ///   - ignored: what the adapter would ignore.
    ///   - gaps: what the configuration says of gaps.
    init(ignored: [Capability] = [], gaps: [Capability: GapPolicy]) async throws {
        var manifest = Manifest(adapter: "transactional")
        let native: [Capability] = [
            .keyValueGet, .keyValueSet, .keyValueDelete, .keyValueExists, .keyValueConditionalSet,
            .keyValueCompareAndSet, .keyValueTransaction,
        ]
        for capability in native { manifest[capability] = ManifestEntry(.native) }
        for capability in ignored { manifest[capability] = ManifestEntry(.ignored) }
        let adapter = TransactionalAdapter(manifest: manifest)
        let kind = AdapterKind(name: "transactional", summary: "the tests' own") { (_) throws(AdapterError) in adapter }
        var settings = PrivateBackendConfiguration(
            name: "house", adapter: "transactional", settings: AdapterSettings(backend: "house"))
        settings.gaps = gaps
        let listener = ListenerConfiguration(
            name: "redis", protocol: .redis, listen: [.host("127.0.0.1", port: 0)], backend: "house")
        var configuration = Configuration(listeners: [listener], backends: [], privateBackends: [settings])
        configuration.workers = 1
        configuration.shutdownGrace = .seconds(1)
        gateway = try Gateway(
            configuration: configuration, fronts: [RedisFront()], adapters: AdapterRegistry(kinds: [kind]),
            logger: Logger(label: "transactional") { _ in SwiftLogNoOpLogHandler() })
        try await gateway.startAdapters()
        let address = try gateway.start().first?.addresses.first ?? ""
        port = Int(address.split(separator: ":").last ?? "") ?? 0
    }

    func metrics() async -> FairleadMetrics { FairleadMetrics(text: await gateway.metrics()) }

    func stop() async {
        gateway.abort()
        await gateway.drain()
    }
}
