// Why a capability call did not give an answer; each front turns it into its protocol's own error.

/// A capability call that failed: what happened, and with it whether anything was done.
public enum Failure: Error, Sendable, Equatable {
    // The request's own fault; nothing was done.

    /// The backend cannot do this; the reason is one sentence, or empty when the manifest says it all.
    case refused(Capability, reason: String)
    /// The key holds a value of another type.
    case wrongType
    /// The value is no whole number of 64 bits.
    case notAnInteger
    /// The value is no finite number.
    case notAFloat
    /// The sum leaves the range of a 64-bit number.
    case overflow
    /// The sum is infinite or no number.
    case notFinite
    /// The key that has to be there is not.
    case noSuchKey
    /// The position is outside of the list.
    case indexOutOfRange
    /// The value would grow beyond what the backend holds.
    case tooLarge(limit: Int)
    /// A number in the request is outside of what the operation takes; the text says which.
    case invalid(String)

    // The backend's fault.

    /// It cannot be reached, and nothing was done; a later try may succeed.
    case unavailable(String)
    /// Its connection broke, or it stayed silent, while an answer was owed: it may or may not have been done.
    case indeterminate(String)
    /// It answered with an error of its own: the text is the backend's.
    case backend(String)
    /// It broke the rules of its protocol; the connection is given up.
    case protocolBroken(String)

    // The caller's own doing.

    /// The client went away, or the gateway stops.
    case cancelled
}
