// The checks of a listener's routes against its backends and against each other.

/// Checks the routes of listeners.
enum RouteChecks {
    /// Every finding about the routes of `listener`.
    static func findings(
        _ listener: ListenerConfiguration, in configuration: Configuration, declared: [String]
    ) -> [ConfigurationChecks.Finding] {
        let path = "listeners.\(listener.name)"
        guard !listener.routes.isEmpty else {
            let isCluster = configuration.backend(named: listener.backend)?.topology.isCluster == true
            return listener.splits && !isCluster
                ? [
                    .init(
                        key: "\(path).split",
                        message: "without routes, and without a cluster, nothing has to be split: remove this key")
                ] : []
        }
        guard listener.protocol == .redis else {
            return [
                .init(
                    key: "\(path).routes",
                    message: """
                        only Redis listeners have routes, and this one speaks \(listener.protocol.rawValue): give each \
                        backend a listener of its own
                        """)
            ]
        }
        var findings: [ConfigurationChecks.Finding] = []
        if configuration.privateBackend(named: listener.backend) != nil {
            findings.append(isPrivate(listener.backend, at: "\(path).backend"))
        } else if let backend = configuration.backend(named: listener.backend) {
            findings += mode(of: backend, at: "\(path).backend")
        }
        var seen: [RouteMatch: Int] = [:]
        for (index, route) in listener.routes.enumerated() {
            let entry = "\(path).routes[\(index)]"
            findings += target(of: route, at: "\(entry).backend", in: configuration, declared: declared)
            if let other = seen[route.match] {
                findings.append(
                    .init(
                        key: entry,
                        message: "routes[\(other)] takes the same already (\(route.match)): keep one of the two"))
            }
            seen[route.match] = seen[route.match] ?? index
        }
        return findings
    }

    static func target(
        of route: RouteConfiguration, at key: String, in configuration: Configuration, declared: [String]
    ) -> [ConfigurationChecks.Finding] {
        if configuration.privateBackend(named: route.backend) != nil { return [isPrivate(route.backend, at: key)] }
        guard let backend = configuration.backend(named: route.backend) else {
            if declared.contains(route.backend) { return [] }
            return [ConfigurationChecks.unknown(route.backend, at: key, declared: declared)]
        }
        guard backend.protocol == .redis else {
            return [
                .init(
                    key: key,
                    message: """
                        the listener speaks redis and backend \"\(backend.name)\" speaks \(backend.protocol.rawValue): \
                        bytes pass unchanged, so both must speak the same
                        """)
            ]
        }
        return mode(of: backend, at: key)
    }

    private static func mode(of backend: BackendConfiguration, at key: String) -> [ConfigurationChecks.Finding] {
        if backend.topology.isCluster {
            return [
                .init(
                    key: key,
                    message: """
                        a cluster's keys go where their slots are, so it cannot be one of several routes: \
                        \(door(to: backend.name))
                        """)
            ]
        }
        guard backend.protocol == .redis, backend.mode != .shared else { return [] }
        return [
            .init(
                key: key,
                message: """
                    one client's commands reach several backends on connections that clients share: write mode: shared \
                    at backend \"\(backend.name)\"
                    """)
        ]
    }

    private static func isPrivate(_ name: String, at key: String) -> ConfigurationChecks.Finding {
        .init(
            key: key,
            message: """
                routes lead to trusted backends, and "\(name)" is behind an adapter: \(door(to: name))
                """)
    }

    /// How a route gets to a backend that it cannot lead to by itself.
    private static func door(to name: String) -> String {
        """
        give "\(name)" a listener of its own, at unix:\(name).sock for one, and name a backend that leads to that \
        ({ url: "unix:\(name).sock", mode: shared })
        """
    }
}
