// What one worker counts of a shadow.

import Glibc

/// Why something was not compared.
package enum ShadowDrop: String, CaseIterable, Sendable {
    /// Its keys are not in the share.
    case notSampled = "not-sampled"
    /// It did not fit into what is kept of a command, or is spelled as only a lenient server reads it.
    case notWhole = "not-whole"
    /// It is about the connection, waits, or belongs to a transaction.
    case stateful
    /// It writes where writes do not go to the candidate.
    case notOpted = "not-opted"
    /// Its reply is another each time, or nobody can know whether it is.
    case incomparable
    /// It goes by a version or a time of an object, which its copy in a scratch bucket has not got.
    case version
    /// It is about all of a bucket, of which the scratch bucket holds what was written since, and about nothing of that.
    case partialCopy = "partial-copy"
    /// It takes the rows of a portal in parts, or of one with a name.
    case portal
    /// It is in a database that has no place at the candidate.
    case database
    /// It has keys of several routes, not all of which this shadow is about.
    case otherRoutes = "other-routes"
    /// So much waits for the candidate already.
    case queueFull = "queue-full"
    /// Its reply did not fit into what is kept of one.
    case tooLarge = "too-large"
    /// The client got no reply.
    case unanswered
    /// The gateway itself has answered the client, or the primary has said that it cannot answer now, or not to this user.
    case primaryUnready = "primary-unready"
    /// The candidate could not be reached, or broke the connection.
    case candidateDown = "candidate-down"
    /// The candidate did not answer in time.
    case candidateSilent = "candidate-silent"
    /// The candidate has said that it cannot answer now.
    case candidateUnready = "candidate-unready"
    /// The primary and the candidate are known to hold something else under a key.
    case stale
    /// It differed, and as many differences as are kept were waiting to be looked at.
    case unexamined
    /// The primary changed each time that both were asked again.
    case unsettled
    /// It differed, and did not when both were asked again.
    case settled
    /// The primary does not give the same answer twice.
    case noise
    /// A write of a key whose life ended about then, at one server earlier than at the other.
    case expiring

    var index: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}

/// What differs, in which command: differences with one cause count as one.
package struct ShadowCause: Hashable, Sendable {
    package let command: String
    package let kind: String
}

/// How often a cause was seen, and how it looks.
package struct ShadowDifference: Sendable, Equatable {
    package var count: UInt64 = 0
    /// Milliseconds since 1970.
    package var first: Int64
    package var last: Int64
    /// The command, without its keys and values.
    package var example: String
    /// Where in the reply, and what each side has there.
    package var place: String
    package var primary: String
    package var candidate: String
    /// Bytes of the example's command: a shorter one takes its place.
    var size: Int

    /// Milliseconds since 1970.
    static var timeOfDay: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// Seconds since 1970.
    static var second: UInt32 { UInt32(clamping: timeOfDay / 1000) }
}

/// Counts of one shadow on one worker; touched on its thread only.
final class ShadowCounts {
    /// Commands that were looked at.
    @exclusivity(unchecked) var seen: UInt64 = 0
    /// Commands that were sent to the candidate.
    @exclusivity(unchecked) var sent: UInt64 = 0
    /// Replies that said the same.
    @exclusivity(unchecked) private var identical: UInt64 = 0
    /// The same by command; their names are a closed list.
    @exclusivity(unchecked) private var same: [String: UInt64] = [:]
    @exclusivity(unchecked) private var drops = [UInt64](repeating: 0, count: ShadowDrop.allCases.count)
    @exclusivity(unchecked) private var causes: [ShadowCause: ShadowDifference] = [:]

    /// Causes that are told apart.
    private static let causeLimit = 512
    private static let others = ShadowCause(command: "other", kind: "other")
    private static let indices = Dictionary(uniqueKeysWithValues: ShadowDrop.allCases.map { ($0, $0.index) })

    func drop(_ reason: ShadowDrop, _ count: Int = 1) { drops[Self.indices[reason] ?? 0] &+= UInt64(max(0, count)) }

    /// Notes that the replies to a command said the same.
    func noteSame(_ command: String) {
        identical &+= 1
        same[command, default: 0] &+= 1
    }

    /// Notes a difference that was confirmed.
    func note(_ cause: ShadowCause, _ difference: ShadowDifference) {
        let key = causes[cause] == nil && causes.count >= Self.causeLimit ? Self.others : cause
        var entry = causes[key] ?? difference
        entry.count &+= 1
        entry.last = difference.last
        if difference.size < entry.size {
            entry.size = difference.size
            entry.example = difference.example
            entry.place = difference.place
            entry.primary = difference.primary
            entry.candidate = difference.candidate
        }
        causes[key] = entry
    }

    var snapshot: ShadowSnapshot {
        var snapshot = ShadowSnapshot()
        snapshot.seen = seen
        snapshot.sent = sent
        snapshot.identical = identical
        snapshot.same = same
        for reason in ShadowDrop.allCases { snapshot.drops[reason] = drops[reason.index] }
        snapshot.causes = causes
        return snapshot
    }
}

/// The counts of a shadow, from one worker or summed over several.
package struct ShadowSnapshot: Sendable {
    package var seen: UInt64 = 0
    package var sent: UInt64 = 0
    package var identical: UInt64 = 0
    package var same: [String: UInt64] = [:]
    package var drops: [ShadowDrop: UInt64] = [:]
    package var causes: [ShadowCause: ShadowDifference] = [:]

    /// Replies that were confirmed to differ.
    package var differing: UInt64 { causes.values.reduce(0) { $0 + $1.count } }
    /// Replies that were compared, with a result.
    package var compared: UInt64 { identical + differing }

    /// What the comparison says of the candidate, in the words of conformance reports.
    package var verdict: String { differing > 0 ? "differs" : compared > 0 ? "identical" : "skipped" }

    package mutating func add(_ other: ShadowSnapshot) {
        seen += other.seen
        sent += other.sent
        identical += other.identical
        same.merge(other.same, uniquingKeysWith: +)
        drops.merge(other.drops, uniquingKeysWith: +)
        // Differences are found on one worker only, so none is met twice.
        causes.merge(other.causes) { one, _ in one }
    }
}
