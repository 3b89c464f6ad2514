// What the framers report: one fact for each typed message that means something to the gateway.

/// A message that a client sent; CopyData is counted instead of reported.
package enum PostgresClientEvent: Sendable, Equatable {
    /// `Q`: a simple query, and the kind of its first statement.
    case querySent(PostgresCommand)
    /// `P`: a statement to prepare.
    case parseSent(PostgresCommand)
    /// `B`.
    case bindSent
    /// `D`.
    case describeSent
    /// `E`.
    case executeSent
    /// `C`: a prepared statement or portal is given up.
    case closeSent
    /// `S`: the end of a segment, answered by one ReadyForQuery.
    case syncSent
    /// `H`: answered by nothing of its own.
    case flushSent
    /// `c`.
    case copyDoneSent
    /// `f`.
    case copyFailSent
    /// `F`: answered by one ReadyForQuery.
    case functionCallSent
    /// `p`: a password, a SASL or a GSS token; which one depends on what the server asked for.
    case credentialsSent
    /// `X`: the client says goodbye.
    case terminateSent
    /// A well-framed message of a type that the protocol pages do not list.
    case unknownSent(type: UInt8)
}

/// A message that a server sent; DataRow and CopyData are counted instead of reported.
package enum PostgresServerEvent: Sendable, Equatable {
    /// `R` with a code other than 0: the server wants something, or has the last word of a SASL exchange.
    case authenticationRequested(code: UInt32)
    /// `R` with code 0.
    case authenticationCompleted
    /// `K`; the key's bytes are the framer's `backendKey`.
    case backendKeyReceived(processID: UInt32)
    /// `S`.
    case parameterReported
    /// `Z`.
    case readyForQueryReceived(PostgresTransactionStatus)
    /// `T`.
    case rowsDescribed
    /// `C`, and the first word of its tag.
    case commandCompleted(PostgresCommand)
    /// `E`.
    case errorReported(PostgresSeverity, PostgresSQLState)
    /// `N`.
    case noticeReported(PostgresSeverity, PostgresSQLState)
    /// `A`.
    case notificationReceived
    /// `G`: the client may send CopyData.
    case copyInStarted
    /// `H`: the server sends CopyData.
    case copyOutStarted
    /// `W`: both send CopyData, as replication does.
    case copyBothStarted
    /// `c`.
    case copyDoneReceived
    /// `v`: the newest version the server speaks (major in the high half), and how many options it does not know.
    case protocolNegotiated(version: UInt32, unknownOptions: UInt32)
    /// `s`: an Execute stopped at its row limit.
    case portalSuspended
    /// `I`.
    case emptyQueryAnswered
    /// `n`.
    case noDataDescribed
    /// `t`.
    case parametersDescribed
    /// `1`.
    case parseCompleted
    /// `2`.
    case bindCompleted
    /// `3`.
    case closeCompleted
    /// `V`.
    case functionCallAnswered
    /// A well-framed message of a type that the protocol pages do not list.
    case unknownReceived(type: UInt8)
}
