// Every adapter that this build has, by name.

import Capabilities
import DeclaredAdapter
import EmbeddedAdapter
import Gateway
import MemcachedSwiftAdapter
import ProcessAdapter

/// The adapters of this executable.
enum ShippedKinds {
    static let all: [AdapterKind] =
        [EmbeddedAdapter.kind] + ShippedAdapters.kinds + [MemcachedSwiftAdapter.kind, .process, .dapr]

    /// What the gateway is handed: these, and whatever file a configuration names.
    static let registry = AdapterRegistry(kinds: all) { (path, settings) throws(AdapterError) in
        try file(path).makeAdapter(settings)
    }

    /// The adapter file at `path`, without a mistake.
    private static func file(_ path: String) throws(AdapterError) -> DeclaredAdapterFile {
        do throws(AdapterFileError) {
            return try DeclaredAdapterFile.load(path)
        } catch {
            throw AdapterError(key: "adapter", error.isOfFile ? "\(error)" : "the adapter file has mistakes:\n\(error)")
        }
    }

    /// What the adapter called `name`, or the file at that path, declares.
    static func manifest(of name: String) throws(AdapterError) -> Manifest {
        if let kind = all.first(where: { $0.name == name }) {
            guard let manifest = kind.manifest else {
                throw AdapterError(
                    """
                    what adapter \(name) can do is told by its process when it is connected: start Fairlead with it and ask \
                    `redis-cli INFO fairlead`
                    """)
            }
            return manifest
        }
        guard AdapterRegistry.isPath(name) else { throw registry.unknown(name) }
        return try file(name).manifest
    }
}
