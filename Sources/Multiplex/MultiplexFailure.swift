// Why an exchange with a backend gave no answer.

/// A failed exchange: what happened, and with it whether the backend may have acted.
///
/// Adapters turn it into their own words for callers: `unavailable` means that nothing was done, everything else but
/// `cancelled` that something may have been.
public enum MultiplexFailure: Error, Sendable, Equatable {
    /// There is no connection, or too much waits for one; no byte of the request has left.
    case unavailable(String)
    /// The connection was lost while the answer was owed; at least one byte of the request may have left.
    case indeterminate(String)
    /// The answer did not come in time; at least one byte of the request may have left.
    case timedOut
    /// The backend broke the rules of its protocol in what was to be this exchange's answer.
    case protocolBroken(String)
    /// The caller gave up.
    case cancelled
}
