// A listener as all workers share it: settings that do not change and the number of its sessions.

import Reactor
import RedisWire
import S3Wire
import Synchronization

/// One listener of the configuration, with its front, routes and TLS settings.
package final class ListenerState: Sendable {
    package let configuration: ListenerConfiguration
    /// Its place among the gateway's listeners.
    package let index: Int
    package let front: any Front
    /// Where it leads: the last takes what no other does, and is often the only one.
    package let routes: [ListenerRoute]
    package let tls: TLSContext?
    /// Who may come in, where the gateway asks in front of trusted backends (Redis).
    let door: GatewayDoor?
    /// What nobody may send; nil where everything may be sent (Redis).
    let denials: RedisDenials?
    /// What leads to the candidate that is asked as well; nil where there is none.
    let shadow: Shadow?
    /// The same for one route alone, by the routes' places.
    let routeShadows: [Shadow?]
    /// Where clients may name a bucket in the host (S3).
    let baseDomains: S3BaseDomains
    /// Whether the listener, or a route, takes so many commands a second only (Redis).
    let hasRateLimits: Bool
    /// What all clients draw from, by the routes' places, and the listener's own behind them.
    let rateBuckets: [RateBucket?]
    /// Hosts whose clients have no part in shared connections for a while (Redis).
    let slowReaders = SlowReaders()
    private let sessions = Atomic(0)

    init(
        _ configuration: ListenerConfiguration, index: Int, front: any Front, routes: [ListenerRoute], workers: Int
    ) throws(IOError) {
        self.configuration = configuration
        self.index = index
        self.front = front
        self.routes = routes
        shadow = configuration.shadow.map { Shadow($0) }
        routeShadows = configuration.allRoutes.map { route in route.shadow.map { Shadow($0, of: route) } }
        let backends = routes.compactMap(\.backend)
        let asks = backends.count == routes.count && front.wire == .redis
        door =
            asks && (!configuration.users.isEmpty || backends.contains { $0.login != nil })
            ? GatewayDoor(configuration.users) : nil
        denials = configuration.denied.isEmpty ? nil : RedisDenials(configuration.denied)
        baseDomains = S3BaseDomains(configuration.domains)
        let limits = configuration.allRoutes.map(\.rateLimit) + [configuration.rateLimit]
        hasRateLimits = limits.contains { $0 != nil }
        rateBuckets = limits.map { limit in
            limit.flatMap { $0.owner == .listener ? RateBucket($0, workers: workers) : nil }
        }
        switch configuration.tls {
        case .terminate(let settings):
            tls = try TLSContext.server(
                certificate: settings.certificate, key: settings.key, clientCA: settings.clientCA,
                minimum: TLSVersion(settings.minimumVersion), alpn: front.listenerALPN)
        case .passthrough, nil: tls = nil
        }
    }

    package var name: String { configuration.name }

    /// Its own shadow, and those of its routes.
    var shadows: [Shadow] { ([shadow] + routeShadows).compactMap(\.self) }

    /// The route of all that no other takes.
    package var route: Route { routes[routes.count - 1].target }

    /// Where it leads, for start-up lines.
    var destination: String {
        Configuration.destination(of: configuration) { name in
            routes.first { $0.target.name == name }?.target.destination ?? name
        }
    }

    /// Sessions that are open now, over all workers.
    package var sessionCount: Int { sessions.load(ordering: .relaxed) }

    /// Counts a session in; how many there are with it.
    func enter() -> Int { sessions.add(1, ordering: .relaxed).newValue }
    func leave() { sessions.subtract(1, ordering: .relaxed) }
}
