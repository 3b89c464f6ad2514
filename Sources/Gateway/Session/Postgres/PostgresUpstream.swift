// Connections to PostgreSQL servers, encrypted by SSLRequest where the backend asks for TLS.

import PostgresWire
import Reactor
import Wire

/// Opens connections for a session.
enum PostgresUpstream {
    /// Connects to `backend`, at `address` where the very server is known, within its connect-timeout.
    ///
    /// The deadline stays set for what the caller still does before it relays.
    static func connect(
        _ session: Session, to backend: Backend, at address: SocketAddress? = nil
    ) async throws(GatewayFailure) -> Socket {
        session.waker.setDeadline(after: backend.connectTimeout.nanoseconds)
        let upstream: Socket
        if let address {
            do throws(IOError) {
                upstream = try await Socket.connect(to: address, waker: session.waker)
            } catch {
                throw .connecting(to: backend, error)
            }
        } else {
            upstream = try await backend.connect(session.local.resolver, waker: session.waker)
        }
        session.metrics.upstreamsOpened += 1
        do throws(GatewayFailure) {
            if backend.tls != nil { try await secure(upstream, backend) }
        } catch {
            upstream.close()
            throw error
        }
        return upstream
    }

    /// Asks for TLS and takes the handshake; a backend whose URL asks for TLS is never spoken to in the clear.
    private static func secure(_ upstream: Socket, _ backend: Backend) async throws(GatewayFailure) {
        switch try await requestTLS(upstream, backend).answer {
        case .accepted: break
        case .refused:
            throw GatewayFailure(
                .backendTLS,
                "\(backend.label) cannot be reached: it does not offer TLS, which the gateway is told to use there")
        case .failed:
            // What the message says came unauthenticated, so nobody is shown it (CVE-2024-10977).
            throw GatewayFailure(
                .backendTLS, "\(backend.label) cannot be reached: it answered the request for TLS with an error")
        }
        do throws(IOError) {
            try await backend.secure(upstream)
        } catch {
            throw .connecting(to: backend, error)
        }
    }

    /// Sends an SSLRequest and reads the answer, which is one byte unless it is an error.
    static func requestTLS(
        _ upstream: Socket, _ backend: Backend
    ) async throws(GatewayFailure) -> (answer: PostgresEncryptionAnswer, bytes: [UInt8]) {
        upstream.send(PostgresRequestCode.encryptionRequest(.tls))
        do {
            while true {
                switch try upstream.receive() {
                case .bytes(let count):
                    let bytes = upstream.worker.withReceived(count) { $0.array(0..<count) }
                    if let answer = try PostgresEncryptionAnswer.read(bytes.span, to: .tls) { return (answer, bytes) }
                case .nothing: try await upstream.untilReadable("asking for TLS")
                case .end:
                    throw GatewayFailure(
                        .unreachable, "\(backend.label) cannot be reached: it closed the connection when asked for TLS")
                }
            }
        } catch let error as GatewayFailure {
            throw error
        } catch let error as IOError {
            throw .connecting(to: backend, error)
        } catch {
            throw GatewayFailure(.backendProtocol, "\(backend.label) cannot be reached: \(error)")
        }
    }

    /// Passes the server's first answer to a client in the clear, without the offer to bind the login to a channel.
    ///
    /// Such a client has none; see ``PostgresSASLOffer``. What follows is for the relay.
    static func passFirstAnswer(
        _ session: Session, _ upstream: Socket, _ observer: PostgresObserver
    ) async throws(IOError) {
        session.waker.setDeadline(after: session.listener.configuration.handshakeTimeout.nanoseconds)
        var kept: [UInt8] = []
        while true {
            switch try upstream.receive() {
            case .bytes(let count):
                kept += upstream.worker.withReceived(count) { $0.array(0..<count) }
                guard let answer = PostgresSASLOffer.withoutChannelBinding(kept.span) else { continue }
                pass(answer, to: session, observer)
                return
            case .nothing: try await upstream.untilReadable("the server's first answer")
            case .end:
                pass(kept, to: session, observer)
                return
            }
        }
    }

    private static func pass(_ bytes: [UInt8], to session: Session, _ observer: PostgresObserver) {
        session.metrics.bytesFromBackends &+= UInt64(bytes.count)
        session.client.send(bytes)
        observer.backendSent(bytes.span)
    }
}
