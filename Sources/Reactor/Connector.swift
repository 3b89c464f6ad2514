// Opening a connection to a backend.

import CLinux
import Glibc

/// Where to connect: a host name or figures with a port, or a Unix path.
package enum ConnectTarget: Sendable, Hashable, CustomStringConvertible {
    case host(String, port: UInt16)
    case unix(path: String)

    package var description: String {
        switch self {
        case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}

extension Socket {
    /// Connects to the first address of `target` that accepts, before the waker's deadline.
    ///
    /// The addresses of a name are tried in the resolver's order; the error of the last one is thrown.
    package static func connect(
        to target: ConnectTarget, resolver: Resolver, waker: Waker
    ) async throws(IOError) -> Socket {
        var failure = IOError.resolution(host: target.description, reason: "no address")
        for address in try await resolver.addresses(of: target, waker: waker) {
            do throws(IOError) {
                return try await connect(to: address, waker: waker)
            } catch {
                switch error {
                case .timedOut, .cancelled: throw error
                default: failure = error
                }
            }
        }
        throw failure
    }

    /// Connects to one address, before the waker's deadline.
    package static func connect(to address: SocketAddress, waker: Waker) async throws(IOError) -> Socket {
        let number = fl_socket(Int32(address.storage.ss_family))
        guard number >= 0 else { throw .last("socket") }
        let descriptor = Descriptor(number)
        if !address.isUnix { tune(number) }
        var target = address
        if fl_connect(number, &target.storage, target.size) == 0 {
            return try Socket(adopting: descriptor, waker: waker)
        }
        guard fl_errno() == EINPROGRESS else { throw .last("connect") }
        let socket = try Socket(adopting: descriptor, waker: waker)
        socket.expectConnection()
        do throws(IOError) {
            try await socket.untilWritable("connecting to \(address)")
        } catch {
            socket.close()
            throw error
        }
        let code = socket.pendingError
        guard code == 0 else {
            socket.close()
            throw .system(call: "connect", code: code)
        }
        return socket
    }

    /// Makes a socket of an accepted connection.
    package static func accept(_ connection: AcceptedConnection, waker: Waker) throws(IOError) -> Socket {
        if !connection.peer.isUnix { tune(connection.descriptor) }
        return try Socket(adopting: Descriptor(connection.descriptor), waker: waker)
    }

    /// Small messages must not wait for one another, and a vanished peer must be noticed one day.
    private static func tune(_ number: Int32) {
        _ = fl_option(number, Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        _ = fl_option(number, SOL_SOCKET, SO_KEEPALIVE, 1)
    }
}
