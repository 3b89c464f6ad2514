// Binding a listener's addresses: one socket per worker where the system can share an address.

import Glibc
import Reactor

/// A bound socket and the worker that is to watch it.
final class BoundSocket: Sendable {
    let address: SocketAddress
    let worker: Int
    /// Whether it is the only socket of its address, so that its sessions have to be handed round.
    let isShared: Bool
    let listening: ListeningDescriptor

    private init(_ listening: ListeningDescriptor, worker: Int, isShared: Bool) {
        address = listening.address
        self.listening = listening
        self.worker = worker
        self.isShared = isShared
    }

    /// Binds `endpoint` once for each worker, or once altogether for a Unix path.
    ///
    /// Host names are resolved here, at the start; a port 0 becomes the same free port for every worker.
    static func bind(_ endpoint: Endpoint, workers: Int) throws(IOError) -> [BoundSocket] {
        switch endpoint {
        case .unix(let path):
            guard let address = SocketAddress(path: path) else {
                throw .resolution(host: path, reason: "a Unix socket's path has 1 to 107 bytes")
            }
            return [BoundSocket(try ListeningDescriptor(binding: address), worker: 0, isShared: true)]
        case .host(let host, let port):
            var sockets: [BoundSocket] = []
            var port = port
            for address in try Resolver.addressesToBind(host) {
                if port != 0 { try ListeningDescriptor.checkFree(address.with(port: port)) }
                for worker in 0..<workers {
                    let listening = try ListeningDescriptor(binding: address.with(port: port))
                    port = listening.address.port ?? port
                    sockets.append(BoundSocket(listening, worker: worker, isShared: false))
                }
            }
            return sockets
        }
    }

    /// What somebody can do about an address that could not be bound.
    static func advice(after error: IOError) -> String {
        switch error {
        case .system(_, EADDRINUSE):
            "another process, or another listener, is there: stop it, or choose another address"
        case .system(_, EADDRNOTAVAIL): "this machine has no such address: choose one that it has, or 0.0.0.0 for all"
        case .system(_, EACCES):
            "this user may not: ports below 1024 need CAP_NET_BIND_SERVICE, a Unix socket a folder that can be written"
        case .system(_, ENOENT), .system(_, ENOTDIR): "the folder of the Unix socket does not exist: make it"
        default: "choose another address"
        }
    }
}
