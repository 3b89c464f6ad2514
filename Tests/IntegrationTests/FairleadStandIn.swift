// A server that does only what a test says: it accepts when it is told to.

import Foundation
import TestSupport

/// A listening loopback socket; connections wait in its backlog until a test takes them.
final class StandIn: Sendable {
    private let descriptor: Int32
    let port: Int

    init(backlog: Int32 = 128) throws {
        (descriptor, port) = try LoopbackListener.open(backlog: backlog)
    }

    deinit { close(descriptor) }

    /// The next connection; throws when none comes within 20 s.
    func accept() throws -> RawConnection {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&entry, 1, 20_000) == 1 else { throw SupportError("no connection came to the stand-in") }
        return RawConnection(taking: Foundation.accept(descriptor, nil, nil))
    }

    /// Opens connections until the backlog is full and the system drops what more comes; keep what it gives.
    func fillBacklog() throws -> [Int32] {
        var fillers: [Int32] = []
        for _ in 0..<16 {
            let filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
            fillers.append(filler)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = UInt16(port).bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            _ = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(filler, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            var entry = pollfd(fd: filler, events: Int16(POLLOUT), revents: 0)
            if poll(&entry, 1, 200) == 0 { return fillers }
        }
        throw SupportError("the backlog never filled up")
    }
}
