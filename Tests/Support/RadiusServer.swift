// A RADIUS server that knows one password.

import Digest
import Foundation

/// Answers Access-Request on a free loopback UDP port (RFC 2865); ended by `stop()` or at deinit.
package final class RadiusServer: Sendable {
    package static let secret = "scratch-secret"
    package let port: Int
    private let descriptor: Int32

    private static let accessRequest: UInt8 = 1
    private static let accessAccept: UInt8 = 2
    private static let accessReject: UInt8 = 3
    private static let userPassword: UInt8 = 2
    private static let headerLength = 20

    /// Accepts whoever gives `password`.
    package init(password: String) throws {
        let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0)
        guard descriptor >= 0 else { throw SupportError.system("socket") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, size) == 0 ? getsockname(descriptor, pointer, &size) : -1
            }
        }
        guard code == 0 else { throw SupportError.system("bind") }
        self.descriptor = descriptor
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread { Self.serve(descriptor, Array(password.utf8)) }.start()
    }

    /// Ends the server.
    package func stop() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    deinit { stop() }

    private static func serve(_ descriptor: Int32, _ password: [UInt8]) {
        defer { close(descriptor) }
        var packet = [UInt8](repeating: 0, count: 4096)
        while true {
            var peer = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let count = withUnsafeMutablePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(descriptor, &packet, packet.count, 0, $0, &size)
                }
            }
            // A socket that was shut down gives nothing for ever.
            guard count > 0 else { return }
            guard let answer = answer(Array(packet[..<count]), password) else { continue }
            _ = withUnsafePointer(to: &peer) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    sendto(descriptor, answer, answer.count, 0, $0, size)
                }
            }
        }
    }

    /// The answer to `request`, or nil for what is no Access-Request.
    private static func answer(_ request: [UInt8], _ password: [UInt8]) -> [UInt8]? {
        guard request.count >= headerLength, request[0] == accessRequest else { return nil }
        let authenticator = Array(request[4..<headerLength])
        var isRight = false
        var index = headerLength
        while index + 2 <= request.count {
            let length = Int(request[index + 1])
            guard length >= 2, index + length <= request.count else { return nil }
            if request[index] == userPassword {
                isRight = plain(Array(request[(index + 2)..<(index + length)]), authenticator) == password
            }
            index += length
        }
        let head = [isRight ? accessAccept : accessReject, request[1], 0, UInt8(headerLength)]
        // RFC 2865, 3, "Response Authenticator".
        return head + HashAlgorithm.md5.hash(head + authenticator + Array(secret.utf8))
    }

    /// RFC 2865, 5.2, the other way round.
    private static func plain(_ hidden: [UInt8], _ authenticator: [UInt8]) -> [UInt8] {
        var plain: [UInt8] = []
        var previous = authenticator
        for start in stride(from: 0, to: hidden.count, by: 16) {
            let block = Array(hidden[start..<min(start + 16, hidden.count)])
            let mask = HashAlgorithm.md5.hash(Array(secret.utf8) + previous)
            plain += zip(block, mask).map { $0 ^ $1 }
            previous = block
        }
        return Array(plain.prefix { $0 != 0 })
    }
}
