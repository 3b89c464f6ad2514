// Where a run goes: a URL, taken apart.

/// A server under test.
///
/// `redis://[USER:PASSWORD@]HOST:PORT[/DATABASE]`, `rediss://`, `redis+unix:PATH`; `postgres://[USER[:PASSWORD]@]HOST:PORT[/DATABASE]`
/// with `?sslmode=` and `?ca=`; `s3+http://KEY:SECRET@HOST:PORT`, `s3+https://`, with `?region=`. TLS targets take `?ca=FILE` and
/// `?insecure=true`.
package struct Target: Sendable, Equatable {
    package enum Wire: String, Sendable, CaseIterable {
        case redis
        case postgres
        case s3
    }

    /// The URL without its password or secret, for people and reports.
    package var label: String
    package var wire: Wire
    package var host: String
    package var port: Int
    /// The path of a Unix socket, which stands instead of host and port; for PostgreSQL the folder that holds it.
    package var unixPath: String?
    package var isTLS: Bool
    /// Further parts of the URL's query, such as `ca`, `insecure`, `sslmode`, `region`.
    package var options: [String: String]
    package var user: String?
    package var password: String?
    package var database: String?

    package init(
        label: String, wire: Wire, host: String, port: Int, unixPath: String? = nil, isTLS: Bool = false,
        options: [String: String] = [:], user: String? = nil, password: String? = nil, database: String? = nil
    ) {
        self.label = label
        self.wire = wire
        self.host = host
        self.port = port
        self.unixPath = unixPath
        self.isTLS = isTLS
        self.options = options
        self.user = user
        self.password = password
        self.database = database
    }
}
