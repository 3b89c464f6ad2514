// Both framers and the exchange of one session, so that the gateway feeds bytes and gets outcomes.

import Wire

/// The noting side of one PostgreSQL session, from just after its startup packet to its close.
package struct PostgresConversation: Sendable {
    package private(set) var client = PostgresClientFramer()
    package private(set) var server = PostgresServerFramer()
    package private(set) var exchange: PostgresExchange
    /// Whether the session speaks the replication protocol.
    package let replication: PostgresReplication
    /// The process id of the last BackendKeyData, nil when none came; the key is `server.backendKey`.
    package private(set) var processID: UInt32?
    /// How many notices and notifications came, which answer nothing; wraps around.
    package private(set) var pushes: UInt64 = 0
    /// How often the server has said, behind the start of the session, that `application_name` is another; wraps around.
    ///
    /// The name is `server.applicationName`.
    package private(set) var renames: UInt64 = 0

    /// A conversation whose startup packet was sent at `start`.
    package init(startedAt start: UInt64, replication: PostgresReplication = .none) {
        exchange = PostgresExchange(startedAt: start)
        self.replication = replication
    }

    /// Whether framing still holds both ways.
    package var isLost: Bool { client.isLost || server.isLost }

    /// Whether an ErrorResponse of the gateway's own may be put after the server's bytes so far.
    package var acceptsErrorReply: Bool { server.isAtBoundary && !exchange.isEnding }

    /// Whether both directions are between messages.
    package var isAtBoundary: Bool { client.isAtBoundary && server.isAtBoundary }

    /// Notes all of a client's `bytes`, which passed at `now`.
    package mutating func clientSent(_ bytes: Bytes, at now: UInt64) throws(WireError) {
        var offset = 0
        while let event = try client.next(bytes, at: &offset) { exchange.clientSent(event, at: now) }
    }

    /// Notes a client's `bytes` from `offset` to the end of the next message that is one event; nil when all are consumed.
    package mutating func clientSent(
        _ bytes: Bytes, from offset: inout Int, at now: UInt64
    ) throws(WireError) -> PostgresClientEvent? {
        guard let event = try client.next(bytes, at: &offset) else { return nil }
        exchange.clientSent(event, at: now)
        return event
    }

    /// Notes a server's `bytes` from `offset`; the next outcome, or nil when all bytes are consumed.
    package mutating func serverSent(_ bytes: Bytes, from offset: inout Int) throws(WireError) -> PostgresOutcome? {
        while let event = try server.next(bytes, at: &offset) {
            switch event {
            case .backendKeyReceived(let processID): self.processID = processID
            case .noticeReported, .notificationReceived: pushes &+= 1
            case .parameterReported where server.namesApplication && exchange.transactionStatus != nil: renames &+= 1
            default: break
            }
            if let outcome = exchange.serverSent(event) { return outcome }
        }
        return nil
    }

    /// Takes the oldest unanswered request as failed; see `PostgresExchange.abandonNext`.
    package mutating func abandonNext(_ sqlState: PostgresSQLState = .none) -> PostgresOutcome? {
        exchange.abandonNext(sqlState)
    }
}
