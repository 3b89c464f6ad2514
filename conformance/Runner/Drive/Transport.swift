// A connection of bytes with deadlines: TCP, TLS or a Unix socket.

import COpenSSL
import Foundation

/// A blocking byte stream whose every call ends at its deadline.
package final class Transport {
    private var descriptor: Int32
    private var tls: OpaquePointer?
    private var context: OpaquePointer?
    private var buffer = [UInt8](repeating: 0, count: 64 << 10)

    /// Connects to the target; with TLS where the target asks for it, verified unless it says `insecure=true`.
    package init(_ target: Target, deadline: Deadline) throws(DriverFailure) {
        descriptor = try Self.open(target, deadline: deadline)
        do throws(DriverFailure) {
            if target.isTLS { try startTLS(target, deadline: deadline) }
        } catch {
            cut()
            throw error
        }
    }

    deinit { cut() }

    // MARK: Bytes

    /// Sends all of `bytes`.
    package func send(_ bytes: [UInt8], deadline: Deadline) throws(DriverFailure) {
        var start = 0
        while start < bytes.count {
            let rest = bytes[start...]
            let count = rest.withUnsafeBytes { rest in
                tls.map { Int(SSL_write($0, rest.baseAddress, Int32(clamping: rest.count))) }
                    ?? Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(truncatingIfNeeded: MSG_NOSIGNAL))
            }
            if count > 0 { start += count } else { try waitAfter(count, for: POLLOUT, deadline: deadline) }
        }
    }

    /// The bytes that are there, waiting for some; throws `closed` at the end of the stream.
    package func receive(deadline: Deadline) throws(DriverFailure) -> [UInt8] {
        while true {
            let count = buffer.withUnsafeMutableBytes { buffer in
                tls.map { Int(SSL_read($0, buffer.baseAddress, Int32(clamping: buffer.count))) }
                    ?? recv(descriptor, buffer.baseAddress, buffer.count, 0)
            }
            if count > 0 { return Array(buffer[..<count]) }
            if count == 0, tls == nil { throw DriverFailure(.closed, "the peer closed the connection") }
            try waitAfter(count, for: POLLIN, deadline: deadline)
        }
    }

    /// Says that nothing more is sent, and still reads.
    package func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Ends the connection as a client does that has finished.
    package func close() {
        guard descriptor >= 0 else { return }
        if let tls { SSL_shutdown(tls) }
        release()
    }

    /// Resets the connection.
    package func cut() {
        guard descriptor >= 0 else { return }
        var rule = linger(l_onoff: 1, l_linger: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &rule, socklen_t(MemoryLayout<linger>.size))
        release()
    }

    private func release() {
        if let tls { SSL_free(tls) }
        if let context { SSL_CTX_free(context) }
        (tls, context) = (nil, nil)
        Glibc.close(descriptor)
        descriptor = -1
    }

    /// Waits for what a call that could not go on needs, or throws what ended the connection.
    private func waitAfter(_ result: Int, for events: Int32, deadline: Deadline) throws(DriverFailure) {
        let cause = errno
        var events = events
        if let tls {
            switch SSL_get_error(tls, Int32(clamping: result)) {
            case SSL_ERROR_WANT_READ: events = POLLIN
            case SSL_ERROR_WANT_WRITE: events = POLLOUT
            case SSL_ERROR_ZERO_RETURN: throw DriverFailure(.closed, "the peer closed the connection")
            default: throw DriverFailure(.closed, "the TLS connection broke: \(Self.tlsFault())")
            }
        } else if cause != EAGAIN, cause != EINTR, cause != EWOULDBLOCK {
            throw DriverFailure(.closed, "the connection broke: \(String(cString: strerror(cause)))")
        }
        try deadline.wait(descriptor, for: events)
    }

    // MARK: Opening

    private static func open(_ target: Target, deadline: Deadline) throws(DriverFailure) -> Int32 {
        if let path = target.unixPath {
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            let isShort = withUnsafeMutableBytes(of: &address.sun_path) { place in
                guard path.utf8.count < place.count else { return false }
                place.copyBytes(from: path.utf8)
                return true
            }
            guard isShort else { throw DriverFailure(.unreachable, "the path \(path) is too long for a socket") }
            return try withUnsafeBytes(of: &address) { bytes throws(DriverFailure) in
                try connect(AF_UNIX, bytes, target.label, deadline)
            }
        }
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(target.host, "\(target.port)", &hints, &found) == 0, let first = found else {
            throw DriverFailure(.unreachable, "there is no host \(target.host)")
        }
        defer { freeaddrinfo(first) }
        var failure = DriverFailure(.unreachable, "\(target.host) has no address")
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let entry = next {
            do throws(DriverFailure) {
                let bytes = UnsafeRawBufferPointer(start: entry.pointee.ai_addr, count: Int(entry.pointee.ai_addrlen))
                return try connect(entry.pointee.ai_family, bytes, target.label, deadline)
            } catch { failure = error }
            next = entry.pointee.ai_next
        }
        throw failure
    }

    private static func connect(
        _ family: Int32, _ address: UnsafeRawBufferPointer, _ label: String, _ deadline: Deadline
    ) throws(DriverFailure) -> Int32 {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, kind, 0)
        func unreachable(_ code: Int32) -> DriverFailure {
            DriverFailure(.unreachable, "\(label) cannot be reached: \(String(cString: strerror(code)))")
        }
        guard descriptor >= 0 else { throw unreachable(errno) }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        let code = address.withMemoryRebound(to: sockaddr.self) {
            Glibc.connect(descriptor, $0.baseAddress, socklen_t(address.count))
        }
        guard code != 0 else { return descriptor }
        do throws(DriverFailure) {
            guard errno == EINPROGRESS else { throw unreachable(errno) }
            do throws(DriverFailure) {
                try deadline.wait(descriptor, for: POLLOUT)
            } catch {
                throw DriverFailure(.unreachable, "\(label) cannot be reached in time")
            }
            var fault: Int32 = 0
            var size = socklen_t(MemoryLayout<Int32>.size)
            getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &fault, &size)
            guard fault == 0 else { throw unreachable(fault) }
            return descriptor
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    /// Makes what follows pass through TLS; nothing may have been received beyond what was read.
    func startTLS(_ target: Target, deadline: Deadline) throws(DriverFailure) {
        // OpenSSL writes without MSG_NOSIGNAL, and a peer that has closed is no reason to end the process.
        signal(SIGPIPE, SIG_IGN)
        guard let context = SSL_CTX_new(TLS_client_method()) else {
            throw DriverFailure(.unable, "OpenSSL gives no context: \(Self.tlsFault())")
        }
        self.context = context
        if target.options["insecure"] != "true" {
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nil)
            let loaded =
                target.options["ca"].map { SSL_CTX_load_verify_locations(context, $0, nil) }
                ?? SSL_CTX_set_default_verify_paths(context)
            guard loaded == 1 else {
                throw DriverFailure(.unable, "the authorities cannot be read: \(Self.tlsFault())")
            }
        }
        guard let tls = SSL_new(context) else { throw DriverFailure(.unable, "OpenSSL gives no connection") }
        self.tls = tls
        SSL_set_fd(tls, descriptor)
        fl_ssl_set_server_name(tls, target.host)
        if target.options["insecure"] != "true" { SSL_set1_host(tls, target.host) }
        while true {
            let result = SSL_connect(tls)
            if result == 1 { return }
            do throws(DriverFailure) {
                try waitAfter(Int(result), for: POLLIN, deadline: deadline)
            } catch {
                throw DriverFailure(.unreachable, "the TLS handshake with \(target.label) failed: \(error.message)")
            }
        }
    }

    private static func tlsFault() -> String {
        var text = [CChar](repeating: 0, count: 256)
        ERR_error_string_n(ERR_get_error(), &text, text.count)
        return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
