// One route of a listener: which traffic it takes, to which backend, and what holds for it.

/// The traffic of a listener that goes to one backend, and what is asked of it.
///
/// A listener's own settings make its last route, which takes everything that no other does.
package struct RouteConfiguration: Sendable, Equatable {
    /// What the route takes.
    package var match: RouteMatch
    /// The name of the backend that it leads to.
    package var backend: String
    /// What stands in a key in place of the matched prefix on the way to the backend; nil: keys pass unchanged.
    package var rewrite: String?
    /// What it takes, beside what the whole listener takes.
    package var rateLimit: RateLimit?
    /// What the backend has to be able to do for it.
    package var required: [Requirement] = []
    /// The candidate that is asked as well what goes here.
    package var shadow: ShadowConfiguration?

    package init(_ match: RouteMatch = RouteMatch(), backend: String, rewrite: String? = nil) {
        self.match = match
        self.backend = backend
        self.rewrite = rewrite
    }
}

/// What a route takes: commands for which every condition holds that is given.
package struct RouteMatch: Sendable, Hashable {
    /// The first bytes of the keys.
    package var prefix: String?
    /// The database that the client has selected.
    package var database: Int?
    /// The user that the client has logged in as.
    package var user: String?

    package init(prefix: String? = nil, database: Int? = nil, user: String? = nil) {
        self.prefix = prefix
        self.database = database
        self.user = user
    }

    /// Whether it takes everything.
    package var isCatchAll: Bool { prefix == nil && database == nil && user == nil }

    /// Whether it is asked before `other` about a command that both take: the longer prefix, then who names a user, then who
    /// names a database.
    func precedes(_ other: RouteMatch) -> Bool {
        let (mine, theirs) = (prefix?.utf8.count ?? 0, other.prefix?.utf8.count ?? 0)
        if mine != theirs { return mine > theirs }
        if (user == nil) != (other.user == nil) { return user != nil }
        return database != nil && other.database == nil
    }

    /// Whether there are keys that both take, of some user.
    func overlaps(_ other: RouteMatch) -> Bool {
        if let database, let theirs = other.database, database != theirs { return false }
        let (mine, theirs) = ((prefix ?? "").utf8, (other.prefix ?? "").utf8)
        return mine.starts(with: theirs) || theirs.starts(with: mine)
    }
}

extension RouteMatch: CustomStringConvertible {
    /// The conditions as errors and start-up lines name them: `prefix "a:", database 3`.
    package var description: String {
        var parts: [String] = []
        if let prefix { parts.append("prefix \"\(prefix)\"") }
        if let database { parts.append("database \(database)") }
        if let user { parts.append("user \(user)") }
        return parts.isEmpty ? "all else" : parts.joined(separator: ", ")
    }
}

extension ListenerConfiguration {
    /// Every route, the one for all that no other takes last.
    package var allRoutes: [RouteConfiguration] { routes + [catchAll] }
}

extension Configuration {
    /// Where `listener` leads, for people: its backend, and each route's with what goes there.
    package func destination(of listener: ListenerConfiguration) -> String {
        Self.destination(of: listener) { destination(of: $0) }
    }

    /// The same with `place` for the words about a backend.
    static func destination(of listener: ListenerConfiguration, _ place: (String) -> String) -> String {
        guard !listener.routes.isEmpty else { return place(listener.backend) }
        let routes = listener.allRoutes.map { route in
            let rewrite = route.rewrite.map { ", KEYS REWRITTEN to begin with \"\($0)\"" } ?? ""
            return "\(route.match)\(rewrite) -> \(place(route.backend))"
        }
        return routes.joined(separator: "; ")
    }
}
