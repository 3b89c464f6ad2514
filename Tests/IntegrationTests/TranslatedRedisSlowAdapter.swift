// An adapter whose answers come when a test says so, and a gateway within the test's own process.

import Capabilities
import Gateway
import Logging
import Synchronization
import TestSupport

/// Operations that wait for a test's word; shared by the services of all workers.
final class SlowBackend: Sendable {
    private struct State {
        var waiting: [(key: [UInt8], UnsafeContinuation<Void, Never>)] = []
        var started: [String] = []
        var cancelled = 0
        var commits = 0
        var failsToCommit = false
    }
    private let state = Mutex(State())

    /// The keys of the operations that have begun, in order.
    var started: [String] { state.withLock { $0.started } }
    var cancelled: Int { state.withLock { $0.cancelled } }
    var commits: Int { state.withLock { $0.commits } }
    func failToCommit() { state.withLock { $0.failsToCommit = true } }

    /// Lets the operation on `key` be answered.
    func release(_ key: String) {
        let continuation = state.withLock { state -> UnsafeContinuation<Void, Never>? in
            guard let place = state.waiting.firstIndex(where: { $0.key == Array(key.utf8) }) else { return nil }
            return state.waiting.remove(at: place).1
        }
        continuation?.resume()
    }

    fileprivate func wait(for key: [UInt8]) async {
        await withTaskCancellationHandler {
            await withUnsafeContinuation { continuation in
                state.withLock {
                    $0.started.append(String(decoding: key, as: UTF8.self))
                    $0.waiting.append((key, continuation))
                }
            }
        } onCancel: {
            state.withLock { $0.cancelled += 1 }
            release(String(decoding: key, as: UTF8.self))
        }
    }

    fileprivate func commit() throws(Failure) {
        let fails = state.withLock { state in
            state.commits += 1
            return state.failsToCommit
        }
        if fails { throw .unavailable("the disk is full") }
    }
}

/// Answers at once for keys that begin with `quick`, and when it is told to for any other.
private final class SlowService: Service, KeyValueService, ListService, @unchecked Sendable {
    let backend: SlowBackend
    let manifest: Manifest
    var keyValue: (any KeyValueService)? { self }
    var list: (any ListService)? { self }

    init(_ backend: SlowBackend, _ manifest: Manifest) {
        self.backend = backend
        self.manifest = manifest
    }

    func answersAtOnce(_ operation: Operation) -> Bool {
        switch operation {
        case .keyValue(.get(let key)), .keyValue(.set(let key, _, _)): key.starts(with: "quick".utf8)
        default: false
        }
    }

    func perform(_ operation: KeyValueOperation, _ context: CallContext) async throws(Failure) -> Answer {
        switch operation {
        case .get(let key):
            if !key.starts(with: "quick".utf8) { await backend.wait(for: key) }
            return .bytes(key)
        case .set(let key, _, _):
            if !key.starts(with: "quick".utf8) { await backend.wait(for: key) }
            return .done
        default: throw .refused(.keyValueScan, reason: "")
        }
    }

    func perform(_ operation: ListOperation, _ context: CallContext) async throws(Failure) -> Answer {
        guard case .popFirst(let keys, _, _, _) = operation else { throw .refused(.listPush, reason: "") }
        await backend.wait(for: keys[0])
        if Task.isCancelled { throw .cancelled }
        return .missing
    }

    func commit() throws(Failure) { try backend.commit() }
}

private struct SlowAdapter: Adapter {
    let backend: SlowBackend
    var manifest: Manifest {
        var manifest = Manifest(adapter: "slow")
        for capability in [Capability.keyValueGet, .keyValueSet, .listPop, .listBlocking] {
            manifest[capability] = ManifestEntry(.native)
        }
        return manifest
    }

    func makeService() -> any Service { SlowService(backend, manifest) }
}

/// A gateway in this process whose Redis listener leads to a slow backend.
struct SlowGateway {
    let backend = SlowBackend()
    let port: Int
    private let gateway: Gateway

    init() async throws {
        let backend = backend
        let kind = AdapterKind(name: "slow", summary: "the tests' own") { (_) throws(AdapterError) in
            SlowAdapter(backend: backend)
        }
        let settings = PrivateBackendConfiguration(
            name: "slow", adapter: "slow", settings: AdapterSettings(backend: "slow"))
        let listener = ListenerConfiguration(
            name: "redis", protocol: .redis, listen: [.host("127.0.0.1", port: 0)], backend: "slow")
        var configuration = Configuration(listeners: [listener], backends: [], privateBackends: [settings])
        configuration.workers = 1
        configuration.shutdownGrace = .seconds(1)
        gateway = try Gateway(
            configuration: configuration, fronts: [RedisFront()], adapters: AdapterRegistry(kinds: [kind]),
            logger: Logger(label: "slow") { _ in SwiftLogNoOpLogHandler() })
        try await gateway.startAdapters()
        let address = try gateway.start().first?.addresses.first ?? ""
        port = Int(address.split(separator: ":").last ?? "") ?? 0
    }

    func stop() async {
        gateway.abort()
        await gateway.drain()
    }
}
