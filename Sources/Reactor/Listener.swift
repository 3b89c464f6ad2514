// A listening socket of one worker.

import CLinux
import Glibc
import Synchronization

/// A connection that was accepted and belongs to nobody yet; whoever gets it makes a ``Socket`` of it or closes it.
package struct AcceptedConnection: Sendable {
    package let descriptor: Int32
    package let peer: SocketAddress
}

/// A listening socket, watched by one worker.
///
/// Each worker has its own listener on the same TCP address (SO_REUSEPORT), so the system spreads connections and
/// workers share nothing. A Unix path can be bound only once: one worker listens and hands connections round.
package final class Listener: EventSource {
    private let worker: Worker
    private let descriptor: Int32
    private var isClosed = false
    private let waker: Waker
    private var mayHaveMore = true
    /// Where it listens, with the port the system chose for port 0.
    package let address: SocketAddress

    package init(taking listening: ListeningDescriptor, waker: Waker) throws(IOError) {
        worker = waker.worker
        self.waker = waker
        address = listening.address
        descriptor = listening.release()
        super.init()
        do throws(IOError) {
            try worker.register(self, descriptor: descriptor, for: [.read])
        } catch {
            close()
            throw error
        }
    }

    deinit { close() }

    /// Stops listening; connections that were not accepted yet are refused by the system.
    package func close() {
        guard !isClosed else { return }
        isClosed = true
        // A child process between fork and exec still holds the descriptor, so closing alone does not end the watching.
        worker.unregister(descriptor: descriptor)
        _ = Glibc.close(descriptor)
        address.removeFile()
    }

    override func handle(_ readiness: Readiness) {
        mayHaveMore = true
        waker.wake()
    }

    /// Accepts one connection; nil when none waits.
    ///
    /// Throws when the system has no descriptor or memory left, or will not: the caller waits a little and tries again.
    package func accept() throws(IOError) -> AcceptedConnection? {
        while mayHaveMore, !isClosed {
            var peer = SocketAddress()
            peer.size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let number = fl_accept(descriptor, &peer.storage, &peer.size)
            if number >= 0 { return AcceptedConnection(descriptor: number, peer: peer) }
            switch fl_errno() {
            case EAGAIN: mayHaveMore = false
            // The peer gave up between its connection and our accept; accept(2) says to go on.
            case EINTR, ECONNABORTED, EPROTO, ENETDOWN, EHOSTDOWN, ENONET, EHOSTUNREACH, ENETUNREACH: continue
            default: throw .last("accept")
            }
        }
        return nil
    }
}

/// A bound and listening descriptor on its way to a worker.
package final class ListeningDescriptor: Sendable {
    /// Connections the system holds until they are accepted; it lowers this to net.core.somaxconn.
    private static let backlog: Int32 = 4096

    package let address: SocketAddress
    /// The descriptor until somebody takes it, then -1.
    private let number: Atomic<Int32>

    /// Binds and listens; TCP addresses may be bound once per worker.
    ///
    /// A Unix path that a dead process left behind is taken over; one that answers is not.
    package init(binding address: SocketAddress) throws(IOError) {
        if address.isUnix { try Self.removeStale(address) }
        let socket = fl_socket(Int32(address.storage.ss_family))
        guard socket >= 0 else { throw .last("socket") }
        let descriptor = Descriptor(socket)
        if !address.isUnix {
            _ = fl_option(socket, SOL_SOCKET, SO_REUSEADDR, 1)
            _ = fl_option(socket, SOL_SOCKET, SO_REUSEPORT, 1)
        }
        if Int32(address.storage.ss_family) == AF_INET6 {
            _ = fl_option(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1)
        }
        var wanted = address
        guard fl_bind(socket, &wanted.storage, wanted.size) == 0 else { throw .last("bind") }
        guard listen(socket, Self.backlog) == 0 else { throw .last("listen") }
        var bound = SocketAddress()
        bound.size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        guard fl_local_name(socket, &bound.storage, &bound.size) == 0 else { throw .last("getsockname") }
        self.address = address.isUnix ? address : bound
        number = Atomic(descriptor.release())
    }

    /// Throws where somebody listens at a TCP address already.
    ///
    /// With SO_REUSEPORT the system would let a second gateway of the same user in, and share connections out between the two.
    package static func checkFree(_ address: SocketAddress) throws(IOError) {
        let probe = fl_socket(Int32(address.storage.ss_family))
        guard probe >= 0 else { throw .last("socket") }
        let descriptor = Descriptor(probe)
        _ = fl_option(descriptor.number, SOL_SOCKET, SO_REUSEADDR, 1)
        if Int32(address.storage.ss_family) == AF_INET6 {
            _ = fl_option(descriptor.number, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1)
        }
        var wanted = address
        guard fl_bind(descriptor.number, &wanted.storage, wanted.size) == 0 else { throw .last("bind") }
    }

    deinit {
        let left = release()
        guard left >= 0 else { return }
        Glibc.close(left)
        address.removeFile()
    }

    /// Gives the descriptor to the caller; -1 when it was given away already.
    func release() -> Int32 { number.exchange(-1, ordering: .acquiringAndReleasing) }

    private static func removeStale(_ address: SocketAddress) throws(IOError) {
        let probe = fl_socket(AF_UNIX)
        guard probe >= 0 else { throw .last("socket") }
        defer { Glibc.close(probe) }
        var target = address
        guard fl_connect(probe, &target.storage, target.size) != 0 else {
            throw .system(call: "bind", code: EADDRINUSE)
        }
        guard fl_errno() == ECONNREFUSED else { return }
        address.removeFile()
    }
}

extension SocketAddress {
    /// Removes the socket at the path, and nothing that is not a socket: connecting to a plain file is refused just like
    /// connecting to a socket that nobody serves any more.
    fileprivate func removeFile() {
        guard isUnix else { return }
        let path = String(description.dropFirst("unix:".count))
        var status = stat()
        guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFSOCK else { return }
        _ = unlink(path)
    }
}
