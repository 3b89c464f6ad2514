// What a shadow has found, read from its report.

import FoundationEssentials

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

    private struct Document: Decodable {
        struct Shadow: Decodable {
            struct Difference: Decodable {
                let command, kind, last, example: String
                let count: UInt64
            }

            let candidate: String
            let differences: [Difference]
        }

        let shadows: [Shadow]
    }

    /// The differences in the JSON that `fairlead shadow --json` prints.
    package static func read(_ json: String) throws -> [ShadowDifference] {
        try JSONDecoder().decode(Document.self, from: Data(json.utf8)).shadows.flatMap { shadow in
            shadow.differences.map { difference in
                // Operations of S3 begin with a capital letter, commands of Redis do not.
                let isOperation = difference.command.first?.isUppercase ?? false
                return ShadowDifference(
                    candidate: shadow.candidate, command: difference.command, kind: difference.kind,
                    count: difference.count, last: difference.last, example: difference.example,
                    feature: (isOperation ? "s3.operation." : "redis.command.") + difference.command)
            }
        }
    }
}
