// One private backend: a named target behind an adapter.

import Capabilities

/// A named target that an adapter speaks to.
package struct PrivateBackendConfiguration: Sendable, Equatable {
    /// The backend's name, unique in the configuration; a metric label and part of error texts.
    package var name: String
    /// The adapter's name, or the path of an adapter.yaml.
    package var adapter: String
    /// What the adapter is told.
    package var settings: AdapterSettings
    /// What the owner wants of single capabilities, over what the manifest says.
    package var gaps: [Capability: GapPolicy] = [:]
    /// What its owner says of its proof.
    package var conformance = ConformanceClaim.unstated

    package init(name: String, adapter: String, settings: AdapterSettings) {
        self.name = name
        self.adapter = adapter
        self.settings = settings
    }

    /// Where a listener with this backend leads, as start-up lines and `check` print it: `house-kv (memcached tcp://127.0.0.1:11211)`.
    package var destination: String {
        let detail = settings.url ?? settings.options["folder"] ?? ""
        return detail.isEmpty ? "\(name) (\(adapter))" : "\(name) (\(adapter) \(detail))"
    }
}

/// What a configuration says of a backend's conformance report.
package enum ConformanceClaim: Sendable, Equatable {
    /// Nothing.
    case unstated
    /// The report is the file at this path.
    case report(String)
    /// There is none, and the backend is to run all the same.
    case unverified

    /// The word that stands for ``unverified``.
    static let unverifiedWord = "unverified"
}

/// What is to happen where a backend lacks a capability.
package enum GapPolicy: String, Sendable, CaseIterable {
    /// The gateway may emulate it, even where that changes what is stored.
    case emulate
    /// It is accepted without effect and counted, if the adapter's manifest says `ignored` as well.
    case ignore
    /// It is refused, even where it could be done.
    case refuse
}
