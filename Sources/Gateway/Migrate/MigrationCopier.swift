// What the runner of a migration asks of whoever copies: the same for keys and for objects.

import Migration

/// What holds keys: a database of Redis, or a bucket of S3.
enum MigrationPart: Hashable, Sendable {
    case database(UInt32)
    case bucket([UInt8])
}

/// A key in its part; the empty name of a bucket stands for the bucket itself.
struct MigrationKey: Hashable, Sendable {
    let part: MigrationPart
    let name: [UInt8]
}

/// Some keys of a part, and where to go on.
struct MigrationPage: Sendable {
    var keys: [[UInt8]] = []
    /// Nil behind the last page.
    var next: [UInt8]?
}

/// What became of some keys.
struct MigrationOutcome: Sendable {
    var copied: Int64 = 0
    /// Bytes of what was copied, where they are counted.
    var bytes: Int64 = 0
    /// Keys that were not the same at both places.
    var differing: Int64 = 0
    /// Objects that are the same but for their ETags.
    var retagged: Int64 = 0
    /// To be looked at once more: they changed while they were read, or were not reached.
    var again: [[UInt8]] = []
    /// What the other place cannot hold, with words that name the key.
    var refused: [(key: [UInt8], type: String, reason: String)] = []
}

/// One of the two places, as they are at the time.
enum MigrationSide: Sendable {
    /// The one that serves clients, which is copied from.
    case serving
    /// The one that is copied to.
    case other
}

/// What would not come along as it is.
struct MigrationObstacle: Sendable, Equatable {
    let loss: MigrationLoss
    /// In words for the operator.
    let text: String
}

/// What the place that is copied to holds before anything is copied.
enum MigrationContents: Sendable {
    case nothing
    /// Something, in words for the operator.
    case something(String)
    /// It does not tell.
    case unknown
}

/// Copies from the place that serves to the other one, and compares the two; it belongs to the runner's task.
///
/// Whoever throws is of no use afterwards: another one is made.
protocol MigrationCopier: AnyObject {
    /// Keys that are copied at a time.
    var batch: Int { get }
    /// Nanoseconds between two looks at what was written, while all is gone through: a key that is written again and again is
    /// then copied once for all of it, and no more keys are written meanwhile than are noted.
    var pause: UInt64 { get }

    /// What would be left behind or lost, found before anything is copied: first of all at the place that serves.
    func obstacles() async throws(LinkProblem) -> [MigrationObstacle]
    /// The same, found by trying what the other place holds.
    ///
    /// Whatever was made there is taken away again, unless all that is found is in `leaving`.
    func trial(leaving: Set<MigrationLoss>) async throws(LinkProblem) -> [MigrationObstacle]
    /// What would be lost if another place served from now on; asked while clients are held.
    func lastObstacles() async throws(LinkProblem) -> [MigrationObstacle]
    /// Gives up the uploads in progress that were begun at least `age` seconds ago.
    func abortUploads(age: Int64) async throws(LinkProblem)
    /// What the other place holds.
    func contents() async throws(LinkProblem) -> MigrationContents
    /// Empties the other place.
    func clear() async throws(LinkProblem)
    /// Takes away what an earlier try has left half done at the other place.
    func tidy() async throws(LinkProblem)

    /// The parts that hold something, each with its number of keys where it is told.
    func parts(of side: MigrationSide) async throws(LinkProblem) -> [(part: MigrationPart, keys: Int64?)]
    /// Has `part` at the other place as well, with what is set for all of it.
    func prepare(_ part: MigrationPart) async throws(LinkProblem) -> MigrationOutcome
    /// The next keys of `part`; nil when they cannot be listed.
    func page(
        of part: MigrationPart, at side: MigrationSide, after cursor: [UInt8]?
    ) async throws(LinkProblem) -> MigrationPage?
    /// Leaves `keys` at the other place as they are here; with `comparing` only those that differ are written.
    func copy(
        _ keys: [[UInt8]], of part: MigrationPart, comparing: Bool
    ) async throws(LinkProblem) -> MigrationOutcome
    /// Those of `keys` that are not there at `side`.
    func missing(
        _ keys: [[UInt8]], of part: MigrationPart, at side: MigrationSide
    ) async throws(LinkProblem) -> [[UInt8]]
    /// Deletes those of `keys` at the other place that are not here.
    func deleteExtras(_ keys: [[UInt8]], of part: MigrationPart) async throws(LinkProblem)
    /// Takes `part` away from the other place, when it is not here.
    func removeIfGone(_ part: MigrationPart) async throws(LinkProblem)

    /// Closes its connections.
    func close() async
}

extension Int64 {
    /// The sum with `other`, at most the largest number: what a place says of itself may be any number.
    func clamped(adding other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}
