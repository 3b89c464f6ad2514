// Why the gateway, and not the backend, has to answer a client.

import Reactor

/// A failure that a client hears of in its own protocol: whose fault, which backend, and the cause.
package struct GatewayFailure: Error, Sendable, Equatable {
    package enum Cause: String, Sendable, CaseIterable {
        /// No connection to the backend could be made.
        case unreachable = "backend-unreachable"
        /// Connecting took longer than the backend's connect-timeout.
        case connectTimedOut = "backend-connect-timeout"
        /// It failed several times in a row and is left alone for a while.
        case circuitOpen = "circuit-open"
        /// The TLS handshake with the backend failed, or its certificate is not trusted.
        case backendTLS = "backend-tls"
        /// The connection to the backend broke while an answer was owed.
        case lost = "backend-lost"
        /// The backend does not take a login any more that it took from the client before.
        case loginRefused = "backend-login-refused"
        /// The backend did not answer within its response-timeout.
        case silent = "backend-silent"
        /// The backend broke the rules of the protocol.
        case backendProtocol = "backend-protocol"
        /// The listener's limit of connections is reached.
        case tooManyConnections = "too-many-connections"
        /// The gateway is stopping.
        case shuttingDown = "shutting-down"
        /// The session was idle for longer than the listener's idle-timeout.
        case idle = "idle-timeout"
        /// The client took longer than the listener's handshake-timeout.
        case handshakeTimedOut = "handshake-timeout"
        /// The TLS handshake with the client failed.
        case clientTLS = "client-tls"
        /// The client broke the rules of the protocol.
        case clientProtocol = "client-protocol"
        /// The client's connection broke.
        case clientLost = "client-lost"
    }

    package let cause: Cause
    /// One sentence: what happened, with the backend's name and address where it is one's fault.
    package let message: String

    package init(_ cause: Cause, _ message: String) {
        self.cause = cause
        self.message = message
    }

    /// Why `backend` cannot be reached, from the error of the attempt.
    static func connecting(to backend: Backend, _ error: IOError) -> GatewayFailure {
        switch error {
        case .timedOut:
            GatewayFailure(
                .connectTimedOut, "\(backend.label) cannot be reached: no connection within \(backend.connectTimeout)")
        case .tls, .truncated: GatewayFailure(.backendTLS, "\(backend.label) cannot be reached: \(error)")
        case .cancelled: GatewayFailure(.shuttingDown, "the gateway is shutting down")
        case .system, .resolution: GatewayFailure(.unreachable, "\(backend.label) cannot be reached: \(error)")
        }
    }

    /// The connection to `backend` broke.
    static func lost(_ backend: Backend, _ detail: String) -> GatewayFailure {
        GatewayFailure(.lost, "\(backend.label) went away: \(detail)")
    }
}
