// What of a listener's traffic is sent to a candidate as well, and how the replies are compared.

import PostgresWire
import RedisWire
import S3Wire

/// A second backend that is asked what the listener's own is asked, and whose replies nobody gets.
package struct ShadowConfiguration: Sendable, Equatable {
    /// The name of the candidate.
    package var backend: String
    /// How much of the traffic goes there, in hundredths of a percent.
    package var share = ShadowConfiguration.whole
    /// First bytes of the keys under which writes go there too; nil: none, or, where they go to a scratch place, all.
    package var writes: [String]?
    /// Where the candidate keeps what is written: nil where the primary does.
    package var scratch: Scratch?
    /// Domains under which clients name buckets in the host (S3): those of the listener.
    package var domains: [String] = []
    /// Differences that are none (Redis).
    package var masks: Set<RedisReplyMask> = [.lifetime]
    /// Differences that are none (S3).
    package var objectMasks: Set<S3ReplyMask> = [.lastModified]
    /// Differences that are none (PostgreSQL).
    package var rowMasks: Set<PostgresReplyMask> = [.messageText]
    /// Whether a command to which the primary itself answers differently each time is known as such from then on.
    package var learnsNoise = true
    /// Whether what makes, changes or drops tables goes to the scratch place too (PostgreSQL).
    package var repeatsDefinitions = false
    /// Whether the candidate gets what is written by other ways, such as replication.
    package var follows = false

    /// All of the traffic, in hundredths of a percent.
    package static let whole = 10_000

    /// Where the candidate keeps what is written.
    package enum Scratch: Sendable, Equatable {
        /// Under keys that begin with this.
        case prefix(String)
        /// In this database.
        case database(Int)
        /// In the database of this name, with the client's in place of `*`, which begins as a copy of that one (PostgreSQL).
        case copy(String)
        /// In the schema of this name of the client's database, which begins as a copy of the client's schema (PostgreSQL).
        case schema(String)
        /// In this bucket, under keys that begin with the client's bucket (S3).
        case bucket(String)
    }

    /// The key that says where the candidate keeps what is written.
    var scratchKey: String? {
        switch scratch {
        case .prefix: "scratch-prefix"
        case .database, .copy: "scratch-database"
        case .schema: "scratch-schema"
        case .bucket: "scratch-bucket"
        case nil: nil
        }
    }

    /// Whether that place begins as a copy of the primary's data, and can be made one again.
    var hasCopy: Bool {
        switch scratch {
        case .copy, .schema: true
        case .prefix, .database, .bucket, nil: false
        }
    }

    /// Every mask's name: Redis's, then S3's, then PostgreSQL's; some are of two.
    static let maskNames =
        RedisReplyMask.allCases.map(\.rawValue) + S3ReplyMask.allCases.map(\.rawValue)
        + PostgresReplyMask.allCases.map(\.rawValue)

    package init(backend: String) { self.backend = backend }

    /// `share` as the file spells it.
    package var shareText: String {
        let (percents, rest) = share.quotientAndRemainder(dividingBy: 100)
        guard rest > 0 else { return "\(percents)%" }
        return "\(percents).\(rest < 10 ? "0" : "")\(rest)%"
    }
}
