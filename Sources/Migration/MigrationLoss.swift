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
    /// How servers encrypt objects that they keep.
    case encryption
    /// Uploads in progress.
    case uploads

    /// What refused keys of `type` lose; nil where they cannot be held at all.
    package init?(ofRefused type: String) {
        switch type {
        case "settings of buckets": self = .settings
        case "ACLs of buckets", "ACLs of objects": self = .acls
        case "storage classes": self = .storageClasses
        case "encryption of objects": self = .encryption
        default: return nil
        }
    }

    /// The options by which keys of such `types` are left behind at a cut-over, each behind a blank.
    package static func options(toLeave types: [String]) -> String {
        let losses = types.map { MigrationLoss(ofRefused: $0) }
        let known = losses.compactMap { $0 }
        return (known.isEmpty ? "" : " --leave \(known.words)") + (losses.contains(nil) ? " --force" : "")
    }
}

extension Sequence<MigrationLoss> {
    /// The words for them, in a fixed order: `versions,acls`.
    package var words: String {
        let all = Set(self)
        return MigrationLoss.allCases.filter(all.contains).map(\.rawValue).joined(separator: ",")
    }
}
