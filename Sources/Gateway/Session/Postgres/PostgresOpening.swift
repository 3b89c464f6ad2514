// What a client says before its first typed message: encryption, a session, or a cancellation.

import PostgresWire
import Reactor
import Wire

/// What a client wants, once its first packets are read.
enum PostgresOpening {
    /// A session; `bytes` are its startup packet, `length` bytes long, and whatever came right behind it.
    case session(PostgresStartup, bytes: [UInt8], length: Int)
    /// The end of another session's request; `packet` is how the client spelled it.
    case cancellation(PostgresKey, packet: [UInt8])
    /// TLS between the client and this upstream, which the gateway cannot read.
    case opaque(Socket)
    /// Nothing: a health probe, or a client that has seen enough.
    case nothing
}

/// What is done about a client that asks for TLS.
enum PostgresEncryptionPolicy {
    /// It hears `N`.
    case refuse
    /// The gateway takes the handshake.
    case terminate(TLSContext)
    /// The backend is asked.
    case passthrough

    /// The policy for a session's client; a Unix socket has no TLS, as with the server itself.
    init(_ session: Session) {
        switch session.listener.configuration.tls {
        case _ where session.peer.isUnix: self = .refuse
        case .terminate: self = session.listener.tls.map { .terminate($0) } ?? .refuse
        case .passthrough: self = .passthrough
        case nil: self = .refuse
        }
    }
}

/// Reads a client's first packets, which it holds whole, and answers those that ask for encryption.
struct PostgresOpener {
    private let session: Session
    private let policy: PostgresEncryptionPolicy
    private var parser = PostgresStartupParser(directTLS: false)
    private var buffer: [UInt8] = []
    /// With `passthrough`: the connection on which the backend has refused TLS and now waits for the startup.
    private(set) var upstream: Socket?

    init(_ session: Session, policy: PostgresEncryptionPolicy) {
        self.session = session
        self.policy = policy
    }

    private var client: Socket { session.client }

    /// Reads until it is clear what the client wants, within the listener's handshake-timeout.
    mutating func read() async throws(PostgresRefusal) -> PostgresOpening {
        session.waker.setDeadline(after: session.listener.configuration.handshakeTimeout.nanoseconds)
        do {
            if let opening = try await directTLS() { return opening }
            return try await packets()
        } catch let error as PostgresRefusal {
            throw error
        } catch let error as WireError {
            throw Self.refusal(error)
        } catch IOError.timedOut {
            throw PostgresRefusal(
                GatewayFailure(.handshakeTimedOut, "the client did not send its startup packet in time"))
        } catch IOError.cancelled {
            throw PostgresRefusal(GatewayFailure(.shuttingDown, "the gateway is shutting down"))
        } catch {
            return .nothing
        }
    }

    // MARK: Packets

    private mutating func packets() async throws -> PostgresOpening {
        while true {
            switch try nextStep() {
            case .moreNeeded:
                guard try await fill() else { return try ended() }
            case .packet(.encryptionRequested(let encryption), _):
                buffer.removeAll(keepingCapacity: true)
                if encryption == .tls, let opening = try await negotiateTLS() { return opening }
                if encryption == .gss { client.send(Self.no) }
            case .packet(.cancelRequested(let processID, let key), let length):
                return .cancellation(
                    PostgresKey(processID: processID, secret: key), packet: Array(buffer.prefix(length)))
            case .packet(.sessionRequested(let startup), let length):
                if mustEncrypt {
                    throw PostgresRefusal(
                        GatewayFailure(.clientProtocol, "listener '\(session.listener.name)' takes only TLS"),
                        reply: .tlsRequired)
                }
                return .session(startup, bytes: buffer, length: length)
            case .packet(.directTLSStarted, _):
                // The parser was told that this cannot be.
                return .nothing
            }
        }
    }

    private mutating func nextStep() throws(WireError) -> PostgresStartupStep {
        // A second name for the same bytes: parser and buffer cannot both be borrowed through self.
        let bytes = buffer
        return try parser.next(bytes.span)
    }

    /// Waits for more bytes; false when there will be none.
    private mutating func fill() async throws(IOError) -> Bool {
        while !client.hasEnded {
            switch try client.receive() {
            case .bytes(let count):
                session.metrics.bytesFromClients &+= UInt64(count)
                client.worker.withReceived(count) { bytes in
                    buffer.reserveCapacity(buffer.count + count)
                    for index in 0..<count { buffer.append(bytes[index]) }
                }
                return true
            case .nothing: try await client.untilReadable("startup")
            case .end: break
            }
        }
        return false
    }

