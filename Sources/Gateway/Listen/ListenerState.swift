// A listener as all workers share it: settings that do not change and the number of its sessions.

import Reactor
import Synchronization

/// One listener of the configuration, with its front, route and TLS settings.
package final class ListenerState: Sendable {
    package let configuration: ListenerConfiguration
    /// Its place among the gateway's listeners.
    package let index: Int
    package let front: any Front
    package let route: Route
    package let tls: TLSContext?
    private let sessions = Atomic(0)

    init(_ configuration: ListenerConfiguration, index: Int, front: any Front, route: Route) throws(IOError) {
        self.configuration = configuration
        self.index = index
        self.front = front
        self.route = route
        switch configuration.tls {
        case .terminate(let settings):
            tls = try TLSContext.server(
                certificate: settings.certificate, key: settings.key, clientCA: settings.clientCA,
                minimum: TLSVersion(settings.minimumVersion), alpn: front.listenerALPN)
        case .passthrough, nil: tls = nil
        }
    }

    package var name: String { configuration.name }

    /// Sessions that are open now, over all workers.
    package var sessionCount: Int { sessions.load(ordering: .relaxed) }

    /// Counts a session in; how many there are with it.
    func enter() -> Int { sessions.add(1, ordering: .relaxed).newValue }
    func leave() { sessions.subtract(1, ordering: .relaxed) }
}
