// How many requests a profile counts, and how few of them it has looked into.

import Usage

/// A kind of requests of which not all were looked at.
struct SampledRequests: Encodable, Equatable {
    /// Such as `redis.command.set`.
    let feature: String
    let count: UInt64
    /// How many of them were, at the least.
    let lookedAt: UInt64

    private enum CodingKeys: String, CodingKey {
        case feature, count
        case lookedAt = "looked-at"
    }
}

extension Application {
    /// What the features begin with of which each request shows one.
    private var kind: String? {
        ["redis": "redis.command.", "s3": "s3.operation.", "postgres": "postgres.statement."][self.protocol]
    }

    /// Requests of all kinds.
    package var requests: UInt64 {
        guard let kind else { return 0 }
        return features.lazy.filter { $0.key.hasPrefix(kind) }.map(\.value.count).reduce(0, UInt64.sum)
    }

    /// The kinds of requests whose options and forms are known of a part only, the most frequent first.
    ///
    /// Of PostgreSQL each statement is looked at that differs from others in more than its literals; what binds and executes one is not.
    var sampled: [SampledRequests] {
        let kinds = self.protocol == "postgres" ? ["postgres.message.bind", "postgres.message.execute"] : [kind ?? ""]
        return features.filter { feature in kinds.contains { !$0.isEmpty && feature.key.hasPrefix($0) } }
            .map { SampledRequests(feature: $0, count: $1.count, lookedAt: Sampling.least(of: $1.count)) }
            .filter { $0.lookedAt < $0.count }
            .sorted { ($1.count, $0.feature) < ($0.count, $1.feature) }
    }

    /// The same as a sentence for whoever reads a verdict; nil when all were looked at.
    package var sampling: String? {
        let parts = sampled
        guard !parts.isEmpty else { return nil }
        let shown = parts.prefix(4).map {
            "\($0.lookedAt) of \($0.count) \($0.feature.split(separator: ".", maxSplits: 2).last ?? "")"
        }
        let more = parts.count > 4 ? " and \(parts.count - 4) more kinds" : ""
        return """
            Looked at, at the least: \(shown.joined(separator: ", "))\(more). An option or a form that only others show is \
            not in this verdict.
            """
    }
}
