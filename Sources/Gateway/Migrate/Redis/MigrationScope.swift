// The keys that move: all of a listener's, or those of one route.

/// Keys by their database and how they begin: as clients write them, and as they stand at the route's backend.
///
/// A key of a client's is taken for the route's if it may be. Where the user decides, nobody else's keys are at either place
/// (``MigrationRouteChecks``), so that copying a key of another route does nothing but cost.
struct MigrationScope: Sendable, Equatable {
    /// What another route takes before this one, whoever the client is.
    private struct Exception: Sendable, Equatable {
        let prefix: [UInt8]
        let database: UInt32?
    }

    private var prefix: [UInt8] = []
    private var ownPrefix: [UInt8] = []
    /// The one in which they all are; nil for any.
    private(set) var database: UInt32?
    private var exceptions: [Exception] = []

    static let everything = MigrationScope()

    private init() {}

    /// The keys of the route at `place` of `listener`.
    init(_ place: Int, of listener: ListenerConfiguration) {
        let route = listener.allRoutes[place]
        prefix = Array((route.match.prefix ?? "").utf8)
        ownPrefix = Array((route.own.prefix ?? "").utf8)
        database = route.match.database.map { UInt32($0) }
        exceptions = listener.allRoutes.map(\.match)
            .filter { $0.user == nil && $0.precedes(route.match) && $0.overlaps(route.match) }
            .map { Exception(prefix: Array(($0.prefix ?? "").utf8), database: $0.database.map { UInt32($0) }) }
    }

    /// Whether it is of a route that has its backend for itself, or of a listener.
    var isEverything: Bool { ownPrefix.isEmpty && database == nil }
    /// Whether its keys are known by how they begin.
    var hasPrefix: Bool { !ownPrefix.isEmpty }

    func holds(_ database: UInt32) -> Bool { self.database == nil || self.database == database }

    /// The backend's name for a client's key; nil for a key of another route.
    func ownName(of key: Span<UInt8>, in database: UInt32) -> [UInt8]? {
        guard holds(database), Self.starts(key, prefix) else { return nil }
        for other in exceptions where (other.database ?? database) == database && Self.starts(key, other.prefix) {
            return nil
        }
        return ownPrefix + key.extracting(prefix.count..<key.count).withUnsafeBufferPointer { Array($0) }
    }

    private static func starts(_ key: Span<UInt8>, _ prefix: [UInt8]) -> Bool {
        guard prefix.count <= key.count else { return false }
        for index in prefix.indices where prefix[index] != key[index] { return false }
        return true
    }

    /// Whether a key of the backend's is the route's.
    func holds(_ own: [UInt8]) -> Bool { own.starts(with: ownPrefix) }

    /// What SCAN finds them with, "Supported glob-style patterns" of KEYS; nil for all keys.
    var pattern: [UInt8]? {
        guard hasPrefix else { return nil }
        let special = Set("*?[]\\^-".utf8)
        return ownPrefix.flatMap { special.contains($0) ? [UInt8(ascii: "\\"), $0] : [$0] } + [UInt8(ascii: "*")]
    }
}
