// One HTTP exchange over a plain socket, so that the tests see the very bytes.

import Dispatch
import Glibc
import Testing

/// Sends `request` to a loopback port and gives everything that came back until the server closed.
///
/// It waits on a thread of its own: the server's handlers need the threads of the concurrency pool.
func exchange(_ request: String, port: Int) async throws -> String {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue(label: "exchange").async {
            continuation.resume(with: Result { try blockingExchange(request, port: port) })
        }
    }
}

private func blockingExchange(_ request: String, port: Int) throws -> String {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    try #require(descriptor >= 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    try #require(connected == 0)
    let bytes = Array(request.utf8)
    try #require(send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { break }
        answer += buffer[..<count]
    }
    return String(decoding: answer, as: UTF8.self)
}

/// A request for `path` after which the server closes.
func get(_ path: String, method: String = "GET") -> String {
    "\(method) \(path) HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n"
}
