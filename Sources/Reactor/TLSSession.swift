// TLS on one socket.

import CLinux
import COpenSSL

/// OpenSSL's `SSL` over a non-blocking descriptor.
final class TLSSession {
    /// What one attempt to receive brought.
    enum Incoming {
        case bytes(Int, mayHaveMore: Bool)
        /// Nothing now; `needsRoom` when it is a reply of OpenSSL's own that could not be sent.
        case wouldBlock(needsRoom: Bool)
        case end(truncated: Bool)
    }

    /// What one attempt to send did.
    enum Outgoing {
        case bytes(Int)
        /// None went; `needsBytes` when half a message of the peer's has to be complete first.
        case wouldBlock(needsBytes: Bool)
        case failed(IOError)
    }

    private let ssl: OpaquePointer
    private let context: TLSContext
    private var isEstablished = false
    /// How receiving ended, kept while the bytes before it are delivered.
    private var ending: Result<Incoming, IOError>?
    /// After a fatal error OpenSSL must not be asked for anything any more (SSL_get_error(3)).
    private var hasFailed = false

    /// `serverName` is what a client expects the server to prove, and sends as SNI unless it is an address.
    init(_ context: TLSContext, descriptor: Int32, serverName: String? = nil) throws(IOError) {
        guard let ssl = SSL_new(context.context) else { throw TLSContext.failure("cannot make a TLS session") }
        self.ssl = ssl
        self.context = context
        guard SSL_set_fd(ssl, descriptor) == 1 else { throw TLSContext.failure("cannot use the socket for TLS") }
        if context.isServer {
            SSL_set_accept_state(ssl)
        } else {
            SSL_set_connect_state(ssl)
            try expect(serverName)
            if !context.offeredALPN.isEmpty {
                SSL_set_alpn_protos(ssl, context.offeredALPN, UInt32(context.offeredALPN.count))
            }
        }
    }

    deinit { SSL_free(ssl) }

    var serverEndPoint: [UInt8]? { context.serverEndPoint }

    private func expect(_ serverName: String?) throws(IOError) {
        guard let serverName, !serverName.isEmpty else {
            guard !context.verifies else {
                throw .tls(reason: "there is no name to verify the server's certificate for")
            }
            return
        }
        let isAddress = SocketAddress(literal: serverName, port: 0) != nil
        // RFC 6066, 3: literal addresses are not permitted in SNI.
        if !isAddress { _ = fl_ssl_set_server_name(ssl, serverName) }
        guard context.verifies else { return }
        let isSet = isAddress ? fl_ssl_set_expected_ip(ssl, serverName) : SSL_set1_host(ssl, serverName)
        guard isSet == 1 else { throw .tls(reason: "'\(serverName)' is no name that can be verified") }
    }

