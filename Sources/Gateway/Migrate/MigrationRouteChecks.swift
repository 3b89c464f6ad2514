// Which route's keys may move by themselves: those that nobody else can touch at either place.

extension ListenerConfiguration {
    /// The place of the route that moves, among all of them.
    var movingPlace: Int {
        guard let prefix = migration?.route else { return routes.count }
        return routes.firstIndex { $0.match == RouteMatch(prefix: prefix) } ?? routes.count
    }

    /// The route that moves.
    var movingRoute: RouteConfiguration? { migration.map { _ in allRoutes[movingPlace] } }
}

/// Checks `migrate.route`.
enum MigrationRouteChecks {
    static func findings(
        _ prefix: String, _ listener: ListenerConfiguration, _ migration: MigrationConfiguration,
        in configuration: Configuration, declared: [String]
    ) -> [ConfigurationChecks.Finding] {
        let path = "listeners.\(listener.name).migrate"
        func finding(_ message: String) -> [ConfigurationChecks.Finding] {
            [.init(key: "\(path).route", message: message)]
        }
        guard let place = listener.routes.firstIndex(where: { $0.match == RouteMatch(prefix: prefix) }) else {
            let known = listener.routes.filter { $0.match == RouteMatch(prefix: $0.match.prefix) }
                .compactMap(\.match.prefix)
            return finding(
                "no route goes by the prefix \"\(prefix)\" alone; there are: \(known.joined(separator: ", "))")
        }
        let route = listener.routes[place]
        if route.shadow != nil {
            return finding("a shadow compares with the source, also once the target serves: remove the route's shadow")
        }
        let target = RouteChecks.target(
            of: RouteConfiguration(backend: migration.target), at: "\(path).to", in: configuration, declared: declared)
        guard target.isEmpty else { return target }
        for (index, other) in listener.allRoutes.enumerated() where index != place {
            guard other.backend == route.backend || other.backend == migration.target, meet(route, other) else {
                continue
            }
            return finding(
                """
                the keys of the route for \(other.match) may have the same names at "\(other.backend)", and would be taken for \
                this route's: lead it to another backend first
                """)
        }
        return []
    }

    /// Whether keys of `other` may be among those that are taken for the moving route's at a backend of both.
    private static func meet(_ moving: RouteConfiguration, _ other: RouteConfiguration) -> Bool {
        let (mine, theirs) = (moving.match.prefix ?? "", other.match.prefix ?? "")
        // The longest prefix wins: without rewriting, a shorter one never has what begins as mine do.
        if moving.rewrite == nil, other.rewrite == nil { return theirs.utf8.starts(with: mine.utf8) }
        let (here, there) = ((moving.rewrite ?? mine).utf8, (other.rewrite ?? theirs).utf8)
        return here.starts(with: there) || there.starts(with: here)
    }
}
