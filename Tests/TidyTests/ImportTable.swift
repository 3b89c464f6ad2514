// Who may import whom, by folder.

/// The table of design: what the modules of each folder may import.
enum ImportTable {
    /// Our own modules; a name that is not here is the system's or a package's.
    private static let fronts = ["RedisWire", "PostgresWire", "S3Wire"]
    private static let ours: Set<String> = Set(
        fronts + [
            "Wire", "Reactor", "Multiplex", "Digest", "Gateway", "Admin", "Capabilities", "Usage", "Migration",
            "Portability",
            "CLinux", "COpenSSL", "CSQLite", "CHiredis", "CPostgres", "CCurl", "Conformance",
            "EmbeddedAdapter", "DeclaredAdapter", "MemcachedSwiftAdapter", "ProcessAdapter", "fairlead",
        ])

    private struct Row {
        let folder: String
        /// Our modules that may be imported.
        var own: Set<String> = []
        /// Whether only `own` and `others` may be imported, not even the system's modules.
        var isClosed = false
        /// Modules of others that may be imported in a closed folder, or in spite of `forbidden`.
        var others: Set<String> = []
        var forbidden: Set<String> = []
    }

    private static let foundation: Set<String> = ["Foundation", "FoundationEssentials", "Dispatch"]

    /// The first row that fits counts: the narrower folder stands first.
    private static let rows: [Row] = [
        Row(folder: "protocols/Wire/", isClosed: true),
        Row(folder: "protocols/", own: ["Wire"], isClosed: true),
        Row(
            folder: "Sources/Reactor/", own: ["CLinux", "COpenSSL"], isClosed: true,
            others: ["Glibc", "Synchronization"]),
        Row(folder: "Sources/Capabilities/", isClosed: true, others: ["Glibc"]),
        Row(folder: "Sources/Usage/", isClosed: true, others: ["FoundationEssentials", "Glibc"]),
        Row(folder: "Sources/Migration/", isClosed: true, others: ["FoundationEssentials", "Glibc"]),
        Row(folder: "Sources/Digest/", own: ["COpenSSL"], isClosed: true, others: ["Glibc"]),
        Row(folder: "Sources/Multiplex/", own: ["Reactor"], isClosed: true, others: ["Glibc", "Synchronization"]),
        Row(
            folder: "Sources/Gateway/Configuration/",
            own: Set(fronts + ["Wire", "Reactor", "Capabilities", "Digest", "Usage"]),
            isClosed: true,
            others: ["FoundationEssentials", "Glibc", "Logging", "Synchronization", "Yams"]),
        Row(
            folder: "Sources/Gateway/",
            own: Set(fronts + ["Wire", "Reactor", "Capabilities", "Digest", "Migration", "Usage"]),
            forbidden: foundation),
        Row(
            folder: "Sources/Portability/", own: ["Capabilities", "Conformance", "Gateway", "Usage"], isClosed: true,
            others: ["FoundationEssentials"]),
        Row(folder: "Sources/Admin/"),
        Row(folder: "Sources/fairlead/", own: ours),
        // The runner is a client: it sees what clients see, and nothing of the gateway.
        Row(
            folder: "conformance/", own: ["Capabilities", "Digest", "CHiredis", "CPostgres", "CCurl", "COpenSSL"]),
        Row(folder: "adapters/", own: ["Capabilities", "Reactor", "Multiplex", "Digest", "CSQLite", "CLinux"]),
    ]

    static func allows(_ module: String, in path: String) -> Bool {
        guard let row = rows.first(where: { path.hasPrefix($0.folder) }) else { return true }
        if row.own.contains(module) || row.others.contains(module) { return true }
        if ours.contains(module) || row.forbidden.contains(module) { return false }
        return !row.isClosed
    }
}
