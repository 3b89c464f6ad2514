// A raw PostgreSQL connection: bytes as a test wants them, messages as they come.

import Glibc
import TestSupport

/// One typed message.
struct PostgresMessage: Equatable, CustomStringConvertible {
    let type: Character
    let body: [UInt8]

    /// The fields of an ErrorResponse or NoticeResponse, by their letters.
    var fields: [Character: String] {
        var fields: [Character: String] = [:]
        for field in body.split(separator: 0) {
            guard let letter = field.first else { continue }
            fields[Character(Unicode.Scalar(letter))] = String(decoding: field.dropFirst(), as: UTF8.self)
        }
        return fields
    }

    var description: String { "\(type) \(String(decoding: body, as: UTF8.self))" }
}

/// A blocking loopback socket; nothing waits longer than ten seconds.
final class PostgresConnection: @unchecked Sendable {
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    /// Whether the peer reset the connection instead of closing it.
    private(set) var wasReset = false

    init(_ port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.loopback(port)
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else { throw SupportError("connect to \(port): \(String(cString: strerror(errno)))") }
        setUp()
    }

    init(taking descriptor: Int32) {
        self.descriptor = descriptor
        setUp()
    }

    deinit { Glibc.close(descriptor) }

    static func loopback(_ port: Int) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        return address
    }

    private func setUp() {
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        var time = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    // MARK: Bytes

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw SupportError("send: \(String(cString: strerror(errno)))") }
            sent += count
        }
    }

    /// Sends one byte at a time.
    func drip(_ bytes: [UInt8]) throws { for byte in bytes { try send([byte]) } }

    /// Says that nothing more will be sent.
    func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Reads once; false at the end.
    private func fill() throws -> Bool {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count > 0 {
            buffer += chunk[..<count]
            return true
        }
        if count == 0 { return false }
        guard errno == ECONNRESET else { throw SupportError("receive: \(String(cString: strerror(errno)))") }
        wasReset = true
        return false
    }

    /// The next `count` bytes, fewer at the end.
    func bytes(_ count: Int) throws -> [UInt8] {
        while buffer.count < count, try fill() {}
        defer { buffer.removeFirst(min(count, buffer.count)) }
        return Array(buffer.prefix(count))
    }

    /// Everything up to the end.
    func rest() throws -> [UInt8] {
        while try fill() {}
        defer { buffer = [] }
        return buffer
    }

    /// Whether something is there to read within so many milliseconds.
    func hasInput(within milliseconds: Int32) -> Bool {
        var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return !buffer.isEmpty || poll(&entry, 1, milliseconds) == 1
    }

    // MARK: Messages

    /// The next message; nil at the end.
    func message() throws -> PostgresMessage? {
        let header = try bytes(5)
        guard header.count == 5 else { return nil }
        let length = header[1...].reduce(0) { $0 << 8 | Int($1) } - 4
        return PostgresMessage(type: Character(Unicode.Scalar(header[0])), body: try bytes(length))
    }

    /// The messages up to a ReadyForQuery, an end, or a message of `type`.
    func messages(until type: Character = "Z") throws -> [PostgresMessage] {
        var messages: [PostgresMessage] = []
        while let message = try message() {
            messages.append(message)
            if message.type == type { break }
        }
        return messages
    }

    /// Logs in where nothing is asked for, and gives the process id and the key.
    func logIn(version: UInt32 = 0x3_0000) throws -> (processID: [UInt8], key: [UInt8]) {
        try send(PostgresBytes.startup(version: version))
        let key = try messages().first { $0.type == "K" }?.body ?? []
        return (Array(key.prefix(4)), Array(key.dropFirst(4)))
    }
}

/// Packets and messages as a client writes them.
enum PostgresBytes {
    static let sslRequest: [UInt8] = [0, 0, 0, 8, 4, 210, 22, 47]
    static let gssRequest: [UInt8] = [0, 0, 0, 8, 4, 210, 22, 48]
    static let terminate = message("X")
    static let sync = message("S")

    static func number(_ value: Int) -> [UInt8] {
        (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
    }

    static func text(_ text: String) -> [UInt8] { Array(text.utf8) + [0] }

    static func message(_ type: Character, _ body: [UInt8] = []) -> [UInt8] {
        [type.asciiValue ?? 0] + number(body.count + 4) + body
    }

    static func startup(
        version: UInt32 = 0x3_0000, _ parameters: [String] = ["user", PostgresServer.role, "database", "postgres"]
    ) -> [UInt8] {
        let body = number(Int(version)) + parameters.flatMap { text($0) } + [0]
        return number(body.count + 4) + body
    }

    static func cancel(_ processID: [UInt8], _ key: [UInt8]) -> [UInt8] {
        number(12 + key.count) + [4, 210, 22, 46] + processID + key
    }

    static func query(_ sql: String) -> [UInt8] { message("Q", text(sql)) }

    static func parse(_ sql: String, name: String = "") -> [UInt8] {
        message("P", text(name) + text(sql) + [0, 0])
    }

    /// A Bind of the unnamed portal without parameters.
    static func bind(_ statement: String = "") -> [UInt8] {
        message("B", text("") + text(statement) + [0, 0, 0, 0, 0, 0])
    }

    static func execute(rows: Int = 0) -> [UInt8] { message("E", text("") + number(rows)) }

    /// What a server says to a login that it trusts.
    static func welcome(processID: Int = 7, key: [UInt8] = [1, 2, 3, 4]) -> [UInt8] {
        message("R", number(0)) + message("K", number(processID) + key) + message("Z", [0x49])
    }
}
