// What a shadow's runner needs to know of a protocol on which requests go one at a time.

/// A request that is looked at again before a difference is one.
class ShadowSerialJob: ShadowJob, @unchecked Sendable {
    /// Looks at a difference so far, and how many of them found it again.
    final var rounds = 0
    final var confirmations = 0
    /// When to look again, in nanoseconds of the worker's clock.
    final var due: UInt64 = 0

    /// What in it is known to be answered in another way each time.
    final var noisy: Set<Int> = []

    /// Whether asking it of the primary once more changes nothing there.
    var mayBeAskedAgain: Bool { !isWrite }
    /// The name of its command, operation or statement.
    var name: String { "" }
    /// The request without its keys and values.
    var redacted: String { "" }
    /// Requests that it consists of, each with an answer; the following are about one of them.
    var count: Int { 1 }
    func name(at index: Int) -> String { name }
    func redacted(at index: Int) -> String { redacted }
    func size(at index: Int) -> Int { size }
}

/// What differs, in the words of reports.
struct ShadowFinding {
    let kind: String
    let place: String
    let primary: String
    let candidate: String
    /// Which answer.
    var index = 0
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

    func shape(of job: Job, at index: Int) -> Shape
    /// Why the candidate is not asked, given what the client got.
    func reason(against job: Job) -> ShadowDrop?
    /// What the client got; nil where it is none of the protocol.
    func clientReply(_ job: Job) -> Reply?
    func askCandidate(_ job: Job) async throws(ShadowFailure) -> Reply
    /// Nil where the primary cannot answer now.
    func askPrimary(_ job: Job) async -> Reply?
    /// One for each answer that differs at most, in order.
    func differences(_ primary: Reply, _ candidate: Reply, _ job: Job) -> [ShadowFinding]
    /// Which of the primary's answers, given one after the other, are not one.
    func unsteady(_ first: Reply, _ second: Reply, _ job: Job) -> [Int]
    /// Whether what only reads, in a job that writes, may be answered in another way each time.
    func isUnsteady(_ job: Job, at index: Int) async -> Bool
    /// Does what is due beside the jobs by `clock`, in nanoseconds of the worker's; when to do so again.
    func tend(_ clock: () -> UInt64) async -> UInt64
}

extension ShadowWire {
    func unsteady(_ first: Reply, _ second: Reply, _ job: Job) -> [Int] {
        differences(first, second, job).map(\.index)
    }
    func reason(against job: Job) -> ShadowDrop? { nil }
    func isUnsteady(_ job: Job, at index: Int) async -> Bool { false }
    func tend(_ clock: () -> UInt64) async -> UInt64 { .max }
}
