// A key-value service that can little: what the gate's and the emulator's tests stand on.

import Capabilities

@testable import Gateway

/// Values with versions in a dictionary; `natively` lists what its manifest claims.
final class VersionedStore: Service, KeyValueService, @unchecked Sendable {
    private(set) var manifest: Manifest
    private(set) var manifestRevision = 0
    var keyValue: (any KeyValueService)? { self }
    private(set) var values: [[UInt8]: (bytes: [UInt8], version: UInt64)] = [:]
    private(set) var calls: [KeyValueOperation] = []
    private var lastVersion: UInt64 = 0
    /// Keys that hold something other than bytes.
    var collections: Set<[UInt8]> = []
    /// Operations of a capability that it has in part and that it does not have.
    var lacks: (KeyValueOperation) -> Bool = { _ in false }
    /// How many of the next conditional writes somebody else's write comes before.
    var intruders = 0

    static let basics: [Capability] = [
        .keyValueGet, .keyValueSet, .keyValueDelete, .keyValueConditionalSet, .keyValueCompareAndSet,
    ]

    init(_ natively: [Capability] = basics, ignored: [Capability] = []) {
        var manifest = Manifest(adapter: "tests")
        for capability in natively { manifest[capability] = ManifestEntry(.native) }
        for capability in ignored { manifest[capability] = ManifestEntry(.ignored) }
        self.manifest = manifest
    }

    func perform(_ operation: KeyValueOperation, _ context: CallContext) async throws(Failure) -> Answer {
        calls.append(operation)
        if let key = operation.singleKey, collections.contains(key) {
            if case .type = operation { return .bytes(Array("list".utf8)) }
            throw .wrongType
        }
        switch operation {
        case .type(let key): return values[key] == nil ? .missing : .bytes(Array("string".utf8))
        case .keys: return .list((Array(values.keys) + collections).map { .bytes($0) })
        case .randomKey: return values.keys.first.map { .bytes($0) } ?? .missing
        case .rename(let from, let to, let onlyIfAbsent):
            guard let value = values[from] else { throw .noSuchKey }
            if onlyIfAbsent, values[to] != nil { return .flag(false) }
            values[from] = nil
            put(to, value.bytes)
            return .flag(true)
        case .length(let key): return .integer(Int64(values[key]?.bytes.count ?? 0))
        case .exists(let keys): return .integer(Int64(keys.count { values[$0] != nil || collections.contains($0) }))
        case .get(let key): return values[key].map { .bytes($0.bytes) } ?? .missing
        case .getVersioned(let key):
            return values[key].map { .versioned($0.bytes, Version($0.version)) } ?? .missing
        case .set(let key, let value, let options):
            if options.condition != .always, intruders > 0 {
                intruders -= 1
                put(key, (values[key]?.bytes ?? []) + [0x21])
            }
            let holds =
                switch options.condition {
                case .always: true
                case .absent: values[key] == nil
                case .present: values[key] != nil
                case .version(let version): values[key].map { Version($0.version) } == version
                }
            guard holds else { return .missing }
            put(key, value)
            return .done
        case .delete(let keys):
            return .integer(Int64(keys.count { values.removeValue(forKey: $0) != nil }))
        case .deleteVersion(let key, let version):
            guard let value = values[key], Version(value.version) == version else { return .flag(false) }
            values[key] = nil
            return .flag(true)
        default: throw .refused(.keyValueGet, reason: "the store of the tests has no such operation")
        }
    }

    func performs(_ operation: Operation) -> Bool {
        guard case .keyValue(let operation) = operation else { return true }
        return !lacks(operation)
    }

    /// Says something else from now on, like a backend that was reached at last.
    func declare(_ manifest: Manifest) {
        self.manifest = manifest
        manifestRevision += 1
    }

    func put(_ key: [UInt8], _ bytes: [UInt8]) {
        lastVersion += 1
        values[key] = (bytes, lastVersion)
    }
}

/// An adapter of one service.
struct VersionedAdapter: Adapter {
    let service: VersionedStore
    var manifest: Manifest { service.manifest }

    func makeService() -> any Service { service }
}

extension Gate {
    /// The gate of a backend called `house-kv`.
    convenience init(_ store: VersionedStore, gaps: [Capability: GapPolicy] = [:]) {
        var configuration = PrivateBackendConfiguration(
            name: "house-kv", adapter: "tests", settings: AdapterSettings(backend: "house-kv"))
        configuration.gaps = gaps
        let backend = PrivateBackend(configuration, index: 0, adapter: VersionedAdapter(service: store))
        self.init(backend, service: store)
    }
}
