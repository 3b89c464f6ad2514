// What may stay behind when data moves, if the operator says so.

/// A kind of thing that the other place may not be able to hold, or that cannot be moved at all.
package enum MigrationLoss: String, Codable, CaseIterable, Sendable {
    /// Versions of objects but the newest.
    case versions
    /// Locks of objects.
    case locks
    /// Settings of buckets.
    case settings
    /// Who may do what with objects and buckets, where that is kept with them.
    case acls
    case storageClasses = "storage-classes"
    /// Uploads in progress.
    case uploads
}

extension Sequence<MigrationLoss> {
    /// The words for them, in a fixed order: `versions,acls`.
    package var words: String {
        let all = Set(self)
        return MigrationLoss.allCases.filter(all.contains).map(\.rawValue).joined(separator: ",")
    }
}
