// Reads a backend's URL: which trusted protocol, where, and whether TLS is spoken.

/// What a backend's URL says.
struct BackendURL: Equatable {
    /// What the URL says about TLS.
    enum Security: Equatable {
        /// In the clear because the scheme (or `sslmode=disable`, or a Unix socket) says so; TLS settings contradict it.
        case clear(remedy: String)
        /// In the clear unless there are TLS settings: a PostgreSQL URL without `sslmode`.
        case open
        /// TLS, and the certificate and name are verified.
        case verified
        /// TLS without verification: `sslmode=require`.
        case unverified
    }

    var `protocol`: WireProtocol
    var endpoint: Endpoint
    var security: Security
    /// How servers behind it belong together (Redis only).
    var topology = RedisTopology.single

    /// What a URL may begin with, for errors.
    static let schemes = """
        redis://, rediss://, redis+unix://, redis+cluster://, redis+sentinel://, unix:PATH, postgres://, http:// or https://
        """
    /// What to do about a private protocol's URL.
    static let adapterIsMissing = "a trusted backend needs \(schemes); for a private protocol name its adapter as well"

    /// Reads `text`; a relative socket path is joined to `folder`.
    static func parse(_ text: String, folder: String? = nil) throws(ValueError) -> BackendURL {
        if text.hasPrefix("unix:"), !text.hasPrefix("unix://") {
            return BackendURL(
                protocol: .redis,
                endpoint: try Endpoint.parse(text, for: .connecting(defaultPort: nil), folder: folder),
                security: .clear(remedy: "a Unix socket carries no TLS"))
        }
        let parts = try URLParts(text)
        switch parts.scheme {
        case "redis", "rediss": return try redis(parts)
        case "redis+unix": return try redisSocket(parts)
        case "redis+cluster", "rediss+cluster", "redis+sentinel", "rediss+sentinel":
            return try redisSeveral(parts)
        case "postgres", "postgresql": return try postgres(parts)
        case "http", "https": return try s3(parts)
        case let scheme where scheme.contains("+") || scheme == "tcp":
            throw ValueError("\(scheme):// asks for an adapter: \(adapterIsMissing)")
        default:
            throw ValueError("expected \(schemes), got \(parts.scheme)://")
        }
    }

    private static func redis(_ parts: URLParts) throws(ValueError) -> BackendURL {
        // `/0` is where every connection begins, so it asks for nothing.
        guard ["", "/", "/0"].contains(parts.path) else {
            throw ValueError(
                "a database number cannot be set here: the client's own SELECT passes; end the URL after the port")
        }
        try parts.refuseQuery()
        return BackendURL(
            protocol: .redis, endpoint: try parts.endpoint(defaultPort: 6379),
            security: parts.scheme == "rediss" ? .verified : .clear(remedy: "write rediss:// for TLS"))
    }

    private static func redisSeveral(_ parts: URLParts) throws(ValueError) -> BackendURL {
        try parts.refuseQuery()
        let isSentinel = parts.scheme.hasSuffix("sentinel")
        let seeds = try parts.endpoints(defaultPort: isSentinel ? 26379 : 6379)
        guard let first = seeds.first else { throw ValueError("expected \(parts.scheme)://host:port,host:port") }
        let secure = parts.scheme.hasPrefix("rediss")
        var url = BackendURL(
            protocol: .redis, endpoint: first,
            security: secure ? .verified : .clear(remedy: "write rediss\(parts.scheme.dropFirst(5)):// for TLS"))
        if isSentinel {
            let name = String(parts.path.dropFirst())
            guard !name.isEmpty, !name.contains("/"), name.utf8.count <= 255, name.utf8.allSatisfy({ $0 > 0x20 }) else {
                throw ValueError(
                    "expected \(parts.scheme)://host:port,host:port/NAME with the name by which the sentinels call the master"
                )
            }
            url.topology = .sentinel(name, sentinels: seeds)
        } else {
            guard ["", "/", "/0"].contains(parts.path) else {
                throw ValueError("a cluster has one database: end the URL after the last port")
            }
            url.topology = .cluster(seeds: seeds)
        }
        return url
    }

    private static func redisSocket(_ parts: URLParts) throws(ValueError) -> BackendURL {
        try parts.refuseQuery()
        guard parts.authority.isEmpty, parts.path.count > 1 else {
            throw ValueError("expected redis+unix:///path/to/socket, with three slashes")
        }
        return BackendURL(
            protocol: .redis, endpoint: try Endpoint.socket(parts.path, folder: nil),
            security: .clear(remedy: "a Unix socket carries no TLS"))
    }

    private static func s3(_ parts: URLParts) throws(ValueError) -> BackendURL {
        guard ["", "/"].contains(parts.path) else {
            throw ValueError(
                "a path cannot be added: it would break the client's signature; end the URL after the port")
        }
        try parts.refuseQuery()
        let secure = parts.scheme == "https"
        return BackendURL(
            protocol: .s3, endpoint: try parts.endpoint(defaultPort: secure ? 443 : 80),
            security: secure ? .verified : .clear(remedy: "write https:// for TLS"))
    }

    private static func postgres(_ parts: URLParts) throws(ValueError) -> BackendURL {
        guard ["", "/"].contains(parts.path) else {
            throw ValueError("a database cannot be set here: the client names its own; end the URL after the port")
        }
        var security = Security.open
        var folder: String?
        for (name, value) in parts.query {
            switch name {
            case "sslmode": security = try sslmode(value)
            case "host": folder = value
            default:
                throw ValueError(
                    "the URL's \"\(name)\" is not known here (sslmode and host are): the client's own start-up settings pass"
                )
            }
        }
        guard let folder else {
            return BackendURL(
                protocol: .postgres, endpoint: try parts.endpoint(defaultPort: 5432), security: security)
        }
        guard folder.hasPrefix("/"), parts.host.isEmpty else {
            throw ValueError(
                "expected postgres:///?host=/folder/of/the/socket (the port, if any, before the slash), or host:port without ?host="
            )
        }
        guard security == .open || security == .clear(remedy: sslmodeDisabled) else {
            throw ValueError("a Unix socket carries no TLS: leave out sslmode")
        }
        // The server names its socket after its port: PostgreSQL's documentation, unix_socket_directories.
        let port = parts.authority.isEmpty ? ":5432" : parts.authority
        guard case .host(_, let number) = try Endpoint.parse("localhost\(port)", for: .connecting(defaultPort: 5432))
        else {
            throw ValueError("expected a port between 1 and 65535")
        }
        return BackendURL(
            protocol: .postgres, endpoint: try Endpoint.socket("\(folder)/.s.PGSQL.\(number)", folder: nil),
            security: .clear(remedy: "a Unix socket carries no TLS"))
    }

    private static let sslmodeDisabled =
        "sslmode=disable says the contrary; write sslmode=verify-full or sslmode=require"

    private static func sslmode(_ value: String) throws(ValueError) -> Security {
        switch value {
        case "disable": .clear(remedy: sslmodeDisabled)
        case "require": .unverified
        case "verify-full": .verified
        default:
            throw ValueError("expected sslmode disable, require (not verified) or verify-full, got \"\(value)\"")
        }
    }
}
