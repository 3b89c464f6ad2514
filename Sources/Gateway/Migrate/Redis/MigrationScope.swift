// The keys of one route, where not all of a listener's move.

/// Keys by how they begin: as clients write them, and as they stand at the route's backend.
struct MigrationScope: Sendable, Equatable {
    private let prefix: [UInt8]
    private let ownPrefix: [UInt8]

    /// - Parameter route: one that goes by a prefix alone.
    init(_ route: RouteConfiguration) {
        prefix = Array((route.match.prefix ?? "").utf8)
        ownPrefix = route.rewrite.map { Array($0.utf8) } ?? prefix
    }

    /// The backend's name for a client's key; nil for a key of another route.
    func ownName(of key: Span<UInt8>) -> [UInt8]? {
        guard prefix.count <= key.count else { return nil }
        for index in prefix.indices where prefix[index] != key[index] { return nil }
        return ownPrefix + key.extracting(prefix.count..<key.count).withUnsafeBufferPointer { Array($0) }
    }

    /// Whether a key of the backend's is the route's.
    func holds(_ own: [UInt8]) -> Bool { own.starts(with: ownPrefix) }

    /// What SCAN finds them with; "Supported glob-style patterns" of KEYS.
    var pattern: [UInt8] {
        let special = Set("*?[]\\^-".utf8)
        return ownPrefix.flatMap { special.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] } + [UInt8(ascii: "*")]
    }
}
