// Why a PostgreSQL client is sent away, and the words it hears.

import PostgresWire

/// The end of a session that the gateway brings about: what is noted, and what the client is told.
struct PostgresRefusal: Error {
    let failure: GatewayFailure
    /// nil: the connection just closes, as a server does it.
    let reply: PostgresFailure?

    /// A failure that the client hears of in the words that fit its cause.
    init(_ failure: GatewayFailure) {
        self.init(failure, reply: failure.cause.postgresFailure)
    }

    init(_ failure: GatewayFailure, reply: PostgresFailure?) {
        self.failure = failure
        self.reply = reply
    }
}

extension GatewayFailure.Cause {
    /// What a PostgreSQL client is told; nil where there is nobody left to tell.
    fileprivate var postgresFailure: PostgresFailure? {
        switch self {
        case .unreachable, .circuitOpen: .cannotConnect
        case .connectTimedOut: .connectTimedOut
        case .backendTLS: .backendTLSFailed
        case .lost, .loginRefused: .backendLost
        case .silent: .backendTimedOut
        case .backendProtocol: .backendProtocolViolated
        case .tooManyConnections: .tooManyConnections
        case .shuttingDown: .shuttingDown
        case .idle: .idleTimedOut
        case .handshakeTimedOut: .handshakeTimedOut
        case .clientProtocol: .protocolViolated
        case .clientTLS, .clientLost: nil
        }
    }
}
