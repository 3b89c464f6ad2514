// What a conformance report has to be about to say something of a migration's target.

/// The target as reports name it.
struct MigrationSubject: Sendable, Equatable {
    /// The adapter as the configuration has it; nil for a trusted backend.
    let adapter: String?
    /// The hash of the backend's effective configuration.
    let configuration: String?
    /// Whether the configuration says what becomes of capabilities that the adapter lacks, so that it does other things than the adapter.
    let hasGaps: Bool

    /// The backend called `name`.
    init(_ name: String, in configuration: Configuration) {
        let backend = configuration.privateBackend(named: name)
        adapter = backend.map { configuration.adapterName(of: $0) }
        self.configuration = configuration.hash(ofBackend: name)
        hasGaps = backend?.gaps.isEmpty == false
    }

    /// One object, for the admin listener.
    var json: String {
        """
        {"adapter": \(adapter.map(JSONText.quoted) ?? "null"), "configuration": \(configuration.map(JSONText.quoted) ?? "null"), \
        "gaps": \(hasGaps)}
        """
    }
}
