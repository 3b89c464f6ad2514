// What a shadow has found, read from its report.

import Usage

/// One kind of difference between a listener's backend and its candidate.
package struct ShadowDifference: Sendable, Equatable {
    package let candidate: String
    package let command: String
    package let kind: String
    package let count: UInt64
    package let last: String
    package let example: String
    /// The feature of a profile that it is about.
    package let feature: String

    /// The differences in the JSON that `fairlead shadow --json` prints.
    package static func read(_ json: String) throws(ProfileError) -> [ShadowDifference] {
        try ShadowDocument(json: json).shadows.flatMap { shadow in
            shadow.differences.map { difference in
                ShadowDifference(
                    candidate: shadow.candidate, command: difference.command, kind: difference.kind,
                    count: difference.count, last: difference.last, example: difference.example,
                    feature: difference.feature)
            }
        }
    }
}
