// One listener: addresses, a protocol, TLS settings and the backend behind it.

import RedisWire

/// An address, a protocol, TLS settings and the backends behind them.
package struct ListenerConfiguration: Sendable, Equatable {
    /// The listener's name, unique in the configuration; a metric label.
    package var name: String
    /// What clients speak here.
    package var `protocol`: WireProtocol
    /// Where it listens; at least one.
    package var listen: [Endpoint]
    /// The route for what no other takes: its backend, and what holds for that traffic.
    package var catchAll: RouteConfiguration
    /// Where other traffic goes (Redis), in the order in which it was written.
    package var routes: [RouteConfiguration] = []
    /// Whether commands with keys of several backends are split where their replies can be merged.
    package var splits = false
    /// TLS towards clients; nil means in the clear.
    package var tls: ListenerTLS?
    /// The most sessions at one time, over all workers.
    package var connections = ConfigurationDefaults.connections
    /// How long a client may take from accept to the end of its TLS handshake and, for PostgreSQL, its startup packet.
    package var handshakeTimeout = ConfigurationDefaults.handshakeTimeout
    /// How long a session may stay without a byte in either direction; nil means for ever.
    package var idleTimeout: Duration?
    /// Who may log in, with which password (Redis, PostgreSQL), in front of a private backend; empty: nobody is asked.
    package var users: [String: String] = [:]
    /// Secrets by access key (S3), in front of a private backend; empty: signatures are not checked.
    package var accessKeys: [String: String] = [:]
    /// The region that signatures have to be for (S3), in front of a private backend; nil: any.
    package var region: String?
    /// Domains below which clients name the bucket in the host (S3): `BUCKET.DOMAIN`.
    package var domains: [String] = []
    /// The candidate that is asked as well what goes to any route without a shadow of its own.
    package var shadow: ShadowConfiguration?
    /// Whether other machines may come in without being asked who they are.
    package var allowsAnonymous = false
    /// What no client may send here (Redis).
    package var denied: [RedisDenials.Entry] = []
    /// What it takes in all (Redis).
    package var rateLimit: RateLimit?
    /// Where its data is to move (Redis).
    package var migration: MigrationConfiguration?
    /// How its keys are sampled (Redis); nil: not at all.
    package var sampling: KeySampling?

    package init(name: String, protocol: WireProtocol, listen: [Endpoint], backend: String) {
        self.name = name
        self.protocol = `protocol`
        self.listen = listen
        catchAll = RouteConfiguration(backend: backend)
    }

    /// The name of the backend for everything that no route takes.
    package var backend: String {
        get { catchAll.backend }
        set { catchAll.backend = newValue }
    }
}
