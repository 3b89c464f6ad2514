// What stands in the way of moving an application, or limits it there.

import Usage

/// Whether an application may move to a candidate.
package enum MoveVerdict: String, Codable, Sendable, CaseIterable {
    /// Everything that it was seen to use is proven there.
    case safe
    /// It may, and what is named works otherwise or is not proven.
    case limited = "safe with limits"
    /// Something that it uses is not to be had there.
    case blocked
}

/// How much of an application's traffic shows a feature.
package struct FeatureShare: Codable, Equatable, Sendable {
    package let feature: String
    package let count: UInt64
    /// Of the application's requests, from 0 to 1.
    package let share: Double
    /// Seconds since 1970.
    package let last: UInt64
    /// Whether `count` was made of a sample.
    package let estimated: Bool
}

/// One reason why a verdict is not `safe`.
package struct Finding: Codable, Equatable, Sendable {
    package enum Level: String, Codable, Sendable {
        /// It works otherwise there than the application may expect.
        case limit
        /// No case shows that it works there.
        case unproven
        /// It does not work there.
        case blocked
    }

    package let level: Level
    /// A capability, a promise of one (`kv.ttl: whole-seconds`), or a feature.
    package let subject: String
    package let reason: String
    /// The features that need it, the most frequent first; empty for what all traffic meets.
    package internal(set) var features: [FeatureShare] = []
    /// Cases of the report that show it.
    package internal(set) var cases: [String] = []
    /// The cheapest way around it; nil when there is none.
    package internal(set) var remedy: String?

    /// The largest share of a feature; nil where no feature is named.
    package var share: Double? { features.map(\.share).max() }
    /// When such a feature was seen last, in seconds since 1970; nil where no feature is named.
    package var last: UInt64? { features.map(\.last).max() }
}
