// One client connection, from accept to close.

import Logging
import Reactor

/// A client connection and what serving it needs; it belongs to one task on one worker.
package final class Session {
    package let id: UInt64
    package let client: Socket
    package let listener: ListenerState
    package let local: WorkerState
    package let waker: Waker
    package let metrics: ListenerMetrics
    package let peer: SocketAddress
    /// What records what the application uses; nil where nothing does.
    let usage: SessionUsage?
    private let logger: Logger

    init(
        id: UInt64, client: Socket, peer: SocketAddress, listener: ListenerState, local: WorkerState, logger: Logger
    ) {
        self.id = id
        self.client = client
        self.peer = peer
        self.listener = listener
        self.local = local
        self.logger = logger
        waker = client.waker
        metrics = local.metrics[listener.index]
        usage = local.usage[listener.index].map { UsageTables.recorder(of: listener.front.wire, $0, client) }
    }

    package var worker: Worker { local.worker }

    /// The trusted backend; a front asks for it after it has seen that there is no ``gate``.
    package var backend: Backend {
        guard case .trusted(let backend) = listener.route else {
            preconditionFailure("a private backend is asked through its gate")
        }
        return backend
    }

    /// What leads to a private backend; nil when the backend is trusted.
    package var gate: Gate? {
        guard case .adapted(let backend) = listener.route else { return nil }
        return local.gate(of: backend)
    }

    /// The session's id as errors and logs show it.
    package var label: String { "\(listener.name)-\(String(id, radix: 36))" }

    // MARK: Steps that every front has

    /// Takes the client's TLS handshake where the listener terminates TLS; false when the session is over.
    package func secureClient() async -> Bool {
        guard let tls = listener.tls else {
            client.settle()
            return true
        }
        waker.setDeadline(after: listener.configuration.handshakeTimeout.nanoseconds)
        do throws(IOError) {
            _ = try await client.acceptTLS(tls)
            waker.setDeadline(after: nil)
            return true
        } catch {
            note(handshake: error)
            return false
        }
    }

    /// Notes that the client's TLS handshake failed.
    package func note(handshake error: IOError) {
        switch error {
        case .timedOut:
            note(GatewayFailure(.handshakeTimedOut, "the client did not finish its TLS handshake in time"))
        case .cancelled: break
        default: note(GatewayFailure(.clientTLS, "TLS handshake with the client failed: \(error)"))
        }
    }

    /// Connects to the session's backend, with TLS where it asks for it, within its connect-timeout.
    package func connect() async throws(GatewayFailure) -> Socket {
        let backend = backend
        waker.setDeadline(after: backend.connectTimeout.nanoseconds)
        defer { waker.setDeadline(after: nil) }
        let upstream = try await backend.connect(local.resolver, waker: waker)
        metrics.upstreamsOpened += 1
        do throws(IOError) {
            try await backend.secure(upstream)
            upstream.settle()
            return upstream
        } catch {
            upstream.close()
            throw .connecting(to: backend, error)
        }
    }

    // MARK: What happened

    /// Counts a failure by its cause and logs it with the session's id.
    package func note(_ failure: GatewayFailure) {
        metrics.count(failure: failure.cause.rawValue)
        let level: Logger.Level =
            switch failure.cause {
            case .unreachable, .connectTimedOut, .backendTLS, .lost, .silent, .backendProtocol: .warning
            default: .info
            }
        log(level, failure.message, ["cause": "\(failure.cause.rawValue)"])
    }

    /// Logs with the session's id, listener, backend and peer.
    package func log(_ level: Logger.Level, _ message: @autoclosure () -> String, _ more: Logger.Metadata = [:]) {
        guard logger.logLevel <= level else { return }
        var metadata: Logger.Metadata = [
            "session": "\(label)", "listener": "\(listener.name)", "backend": "\(listener.route.name)",
            "peer": "\(peer)",
        ]
        metadata.merge(more) { _, new in new }
        logger.log(level: level, "\(message())", metadata: metadata)
    }
}
