// Limits that are smaller than a suite expects of a server.

import Capabilities

/// A search that ended below what its case expects.
enum SearchShortfall {
    /// What the case then says of itself.
    static func reason(_ figure: String, _ found: Int64, atLeast: Int64) -> String {
        "\(figure) is \(found), \(atLeast) at least was expected\(end)"
    }

    fileprivate static let end = " by the suite, unless the manifest declares that bound"
}

extension Report.Entry {
    /// The bound that was found to be smaller than the suite expects, where that is all that the case differs by.
    ///
    /// A protocol may have names of a hundred bytes: that is a limit to declare, and nothing that its adapter could mend.
    var shortBound: BoundKind? {
        guard verdict == .differs, reason.hasSuffix(SearchShortfall.end) else { return nil }
        return BoundKind.allCases.first { kind in
            guard let found = figures[kind.rawValue] else { return false }
            return reason.contains(": \(kind.rawValue) is \(found), ")
        }
    }
}
