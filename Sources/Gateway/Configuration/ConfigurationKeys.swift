// Every key of the configuration file: the one place where keys are named, bounded and explained.

import Reactor
import Usage

extension ConfigurationKey {
    /// Every key, in the order in which the documentation shows them.
    package static let all: [ConfigurationKey] =
        [
            workers, reactor, admin, shutdownGrace, log, logLevel, logFormat, usage, usageEnabled, usageFile,
            usageSamples,
        ]
        + listenerKeys
        + backendKeys

    static let workers = ConfigurationKey(
        "workers", .wholeNumber(1...1024), default: .described("one per core"), "Threads that carry sessions.")
    static let reactor = ConfigurationKey(
        "reactor", .choice(ReactorEngine.allCases.map(\.rawValue)),
        default: .value(ConfigurationDefaults.reactor.rawValue),
        """
        What workers wait with. `io_uring` (Linux 6.1 or newer) takes small messages without TLS for less CPU; where the system has none, \
        the log says so and `epoll` is used.
        """)
    static let admin = ConfigurationKey(
        "admin", .endpoint, default: .described("none"),
        """
        Where `/metrics`, `/healthz`, `/readyz`, `/config`, `/usage`, `/keys` and `/shadow` are served over HTTP. Written \
        like `listen`.
        """)
    static let shutdownGrace = ConfigurationKey(
        "shutdown-grace", .duration(mayBeOff: false),
        default: .value(DurationText.render(ConfigurationDefaults.shutdownGrace)),
        "How long sessions may still run after SIGTERM or SIGINT; `0s` closes them at once.")
    static let log = ConfigurationKey(
        "log", .section, default: .described("as below"), "What is logged, on standard error.")
    static let logLevel = ConfigurationKey(
        "log.level", .choice(LogLevel.allCases.map(\.rawValue)),
        default: .value(ConfigurationDefaults.logLevel.rawValue),
        "The least severe level that is logged.")
    static let logFormat = ConfigurationKey(
        "log.format", .choice(LogFormat.allCases.map(\.rawValue)),
        default: .value(ConfigurationDefaults.logFormat.rawValue),
        "Text for people or one JSON object a line; `auto` means text on a terminal and JSON otherwise.")
    static let usage = ConfigurationKey(
        "usage", .section, default: .described("as below"),
        "What applications use of their protocols, as `fairlead usage` shows it: names of features, never keys or values."
    )
    static let usageEnabled = ConfigurationKey(
        "usage.enabled", .boolean, default: .value("\(ConfigurationDefaults.usage)"), "Whether it is recorded.")
    static let usageFile = ConfigurationKey(
        "usage.file", .text, default: .described("none: in memory only"),
        """
        The file that keeps it across restarts, written every minute and at the stop; a relative path begins at the \
        configuration file's folder.
        """)
    static let usageSamples = ConfigurationKey(
        "usage.samples", .wholeNumber(0...Profile.sampleLimit),
        default: .value("\(ConfigurationDefaults.usageSamples)"),
        """
        Examples that are kept of each feature by application, at most, as `fairlead usage --samples` shows them: sizes stand in the \
        place of keys, values and literals, and names of SQL and of options stay.
        """)
}

extension ConfigurationKey {
    static let listenerKeys =
        [
            listeners, listener, listenerProtocol, listen, listenerBackend, connections, handshakeTimeout, idleTimeout,
            users, accessKeys, region, domains, allowAnonymous, require, deny,
        ] + rateLimit.all + [
            listenerTLS, listenerTLSMode, listenerCertificate, listenerKey, clientCA, listenerMinimumVersion,
            listenerTLSRequired,
        ] + routeKeys + shadow.all + sampleKeys + migrationKeys