    /// The client has closed: fine between packets, where health probes and clients that got an `N` leave.
    private func ended() throws(PostgresRefusal) -> PostgresOpening {
        guard !buffer.isEmpty else { return .nothing }
        throw PostgresRefusal(GatewayFailure(.clientLost, "the client closed within its startup packet"))
    }

    /// Whether a session in the clear is against the listener's settings; a Unix socket needs no TLS.
    private var mustEncrypt: Bool {
        guard !client.isEncrypted, !session.peer.isUnix else { return false }
        switch session.listener.configuration.tls {
        case .terminate(let settings): return settings.required
        case .passthrough(let required): return required
        case nil: return false
        }
    }

    private static let no = [UInt8(ascii: "N")]

    /// A server answers what it could read with an error, and closes on anything else without a word.
    private static func refusal(_ error: WireError) -> PostgresRefusal {
        let isAnswered =
            switch error.code {
            case "invalid-startup-layout", "repeated-encryption-request", "bytes-after-encryption-request": true
            default: false
            }
        return PostgresRefusal(
            GatewayFailure(.clientProtocol, "\(error)"), reply: isAnswered ? .protocolViolated : nil)
    }

    // MARK: TLS

    /// Looks at the first byte where a client may begin with a TLS handshake; nil when it does not.
    private mutating func directTLS() async throws -> PostgresOpening? {
        if case .refuse = policy { return nil }
        var first = try client.peek()
        while first == nil {
            if client.hasEnded { return .nothing }
            try await client.untilReadable("startup")
            first = try client.peek()
        }
        // A handshake record (RFC 8446, 5.1).
        guard first == 0x16 else { return nil }
        switch policy {
        case .refuse: return nil
        case .terminate(let context):
            guard try await handshake(context) == Self.alpn else {
                // The name is what keeps another protocol's client from being led here (ALPACA).
                throw PostgresRefusal(
                    GatewayFailure(.clientTLS, "direct TLS without the ALPN protocol '\(Self.alpn)'"), reply: nil)
            }
            return nil
        case .passthrough:
            do {
                return .opaque(try await connect())
            } catch {
                // A client that waits for a handshake could not read an answer.
                throw PostgresRefusal(error.failure, reply: nil)
            }
        }
    }

    static let alpn = "postgresql"

    /// Answers an SSLRequest; an opening when the rest is none of the gateway's business.
    private mutating func negotiateTLS() async throws -> PostgresOpening? {
        switch policy {
        case .refuse: client.send(Self.no)
        case .terminate(let context):
            client.send([UInt8(ascii: "S")])
            // Here ALPN is the client's choice: libpq before 17 does not offer it.
            _ = try await handshake(context)
        case .passthrough:
            let upstream = try await connect()
            let backend = session.backend
            do {
                let (answer, bytes) = try await PostgresUpstream.requestTLS(upstream, backend)
                client.send(bytes)
                session.metrics.bytesFromBackends &+= UInt64(bytes.count)
                guard answer == .refused else { return .opaque(upstream) }
            } catch {
                upstream.close()
                throw PostgresRefusal(error)
            }
            self.upstream = upstream
            session.waker.setDeadline(after: session.listener.configuration.handshakeTimeout.nanoseconds)
        }
        return nil
    }

    private mutating func handshake(_ context: TLSContext) async throws(PostgresRefusal) -> String? {
        parser.encryptionStarted()
        do throws(IOError) {
            return try await client.acceptTLS(context)
        } catch {
            let failure: GatewayFailure =
                switch error {
                case .timedOut:
                    GatewayFailure(.handshakeTimedOut, "the client did not finish its TLS handshake in time")
                case .cancelled: GatewayFailure(.shuttingDown, "the gateway is shutting down")
                default: GatewayFailure(.clientTLS, "TLS handshake with the client failed: \(error)")
                }
            throw PostgresRefusal(failure, reply: nil)
        }
    }

    private func connect() async throws(PostgresRefusal) -> Socket {
        do throws(GatewayFailure) {
            return try await PostgresUpstream.connect(session, to: session.backend)
        } catch {
            throw PostgresRefusal(error)
        }
    }
}
