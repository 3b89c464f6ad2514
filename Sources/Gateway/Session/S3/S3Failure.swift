// How the gateway's failures are told to S3 clients.

import S3Wire

extension S3ErrorCode {
    /// The error that answers a failure of the gateway's; RFC 9110 section 15.6 tells 502, 503 and 504 apart.
    init(_ cause: GatewayFailure.Cause) {
        switch cause {
        case .unreachable, .shuttingDown: self = .serviceUnavailable
        case .tooManyConnections, .circuitOpen: self = .slowDown
        case .connectTimedOut, .silent: self = .gatewayTimeout
        case .lost, .loginRefused, .backendTLS, .backendProtocol: self = .badGateway
        case .idle, .handshakeTimedOut: self = .requestTimeout
        case .clientTLS, .clientProtocol, .clientLost: self = .invalidRequest
        }
    }
}

extension S3CloseReason {
    /// What a failure of the gateway's means for the connections of its exchange.
    init(_ cause: GatewayFailure.Cause) {
        switch cause {
        case .unreachable, .circuitOpen, .lost, .loginRefused, .backendTLS: self = .serverGone
        case .backendProtocol: self = .serverBrokeRule
        case .connectTimedOut, .silent, .idle, .handshakeTimedOut: self = .timedOut
        case .tooManyConnections, .shuttingDown: self = .gatewayStopped
        case .clientProtocol, .clientTLS: self = .clientBrokeRule
        case .clientLost: self = .clientGone
        }
    }
}

/// The statuses of HTTP as text, made once, because every answer is counted by one.
enum S3StatusText {
    private static let texts = (0..<600).map { String($0) }

    static subscript(status: UInt16) -> String { Int(status) < texts.count ? texts[Int(status)] : "other" }
}
