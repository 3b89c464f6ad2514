// Where a backend is, and how a connection to it is made.

import Reactor

/// The address of a backend, with TLS when it is asked for.
package struct MultiplexEndpoint: Sendable, CustomStringConvertible {
    package var target: ConnectTarget
    /// The settings when the connection is encrypted.
    package var tls: TLSContext?
    /// What the server's certificate has to prove; the host, unless said otherwise.
    package var serverName: String?
    package var resolver: Resolver

    package init(
        _ target: ConnectTarget, tls: TLSContext? = nil, serverName: String? = nil, resolver: Resolver = .shared
    ) {
        self.target = target
        self.tls = tls
        self.resolver = resolver
        self.serverName = serverName
        if serverName == nil, case .host(let host, _) = target { self.serverName = host }
    }

    package var description: String { target.description }

    /// Connects and encrypts before the waker's deadline.
    func connect(waker: Waker) async throws(IOError) -> Socket {
        let socket = try await Socket.connect(to: target, resolver: resolver, waker: waker)
        guard let tls else { return socket }
        do throws(IOError) {
            _ = try await socket.connectTLS(tls, serverName: serverName)
        } catch {
            socket.close()
            throw error
        }
        return socket
    }
}

extension Resolver {
    /// One resolver for all adapters of the process, so that its threads and its answers are shared.
    package static let shared = Resolver()
}

/// A backend's URL as adapters take it: `tcp://HOST:PORT`, `tls://HOST:PORT`, `unix:PATH`, or another scheme of the
/// adapter's own before `://HOST:PORT`.
package struct AdapterURL: Sendable, Equatable {
    package var scheme: String
    package var target: ConnectTarget
    /// What follows the authority, from its slash or question mark on; empty when nothing does.
    package var rest: String

    /// Reads `text`; nil when it is no URL of that form.
    ///
    /// Without a port, `defaultPort` is taken, if there is one.
    package init?(_ text: String, defaultPort: UInt16? = nil) {
        if text.hasPrefix("unix:") {
            // Both unix:/path and unix:///path are in use.
            let path = text.dropFirst(text.hasPrefix("unix:///") ? 7 : 5)
            guard !path.isEmpty else { return nil }
            scheme = "unix"
            target = .unix(path: String(path))
            rest = ""
            return
        }
        guard let separator = text.firstIndex(of: ":"), text[separator...].hasPrefix("://") else { return nil }
        scheme = String(text[..<separator])
        let authority = text[text.index(separator, offsetBy: 3)...]
        let end = authority.firstIndex { $0 == "/" || $0 == "?" || $0 == "#" } ?? authority.endIndex
        rest = String(authority[end...])
        guard !scheme.isEmpty, let (host, port) = Self.split(authority[..<end]) else { return nil }
        guard let port = port.map({ UInt16($0) }) ?? defaultPort, port > 0 else { return nil }
        target = .host(host, port: port)
    }

    /// The host without brackets, and the port as it was written.
    private static func split(_ authority: Substring) -> (host: String, port: Substring?)? {
        guard !authority.contains("@") else { return nil }
        var host = authority
        var port: Substring?
        if authority.hasPrefix("[") {
            guard let close = authority.firstIndex(of: "]") else { return nil }
            host = authority[authority.index(after: authority.startIndex)..<close]
            let after = authority[authority.index(after: close)...]
            guard after.isEmpty || after.hasPrefix(":") else { return nil }
            port = after.isEmpty ? nil : after.dropFirst()
        } else if let colon = authority.lastIndex(of: ":") {
            host = authority[..<colon]
            port = authority[authority.index(after: colon)...]
            guard !host.contains(":") else { return nil }
        }
        return host.isEmpty ? nil : (String(host), port)
    }
}
