// What a shadow has found, read from its report.

import Conformance
import Usage

/// A candidate of shadows, as the gateway that asked it names it.
package struct ShadowCandidate: Sendable, Hashable, CustomStringConvertible {
    /// The backend's name.
    package let name: String
    /// Nil for a trusted backend, and where the document does not say.
    package let adapter: String?
    /// The hash of the backend's configuration; nil where the document does not say.
    package let configuration: String?

    package init(name: String, adapter: String? = nil, configuration: String? = nil) {
        self.name = name
        self.adapter = adapter
        self.configuration = configuration
    }

    /// Whether `report` is about it: by its name, its configuration, or, as reports on an adapter hold for all its backends, the adapter.
    package func isSubject(of report: Report) -> Bool {
        if let configuration, configuration == report.configuration { return true }
        if let adapter, let other = report.adapter { return adapter == other }
        return adapter == nil && name == report.name
    }

    package var description: String { adapter.map { "'\(name)' (adapter \($0))" } ?? "'\(name)'" }
}

/// One kind of difference between a listener's backend and its candidate.
package struct ShadowDifference: Sendable, Equatable {
    package let candidate: ShadowCandidate
    package let command: String
    package let kind: String
    package let count: UInt64
    package let last: String
    package let example: String
    /// The feature of a profile that it is about.
    package let feature: String

    /// The differences in the JSON that `fairlead shadow --json` prints.
    package static func read(_ json: String) throws(ProfileError) -> [ShadowDifference] {
        read(try ShadowDocument(json: json))
    }

    /// The differences of `document`.
    package static func read(_ document: ShadowDocument) -> [ShadowDifference] {
        document.shadows.flatMap { shadow in
            shadow.differences.map { difference in
                ShadowDifference(
                    candidate: ShadowCandidate(shadow), command: difference.command, kind: difference.kind,
                    count: difference.count, last: difference.last, example: difference.example,
                    feature: difference.feature)
            }
        }
    }
}

extension ShadowCandidate {
    /// The candidate of `shadow`.
    package init(_ shadow: ShadowDocument.Shadow) {
        self.init(name: shadow.candidate, adapter: shadow.adapter, configuration: shadow.configuration)
    }
}
