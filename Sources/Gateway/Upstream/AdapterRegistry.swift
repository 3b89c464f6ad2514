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

    package func adapter(for backend: PrivateBackendConfiguration) throws(AdapterError) -> any Adapter {
        let name = backend.adapter
        if let kind = kinds.first(where: { $0.name == name }) { return try kind.make(backend.settings) }
        guard Self.isPath(name) else { throw unknown(name) }
        return try file(name, backend.settings)
    }

    /// Whether an adapter is named by the path of its file.
    package static func isPath(_ name: String) -> Bool {
        name.contains("/") || name.hasSuffix(".yaml") || name.hasSuffix(".yml")
    }

    /// That there is no adapter called `name`, and which there are.
    package func unknown(_ name: String) -> AdapterError {
        let known = kinds.map(\.name)
        return AdapterError(
            key: "adapter",
            """
            no adapter is called "\(name)"\(NearestWord.clause(for: name, among: known)); \
            there are: \(known.joined(separator: ", ")); an adapter.yaml is named by its path
            """)
    }
}
