// A server that does on each connection what a test's script says, byte by byte.

import Foundation
import Synchronization

/// Listens on a free loopback port; each connection gets a thread that runs the script, and is closed after it.
package final class ScriptedServer: Sendable {
    package let port: Int
    private let descriptor: Int32
    private let accepted = Mutex<[ScriptedConnection]>([])

    /// `script` gets the connection and its number, from 0; what it throws ends the connection.
    ///
    /// Without `port` the system picks one.
    package init(port: Int? = nil, _ script: @escaping @Sendable (ScriptedConnection, Int) throws -> Void) throws {
        (descriptor, self.port) = try LoopbackListener.open(port: port)
        Thread { [self] in acceptAll(script) }.start()
    }

    private func acceptAll(_ script: @escaping @Sendable (ScriptedConnection, Int) throws -> Void) {
        var number = 0
        while true {
            let descriptor = accept(descriptor, nil, nil)
            guard descriptor >= 0 else { return }
            let connection = ScriptedConnection(descriptor)
            accepted.withLock { $0.append(connection) }
            let index = number
            number += 1
            let thread = Thread {
                try? script(connection, index)
                connection.close()
            }
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    /// Connections that were accepted so far.
    package var connectionCount: Int { accepted.withLock { $0.count } }

    /// Stops listening; connections that are open live on.
    package func stop() {
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
    }
}

/// The server's side of a connection, for blocking reads and writes.
package final class ScriptedConnection: Sendable {
    private struct State {
        var descriptor: Int32
        var unread: [UInt8] = []
    }

    private let state: Mutex<State>
    private let descriptor: Int32

    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        state = Mutex(State(descriptor: descriptor))
    }

    /// The next line without its end (LF or CR LF); throws at the end of the connection.
    package func readLine() throws -> String {
        while true {
            if let line = bufferedLine { return line }
            try readMore()
        }
    }

    /// The next line, if the last read has brought it already.
    package var bufferedLine: String? {
        state.withLock { state in
            guard let end = state.unread.firstIndex(of: 0x0A) else { return nil }
            defer { state.unread.removeFirst(end + 1) }
            var line = state.unread[..<end]
            if line.last == 0x0D { line.removeLast() }
            return String(decoding: line, as: UTF8.self)
        }
    }

    /// Whether the last read has brought more than was taken.
    package var hasUnread: Bool { state.withLock { !$0.unread.isEmpty } }

    /// Connects to a server at 127.0.0.1, for a script that stands between it and a client.
    package static func connect(port: Int) throws -> ScriptedConnection {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(clamping: port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let code = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard code == 0 else {
            Foundation.close(descriptor)
            throw SupportError.system("connect to port \(port)")
        }
        return ScriptedConnection(descriptor)
    }

    /// The next `count` bytes; throws at the end of the connection.
    package func read(_ count: Int) throws -> [UInt8] {
        while true {
            let bytes: [UInt8]? = state.withLock { state in
                guard state.unread.count >= count else { return nil }
                defer { state.unread.removeFirst(count) }
                return Array(state.unread[..<count])
            }
            if let bytes { return bytes }
            try readMore()
        }
    }

    /// What has come, at least one byte; throws at the end of the connection.
    package func readAvailable() throws -> [UInt8] {
        if !hasUnread { try readMore() }
        return state.withLock { state in
            defer { state.unread = [] }
            return state.unread
        }
    }

    /// Waits until the peer has closed; what it sends until then is dropped.
    package func readToEnd() { while (try? readMore()) != nil { state.withLock { $0.unread = [] } } }

    private func readMore() throws {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { throw SupportError("the peer has closed") }
        state.withLock { $0.unread += buffer[..<count] }
    }

    package func send(_ bytes: [UInt8]) throws {
        var start = 0
        while start < bytes.count {
            let sent = bytes[start...].withUnsafeBytes {
                Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(truncatingIfNeeded: MSG_NOSIGNAL))
            }
            guard sent > 0 else { throw SupportError.system("send") }
            start += sent
        }
    }

    package func send(_ text: String) throws { try send(Array(text.utf8)) }

    /// Sends each byte by itself, with a pause that lets the peer read it alone.
    package func drip(_ bytes: [UInt8], pause: Duration = .milliseconds(1)) throws {
        for byte in bytes {
            try send([byte])
            Thread.sleep(forTimeInterval: pause / .seconds(1))
        }
    }

    package func drip(_ text: String) throws { try drip(Array(text.utf8)) }

    /// Closes this direction; the peer's bytes can still be read.
    package func finish() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Closes the connection; a second call does nothing.
    package func close() {
        let number = state.withLock { state in
            defer { state.descriptor = -1 }
            return state.descriptor
        }
        guard number >= 0 else { return }
        shutdown(number, Int32(SHUT_RDWR))
        Foundation.close(number)
    }
}
