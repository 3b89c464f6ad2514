// What shadows have found, as the gateway tells it and as verdicts read it.

/// The document of `fairlead shadow --json` and of the admin listener's `/shadow`.
package struct ShadowDocument: Sendable, Codable, Equatable {
    package static let schema = "fairlead-shadow/1"

    package var schema = ShadowDocument.schema
    package var shadows: [Shadow]

    package init(shadows: [Shadow]) { self.shadows = shadows }

    /// What was compared of one listener, or of one of its routes, with one candidate.
    package struct Shadow: Sendable, Codable, Equatable {
        package var listener: String
        /// What the route takes that it is about; nil for a listener's own.
        package var route: String?
        /// The candidate's name.
        package var candidate: String
        /// Its adapter; nil for a trusted one.
        package var adapter: String?
        /// The hash of its configuration, as reports have it.
        package var configuration: String?
        /// `redis`, `postgres` or `s3`.
        package var `protocol`: String
        /// `identical`, `differs`, or `skipped` where nothing was compared.
        package var verdict: String
        /// Requests that were looked at; each was compared, was dropped, or waits.
        package var seen: UInt64
        package var sent: UInt64
        /// Requests that were compared with a result: the sum of the next two.
        package var compared: UInt64
        package var identical: UInt64
        package var differing: UInt64
        package var waiting: Waiting
        /// Requests that were not compared, by reason.
        package var dropped: [String: UInt64]
        /// What was compared of each command.
        package var features: [Feature]
        package var differences: [Difference]

        package init(
            listener: String, route: String? = nil, candidate: String, adapter: String? = nil,
            configuration: String? = nil, protocol: String, verdict: String, seen: UInt64,
            sent: UInt64,
            identical: UInt64, differing: UInt64, waiting: Waiting, dropped: [String: UInt64], features: [Feature],
            differences: [Difference]
        ) {
            self.listener = listener
            self.route = route
            self.candidate = candidate
            self.adapter = adapter
            self.configuration = configuration
            self.protocol = `protocol`
            self.verdict = verdict
            self.seen = seen
            self.sent = sent
            compared = identical + differing
            self.identical = identical
            self.differing = differing
            self.waiting = waiting
            self.dropped = dropped
            self.features = features
            self.differences = differences
        }
    }

    /// What waits for the candidate, or for the client's own reply.
    package struct Waiting: Sendable, Codable, Equatable {
        package var commands: Int
        package var bytes: Int

        package init(commands: Int, bytes: Int) {
            self.commands = commands
            self.bytes = bytes
        }
    }

    /// Replies to one command: the proof that it is the same at the candidate, as far as there is one.
    package struct Feature: Sendable, Codable, Equatable {
        /// As in a usage profile: `redis.command.get`, `s3.operation.GetObject`, `postgres.statement.select`.
        package var feature: String
        package var identical: UInt64
        package var differing: UInt64

        package init(feature: String, identical: UInt64, differing: UInt64) {
            self.feature = feature
            self.identical = identical
            self.differing = differing
        }
    }

    /// Differences with one cause.
    package struct Difference: Sendable, Codable, Equatable {
        /// As in a usage profile.
        package var feature: String
        package var command: String
        package var kind: String
        package var count: UInt64
        /// RFC 3339, in UTC.
        package var first: String
        package var last: String
        /// The shortest request of them, without its keys and values.
        package var example: String
        /// Where in the reply, and what each side has there.
        package var place: String
        package var primary: String
        package var candidate: String

        package init(
            feature: String, command: String, kind: String, count: UInt64, first: String, last: String, example: String,
            place: String, primary: String, candidate: String
        ) {
            self.feature = feature
            self.command = command
            self.kind = kind
            self.count = count
            self.first = first
            self.last = last
            self.example = example
            self.place = place
            self.primary = primary
            self.candidate = candidate
        }
    }

    /// The name that usage profiles have for a command, an operation or a statement of `protocol`.
    package static func feature(_ command: String, of protocol: String) -> String {
        switch `protocol` {
        case "s3": "s3.operation.\(command)"
        case "postgres": "postgres.statement.\(command)"
        default: "redis.command.\(command)"
        }
    }

    // MARK: JSON

    /// The document with its keys in order.
    package func json() -> String { JSONDocument.text(of: self) }

    /// The document that `text` spells.
    package init(json text: String) throws(ProfileError) {
        self = try JSONDocument.read(text, as: ShadowDocument.self, (Self.schema, { $0.schema })) { _ in
            "this is not what fairlead shadow --json prints"
        }
    }
}