    /// Takes the handshake one step on: nil when it is done, else what it waits for.
    func handshake() throws(IOError) -> Readiness? {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        if result == 1 {
            isEstablished = true
            return nil
        }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ: return .read
        case SSL_ERROR_WANT_WRITE: return .write
        default:
            hasFailed = true
            throw handshakeFailure()
        }
    }

    private func handshakeFailure() -> IOError {
        let code = ERR_peek_error()
        if fl_ssl_is_verify_failure(code) != 0 {
            let reason = String(cString: X509_verify_cert_error_string(SSL_get_verify_result(ssl)))
            ERR_clear_error()
            return .tls(reason: "the peer's certificate is not trusted: \(reason)")
        }
        if code == 0 { return .tls(reason: "the peer closed during the handshake") }
        return TLSContext.failure("handshake failed")
    }

    /// The ALPN name that was agreed on, or nil.
    var agreedProtocol: String? {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        SSL_get0_alpn_selected(ssl, &name, &length)
        guard let name, length > 0 else { return nil }
        return String(decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
    }

    /// Decrypts until the buffer is full or nothing is left.
    func receive(into buffer: UnsafeMutableRawBufferPointer) throws(IOError) -> Incoming {
        if let ending { return try ending.get() }
        guard !hasFailed else { return .end(truncated: true) }
        var filled = 0
        while filled < buffer.count {
            ERR_clear_error()
            let room = Int32(clamping: buffer.count - filled)
            let count = SSL_read(ssl, buffer.baseAddress.map { $0 + filled }, room)
            if count > 0 {
                filled += Int(count)
                continue
            }
            let code = fl_errno()
            switch SSL_get_error(ssl, count) {
            case SSL_ERROR_WANT_READ:
                return filled > 0 ? .bytes(filled, mayHaveMore: false) : .wouldBlock(needsRoom: false)
            case SSL_ERROR_WANT_WRITE:
                return filled > 0 ? .bytes(filled, mayHaveMore: true) : .wouldBlock(needsRoom: true)
            case let error:
                // What came before an end or an error is delivered first.
                let ending = ending(error, code)
                self.ending = ending
                return filled > 0 ? .bytes(filled, mayHaveMore: true) : try ending.get()
            }
        }
        return .bytes(filled, mayHaveMore: true)
    }

    /// What an error of SSL_read means; `code` is the `errno` it left.
    private func ending(_ error: Int32, _ code: Int32) -> Result<Incoming, IOError> {
        if error == SSL_ERROR_ZERO_RETURN { return .success(.end(truncated: false)) }
        hasFailed = true
        let reason = ERR_peek_error()
        if error == SSL_ERROR_SYSCALL, reason == 0 {
            return code == 0 ? .success(.end(truncated: true)) : .failure(.system(call: "receive", code: code))
        }
        guard fl_ssl_is_unexpected_eof(reason) != 0 else { return .failure(TLSContext.failure("receiving failed")) }
        ERR_clear_error()
        return .success(.end(truncated: true))
    }

    /// Whether neither bytes nor an end wait to be read; handshake messages that wait are taken in.
    func isQuiet() -> Bool {
        guard ending == nil, !hasFailed else { return false }
        ERR_clear_error()
        var byte: UInt8 = 0
        let count = SSL_peek(ssl, &byte, 1)
        return count <= 0 && SSL_get_error(ssl, count) == SSL_ERROR_WANT_READ
    }

    /// Encrypts and sends once; what was not sent has to be what the next call begins with.
    func send(_ bytes: UnsafeRawBufferPointer) -> Outgoing {
        guard !hasFailed else { return .failed(.tls(reason: "the stream is broken")) }
        ERR_clear_error()
        let count = SSL_write(ssl, bytes.baseAddress, Int32(clamping: bytes.count))
        if count > 0 { return .bytes(Int(count)) }
        let code = fl_errno()
        switch SSL_get_error(ssl, count) {
        case SSL_ERROR_WANT_WRITE: return .wouldBlock(needsBytes: false)
        case SSL_ERROR_WANT_READ: return .wouldBlock(needsBytes: true)
        case SSL_ERROR_SYSCALL where ERR_peek_error() == 0 && code != 0:
            hasFailed = true
            return .failed(.system(call: "send", code: code))
        default:
            hasFailed = true
            return .failed(TLSContext.failure("sending failed"))
        }
    }

    /// Sends a close_notify, so that the peer can tell the end from a cut (RFC 8446, 6.1).
    ///
    /// False when the socket takes none now: another call has to follow.
    func sayGoodbye() -> Bool {
        guard isEstablished, !hasFailed else { return true }
        ERR_clear_error()
        let result = SSL_shutdown(ssl)
        let mustWait = result < 0 && SSL_get_error(ssl, result) == SSL_ERROR_WANT_WRITE
        ERR_clear_error()
        return !mustWait
    }
}

extension Socket {
    /// Takes the server's part of a TLS handshake, before the waker's deadline; the ALPN name agreed on, or nil.
    package func acceptTLS(_ context: TLSContext) async throws(IOError) -> String? {
        try await negotiate(TLSSession(context, descriptor: number))
    }

    /// Takes the client's part of a TLS handshake, before the waker's deadline; the ALPN name agreed on, or nil.
    package func connectTLS(_ context: TLSContext, serverName: String?) async throws(IOError) -> String? {
        try await negotiate(TLSSession(context, descriptor: number, serverName: serverName))
    }

    private func negotiate(_ session: TLSSession) async throws(IOError) -> String? {
        // What was said in the clear must not be taken for something to encrypt.
        try await untilSent("TLS handshake")
        attach(session)
        while let missing = try session.handshake() {
            if missing == .read {
                consumeReadability()
                try await untilReadable("TLS handshake")
            } else {
                consumeWritability()
                try await untilWritable("TLS handshake")
            }
        }
        // Application data may have come with the last flight.
        assumeReadable()
        return session.agreedProtocol
    }

    /// Whether the bytes on this socket are encrypted.
    package var isEncrypted: Bool { tls != nil }

    /// What a client's login can be bound to, where TLS ends here: ``TLSContext/serverEndPoint``.
    package var serverEndPoint: [UInt8]? { tls?.serverEndPoint }
}
