// What an exchange comes to: its result, its times and sizes, and what its connections are still good for.

/// How an exchange goes on after a response head.
package enum S3ResponseStep: Sendable, Equatable {
    /// A 1xx, which goes to the client; another head follows.
    case interimReceived
    /// The final head, and a body framed like this follows.
    case bodyFollows(S3BodyFraming)
    /// The final head, and the response is complete with it.
    case responseEnded
}

/// Whether a request did what it asked for, as far as a gateway can see.
package enum S3Result: UInt8, Sendable, Equatable {
    case succeeded
    /// A status of 400 or more, or no final response at all.
    case failed
    /// A 200 whose body may yet carry an error, see ``S3Command/mayFailInsideBody``.
    case undecided
}

/// Why a connection ends with an exchange.
///
/// Nearly every reason ends both sides: heads pass unchanged, so what either peer says about its connection
/// reaches the other, and each acts on it.
package enum S3CloseReason: UInt8, Sendable, Equatable, CaseIterable {
    case clientAskedToClose, clientIsHTTP10, serverAskedToClose, serverIsHTTP10, bodyUntilClose
    /// A final response came before the client's body was read to its end.
    case requestBodyUnread
    /// A client that waits for 100 got a final response, and may or may not send its body.
    case continueUnresolved
    /// A 1xx or 204 with fields that announce a body.
    case forbiddenBodyAnnounced
    /// The server sent bytes behind its response; this ends the upstream alone.
    case unsolicitedBytes
    /// A peer broke a rule of the wire.
    case clientBrokeRule, serverBrokeRule
    /// A peer went away in the middle.
    case clientGone, serverGone
    /// The gateway gave up: a time-out or its own end.
    case timedOut, gatewayStopped

    /// Short fixed text for a metric label.
    package var label: StaticString {
        switch self {
        case .clientAskedToClose: "client-asked-to-close"
        case .clientIsHTTP10: "client-http-1.0"
        case .serverAskedToClose: "server-asked-to-close"
        case .serverIsHTTP10: "server-http-1.0"
        case .bodyUntilClose: "body-until-close"
        case .requestBodyUnread: "request-body-unread"
        case .continueUnresolved: "continue-unresolved"
        case .forbiddenBodyAnnounced: "forbidden-body-announced"
        case .unsolicitedBytes: "unsolicited-bytes"
        case .clientBrokeRule: "client-broke-rule"
        case .serverBrokeRule: "server-broke-rule"
        case .clientGone: "client-gone"
        case .serverGone: "server-gone"
        case .timedOut: "timed-out"
        case .gatewayStopped: "gateway-stopped"
        }
    }
}

/// The facts of a finished exchange, for metrics and for the pool of upstreams; times in nanoseconds.
package struct S3Outcome: Sendable, Equatable {
    package let command: S3Command
    package let method: S3Method
    /// The final status, also of a response that broke off; 0 when there was none.
    package let status: UInt16
    package let result: S3Result
    package let startedAt: UInt64
    /// When the first response head was complete, or 0.
    package let firstByteAt: UInt64
    package let endedAt: UInt64
    /// Payload of the request's body as it came.
    package let requestBytes: Int
    /// Payload of the response's body as it came.
    package let responseBytes: Int
    /// Why the client's connection ends with this exchange, or nil when it may carry another request.
    package let clientClosing: S3CloseReason?
    /// Why the upstream ends with this exchange, or nil when it may carry another request.
    package let upstreamClosing: S3CloseReason?
}