    static let listeners = ConfigurationKey(
        "listeners", .namedSections, default: .required,
        "The listeners, each under a name of your choice; at least one.")
    static let listener = ConfigurationKey(
        "listeners.NAME", .section, default: .required, "One listener. The name is a metric label.")
    static let listenerProtocol = ConfigurationKey(
        "listeners.NAME.protocol", .choice(WireProtocol.allCases.map(\.rawValue)), default: .required,
        "What clients speak here.")
    static let listen = ConfigurationKey(
        "listeners.NAME.listen", .endpoints, default: .required,
        """
        `host:port`, a bare port (on 127.0.0.1), `\"[::1]:port\"`, `\"*:port\"` (every address) or `unix:PATH`. \
        Port 0 lets the system pick one.
        """)
    static let listenerBackend = ConfigurationKey(
        "listeners.NAME.backend", .backendName, default: .required,
        "Where sessions lead: a backend that speaks the same protocol, or one with an adapter.")
    static let connections = ConfigurationKey(
        "listeners.NAME.connections", .wholeNumber(1...10_000_000),
        default: .value("\(ConfigurationDefaults.connections)"),
        "The most sessions at one time; further clients are refused in their own protocol.")
    static let handshakeTimeout = ConfigurationKey(
        "listeners.NAME.handshake-timeout", .duration(mayBeOff: false),
        default: .value(DurationText.render(ConfigurationDefaults.handshakeTimeout)),
        "How long a client may take for its TLS handshake, its PostgreSQL start-up packet, or an S3 request's head.")
    static let idleTimeout = ConfigurationKey(
        "listeners.NAME.idle-timeout", .duration(mayBeOff: true), default: .value("off"),
        "How long a session may stay without a byte in either direction.")
    static let users = ConfigurationKey(
        "listeners.NAME.users", .texts, default: .described("nobody is asked"),
        """
        Redis, and PostgreSQL in front of a private backend: user names with their passwords. A Redis client that gives \
        only a password is the user `default`. Redis passwords may be `#` and the hex of their SHA-256, as `ACL` has them. \
        Without users a trusted backend asks its clients itself.
        """)
    static let accessKeys = ConfigurationKey(
        "listeners.NAME.access-keys", .texts, default: .described("signatures are not checked"),
        "S3 in front of a private backend: access keys with their secrets; every request must be signed with one.")
    static let region = ConfigurationKey(
        "listeners.NAME.region", .text, default: .described("any"),
        "S3 in front of a private backend: the region that every signature has to be for, and that buckets are in.")
    static let domains = ConfigurationKey(
        "listeners.NAME.domains", .words, default: .described("buckets are named in the path"),
        """
        S3: domains below which clients may also name the bucket in the host (`BUCKET.s3.example.com`), as the backend knows \
        them; behind an adapter this makes it work at all, otherwise metrics, [moving](#moving) and [shadows](#shadowing) go by it.
        """)
    static let allowAnonymous = ConfigurationKey(
        "listeners.NAME.allow-anonymous", .boolean, default: .value("false"),
        """
        Whether a listener in front of a private backend may do without `users` or `access-keys` at an address that \
        other machines can reach; and whether anybody may use the `login` of a backend.
        """)
    static let deny = ConfigurationKey(
        "listeners.NAME.deny", .words, default: .described("nothing"),
        """
        Redis only: commands that no client of this listener may send, such as `FLUSHALL`, `KEYS` or `CONFIG SET`; they \
        are answered with `-NOPERM fairlead: …` and reach no backend. What a script calls is not seen.
        """)
    static let listenerTLS = ConfigurationKey(
        "listeners.NAME.tls", .section, default: .described("in the clear"), "TLS towards clients.")
    static let listenerTLSMode = ConfigurationKey(
        "listeners.NAME.tls.mode", .choice(["terminate", "passthrough"]), default: .value("terminate"),
        "`passthrough` (PostgreSQL only) takes the client's TLS to the backend untouched.")
    static let listenerCertificate = ConfigurationKey(
        "listeners.NAME.tls.certificate", .file, default: .described("required to terminate"),
        "The certificate chain shown to clients, leaf first.")
    static let listenerKey = ConfigurationKey(
        "listeners.NAME.tls.key", .file, default: .described("required to terminate"),
        "The private key of `certificate`.")
    static let clientCA = ConfigurationKey(
        "listeners.NAME.tls.client-ca", .file, default: .described("none"),
        "The authorities of client certificates; with it every client must show one.")
    static let listenerMinimumVersion = ConfigurationKey(
        "listeners.NAME.tls.minimum-version", .choice(MinimumTLS.allCases.map(\.rawValue)),
        default: .value(ConfigurationDefaults.minimumTLSVersion.rawValue), "The oldest TLS version that is accepted.")
    static let listenerTLSRequired = ConfigurationKey(
        "listeners.NAME.tls.required", .boolean, default: .value("false"),
        "PostgreSQL only: refuse clients that stay in the clear. Redis and S3 clients have no such choice.")
}

extension ConfigurationKey {
    static let backendKeys =
        [
            backends, backend, backendURL, backendAdapter, adapterOptions, gaps, conformance, backendMode, replicaReads,
            connectTimeout, responseTimeout, idleConnections,
            idleConnectionTimeout, backendTLS, backendCA, backendCertificate, backendKey, serverName, verify,
            backendMinimumVersion,
        ] + safetyKeys + loginKeys

