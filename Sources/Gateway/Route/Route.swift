// Which backend a session leads to.

/// The traffic of a listener that goes to one backend.
///
/// A listener has one route: everything.
package enum Route: Sendable {
    /// Bytes pass unchanged.
    case trusted(Backend)
    /// A translator turns each request into capability calls, and an adapter performs them.
    case adapted(PrivateBackend)

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
