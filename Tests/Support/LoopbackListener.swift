// A listening socket for stand-in servers that run inside a test.

import Foundation

/// Listening sockets on 127.0.0.1.
package enum LoopbackListener {
    /// Listens on a port that the system picks, so that nobody can be there first, or on `port`; the caller closes the
    /// descriptor.
    package static func open(port: Int? = nil, backlog: Int32 = 1024) throws -> (descriptor: Int32, port: Int) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw SupportError("no socket: errno \(errno)") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = UInt16(clamping: port ?? 0).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, size) == 0 ? getsockname(descriptor, pointer, &size) : -1
            }
        }
        guard code == 0, listen(descriptor, backlog) == 0 else {
            let cause = errno
            close(descriptor)
            throw SupportError("cannot listen on 127.0.0.1: errno \(cause)")
        }
        return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
    }
}
