// Two sockets of one process that are connected with each other.

import CLinux
import Glibc

extension Socket {
    /// A socket and the other end of its connection, which is served like one that was accepted.
    package static func pair(waker: Waker) throws(IOError) -> (near: Socket, far: AcceptedConnection) {
        var ends: [Int32] = [-1, -1]
        let kind = SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue
        guard socketpair(AF_UNIX, Int32(kind), 0, &ends) == 0 else { throw .last("socketpair") }
        var peer = SocketAddress()
        peer.storage.ss_family = sa_family_t(AF_UNIX)
        peer.size = socklen_t(MemoryLayout<sa_family_t>.size)
        do throws(IOError) {
            return (
                try Socket(adopting: Descriptor(ends[0]), waker: waker),
                AcceptedConnection(descriptor: ends[1], peer: peer)
            )
        } catch {
            _ = Glibc.close(ends[1])
            throw error
        }
    }
}
