// The adapters that this process knows, by name, and how a file becomes one.

import Capabilities

/// Finds the adapter that a backend of the configuration asks for.
///
/// The gateway knows no adapter by name; the command line hands it those it is to have.
package struct AdapterRegistry: Sendable {
    package var kinds: [AdapterKind]
    /// Makes an adapter of the adapter.yaml at a path.
    private let file: @Sendable (String, AdapterSettings) throws(AdapterError) -> any Adapter

    package init(
        kinds: [AdapterKind] = [],
        file: @escaping @Sendable (String, AdapterSettings) throws(AdapterError) -> any Adapter = {
            path, _ throws(AdapterError) in throw AdapterError(key: "adapter", "no file can be read here: \(path)")
        }
    ) {
        self.kinds = kinds
        self.file = file
    }

    /// What the adapter that `backend` names declares, before it has connected to anything.
    package func manifest(for backend: PrivateBackendConfiguration) throws(AdapterError) -> Manifest {
        if let manifest = kinds.first(where: { $0.name == backend.adapter })?.manifest { return manifest }
        return try adapter(for: backend).manifest
    }

    package func adapter(for backend: PrivateBackendConfiguration) throws(AdapterError) -> any Adapter {
        let name = backend.adapter
        if let kind = kinds.first(where: { $0.name == name }) { return try kind.make(backend.settings) }
        if name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml") {
            return try file(name, backend.settings)
        }
        let known = kinds.map(\.name)
        throw AdapterError(
            key: "adapter",
            """
            no adapter is called "\(name)"\(Suggestion.clause(for: name, among: known)); \
            there are: \(known.joined(separator: ", ")); an adapter.yaml is named by its path
            """)
    }
}
