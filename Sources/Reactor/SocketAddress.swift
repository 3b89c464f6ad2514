// Where a socket listens or connects to: an IP address with a port, or a path.

import CLinux
import Glibc

/// An address in the form the system takes.
package struct SocketAddress: @unchecked Sendable {
    var storage = sockaddr_storage()
    var size: socklen_t = 0

    init() {}

    /// An address of `size` bytes, as the resolver gives it.
    init?(_ address: UnsafePointer<sockaddr>, size: socklen_t) {
        guard Int(size) <= MemoryLayout<sockaddr_storage>.size else { return nil }
        self.size = size
        withUnsafeMutableBytes(of: &storage) {
            $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(size)))
        }
    }

    /// An IPv4 or IPv6 address written in figures, without brackets; nil when `host` is something else.
    package init?(literal host: String, port: UInt16) {
        var v4 = sockaddr_in()
        var v6 = sockaddr_in6()
        if inet_pton(AF_INET, host, &v4.sin_addr) == 1 {
            v4.sin_family = sa_family_t(AF_INET)
            v4.sin_port = port.bigEndian
            self.init(copying: v4)
        } else if inet_pton(AF_INET6, host, &v6.sin6_addr) == 1 {
            v6.sin6_family = sa_family_t(AF_INET6)
            v6.sin6_port = port.bigEndian
            self.init(copying: v6)
        } else {
            return nil
        }
    }

    /// The socket at `path`; nil when the path is empty or longer than the 107 bytes of `sockaddr_un`.
    package init?(path: String) {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard !bytes.isEmpty, bytes.count < MemoryLayout.size(ofValue: address.sun_path), !bytes.contains(0) else {
            return nil
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        self.init(copying: address)
    }

    private init<Address>(copying address: Address) {
        withUnsafeBytes(of: address) { source in
            withUnsafeMutableBytes(of: &storage) { $0.copyMemory(from: source) }
        }
        size = socklen_t(MemoryLayout<Address>.size)
    }

    package var isUnix: Bool { Int32(storage.ss_family) == AF_UNIX }

    /// The port, or nil of a path.
    package var port: UInt16? {
        switch Int32(storage.ss_family) {
        case AF_INET: read(sockaddr_in.self) { UInt16(bigEndian: $0.sin_port) }
        case AF_INET6: read(sockaddr_in6.self) { UInt16(bigEndian: $0.sin6_port) }
        default: nil
        }
    }

    /// The same address with another port; a path has none and stays as it is.
    package func with(port: UInt16) -> SocketAddress {
        guard !isUnix else { return self }
        var copy = self
        withUnsafeMutableBytes(of: &copy.storage) { bytes in
            // The port stands at the same place in sockaddr_in and sockaddr_in6.
            bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
        }
        return copy
    }

    private func read<Address, R>(_: Address.Type, _ body: (Address) -> R) -> R {
        withUnsafeBytes(of: storage) { body($0.load(as: Address.self)) }
    }
}

extension SocketAddress: CustomStringConvertible {
    package var description: String {
        switch Int32(storage.ss_family) {
        case AF_INET:
            read(sockaddr_in.self) { address in
                var address = address.sin_addr
                return "\(Self.figures(AF_INET, &address)):\(port ?? 0)"
            }
        case AF_INET6:
            read(sockaddr_in6.self) { address in
                var address = address.sin6_addr
                return "[\(Self.figures(AF_INET6, &address))]:\(port ?? 0)"
            }
        case AF_UNIX:
            read(sockaddr_un.self) { address in
                withUnsafeBytes(of: address.sun_path) { path in
                    "unix:" + String(decoding: path.prefix { $0 != 0 }, as: UTF8.self)
                }
            }
        default: "unknown"
        }
    }

    private static func figures(_ family: Int32, _ address: UnsafeRawPointer) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            guard let base = buffer.baseAddress, inet_ntop(family, address, base, 64) != nil else { return "?" }
            return String(cString: base)
        }
    }
}
