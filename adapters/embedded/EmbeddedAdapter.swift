// The embedded adapter: everything in this process and one folder on disk.

import Capabilities
import Synchronization

/// A store of keys, queues, locks, sequences and a bus, shared by the workers; objects and SQL join it.
///
/// Settings: `url: file:///PATH` or `options.folder`, the folder (made when it is not there); `options.fsync`,
/// ``SynchronizePolicy`` (`everysec`); `options.max-memory`, bytes with a unit (`512MiB`) above which nothing is added.
package final class EmbeddedAdapter: Adapter, @unchecked Sendable {
    package static let kind = AdapterKind(
        name: "embedded", summary: "keys, queues, objects and SQL in one folder on disk; nothing to install",
        manifest: EmbeddedAdapter(folder: ".").manifest
    ) { (settings) throws(AdapterError) in try EmbeddedAdapter(settings) }

    /// The folder that holds everything.
    package let folder: String
    package let synchronizePolicy: SynchronizePolicy
    /// Bytes above which nothing is added; nil for no bound.
    package let maximumMemory: Int?

    private let bus = EmbeddedBus()
    private let objects: ObjectStore
    private let sql: EmbeddedSQLStore
    private let running = Mutex<Running?>(nil)

    private struct Running {
        let store: EmbeddedStore
        let keeper: Keeper
    }

    package init(
        folder: String, synchronize: SynchronizePolicy = .everySecond, maximumMemory: Int? = nil
    ) {
        self.folder = folder
        synchronizePolicy = synchronize
        self.maximumMemory = maximumMemory
        objects = ObjectStore(folder: "\(folder)/objects", policy: synchronize)
        sql = EmbeddedSQLStore(path: "\(folder)/sql.db", syncsEachCommit: synchronize == .always)
    }

    package convenience init(_ settings: AdapterSettings) throws(AdapterError) {
        var folder: String?
        if let url = settings.url {
            guard url.hasPrefix("file:///"), url.count > 8 else {
                throw AdapterError(key: "url", "expected file:///PATH with the store's folder, found \(url)")
            }
            folder = String(url.dropFirst(7))
        }
        var policy = SynchronizePolicy.everySecond
        var maximumMemory: Int?
        for (name, value) in settings.options.sorted(by: { $0.key < $1.key }) {
            switch name {
            case "folder":
                guard folder == nil else {
                    throw AdapterError(key: "options.folder", "the url names the folder already; give one of the two")
                }
                folder = value
            case "fsync":
                guard let known = SynchronizePolicy(rawValue: value) else {
                    throw AdapterError(key: "options.fsync", "expected always, everysec or never, found \(value)")
                }
                policy = known
            case "max-memory":
                guard let bytes = Self.bytes(value) else {
                    throw AdapterError(
                        key: "options.max-memory", "expected a size such as 512MiB or 2GiB, found \(value)")
                }
                maximumMemory = bytes
            default:
                throw AdapterError(
                    key: "options.\(name)", "the embedded adapter has no such option; it has folder, fsync, max-memory")
            }
        }
        guard let folder, !folder.isEmpty else {
            throw AdapterError(
                key: "options.folder",
                "the embedded adapter needs a folder: url: file:///PATH or options: { folder: PATH }")
        }
        self.init(folder: settings.absolute(folder), synchronize: policy, maximumMemory: maximumMemory)
    }

    /// The bytes of a size with a unit.
    private static func bytes(_ text: String) -> Int? {
        let units: [(String, Int)] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1), ("", 1)]
        guard let (unit, factor) = units.first(where: { text.hasSuffix($0.0) }),
            let number = Int(text.dropLast(unit.count)), number > 0
        else { return nil }
        let (bytes, overflowed) = number.multipliedReportingOverflow(by: factor)
        return overflowed ? nil : bytes
    }

    /// Everything is native.
    package var manifest: Manifest {
        var manifest = Manifest(adapter: "embedded")
        for capability in Capability.allCases {
            manifest[capability] = EmbeddedSQLStore.manifestEntries[capability] ?? ManifestEntry(.native)
        }
        manifest[.keyValueDatabases] = ManifestEntry(.native, bounds: [.databases: StoreState.databaseCount])
        manifest[.busPublish] = ManifestEntry(
            .native, weakenings: [.notDurable], note: "messages go to those who listen now and are not stored")
        return manifest
    }

    /// Sentences about what the start found, for the log: a write that a crash had cut short.
    package var notices: [String] { running.withLock { $0?.store.notices ?? [] } }

    package func start() async throws(AdapterError) {
        let store = try EmbeddedStore(folder, policy: synchronizePolicy, maximumMemory: maximumMemory ?? .max)
        let keeper = Keeper(store, synchronizes: synchronizePolicy == .everySecond)
        do throws(ObjectFailure) {
            try objects.start()
        } catch {
            throw AdapterError("the objects cannot be opened: \(error)")
        }
        guard keeper.start() else { throw AdapterError("the system gives no thread to the store") }
        running.withLock { $0 = Running(store: store, keeper: keeper) }
    }

    package func makeService() -> any Service {
        guard let store = running.withLock({ $0?.store }) else { return UnstartedService(manifest: manifest) }
        return EmbeddedService(
            store, bus, manifest: manifest, object: objects.makeService(), sql: sql.makeService())
    }

    package func stop() async {
        guard let stopped = running.withLock({ $0.take() }) else { return }
        stopped.keeper.stop()
        objects.stop()
        sql.close()
        stopped.store.flush()
        stopped.store.synchronize()
    }
}

/// What a worker gets from an adapter that was not started: every family is refused.
private final class UnstartedService: Service {
    let manifest: Manifest
    init(manifest: Manifest) { self.manifest = manifest }
}
