// A blocking socket that speaks HTTP exactly as a test spells it, as client or as server.

import Foundation
import Synchronization
import TestSupport

/// How a peer ended its side.
enum S3Ending: Sendable, Equatable {
    case closed
    case reset
}

/// A message as it came.
struct S3RawMessage: Sendable, Equatable {
    var head: String
    var body: [UInt8]
    var text: String { String(decoding: body, as: UTF8.self) }
    /// The status, of a response.
    var status: Int { Int(head.dropFirst(9).prefix(3)) ?? 0 }
}

/// One TCP connection; waits of more than 30 s throw, so that a test that hangs fails.
final class S3RawConnection: @unchecked Sendable {
    private let descriptor: Int32
    private var unread: [UInt8] = []
    private var isClosed = false
    private let all = Mutex<[UInt8]>([])

    /// Connects to a loopback port; `receiveBuffer` makes the system's buffer small, for a slow reader.
    init(to port: Int, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw SupportError("socket: no descriptor") }
        if var size = receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw SupportError("cannot connect to port \(port)") }
        prepare()
    }

    init(accepted descriptor: Int32) {
        self.descriptor = descriptor
        prepare()
    }

    deinit { close() }

    private func prepare() {
        var limit = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    }

    /// Everything that was received so far, as text of which each byte is a character.
    var received: String { all.withLock { String($0.map { Character(Unicode.Scalar($0)) }) } }

    // MARK: Sending

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        guard sendAsFarAsTaken(bytes) == bytes.count else { throw SupportError("the peer took no more") }
    }

    /// Sends until the peer takes no more; how many bytes went.
    @discardableResult
    func sendAsFarAsTaken(_ bytes: [UInt8]) -> Int {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    /// Sends one byte at a time, each in a segment of its own.
    func drip(_ bytes: [UInt8]) throws { for byte in bytes { try send([byte]) } }

    // MARK: Receiving

    /// Reads once; nil at the end, and throws when the connection was reset.
    private func receiveMore() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count > 0 {
            unread += buffer[..<count]
            all.withLock { if $0.count < 1 << 20 { $0 += buffer[..<count] } }
            return true
        }
        if count == 0 { return false }
        if errno == ECONNRESET { throw S3Reset() }
        throw SupportError("nothing came for 30 s")
    }

    /// The next head with its empty line; nil when the peer closed before one began.
    func nextHead() throws -> String? {
        while true {
            if let end = unread.firstRange(of: Array("\r\n\r\n".utf8)) {
                let head = unread[..<end.upperBound]
                unread.removeFirst(end.upperBound)
                return String(decoding: head, as: UTF8.self)
            }
            guard try receiveMore() else {
                guard unread.isEmpty else { throw SupportError("closed inside a head: \(unread.count) bytes") }
                return nil
            }
        }
    }

    func receiveHead() throws -> String {
        guard let head = try nextHead() else { throw SupportError("closed where a head was expected") }
        return head
    }

    func receive(_ count: Int) throws -> [UInt8] {
        while unread.count < count {
            guard try receiveMore() else { throw SupportError("closed after \(unread.count) of \(count) bytes") }
        }
        defer { unread.removeFirst(count) }
        return Array(unread[..<count])
    }

    /// Reads and drops `count` bytes without keeping them.
    func drop(_ count: Int) throws {
        var left = count - unread.count
        unread = []
        while left > 0 {
            guard try receiveMore() else { throw SupportError("closed with \(left) bytes to come") }
            left -= unread.count
            unread = []
        }
    }

    /// A message whose body has a Content-Length, or none.
    func receiveMessage(hasBody: Bool = true) throws -> S3RawMessage {
        let head = try receiveHead()
        let line = head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-length:") }
        let length = line.flatMap { Int($0.dropFirst(15).trimmingCharacters(in: .whitespaces)) } ?? 0
        return S3RawMessage(head: head, body: hasBody ? try receive(length) : [])
    }

    /// All that comes until the peer ends, and how it ended.
    func receiveToEnd() throws -> (bytes: [UInt8], ending: S3Ending) {
        do {
            while try receiveMore() {}
            defer { unread = [] }
            return (unread, .closed)
        } catch is S3Reset {
            defer { unread = [] }
            return (unread, .reset)
        }
    }

    // MARK: The end

    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        Foundation.close(descriptor)
    }

    func reset() {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
        close()
    }
}

/// The peer reset the connection.
struct S3Reset: Error {}
