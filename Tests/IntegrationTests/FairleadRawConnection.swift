// A blocking socket that sends and receives bytes exactly as a test wants them.

import Foundation
import TestSupport

/// One connection, over TCP or a Unix socket; nothing waits longer than 30 s, so that a test that hangs fails.
final class RawConnection: @unchecked Sendable {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var isClosed = false
    /// What has to live as long as the connection.
    var gateway: Fairlead?
    /// Whether each byte is sent in a segment of its own.
    var isDripping = false
    /// Whether the peer reset the connection instead of closing it.
    private(set) var wasReset = false
    /// Whether nothing came for as long as one waits.
    private(set) var hasTimedOut = false

    /// Connects to a loopback port; `receiveBuffer` makes the system's buffer small, for a slow reader.
    init(port: Int, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var size = receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, 4) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        try connect(&address, "port \(port)")
    }

    /// Connects to a port of `::1`.
    init(ipv6Port port: Int) throws {
        descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in6()
        address.sin6_family = sa_family_t(AF_INET6)
        address.sin6_port = UInt16(port).bigEndian
        address.sin6_addr = in6addr_loopback
        try connect(&address, "[::1]:\(port)")
    }

    init(path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        try connect(&address, path)
    }

    init(taking descriptor: Int32) {
        self.descriptor = descriptor
        prepare()
    }

    deinit { close() }

    private func connect<Address>(_ address: inout Address, _ name: String) throws {
        let code = withUnsafeBytes(of: &address) { bytes in
            bytes.withMemoryRebound(to: sockaddr.self) {
                Foundation.connect(descriptor, $0.baseAddress, socklen_t(MemoryLayout<Address>.size))
            }
        }
        guard code == 0 else { throw SupportError("connect to \(name): \(String(cString: strerror(errno)))") }
        prepare()
    }

    private func prepare() {
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        var time = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    // MARK: Sending

    func send(_ text: String) throws { try send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) throws {
        guard sendAsFarAsTaken(bytes) == bytes.count else {
            throw SupportError("send: \(String(cString: strerror(errno)))")
        }
    }

    /// Sends until the peer takes no more; how many bytes went.
    @discardableResult
    func sendAsFarAsTaken(_ bytes: [UInt8]) -> Int {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, isDripping ? 1 : $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { break }
            sent += count
        }
        return sent
    }

    /// Sends what the system takes at once; how many bytes went.
    func sendWhatFits(_ bytes: [UInt8]) -> Int {
        bytes.withUnsafeBytes {
            max(0, Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)))
        }
    }

    // MARK: Receiving

    /// Reads once; false at the end.
    private func fill() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count > 0 {
            buffer += chunk[..<count]
            return true
        }
        if count == 0 { return false }
        hasTimedOut = errno == EAGAIN
        guard errno == ECONNRESET else { throw SupportError("receive: \(String(cString: strerror(errno)))") }
        wasReset = true
        return false
    }

    /// The next `count` bytes; throws at an earlier end.
    func receive(_ count: Int) throws -> [UInt8] {
        while buffer.count < count {
            guard try fill() else { throw SupportError("closed after \(buffer.count) of \(count) bytes") }
        }
        defer { buffer.removeFirst(count) }
        return Array(buffer.prefix(count))
    }

    /// Everything up to and with `end`.
    func receive(through end: String) throws -> [UInt8] {
        let end = Array(end.utf8)
        while true {
            if let range = buffer.firstRange(of: end) { return try receive(range.upperBound) }
            guard try fill() else { throw SupportError("closed after: \(String(decoding: buffer, as: UTF8.self))") }
        }
    }

    /// Everything up to the end.
    func rest() throws -> [UInt8] {
        while try fill() {}
        defer { buffer = [] }
        return buffer
    }

    /// Whether something, or the end, is there to read within so many milliseconds.
    func hasInput(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return !buffer.isEmpty || poll(&entry, 1, milliseconds) == 1
    }

    // MARK: The end

    /// Says that nothing more will be sent.
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

// MARK: Redis

extension RawConnection {
    /// A command as a Redis client spells it.
    static func command(_ words: [String]) -> [UInt8] {
        Array("*\(words.count)\r\n".utf8) + words.flatMap { Array("$\($0.utf8.count)\r\n\($0)\r\n".utf8) }
    }

    /// Sends a command and gives its reply, both spelled as on the wire.
    @discardableResult
    func ask(_ words: String...) throws -> String {
        try send(Self.command(words))
        return try reply()
    }

    /// The next whole reply as it came.
    func reply() throws -> String {
        let line = try receive(through: "\r\n")
        var text = String(decoding: line, as: UTF8.self)
        let count = Int(text.dropFirst().dropLast()) ?? -1
        switch line.first.map({ Character(Unicode.Scalar($0)) }) {
        case "$", "=": if count >= 0 { text += String(decoding: try receive(count + 2), as: UTF8.self) }
        case "*", "~", ">": for _ in 0..<max(0, count) { text += try reply() }
        case "%": for _ in 0..<2 * max(0, count) { text += try reply() }
        default: break
        }
        return text
    }
}
