// Which backend a command, or a session, leads to.

/// Where a route leads.
package enum Route: Sendable {
    /// Bytes pass unchanged.
    case trusted(Backend)
    /// A translator turns each request into capability calls, and an adapter performs them.
    case adapted(PrivateBackend)

    /// Whether the backend speaks the client's own protocol.
    var isTrusted: Bool {
        if case .trusted = self { true } else { false }
    }

    /// The backend's name.
    package var name: String {
        switch self {
        case .trusted(let backend): backend.name
        case .adapted(let backend): backend.name
        }
    }

    /// The backend's name and where it is, for start-up lines.
    package var destination: String {
        switch self {
        case .trusted(let backend): backend.configuration.destination
        case .adapted(let backend): backend.configuration.destination
        }
    }
}

/// One of a listener's routes: its settings and where it leads.
package struct ListenerRoute: Sendable {
    package let configuration: RouteConfiguration
    /// Its place among the listener's routes; the last takes all that no other does.
    package let index: Int
    package let target: Route

    /// The trusted backend; the configuration's checks let no other into a listener of several routes.
    var backend: Backend? {
        guard case .trusted(let backend) = target else { return nil }
        return backend
    }
}
