// One trusted backend: a named target and how connections to it are made and kept.

/// A named target that speaks a trusted protocol.
package struct BackendConfiguration: Sendable, Equatable {
    /// The backend's name, unique in the configuration; a metric label and part of error texts.
    package var name: String
    /// The URL as it was written; never with credentials, which are refused.
    package var url: String
    /// What the backend speaks.
    package var `protocol`: WireProtocol
    /// Where it is.
    package var endpoint: Endpoint
    /// TLS towards it; nil means in the clear.
    package var tls: BackendTLS?
    /// How its connections are used (Redis only).
    package var mode = BackendMode.session
    /// Who the gateway is to it; nil: it asks nothing in its own name (Redis: clients log in with their own).
    package var login: BackendLogin?
    /// How servers behind the URL belong together (Redis only).
    package var topology = RedisTopology.single
    /// Which nodes of a cluster answer commands that only read.
    package var replicaReads = ReplicaReads.never
    /// How long name resolution, connecting and the TLS handshake may take together.
    package var connectTimeout = ConfigurationDefaults.connectTimeout
    /// The most idle upstreams that a worker keeps for reuse (S3 only).
    package var idleConnections = ConfigurationDefaults.idleConnections
    /// How long an upstream may stay idle before it is closed (S3 only).
    package var idleConnectionTimeout = ConfigurationDefaults.idleConnectionTimeout
    /// How long the backend may stay silent while a reply is owed; nil means for ever.
    package var responseTimeout: Duration?
    /// Commands that may be under way on the shared connections of a worker (Redis, shared only); nil: no bound for all.
    package var pendingCommands: Int?
    /// Bytes that may wait to be sent on a shared connection (Redis, shared only).
    package var pendingBytes: Int?
    /// The path of the conformance report that it is held to; nil: to its protocol alone.
    package var report: String?
    /// When it is left alone; nil: never.
    package var circuitBreaker: CircuitBreakerSettings?

    package init(name: String, url: String, protocol: WireProtocol, endpoint: Endpoint) {
        self.name = name
        self.url = url
        self.protocol = `protocol`
        self.endpoint = endpoint
    }

    /// The host and port as an HTTP client names them; RFC 9110, 7.2.
    var authority: String {
        switch endpoint {
        case .unix: "localhost"
        case .host(let host, let port):
            port == (tls == nil ? 80 : 443)
                ? (host.contains(":") ? "[\(host)]" : host) : endpoint.description
        }
    }

    /// Where a listener with this backend leads, as start-up lines and `check` print it: `redis-main (redis://127.0.0.1:6379)`.
    package var destination: String { "\(name) (\(url))" }
}

/// How the connections to a backend are used.
package enum BackendMode: String, Sendable, CaseIterable {
    /// Each client has one of its own.
    case session
    /// Many clients' stateless commands travel on one connection of each worker.
    case shared
}

/// How Redis servers behind one URL belong together.
package enum RedisTopology: Sendable, Equatable {
    /// There is one.
    case single
    /// A cluster, whose nodes are learnt from the first of these that answers.
    case cluster(seeds: [Endpoint])
    /// A master and its replicas; these sentinels tell which is the master that they call so.
    case sentinel(String, sentinels: [Endpoint])

    /// Whether the URL is that of a cluster.
    package var isCluster: Bool { if case .cluster = self { true } else { false } }
}

/// Which nodes of a cluster answer commands that only read.
package enum ReplicaReads: String, Sendable, CaseIterable {
    /// The masters.
    case never
    /// A replica of the slot where one is known, else the master; what is read may be older than what was written.
    case prefer
}
