// Which route's keys may move by themselves: those that nobody else can touch at either place.

extension ListenerConfiguration {
    /// The place of the route that moves, among all of them.
    var movingPlace: Int {
        guard let match = migration?.route else { return routes.count }
        return allRoutes.firstIndex { $0.match == match } ?? routes.count
    }
}

/// Checks `migrate.route`.
enum MigrationRouteChecks {
    static func findings(
        _ match: RouteMatch, _ listener: ListenerConfiguration, _ migration: MigrationConfiguration,
        in configuration: Configuration, declared: [String]
    ) -> [ConfigurationChecks.Finding] {
        let path = "listeners.\(listener.name).migrate"
        func finding(_ message: String) -> [ConfigurationChecks.Finding] {
            [.init(key: "\(path).route", message: message)]
        }
        guard !listener.routes.isEmpty else {
            return finding("the listener has no routes, and all that it leads to moves: remove this key")
        }
        guard let place = listener.allRoutes.firstIndex(where: { $0.match == match }) else {
            let known = listener.allRoutes.map(\.match.description).joined(separator: "; ")
            return finding("no route is for just this (\(match)); there are: \(known)")
        }
        let route = listener.allRoutes[place]
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
        if moving.rewrite == nil, other.rewrite == nil {
            // What both take is the moving route's alone, where it is asked first about every user.
            return moving.match.overlaps(other.match)
                && (moving.match.user != nil || other.match.precedes(moving.match))
        }
        return moving.own.overlaps(other.own)
    }
}

extension RouteConfiguration {
    /// What it takes, by the names that keys have at its backend.
    var own: RouteMatch {
        var match = match
        match.prefix = rewrite ?? match.prefix
        return match
    }
}
