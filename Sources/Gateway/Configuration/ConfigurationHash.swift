// The hash of a backend's effective configuration: what ties a report to the backend that it is about.

import Digest
import FoundationEssentials

extension Configuration {
    /// The first 16 digits of a SHA-256 over the section of the backend called `name`, and over its adapter.yaml; nil
    /// when there is no such backend.
    package func hash(ofBackend name: String) -> String? {
        guard let section = renderedAlone(name) else { return nil }
        var hash = HashFunction(.sha256)
        hash.update(Array(section.utf8))
        if let adapter = privateBackend(named: name)?.adapter, AdapterRegistry.isPath(adapter),
            let file = FileManager.default.contents(atPath: adapter)
        {
            hash.update(Array(file))
        }
        return String(decoding: hexadecimal(hash.finish()).prefix(16), as: UTF8.self)
    }
}
