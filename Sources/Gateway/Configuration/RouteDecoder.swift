// Reads the routes of a listener.

import Yams

extension ConfigurationDecoder {
    /// The routes below `routes`, in the order of the file; those that could not be read are left out.
    mutating func routes(_ section: ConfigurationSection) -> [RouteConfiguration] {
        sections(.routes, in: section).compactMap { $0.flatMap { route($0) } }
    }

    private mutating func route(_ section: ConfigurationSection) -> RouteConfiguration? {
        let prefix = text(.routePrefix, in: section)
        let database = wholeNumber(.routeDatabase, in: section)
        let user = text(.routeUser, in: section)
        let rewrite = text(.routeRewrite, in: section)
        let backend = text(.routeBackend, in: section)
        let rateLimit = rateLimit(ConfigurationKey.routeRateLimit, in: section)
        let required = requirements(.routeRequire, in: section)
        let shadow = shadow(ConfigurationKey.routeShadow, in: section, speaks: .redis)
        if prefix == "" {
            add(
                "expected the first bytes of keys; remove it, and the route takes any key",
                at: section.path(of: .routePrefix))
        }
        if ![ConfigurationKey.routePrefix, .routeDatabase, .routeUser].contains(where: section.has) {
            add(
                "expected prefix, database or user: what is to go here; all else goes to the listener's own backend",
                at: section.path)
        }
        if section.has(.routeRewrite), !section.has(.routePrefix) {
            add("rewrite stands in place of a prefix: add prefix, or remove it", at: section.path(of: .routeRewrite))
        }
        guard let backend else { return nil }
        var route = RouteConfiguration(
            RouteMatch(prefix: prefix, database: database, user: user), backend: backend, rewrite: rewrite)
        route.rateLimit = rateLimit
        route.required = required
        route.shadow = shadow
        return route
    }
}
