// An address to listen on or to connect to: a host and port, or a Unix socket.

/// An address to listen on or to connect to.
package enum Endpoint: Sendable, Hashable {
    /// A host name or an IP address without brackets, and a port; `*` as host means every address, IPv4 and IPv6; port 0
    /// means that the system picks one.
    case host(String, port: UInt16)
    /// The path of a Unix stream socket.
    case unix(String)
}

extension Endpoint: CustomStringConvertible {
    /// The spelling that the configuration reads: `127.0.0.1:6380`, `[::1]:6380`, `*:6380`, `unix:/run/x.sock`.
    package var description: String {
        switch self {
        case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
