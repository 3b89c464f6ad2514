// What a shadow's runner needs to know of a protocol on which requests go one at a time.

/// A request that is looked at again before a difference is one.
class ShadowSerialJob: ShadowJob, @unchecked Sendable {
    /// Looks at a difference so far, and how many of them found it again.
    final var rounds = 0
    final var confirmations = 0
    /// When to look again, in nanoseconds of the worker's clock.
    final var due: UInt64 = 0

    /// The name of its command, operation or statement.
    var name: String { "" }
    /// The request without its keys and values.
    var redacted: String { "" }
}

/// What differs, in the words of reports.
struct ShadowFinding {
    let kind: String
    let place: String
    let primary: String
    let candidate: String
}

/// How the primary and the candidate are asked, and their answers compared; it belongs to one runner.
protocol ShadowWire: AnyObject {
    associatedtype Job: ShadowSerialJob
    associatedtype Reply
    /// What requests that are noise together have in common.
    associatedtype Shape: Hashable

    /// Whether a connection is open.
    var isOpen: Bool { get }
    func close() async

    func shape(of job: Job) -> Shape
    /// What the client got; nil where it is none of the protocol.
    func clientReply(_ job: Job) -> Reply?
    func askCandidate(_ job: Job) async throws(ShadowFailure) -> Reply
    /// Nil where the primary cannot answer now.
    func askPrimary(_ job: Job) async -> Reply?
    func difference(_ primary: Reply, _ candidate: Reply, _ job: Job) -> ShadowFinding?
    /// Whether two answers of the primary's, given one after the other, are one.
    func isSteady(_ first: Reply, _ second: Reply, _ job: Job) -> Bool
}

extension ShadowWire {
    func isSteady(_ first: Reply, _ second: Reply, _ job: Job) -> Bool { difference(first, second, job) == nil }
}
