// The adapter files that are part of the executable.

import Capabilities

/// The shipped adapters, by their names in a configuration.
public enum ShippedAdapters {
    /// Each name with the text of its file.
    private static let texts: [(name: String, bytes: [UInt8])] = [
        ("etcd", PackageResources.etcd_yaml),
        ("memcached", PackageResources.memcached_yaml),
        ("memcached-binary", PackageResources.memcached_binary_yaml),
        ("nats", PackageResources.nats_yaml),
    ]

    public static var names: [String] { texts.map(\.name) }

    /// The text of the file called `name`; nil when none is.
    public static func text(_ name: String) -> String? {
        texts.first { $0.name == name }.map { String(decoding: $0.bytes, as: UTF8.self) }
    }

    /// The file called `name`, read; nil when none is.
    public static func file(_ name: String) throws(AdapterFileError) -> DeclaredAdapterFile? {
        guard let text = text(name) else { return nil }
        return try DeclaredAdapterFile.parse(text, source: "adapters/\(name)/adapter.yaml")
    }

    /// All of them, as kinds for the gateway; a file with a mistake is left out, which a test keeps from happening.
    public static var kinds: [AdapterKind] { names.compactMap { try? file($0)?.kind } }
}