    static let backends = ConfigurationKey(
        "backends", .namedSections, default: .required, "The backends, each under a name of your choice.")
    static let backend = ConfigurationKey(
        "backends.NAME", .section, default: .required,
        "One backend. The name is a metric label and appears in error texts.")
    static let backendURL = ConfigurationKey(
        "backends.NAME.url", .url, default: .described("required without an adapter"),
        """
        `redis://`, `rediss://` (TLS), `redis+unix:///path` or `unix:PATH`; `redis+cluster://host:port,host:port`; \
        `redis+sentinel://host:port,host:port/master-name` (TLS with `rediss+…`); `postgres://` with `?sslmode=disable`, `require` or \
        `verify-full`, or `postgres:///?host=/folder`; `http://` or `https://` for S3. No user, password, database or path: \
        the client's pass.
        """)
    static let backendAdapter = ConfigurationKey(
        "backends.NAME.adapter", .text, default: .described("none: a trusted backend"),
        """
        What speaks a private protocol for this backend: a name of `fairlead adapters list`, or the path of an adapter.yaml. \
        `url` is the adapter's then, such as `tcp://127.0.0.1:11211` or `unix:PATH`.
        """)
    static let adapterOptions = ConfigurationKey(
        "backends.NAME.options", .texts, default: .described("none"),
        "Private backends only: what the adapter is told; `fairlead adapters show NAME` lists what it takes.")
    static let gaps = ConfigurationKey(
        "backends.NAME.gaps", .texts, default: .described("as the adapter's manifest says"),
        """
        Private backends only: capabilities with `emulate`, `ignore` or `refuse`. Ignoring needs the manifest's \
        agreement and is counted; `kv.ttl: emulate` keeps the expiry beside the value.
        """)
    static let conformance = ConfigurationKey(
        "backends.NAME.conformance", .text, default: .described("for shipped adapters, the reports of this build"),
        """
        The report of `fairlead conform NAME --config FILE --json REPORT`, a path that begins at this file's folder; for a private \
        backend also `unverified`. A report that failed, or belongs to another version or configuration, is refused at start. A \
        trusted backend that names one is held to it by `require`.
        """)
    static let backendMode = ConfigurationKey(
        "backends.NAME.mode", .choice(BackendMode.allCases.map(\.rawValue)),
        default: .value(BackendMode.session.rawValue),
        """
        Redis only: `session` gives each client a connection of its own; in `shared`, stateless commands of many clients \
        travel on one connection of each worker, and a client has its own only while its commands depend on it.
        """)
    static let replicaReads = ConfigurationKey(
        "backends.NAME.replica-reads", .choice(ReplicaReads.allCases.map(\.rawValue)),
        default: .value(ReplicaReads.never.rawValue),
        """
        Redis clusters only: `prefer` sends commands that only read to a replica of their slot where there is one, and \
        they may read what is older than the last write; with `never` masters answer them.
        """)
    static let connectTimeout = ConfigurationKey(
        "backends.NAME.connect-timeout", .duration(mayBeOff: false),
        default: .value(DurationText.render(ConfigurationDefaults.connectTimeout)),
        "How long name resolution, connecting and the TLS handshake may take together.")
    static let responseTimeout = ConfigurationKey(
        "backends.NAME.response-timeout", .duration(mayBeOff: true), default: .value("off"),
        """
        How long the backend may stay silent while a reply is owed; then the command has failed. Redis commands that may \
        block (`BLPOP`, `XREAD BLOCK`, …) are waited for as long as they like; long PostgreSQL queries need `off`.
        """)
    static let idleConnections = ConfigurationKey(
        "backends.NAME.idle-connections", .wholeNumber(0...65_536),
        default: .value("\(ConfigurationDefaults.idleConnections)"),
        "S3 only: idle connections that each worker keeps for reuse.")
    static let idleConnectionTimeout = ConfigurationKey(
        "backends.NAME.idle-connection-timeout", .duration(mayBeOff: false),
        default: .value(DurationText.render(ConfigurationDefaults.idleConnectionTimeout)),
        "S3 only: how long a kept connection may stay idle. S3 servers close theirs after about 5 s, so stay below.")
    static let backendTLS = ConfigurationKey(
        "backends.NAME.tls", .section, default: .described("from the URL"), "TLS towards the backend.")
    static let backendCA = ConfigurationKey(
        "backends.NAME.tls.ca", .file, default: .described("the system's"),
        "The authorities that the backend's certificate must come from.")
    static let backendCertificate = ConfigurationKey(
        "backends.NAME.tls.certificate", .file, default: .described("none"),
        "The certificate that Fairlead shows; goes with `key`.")
    static let backendKey = ConfigurationKey(
        "backends.NAME.tls.key", .file, default: .described("none"), "The private key of `certificate`.")
    static let serverName = ConfigurationKey(
        "backends.NAME.tls.server-name", .text, default: .described("the URL's host"),
        "The name asked for (SNI) and expected in the certificate.")
    static let verify = ConfigurationKey(
        "backends.NAME.tls.verify", .boolean, default: .value("true"),
        "Whether the certificate and the name are verified. PostgreSQL's `sslmode=require` means `false`.")
    static let backendMinimumVersion = ConfigurationKey(
        "backends.NAME.tls.minimum-version", .choice(MinimumTLS.allCases.map(\.rawValue)),
        default: .value(ConfigurationDefaults.minimumTLSVersion.rawValue), "The oldest TLS version that is accepted.")
}
