// Loopback TCP ports for scratch servers.

import Foundation
import Synchronization

/// Ports that nothing listens on.
package enum FreePort {
    private static let next = Mutex<UInt16>(UInt16(20_000 + Int(getpid()) % 10_000))

    /// A port of 127.0.0.1 that nothing uses now, and that this process has not been given lately.
    ///
    /// It lies below Linux's range for outgoing connections (32768 and up), so a test that opens thousands of
    /// connections cannot take it between this call and the server's start.
    package static func take() throws -> Int {
        for _ in 0..<10_000 {
            let port = next.withLock { next in
                next = next >= 32_000 ? 20_000 : next + 1
                return next
            }
            if isFree(port) { return Int(port) }
        }
        throw SupportError("no free TCP port between 20000 and 32000")
    }

    private static func isFree(_ port: UInt16) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var address = loopback(port)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    /// Whether something accepts a TCP connection on 127.0.0.1 at `port`.
    package static func answers(_ port: Int) -> Bool {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0, let port = UInt16(exactly: port) else { return false }
        defer { close(descriptor) }
        var address = loopback(port)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }
}
