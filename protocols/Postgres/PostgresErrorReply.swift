// Composes the ErrorResponse by which the gateway tells a PostgreSQL client what failed.

import Wire

/// Why the gateway ends a session, or never starts it.
package enum PostgresFailure: Sendable, Equatable, CaseIterable {
    /// The backend's address could not be reached, or it refused.
    case cannotConnect
    /// The backend did not take the connection in time.
    case connectTimedOut
    /// The backend closed or broke the connection in a session.
    case backendLost
    /// The backend was silent for too long in the middle of a request.
    case backendTimedOut
    /// The backend refused TLS, or its certificate was not accepted.
    case backendTLSFailed
    /// Nothing happened in the session for too long.
    case idleTimedOut
    /// The client did not finish its startup or login in time.
    case handshakeTimedOut
    /// The gateway's limit on connections is reached.
    case tooManyConnections
    /// The gateway stops.
    case shuttingDown
    /// The client's bytes are no PostgreSQL messages.
    case protocolViolated
    /// The backend's bytes are no PostgreSQL messages.
    case backendProtocolViolated
    /// The listener takes only encrypted connections.
    case tlsRequired
    /// No route leads from this listener to a backend for the database or user.
    case noRoute

    /// The code that a client would get from a server for the nearest cause.
    ///
    /// Class 08 is "connection exception" and the one that drivers take as "reconnect": 08001 when no connection
    /// was made (the gateway is the SQL client of the backend), 08006 when one was and broke. 53300, 57P01 and 57P05
    /// are what the server itself sends at its connection limit, at shutdown and at `idle_session_timeout`; poolers
    /// know them. 28000 is what a server says to a clear connection that pg_hba.conf wants encrypted. 3D000 is "the
    /// database does not exist".
    package var sqlState: PostgresSQLState {
        switch self {
        case .cannotConnect, .connectTimedOut, .backendTLSFailed: PostgresSQLState("08001")
        case .backendLost, .backendTimedOut, .handshakeTimedOut, .backendProtocolViolated: PostgresSQLState("08006")
        case .idleTimedOut: PostgresSQLState("57P05")
        case .tooManyConnections: PostgresSQLState("53300")
        case .shuttingDown: PostgresSQLState("57P01")
        case .protocolViolated: PostgresSQLState("08P01")
        case .tlsRequired: PostgresSQLState("28000")
        case .noRoute: PostgresSQLState("3D000")
        }
    }

    /// A short text for metric labels.
    package var code: StaticString {
        switch self {
        case .cannotConnect: "cannot-connect"
        case .connectTimedOut: "connect-timed-out"
        case .backendLost: "backend-lost"
        case .backendTimedOut: "backend-timed-out"
        case .backendTLSFailed: "backend-tls-failed"
        case .idleTimedOut: "idle-timed-out"
        case .handshakeTimedOut: "handshake-timed-out"
        case .tooManyConnections: "too-many-connections"
        case .shuttingDown: "shutting-down"
        case .protocolViolated: "protocol-violated"
        case .backendProtocolViolated: "backend-protocol-violated"
        case .tlsRequired: "tls-required"
        case .noRoute: "no-route"
        }
    }

    /// What to say to the client; `backend` is the backend's name.
    package func message(backend: String) -> String {
        switch self {
        case .cannotConnect: "could not connect to backend \"\(backend)\""
        case .connectTimedOut: "connecting to backend \"\(backend)\" timed out"
        case .backendLost: "connection to backend \"\(backend)\" was lost"
        case .backendTimedOut: "backend \"\(backend)\" did not answer in time"
        case .backendTLSFailed: "no TLS connection to backend \"\(backend)\""
        case .idleTimedOut: "terminating connection due to idle timeout"
        case .handshakeTimedOut: "startup was not finished in time"
        case .tooManyConnections: "sorry, too many clients already"
        case .shuttingDown: "terminating connection because the gateway is shutting down"
        case .protocolViolated: "invalid frontend message"
        case .backendProtocolViolated: "invalid message from backend \"\(backend)\""
        case .tlsRequired: "this listener accepts only encrypted connections"
        case .noRoute: "no backend for this database and user"
        }
    }
}

/// An ErrorResponse: the fields S, V, C, M, and D and H where given.
package enum PostgresErrorReply {
    /// The bytes of an ErrorResponse; texts are bounded and rid of control characters.
    ///
    /// - Parameter severity: `.fatal` when the connection closes after it, which is the rule, else `.error`.
    package static func bytes(
        severity: PostgresSeverity = .fatal, sqlState: PostgresSQLState, message: String, detail: String? = nil,
        hint: String? = nil
    ) -> [UInt8] {
        var reply: [UInt8] = [UInt8(ascii: "E"), 0, 0, 0, 0]
        let word = severity == .fatal ? "FATAL" : "ERROR"
        append("S", word, to: &reply)
        append("V", word, to: &reply)
        append("C", sqlState.isWellFormed ? sqlState.description : "XX000", to: &reply)
        append("M", message.isEmpty ? "unknown failure" : message, to: &reply)
        if let detail, !detail.isEmpty { append("D", detail, to: &reply) }
        if let hint, !hint.isEmpty { append("H", hint, to: &reply) }
        reply.append(0)
        let length = UInt32(reply.count - 1)
        for place in 0..<4 { reply[1 + place] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * place)) }
        return reply
    }

    /// The bytes that tell a client of `failure`; `cause` says in a few words what exactly happened.
    package static func bytes(for failure: PostgresFailure, backend: String, cause: String? = nil) -> [UInt8] {
        bytes(sqlState: failure.sqlState, message: failure.message(backend: backend), detail: cause)
    }

    private static func append(_ field: Unicode.Scalar, _ text: String, to reply: inout [UInt8]) {
        reply.append(UInt8(ascii: field))
        let limit = reply.count + PostgresLimits.errorField.maximum
        for scalar in text.unicodeScalars {
            // A zero would end the field early, other control characters could forge lines in a client's log.
            let isControl = scalar.value < 0x20 || scalar.value &- 0x7F < 0x21
            let encoded = Unicode.UTF8.encode(isControl ? " " : scalar)
            guard let encoded, reply.count + encoded.count <= limit else { break }
            reply.append(contentsOf: encoded)
        }
        reply.append(0)
    }
}
