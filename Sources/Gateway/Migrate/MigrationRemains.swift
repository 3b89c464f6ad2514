// What the source alone holds once the target was made to serve by force.

import Migration

/// What the way back leaves alone at the source although the target does not have it.
enum MigrationRemains: Equatable, Sendable {
    case nothing
    /// These keys; the empty name of a bucket stands for the bucket with all its objects.
    case keys(Set<MigrationKey>)
    /// More than is known by name: nothing is deleted at the source that clients are not seen deleting.
    case unknown

    /// What is left behind by a cut-over that was forced.
    ///
    /// - Parameter isLevel: whether the target had all but `refused`.
    init(without refused: RefusedKeys<MigrationKey>, isLevel: Bool) {
        guard isLevel, !refused.hasOthers else {
            self = .unknown
            return
        }
        self = refused.isEmpty ? .nothing : .keys(Set(refused.keys))
    }

    init(_ record: MigrationRecord?) {
        guard let record, record.isPartial == true else {
            self = .nothing
            return
        }
        self = record.kept.map { .keys(Set($0.compactMap(MigrationKey.init))) } ?? .unknown
    }

    var keys: Set<MigrationKey>? {
        if case .keys(let keys) = self { keys } else { nil }
    }

    /// How many keys they are; nil when that is not known.
    var count: Int? { self == .nothing ? 0 : keys?.count }

    /// Whether the target has to be gone through before the way back is level: objects that have lost something only are there,
    /// and keys are not.
    var needsLook: Bool {
        keys?.contains { if case .bucket = $0.part { true } else { false } } ?? (self == .unknown)
    }

    /// Those of `names` in `part` that may be deleted at the source when the target does not have them.
    func others(_ names: [[UInt8]], of part: MigrationPart) -> [[UInt8]] {
        guard let keys else { return self == .nothing ? names : [] }
        if case .bucket = part, keys.contains(MigrationKey(part: part, name: [])) { return [] }
        return names.filter { !keys.contains(MigrationKey(part: part, name: $0)) }
    }

    /// Whether some of `part` is left alone.
    func touches(_ part: MigrationPart) -> Bool { keys?.contains { $0.part == part } ?? (self == .unknown) }

    /// These were copied back, or deleted as they were at the target; whether that changes anything.
    mutating func settle(_ names: some Sequence<[UInt8]>, of part: MigrationPart) -> Bool {
        guard let keys, !keys.isEmpty else { return false }
        let left = keys.subtracting(names.lazy.map { MigrationKey(part: part, name: $0) })
        guard left.count < keys.count else { return false }
        self = left.isEmpty ? .nothing : .keys(left)
        return true
    }
}

extension MigrationKey {
    /// As it stands in the file.
    var kept: KeptKey {
        switch part {
        case .database(let number): KeptKey(database: number, name: name)
        case .bucket(let bucket): KeptKey(bucket: bucket, name: name)
        }
    }

    init?(_ kept: KeptKey) {
        name = Array(kept.name)
        switch (kept.database, kept.bucket) {
        case (let number?, nil): part = .database(number)
        case (nil, let bucket?): part = .bucket(Array(bucket))
        default: return nil
        }
    }
}
