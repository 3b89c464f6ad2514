// Where the admin listener listens, and what is said when it cannot.

import Glibc

/// Where the admin listener listens.
package enum AdminAddress: Sendable, Equatable, CustomStringConvertible {
    /// A host and port; `*` is every address, port 0 lets the system pick one.
    case host(String, port: Int)
    /// The path of a Unix socket.
    case unix(String)

    package var description: String {
        switch self {
        case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

/// The admin listener could not listen.
package struct AdminError: Error, Equatable, CustomStringConvertible {
    package var address: AdminAddress
    /// What the system said.
    package var cause: String

    package var description: String {
        // Of all causes only this one goes away by itself.
        let isTaken = cause == String(cString: strerror(EADDRINUSE))
        return """
            the admin listener cannot listen on \(address): \(cause); \
            \(isTaken ? "free that address, or " : "")give another one with the admin key or --admin
            """
    }
}
