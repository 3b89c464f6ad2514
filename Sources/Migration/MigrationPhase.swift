// How far a migration is, and which of its two places serves.

/// A phase that outlives the gateway.
package enum MigrationPhase: String, Codable, CaseIterable, Sendable {
    /// The source serves, and is copied to the target.
    case copying
    /// The target serves, and what is written there is noted, for a way back.
    case cutOver = "cut-over"
    /// The source serves again; the target is out of date.
    case rolledBack = "rolled-back"
    /// The target serves, and the source is forgotten.
    case finished

    package enum Place: String, Sendable { case source, target }

    /// Who answers clients.
    package var serving: Place {
        switch self {
        case .copying, .rolledBack: .source
        case .cutOver, .finished: .target
        }
    }

    /// Whether keys are noted as they are written: somebody will copy them to the other place.
    package var isNoting: Bool { self == .copying || self == .cutOver }

    /// What may come next.
    package var successors: Set<MigrationPhase> {
        switch self {
        case .copying: [.cutOver]
        case .cutOver: [.rolledBack, .finished]
        // Another try, from the beginning.
        case .rolledBack: [.copying]
        case .finished: []
        }
    }

    /// Whether clients have to be held on the way to `next`: another place serves.
    package func needsHold(to next: MigrationPhase) -> Bool { serving != next.serving }
}
